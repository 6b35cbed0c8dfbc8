"""Fixtures that every test module may use."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from filelock import FileLock

PROJECT = Path(__file__).resolve().parents[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole runs first: of two test processes none is left alone with them at the end."""
    items.sort(key=lambda item: item.path.parent != PROJECT / "tests")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data, or a skip that says how to name it."""
    folder = Path(os.environ.get("ABAW_REAL_DATA", PROJECT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no real data: set ABAW_REAL_DATA to the folder that holds it")
    return folder


@dataclass(frozen=True)
class Project:
    """A copy of the project's configuration with a data folder of its own."""

    folder: Path

    def kedro(self, *arguments: str, ok: bool = True, **variables: str) -> str:
        """Run the real command line; what it printed."""
        return self._run("-m", "kedro", *arguments, ok=ok, **variables)

    def python(self, script: str) -> str:
        """Run a script in the project's folder; what it printed."""
        return self._run("-c", script, ok=True)

    def _run(self, *arguments: str, ok: bool, **variables: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**os.environ, "DO_NOT_TRACK": "1", "COLUMNS": "200", "NO_COLOR": "1", **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert (done.returncode == 0) == ok, done.stdout
        return done.stdout

    def write(self, path: str, text: str) -> Path:
        """Write a text file below the project."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return target

    def latest(self, path: str) -> Path:
        """The newest version of a versioned dataset."""
        versions = sorted((self.folder / path).iterdir())
        return versions[-1] / Path(path).name


def make_project(folder: Path) -> Project:
    """Copy the configuration; the package is the installed one."""
    shutil.copytree(PROJECT / "conf", folder / "conf", ignore=shutil.ignore_patterns("local"))
    (folder / "conf" / "local").mkdir()
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(PROJECT / name, folder)
    (folder / "src").mkdir()  # Kedro asks for it; the package is the installed one
    return Project(folder)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A fresh project."""
    return make_project(tmp_path / "project")


SMALL_DEMO = """
demo_corpus:
  path: ${corpus_folder:demo}
  settings: {seed: 2020, videos: null, stills: null, voices: {speakers: 6, takes: 1, lossy: false}}
corpora:
  demo: {kind: manifest, path: "${corpus_folder:demo}/manifest.csv"}
cross_validation:
  protocol: {kind: subject_kfold, k: 3}
  inner_folds: 2
systems:
  sound:
    svm: {kind: linear_svm, inputs: [functionals]}
    lda: {kind: shrinkage_lda, inputs: [functionals], n_features: 100}
fusion:
  methods:
    log_mean: {kind: log_mean}
    mcwf: {kind: mcwf}
    stacking: {kind: logistic_stacking, grid: [0.1, 1, 10, 100], folds: 3}
evaluation:
  resamples: 1000
  headline: log_mean
"""
"""Voices alone: quick, and a study that never waits for faces."""


SMALL_VIDEOS = """
demo_corpus:
  path: ${corpus_folder:demo}
  settings: {seed: 2020, videos: {count: 9, seconds_min: 3, seconds_max: 3}}
systems:
  run: all
  face:
    ee_framewise: {kind: framewise, inputs: [ee], class_weights: logarithmic}
    ee_svm: {kind: linear_svm, inputs: [ee], window_s: 1.0, statistics: mean_std, class_weights: balanced}
  sound:
    svm: {kind: linear_svm, inputs: [functionals], window_s: 1.0, shift: 1.0, class_weights: balanced}
fusion:
  methods:
    log_mean: {kind: log_mean}
    mcwf: {kind: mcwf, pool: 100}
evaluation:
  resamples: 200
  measure: cpm
  headline: log_mean
"""
"""A few drawn people who speak: the whole chain."""

_small = yaml.safe_load((PROJECT / "conf" / "base" / "parameters.yml").read_text(encoding="utf-8"))["backbones"][
    "small"
]
SMALL_VIDEOS += yaml.safe_dump({"backbones": {"small": _small | {"epochs": 12}}})


def run_once(factory: pytest.TempPathFactory, name: str, parameters: str) -> Project:
    """A project that has run with some parameters, made by the first of the test processes that asks for it."""
    base = factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    with FileLock(shared / f"{name}.lock"):
        folder = shared / name / "project"
        done = shared / name / "done"
        if not done.exists():
            shutil.rmtree(shared / name, ignore_errors=True)
            made = make_project(folder)
            made.write("conf/local/parameters.yml", parameters)
            made.kedro("run")
            done.touch()
    return Project(folder)


@pytest.fixture(scope="session")
def demo_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which the small demo has run once. Tests must not change what is there."""
    return run_once(tmp_path_factory, "voices", SMALL_DEMO)


@pytest.fixture(scope="session")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which the small demo of videos has run once. Tests must not change what is there."""
    return run_once(tmp_path_factory, "videos", SMALL_VIDEOS)


@pytest.fixture
def demo_copy(demo_project: Project, tmp_path: Path) -> Project:
    """A copy of the small demo that a test may change."""
    shutil.copytree(demo_project.folder, tmp_path / "project", symlinks=True)
    return Project(tmp_path / "project")
