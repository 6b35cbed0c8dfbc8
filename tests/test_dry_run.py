"""`kedro plan`: what a run would compute and why, told without computing; then the run itself, to compare."""

import re
import shutil
from pathlib import Path
from typing import Any

from tests.conftest import Project
from tests.test_command_line import computed


def files(project: Project) -> dict[Path, int]:
    """All files of the data folder but what is remembered of media, which a plan may read for the first time."""
    found = [path for path in (project.folder / "data").rglob("*") if not path.name.startswith(".file_hashes")]
    return {path: path.stat().st_mtime_ns for path in found if path.is_file()}


def foreseen(output: str) -> dict[str, int]:
    """Pieces to compute by artifact."""
    return {name: int(count) for name, count in re.findall(r"(\w+) +\d+ there, (\d+) to compute", output)}


def test_after_a_run_there_is_nothing_to_do_and_nothing_is_written(demo_copy: Project) -> None:
    before = files(demo_copy)
    output = demo_copy.kedro("plan")
    assert set(foreseen(output).values()) == {0}
    assert "0 pieces would be computed. No piece was computed, no dataset was written." in output
    assert files(demo_copy) == before


COMPARE = """
from pathlib import Path
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from abaw_pipeline.dry_run import DryRunner
bootstrap_project(Path.cwd())
def run(**options):
    with KedroSession.create(project_path=Path.cwd(), runtime_params=change) as session:
        session.run(**options)
for number, change in enumerate(CHANGES):
    for turn in ("first", "second") if number == 0 else ("first",):
        print(f"<plan {number} {turn}>", flush=True)
        run(runner=DryRunner())
    print(f"<run {number}>", flush=True)
    run()
print("<end>", flush=True)
"""
CHANGES: list[dict[str, Any]] = [
    {"seed": 1},
    {"systems": {"run": "svm"}},
    {"sound": {"extractors": {"functionals": {"window_s": 0.5, "shift": 1.0}}}},
    {"cross_validation": {"permute_training_labels": True, "final": False}},
    {},
]
BECAUSE = [
    "argument seed changed: seed 0 -> 1",
    "",
    "extractor.window_s 1.5 -> 0.5",
    "argument labels changed",
    "",
]


def test_a_plan_is_what_the_run_then_does(demo_copy: Project) -> None:
    output = demo_copy.python(f"CHANGES = {CHANGES!r}\n{COMPARE}")
    told = dict(re.findall(r"<((?:plan|run) .*?)>\n(.*?)(?=<)", output, re.DOTALL))
    for number, because in enumerate(BECAUSE):
        plan, run = told[f"plan {number} first"], computed(told[f"run {number}"])
        assert number or foreseen(plan) == foreseen(told["plan 0 second"]), "planning changes nothing"
        planned = {name: count for name, count in foreseen(plan).items() if count}
        assert planned == {name: count for name, count in run.items() if count}, CHANGES[number]
        assert because in plan
        assert bool(planned) == bool(because)


def test_a_changed_medium_is_told_and_what_hangs_on_it(demo_copy: Project) -> None:
    folder = demo_copy.folder / "data" / "01_raw" / "own"
    shutil.copytree(demo_copy.folder / "data" / "01_raw" / "demo", folder)
    media = sorted(folder.rglob("*.wav"))
    media[0].write_bytes(b"RIFF")
    own = ("--params", f"corpora.demo.path={folder / 'manifest.csv'}")
    plan = demo_copy.kedro("plan", *own)
    assert foreseen(plan)["media"] == 1
    assert "1 because: the file file changed" in plan
    # what a clip is, its duration for instance, is known only when its media has been looked at
    assert re.search(r"vocals +cannot be told yet: describe_clips reads media, of which some is still to be made", plan)
    demo_copy.kedro("run", *own)
    plan = demo_copy.kedro("plan", *own)
    assert "1 because: failed last time" in plan
    assert {name: count for name, count in foreseen(plan).items() if count} == {"media": 1}, "it will fail again"


def test_without_anything_stored_it_says_what_comes_first(project: Project) -> None:
    output = project.kedro("plan")
    assert "make_demo_corpus would write demo_corpus anew" in output
    assert not (project.folder / "data").exists()


def test_it_takes_kedro_s_options_and_is_a_runner_too(demo_copy: Project) -> None:
    output = demo_copy.kedro("plan", "--pipelines=temporal_modeling", "--tags=sound")
    assert set(foreseen(output)) == {"sound_systems", "sound_posteriors"}
    same = demo_copy.kedro("run", "--runner=abaw_pipeline.dry_run.DryRunner", "--pipelines=temporal_modeling")
    assert foreseen(same)["sound_systems"] == 0
    assert "--from-nodes" in demo_copy.kedro("plan", "--help")


def test_a_plan_does_not_make_old_tables_pass_for_new_ones(demo_copy: Project) -> None:
    """A dry run with other parameters must not note that anything was made under them."""
    demo_copy.kedro("plan", "--params", "cross_validation.inner_folds=3")
    output = demo_copy.kedro("run", "--pipelines=fusion", "--params", "cross_validation.inner_folds=3", ok=False)
    assert "made under other parameters" in output
    demo_copy.kedro("run", "--pipelines=fusion")
