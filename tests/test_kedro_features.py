"""Kedro's options as Kedro users expect them: the real command line, and what each command has made."""

import json
import os
import re
import shutil

import pandas as pd
from tests.conftest import SMALL_DEMO, Project

from abaw_pipeline.artifacts.manifest import read_manifest

FACES = {
    *("stills_listing", "stills_quarantine", "stills", "backbones", "face_crops", "face_tracks", "contact_sheets"),
    *("face_embeddings", "face_systems", "face_posteriors"),
}
SOUND = {"vocals", "sound_embeddings", "sound_systems", "sound_posteriors"}

STRICT = """
import sys, warnings
from kedro import KedroDeprecationWarning
warnings.filterwarnings("error", category=KedroDeprecationWarning)
from kedro.framework.cli.cli import main
sys.argv = ["kedro", *{arguments}]
main()
"""
"""Kedro's command line, on which what is deprecated is an error. (`-W` cannot name a class of an installed package.)"""

MARK_SPAWNED = """
import os, sys
if any("spawn_main" in each for each in sys.orig_argv):
    with open(os.environ["SPAWNED"], "a") as file:
        file.write("one\\n")
"""


def versions(project: Project, study: str = "demo") -> set[tuple[str, str]]:
    """Every stored version of every versioned dataset of a study."""
    found = (project.folder / "data").glob(f"*/{study}/*/????-??-??T*Z")
    return {(version.parent.name.partition(".")[0], version.name) for version in found}


def made(project: Project, *arguments: str, **variables: str) -> set[str]:
    """Names of the datasets of which a run has made a new version."""
    before = versions(project)
    project.kedro("run", *arguments, **variables)
    return {name for name, _ in versions(project) - before}


def behind(project: Project, name: str) -> dict:
    """The parameters noted for a dataset."""
    return json.loads((project.folder / "data/.demo.made.json").read_text(encoding="utf-8"))[name]


def reported(project: Project, name: str) -> pd.DataFrame:
    return pd.read_parquet(project.latest(f"data/08_reporting/demo/{name}.parquet"))


def weights(project: Project) -> pd.DataFrame:
    return pd.read_parquet(project.latest("data/07_model_output/demo/fusion_weights.parquet"))


def test_nodes_runs_the_named_nodes_only(demo_copy: Project) -> None:
    assert made(demo_copy, "--nodes=fit_fusion,resample_labels") == {"fusion_weights", "fusion_fits", "labels_5hz"}


def test_from_nodes_runs_a_node_and_all_that_follows_from_it(demo_copy: Project) -> None:
    expected = {"metrics", "confusion", "change_points", "report", "results", "markdown_tables", "csv_tables"}
    assert made(demo_copy, "--from-nodes=measure_predictions") == expected


def test_to_outputs_runs_what_leads_to_an_output(demo_copy: Project) -> None:
    expected = {"listing", "quarantine", "corpus_notes", "media", "clips", "vocals"}
    assert made(demo_copy, "--to-outputs=vocals") == expected


def test_from_nodes_and_to_outputs_cut_a_piece_out_of_the_chain(demo_copy: Project) -> None:
    expected = {"clips", "frames", "frame_labels", "annotations", "inspection", "folds"}
    assert made(demo_copy, "--from-nodes=describe_clips", "--to-outputs=folds") == expected


def test_tags_part_faces_from_sound(demo_copy: Project) -> None:
    assert made(demo_copy, "--tags=sound") == SOUND
    assert made(demo_copy, "--tags=faces") == FACES


def test_pipelines_run_together_and_nothing_deprecated_is_used(demo_copy: Project) -> None:
    before = versions(demo_copy)
    output = demo_copy.python(STRICT.format(arguments=["run", "--pipelines=label_resampling,audio_separation"]))
    assert {name for name, _ in versions(demo_copy) - before} == {"labels_5hz", "vocals"}
    assert "deprecat" not in output.lower()


