"""`kedro package`, and the packaged project in a folder where nothing else is."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from tests.conftest import PROJECT, Project, make_project

TINY = """
demo_corpus:
  path: ${corpus_folder:demo}
  settings: {seed: 1, videos: null, stills: null, voices: {speakers: 3, takes: 1, lossy: false}}
corpora:
  demo: {kind: manifest, path: "${corpus_folder:demo}/manifest.csv"}
sound:
  extractors: {logmel: {kind: logmel}}
cross_validation:
  protocol: {kind: subject_kfold, k: 3}
  folds: 0
  final: false
systems:
  sound: {svm: {kind: linear_svm, inputs: [logmel]}}
fusion: {methods: {log_mean: {kind: log_mean}}}
evaluation: {resamples: 100, headline: svm}
"""
"""The quickest study that goes through the whole chain."""

OFFLINE = "No matching distribution found for hatchling"


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder `dist` of a project that has been packaged."""
    made = make_project(tmp_path_factory.mktemp("packaged") / "project")
    for name in ("README.md", "LICENSE", ".gitignore"):
        shutil.copy(PROJECT / name, made.folder)
    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PROJECT / "src", made.folder / "src", dirs_exist_ok=True, ignore=unwanted)
    made.write("conf/tiny/globals.yml", "study: tiny")
    made.write("conf/tiny/parameters.yml", TINY)
    made.write("conf/local/credentials.yml", "secret: {key: value}")
    done = subprocess.run(
        [sys.executable, "-m", "kedro", "package"],
        cwd=made.folder,
        env={**os.environ, "DO_NOT_TRACK": "1", "NO_COLOR": "1", "PIP_RETRIES": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if OFFLINE in done.stdout:
        pytest.skip("pip finds no hatchling, which `kedro package` asks for: see docs/kedro.md on packaging offline")
    assert done.returncode == 0, done.stdout
    return made.folder / "dist"


@pytest.fixture(scope="module")
def installed(packaged: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheel, and nothing else, was installed."""
    site = tmp_path_factory.mktemp("installed") / "site"
    wheel = next(packaged.glob("*.whl"))
    offline = ("--quiet", "--no-deps", "--no-index", "--no-compile", "--target", str(site))
    subprocess.run([sys.executable, "-m", "pip", "install", *offline, str(wheel)], check=True)
    return site


def test_the_wheel_holds_every_file_of_the_package(packaged: Path) -> None:
    source = PROJECT / "src" / "abaw_pipeline"
    wanted = {path.relative_to(source.parent).as_posix() for path in source.rglob("*") if path.is_file()}
    wanted = {name for name in wanted if "__pycache__" not in name}
    with zipfile.ZipFile(next(packaged.glob("*.whl"))) as wheel:
        names = {name for name in wheel.namelist() if name.startswith("abaw_pipeline/")}
    assert names == wanted


def test_the_archive_holds_every_study_but_nothing_local(packaged: Path) -> None:
    with tarfile.open(packaged / "conf-abaw_pipeline.tar.gz") as archive:
        names = {name for name in archive.getnames() if name.endswith(".yml")}
    studies = {path.relative_to(PROJECT).as_posix() for path in (PROJECT / "conf").glob("*/*.yml")}
    expected = {name for name in studies if not name.startswith("conf/local/")}
    assert names >= {*expected, "conf/tiny/globals.yml"}
    assert not any(name.startswith("conf/local/") for name in names)


def test_the_packaged_project_runs_in_an_empty_folder(packaged: Path, installed: Path, tmp_path: Path) -> None:
    here = Project(tmp_path / "empty")
    here.folder.mkdir()
    alone = {"PYTHONPATH": str(installed)}
    origin = here._run("-c", "import abaw_pipeline; print(abaw_pipeline.__file__)", ok=True, **alone)
    assert origin.strip().startswith(str(installed))
    conf = f"--conf-source={packaged / 'conf-abaw_pipeline.tar.gz'}"
    run = ("-m", "abaw_pipeline", conf, "--env=tiny", "--params", "execution.workers=1")
    output = here._run(*run, ok=True, **alone)
    assert "Report: data/08_reporting/tiny/report.html/" in output
    metrics = pd.read_parquet(here.latest("data/08_reporting/tiny/metrics.parquet"))
    assert {"svm", "log_mean"} <= set(metrics["system"])
    assert "1 of 3 folds" in here.latest("data/08_reporting/tiny/report.html").read_text(encoding="utf-8")
    assert [path.name for path in here.folder.iterdir()] == ["data"]


def test_the_package_takes_kedro_s_options_and_its_own_commands(project: Project) -> None:
    assert "--only-missing-outputs" in project._run("-m", "abaw_pipeline", "--help", ok=True)
    assert "PATH..." in project._run("-m", "abaw_pipeline", "infer", "--help", ok=True)


def test_the_package_can_be_called_from_python(project: Project) -> None:
    script = (
        "from abaw_pipeline.__main__ import main\n"
        "made = main(['--to-outputs=demo_corpus'], standalone_mode=False)\n"
        "print('made', sorted(made))"
    )
    project.write("conf/local/parameters.yml", TINY)
    assert "made ['demo_corpus']" in project.python(script)
    assert (project.folder / "data/01_raw/demo/manifest.csv").is_file()
