"""The rerun of CI: a store made elsewhere is recognized, what is computed anew is named, and the workflow fits."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from tests.conftest import PROJECT, SMALL_DEMO, Project, make_project

from abaw_pipeline.artifacts.manifest import DONE, FAILED, Entry

SCRIPT = PROJECT / "scripts" / "ci_rerun.py"
WORKFLOW = PROJECT / ".github" / "workflows" / "ci.yml"
OTHER_FEATURE = """
sound:
  separation: {kind: none}
  extractors:
    functionals: {kind: librosa_functionals, window_s: 1.4, shift: 0.25}
"""


@pytest.fixture
def fresh(tmp_path: Path) -> Project:
    """A checkout at another place: configuration of the small demo, no data."""
    made = make_project(tmp_path / "elsewhere" / "checkout")
    made.write("conf/local/parameters.yml", SMALL_DEMO)
    return made


def rerun(project: Project, *options: str) -> tuple[int, dict, str]:
    """Exit status, the summary, and what was printed; started as in the background of a script."""
    done = subprocess.run(
        ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, str(SCRIPT), *options],
        cwd=project.folder,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    summary = project.folder / "dist/ci/summary.json"
    facts = json.loads(summary.read_text(encoding="utf-8")) if summary.is_file() else {}
    return done.returncode, facts, done.stdout + done.stderr


def test_a_store_made_elsewhere_is_recognized_in_every_stage(demo_project: Project, fresh: Project) -> None:
    store = str(demo_project.folder / "data")
    status, facts, said = rerun(fresh, "--store", store, "--whole", "--same-results")
    assert status == 0, said
    assert {facts["artifacts"][name]["computed"] for name in facts["artifacts"]} == {0}
    assert facts["artifacts"]["sound_embeddings"]["found"] == 42
    assert facts["results"]["compared"]
    assert facts["results"]["changed"] == 0
    out = fresh.folder / "dist/ci"
    assert "3 of 3 folds" in (out / "report.html").read_text(encoding="utf-8")
    assert (out / "results.csv").is_file()
    assert (out / "viz/index.html").is_file()
    assert not (fresh.folder / "build").exists()


def test_fusion_needs_no_media(demo_project: Project, fresh: Project, tmp_path: Path) -> None:
    archive = tmp_path / "store.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(demo_project.folder / "data", "data", filter=lambda each: None if "01_raw" in each.name else each)
    status, facts, said = rerun(fresh, "--store", str(archive), "--same-results", "--no-site")
    assert status == 0, said
    assert facts["command"] == "kedro run --pipelines=fusion,reporting"
    assert facts["artifacts"] == {}
    assert facts["results"]["changed"] == 0
    assert not (fresh.folder / "data/.restored").exists()


def test_a_changed_feature_is_named_and_work_is_stopped_before_it_begins(demo_project: Project, fresh: Project) -> None:
    fresh.write("conf/local/parameters.yml", SMALL_DEMO + OTHER_FEATURE)
    status, facts, said = rerun(fresh, "--store", str(demo_project.folder / "data"), "--whole", "--no-site")
    assert status == 1, said
    assert len(facts["problems"]) == 1
    assert re.search(
        r"sound_embeddings: 42 would be computed \(argument extractor.window_s changed", facts["problems"][0]
    )
    assert "sound_embeddings" not in facts["artifacts"], "no piece was made"
    assert facts["artifacts"]["vocals"]["computed"] == 0

    status, facts, said = rerun(fresh, "--no-site")  # fusion would mix old posteriors with new parameters
    assert status == 1
    assert "sound_posteriors" in said
    assert "window_s: 1.5, now 1.4" in said
    assert "the run failed" in facts["problems"][0]


def test_what_may_be_computed_is_computed(demo_copy: Project) -> None:
    pieces = sorted((demo_copy.folder / "data/07_model_output/sound_posteriors").rglob("*.parquet"))
    pieces[0].unlink()
    status, facts, said = rerun(demo_copy, "--whole", "--no-site", "--may-recompute", "vocals,sound_posteriors")
    assert status == 0, said
    told = facts["artifacts"]["sound_posteriors"]
    assert told["computed"] == 1
    assert told["reasons"] == {"the stored file was gone or damaged": 1}

    pieces[1].unlink()
    status, facts, _ = rerun(demo_copy, "--whole", "--no-site", "--keep-going")
    assert status == 1
    assert facts["problems"] == ["sound_posteriors: 1 computed (the stored file was gone or damaged)"]


def test_what_cannot_start_says_so(demo_copy: Project, tmp_path: Path) -> None:
    store = tmp_path / "store.tar.zst"
    store.write_bytes(b"no archive")
    status, _, said = rerun(demo_copy, "--store", str(store), "--no-site")
    assert status == 2
    assert "holds artifacts already" in said
    shutil.rmtree(demo_copy.folder / "data")
    status, _, said = rerun(demo_copy, "--store", str(store), "--no-site")
    assert status == 2
    assert "neither a folder nor an archive" in said
    demo_copy.write("mine/thesis.txt", "do not delete")
    status, _, said = rerun(demo_copy, "--out", "mine", "--no-site")
    assert status == 2
    assert (demo_copy.folder / "mine/thesis.txt").is_file()


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(SCRIPT.parent)
    import ci_compare

    return ci_compare


def entry(key: str, content: str, seconds: float | None = 1.0, status: str = DONE) -> Entry:
    path = f"{content}.parquet" if status == DONE else None
    return Entry(key, status, content, path, seconds=seconds, components={"argument x": content})


@pytest.mark.parametrize(
    ("before", "after", "reasons"),
    [
        (entry("a", "1"), entry("a", "1"), []),
        (entry("a", "1"), entry("a", "1", 1.5), ["the stored file was gone or damaged"]),
        (entry("a", "1"), entry("a", "2", 0.5), ["argument x changed"]),
        (entry("a", "1"), entry("a", "2", None), []),  # it lay there: an older version's, or another study's
        (entry("a", "1"), entry("b", "1"), []),  # a clip with another name
        (entry("a", "1"), entry("b", "2"), ["new"]),
        (entry("a", "1", 1.0, FAILED), entry("a", "1", 1.2, FAILED), []),
        (entry("a", "1", 1.0, FAILED), entry("a", "1", 1.2), ["failed last time"]),
        (entry("a", "1"), entry("a", "2", 1.0, FAILED), ["argument x changed"]),
        (entry("a", "1"), entry("a", "2", None, FAILED), []),  # blocked: nobody has tried
    ],
)
def test_computed_pieces_are_told_from_found_ones(
    compared: ModuleType, before: Entry, after: Entry, reasons: list[str]
) -> None:
    assert [reason for _, reason in compared.computed([before], [after])] == reasons


def test_the_workflow_calls_what_there_is() -> None:
    flow = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    assert flow["permissions"] == {"contents": "read"}
    assert "secrets." not in WORKFLOW.read_text(encoding="utf-8")
    steps = [step for job in flow["jobs"].values() for step in job["steps"]]
    assert all(re.fullmatch(r"actions/[\w/-]+@v\d+", step["uses"]) for step in steps if "uses" in step)
    commands = [line.strip() for step in steps for line in step.get("run", "").splitlines()]
    targets = re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    made = {command.split()[1] for command in commands if command.startswith("make ")}
    assert {"lint", "test"} <= made <= set(targets)
    options = set(re.findall(r'"(--[a-z-]+)"', SCRIPT.read_text(encoding="utf-8")))
    reruns = [command.split()[1:] for command in commands if "ci_rerun" in command]
    assert len(reruns) == 3
    for script, *words in reruns:
        assert PROJECT / script == SCRIPT
        assert {word for word in words if word.startswith("--")} <= options