def test_pipeline_still_works_and_is_what_kedro_calls_deprecated(demo_copy: Project) -> None:
    before = versions(demo_copy)
    output = " ".join(demo_copy.kedro("run", "--pipeline=label_resampling").split())
    assert {name for name, _ in versions(demo_copy) - before} == {"labels_5hz"}
    assert "'--pipeline' is deprecated" in output
    strict = STRICT.format(arguments=["run", "--pipeline=label_resampling"])
    refused = f"try:\n    exec({strict!r})\nexcept KedroDeprecationWarning:\n    print('refused')"
    assert "refused" in demo_copy.python(refused), "the test above would not see a deprecated option"


def test_load_versions_gives_older_content_to_what_follows(demo_copy: Project) -> None:
    path = "data/07_model_output/demo/sound_posteriors.parquet"
    first = demo_copy.latest(path).parent.name
    fewer = ("--to-outputs=sound_posteriors,face_posteriors", "--params", "systems.run=svm,fusion.members=svm")
    demo_copy.kedro("run", *fewer)
    assert {key[0] for key in (entry.key for entry in read_manifest(demo_copy.latest(path)).entries)} == {"svm"}
    # the newest version was made for one system only, and a run for all systems says so
    output = demo_copy.kedro("run", "--nodes=fit_fusion", ok=False)
    assert "sound_posteriors (" in output
    assert 'systems.run: "svm", now null' in output
    assert "by the whole chain: kedro run" in output
    chosen = f"--load-versions=sound_posteriors:{first},face_posteriors:{first}"
    assert made(demo_copy, "--nodes=fit_fusion", chosen) == {"fusion_weights", "fusion_fits"}
    assert set(weights(demo_copy)["system"].dropna()) == {"svm", "lda"}


def test_fusions_change_on_what_is_stored_and_tell_what_was_never_trained(demo_copy: Project) -> None:
    fused = {"fusion_weights", "fusion_fits", "fused_posteriors"}
    assert made(demo_copy, "--pipelines=fusion", "--params=fusion.methods.mcwf.pool=50") >= fused
    made(demo_copy, "--pipelines=fusion", "--params=fusion.members=svm")
    assert set(weights(demo_copy)["system"].dropna()) == {"svm"}
    demo_copy.kedro("run", "--params", "fusion.members=svm")  # lda is trained on no inner fold
    output = demo_copy.kedro("run", "--pipelines=fusion", ok=False)
    assert "there are no posteriors of lda for fold 0/0" in output
    assert "by the whole chain: kedro run" in output
    demo_copy.kedro("run")
    assert set(weights(demo_copy)["system"].dropna()) == {"svm", "lda"}


def test_only_missing_outputs_makes_what_is_missing(demo_copy: Project) -> None:
    shutil.rmtree(demo_copy.folder / "data/08_reporting/demo/metrics.parquet")
    shutil.rmtree(demo_copy.folder / "data/03_primary/demo/labels_5hz.parquet")
    assert made(demo_copy, "--only-missing-outputs") == {"metrics", "confusion", "change_points", "labels_5hz"}
    assert not made(demo_copy, "--only-missing-outputs")


def test_only_missing_outputs_does_not_pass_old_tables_off_as_new(demo_copy: Project) -> None:
    shutil.rmtree(demo_copy.folder / "data/08_reporting/demo/report.html")
    other = ("--only-missing-outputs", "--params", "evaluation.resamples=500")
    output = demo_copy.kedro("run", *other, ok=False)
    assert "metrics (evaluation.resamples: 1000, now 500)" in output
    assert behind(demo_copy, "metrics")["evaluation"]["resamples"] == 1000
    assert not (demo_copy.folder / "data/08_reporting/demo/report.html").exists()


def test_parallel_runner_gives_the_same_bytes(demo_copy: Project) -> None:
    before = demo_copy.latest("data/08_reporting/demo/metrics.parquet").read_bytes()
    # pieces are computed by processes that a process of the runner starts, beside another node
    shutil.rmtree(demo_copy.folder / "data/02_intermediate/vocals")
    run = ("--nodes=separate_vocals,measure_predictions", "--runner=ParallelRunner")
    assert made(demo_copy, *run) == {"vocals", "metrics", "confusion", "change_points"}
    assert len(list((demo_copy.folder / "data/02_intermediate/vocals").rglob("*.flac"))) == 42
    assert demo_copy.latest("data/08_reporting/demo/metrics.parquet").read_bytes() == before


def test_parallel_runner_can_spawn_its_processes(demo_copy: Project) -> None:
    before = demo_copy.latest("data/08_reporting/demo/metrics.parquet").read_bytes()
    marks = demo_copy.write("marks/sitecustomize.py", MARK_SPAWNED)
    spawn = {
        "KEDRO_MP_CONTEXT": "spawn",
        "SPAWNED": str(marks.with_name("spawned")),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(marks.parent), os.environ.get("PYTHONPATH")])),
    }
    run = ("--nodes=resample_labels,measure_predictions", "--runner=ParallelRunner")
    assert made(demo_copy, *run, **spawn) == {"labels_5hz", "metrics", "confusion", "change_points"}
    assert marks.with_name("spawned").read_text(encoding="utf-8")
    assert demo_copy.latest("data/08_reporting/demo/metrics.parquet").read_bytes() == before
    assert behind(demo_copy, "metrics")["evaluation"]["resamples"] == 1000


def test_what_a_failed_parallel_run_has_made_is_known_by_its_parameters(demo_copy: Project) -> None:
    blocked = demo_copy.folder / "data/08_reporting/demo/report.html"
    shutil.rmtree(blocked)
    blocked.write_text("a file where a folder must be", encoding="utf-8")
    nodes = "--from-nodes=write_submission,measure_predictions,compare_systems,show_clips"
    run = (nodes, "--runner=ParallelRunner", "--runner-params=max_workers=2", "--params", "evaluation.resamples=500")
    demo_copy.kedro("run", *run, ok=False, KEDRO_MP_CONTEXT="spawn")
    assert behind(demo_copy, "metrics")["evaluation"]["resamples"] == 500


def test_params_reach_nested_values_and_lists_are_written_with_plus(demo_copy: Project) -> None:
    given = "cross_validation.folds=0+2,evaluation.resamples=200,systems.run=svm+lda,fusion.members=svm+lda"
    output = demo_copy.kedro("run", "--params", given)
    assert not re.search(r": [1-9]\d* computed", " ".join(output.split())), "folds 0 and 2 were there"
    folds = set(reported(demo_copy, "metrics")["fold"])
    assert {"0", "2", "all"} <= folds
    assert "1" not in folds
    assert set(weights(demo_copy)["system"].dropna()) == {"svm", "lda"}
    evaluation = behind(demo_copy, "metrics")["evaluation"]
    assert (evaluation["resamples"], evaluation["headline"]) == (200, "log_mean"), "neighbours stay as they are"
    page = demo_copy.latest("data/08_reporting/demo/report.html").read_text(encoding="utf-8")
    assert "2 of 3 folds" in page


def test_env_is_a_study_of_its_own_that_shares_pieces(demo_copy: Project) -> None:
    demo_copy.write("conf/halves/globals.yml", "study: halves")
    demo_copy.write("conf/halves/parameters.yml", SMALL_DEMO.replace("k: 3", "k: 2"))
    before = versions(demo_copy)
    output = demo_copy.kedro("run", "--env=halves", "--pipelines=ingestion")
    assert versions(demo_copy) == before, "the demo's tables are not touched"
    folds = pd.read_parquet(demo_copy.latest("data/03_primary/halves/folds.parquet"))["fold"]
    ours = pd.read_parquet(demo_copy.latest("data/03_primary/demo/folds.parquet"))["fold"]
    assert ("2" in set(ours), "2" in set(folds)) == (True, False)
    assert "media: 0 computed, 42 skipped" in " ".join(output.split())


def test_a_run_from_a_subfolder_is_a_run_of_the_project(demo_copy: Project) -> None:
    inside = Project(demo_copy.folder / "notebooks" / "drafts")
    inside.folder.mkdir(parents=True)
    before = versions(demo_copy)
    output = " ".join(inside.kedro("run", "--nodes=separate_vocals,resample_labels").split())
    assert {name for name, _ in versions(demo_copy) - before} == {"vocals", "labels_5hz"}
    assert "vocals: 0 computed, 42 skipped" in output
    assert not list(inside.folder.iterdir())
