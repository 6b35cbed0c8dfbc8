"""The project as a user meets it: the real command line, on a small demo corpus.

Kedro's own options are in test_kedro_features.py.
"""

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from filelock import FileLock
from tests.conftest import Project

from abaw_pipeline.artifacts.manifest import read_manifest

ARTIFACTS = {
    "media": "data/02_intermediate/demo/media.parquet",
    "vocals": "data/02_intermediate/demo/vocals.parquet",
    "sound_embeddings": "data/04_feature/demo/sound_embeddings.parquet",
    "sound_systems": "data/06_models/demo/sound_systems.parquet",
    "sound_posteriors": "data/07_model_output/demo/sound_posteriors.parquet",
}
PIPELINES = (
    "ingestion",
    "face_preprocessing",
    "audio_separation",
    "label_resampling",
    "backbone_training",
    "embedding_extraction",
    "temporal_modeling",
    "fusion",
    "reporting",
)


def computed(output: str) -> dict[str, int]:
    """How many pieces of each artifact a run has computed, as its log tells."""
    text = " ".join(output.split())
    return {name: int(count) for name, count in re.findall(r"(\w+): (\d+) computed, \d+ skipped", text)}


def metrics(project: Project) -> pd.DataFrame:
    return pd.read_parquet(project.latest("data/08_reporting/demo/metrics.parquet"))


def accuracies(project: Project) -> dict[str, float]:
    table = metrics(project)
    rows = table[(table["fold"] == "all") & (table["measure"] == "accuracy") & table["class"].isna()]
    return dict(zip(rows["system"], rows["value"], strict=True))


def test_the_demo_gives_results_and_a_report(demo_project: Project) -> None:
    found = accuracies(demo_project)
    assert set(found) == {"svm", "lda", "log_mean", "mcwf", "stacking"}
    # 42 clips, 7 classes: chance is 14 %, and a third is more than 3 standard errors above it
    assert found["log_mean"] > 0.34
    page = demo_project.latest("data/08_reporting/demo/report.html").read_text(encoding="utf-8")
    assert "3 of 3 folds" in page
    assert f"{100 * found['log_mean']:.1f}" in page


def test_a_second_run_computes_nothing_and_prints_results(demo_copy: Project) -> None:
    output = demo_copy.kedro("run")
    assert computed(output) == dict.fromkeys(ARTIFACTS, 0)
    assert "log_mean" in output
    assert re.search(r"Report: data/08_reporting/demo/report\.html/\S+/report\.html", output)
    assert "anonymous usage" not in output
    assert "Corpora" not in output  # where there is a report, it holds this table
    compared = demo_copy.kedro("compare", "--markdown", "compared.md")
    assert "corpora.demo.path: " in compared  # the copy lies elsewhere
    assert re.search(r"log_mean +│ +\S+ \[.*\] │ +\S+ \[.*\] │ +\+0\.0 │", compared)
    assert "## Results" in (demo_copy.folder / "compared.md").read_text(encoding="utf-8")
    assert "two versions are compared at most" in demo_copy.kedro("compare", "a", "b", "c", ok=False)


def test_ingestion_ends_with_a_table_of_what_there_is(demo_copy: Project) -> None:
    manifest = demo_copy.folder / "data/01_raw/demo/manifest.csv"
    rows = pd.read_csv(manifest)
    gone = rows.head(1).assign(clip_id="gone", media="voices/gone.wav")
    pd.concat([rows, gone]).to_csv(manifest, index=False)
    output = demo_copy.kedro("run", "--from-nodes=list_clips", "--to-nodes=inspect_corpora,assign_folds")
    assert output.count("Corpora") == 1
    assert re.search(r"demo +│ +42 +│", output)
    assert re.search(r"demo: clips by class: neutral \d+, anger \d+, ", output)
    assert re.search(r"demo: refused or failed: .+ \(1\)", output)
    table = pd.read_parquet(demo_copy.latest("data/08_reporting/demo/inspection.parquet"))
    assert table[["corpus", "clips", "unit", "refused", "failed"]].values.tolist() == [["demo", 42, "clips", 1, 0]]


def test_what_corpora_hold_is_told_also_where_no_folds_can_be_made_of_it(demo_copy: Project) -> None:
    manifest = demo_copy.folder / "data/01_raw/demo/manifest.csv"
    pd.read_csv(manifest).drop(columns="label").to_csv(manifest, index=False)
    output = demo_copy.kedro("run", "--from-nodes=list_clips", "--to-nodes=assign_folds", ok=False)
    assert re.search(r"demo +│ +42 +│", output)
    assert output.index("Corpora") < output.rindex("no clip and no frame has a label that can be used")
    assert "Traceback" not in output


def test_a_misspelt_parameter_on_the_command_line_stops_before_any_work(project: Project) -> None:
    output = project.kedro("run", "--params", "cross_validation.foldz=0", ok=False)
    assert "no parameter 'foldz'; did you mean 'folds'?" in output
    assert "Traceback" not in output
    assert not (project.folder / "data").exists()


def test_a_misspelt_parameter_in_a_file_stops_before_any_work(project: Project) -> None:
    project.write("conf/local/parameters.yml", "fusion: {member: all, methods: {mean: {kind: log_mean}}}")
    output = project.kedro("run", ok=False)
    assert "fusion: no parameter 'member'; did you mean 'members'?" in output
    assert not (project.folder / "data").exists()


def test_a_missing_input_is_named_with_the_command_that_makes_it(project: Project) -> None:
    output = project.kedro("run", "--pipelines=fusion", ok=False)
    assert "sound_posteriors: make it with: kedro run --pipelines=temporal_modeling" in output
    assert "folds: make it with: kedro run --pipelines=ingestion" in output
    assert "Traceback" not in output


def test_a_missing_corpus_is_named(project: Project) -> None:
    output = project.kedro("run", "--env=ravdess", ok=False)
    assert "01_raw/ravdess" in output
    assert "Actor_01" in output
    assert "Traceback" not in output


def test_every_pipeline_runs_alone_from_what_is_stored(demo_copy: Project) -> None:
    script = "\n".join(
        [
            "from pathlib import Path",
            "from kedro.framework.session import KedroSession",
            "from kedro.framework.startup import bootstrap_project",
            "bootstrap_project(Path.cwd())",
            f"for name in {PIPELINES!r}:",
            "    with KedroSession.create(project_path=Path.cwd()) as session:",
            "        session.run(pipeline_names=[name])",
            "    print('ran', name)",
        ]
    )
    output = demo_copy.python(script)
    assert [line for line in output.splitlines() if line.startswith("ran ")] == [f"ran {name}" for name in PIPELINES]
    assert set(computed(output).values()) == {0}


def test_one_changed_clip_is_all_that_is_recomputed(demo_copy: Project) -> None:
    import soundfile

    manifest = demo_copy.write(
        "data/01_raw/own/manifest.csv", (demo_copy.folder / "data/01_raw/demo/manifest.csv").read_text("utf-8")
    )
    shutil.copytree(demo_copy.folder / "data/01_raw/demo", manifest.parent, dirs_exist_ok=True)
    own = ("--params", f"corpora.demo.path={manifest}")
    assert set(computed(demo_copy.kedro("run", *own)).values()) == {0}, "the same content elsewhere is the same"
    clip = next(manifest.parent.rglob("*.wav"))
    samples, rate = soundfile.read(clip)
    soundfile.write(clip, samples * 0.5, rate)
    counts = computed(demo_copy.kedro("run", *own, "--to-outputs=sound_embeddings"))
    assert counts == {"media": 1, "vocals": 1, "sound_embeddings": 1}


def test_bad_media_are_rows_and_the_rest_goes_on(demo_copy: Project) -> None:
    folder = demo_copy.folder / "data/01_raw/bad"
    shutil.copytree(demo_copy.folder / "data/01_raw/demo", folder)
    wavs = sorted(folder.rglob("*.wav"))
    wavs[0].write_bytes(b"")
    wavs[1].write_bytes(wavs[1].read_bytes()[:2000])
    wavs[2].write_text("not sound at all", encoding="utf-8")
    wavs[3].unlink()
    table = pd.read_csv(folder / "manifest.csv")
    table.loc[table["media"] == str(wavs[4].relative_to(folder)), "label"] = "joyfulness"
    table.to_csv(folder / "manifest.csv", index=False)
    demo_copy.kedro("run", "--params", f"corpora.demo.path={folder / 'manifest.csv'}")
    failures = pd.read_parquet(demo_copy.latest("data/08_reporting/demo/failures.parquet"))
    roots = failures[failures["blocked_by"].isna()]
    for wav in wavs[:5]:
        told = roots[roots["key"].str.contains(wav.stem, regex=False) | roots["message"].str.contains(wav.stem)]
        assert len(told) >= 1, wav
    assert any("joyfulness" in message for message in roots["message"])
    page = demo_copy.latest("data/08_reporting/demo/report.html").read_text(encoding="utf-8")
    assert wavs[0].stem in page
    assert accuracies(demo_copy)["log_mean"] > 0.3


def test_with_shuffled_training_labels_results_fall_to_chance(demo_copy: Project) -> None:
    demo_copy.kedro("run", "--params", "cross_validation.permute_training_labels=true")
    found = accuracies(demo_copy)
    # 42 clips, 7 classes: 14 % with a standard error of 5.4 points
    assert max(found.values()) < 0.33, found
    assert np.mean(list(found.values())) < 0.25, found
    page = demo_copy.latest("data/08_reporting/demo/report.html").read_text(encoding="utf-8")
    assert "shuffled" in page


def test_two_runs_at_once_on_one_study_are_refused(demo_copy: Project) -> None:
    with FileLock(demo_copy.folder / "data/.demo.lock"):
        output = demo_copy.kedro("run", "--pipelines=fusion", ok=False)
    assert "another run" in output
    assert "Traceback" not in output


def test_stored_tables_are_not_mixed_with_other_parameters(demo_copy: Project) -> None:
    output = demo_copy.kedro("run", "--pipelines=fusion", "--params", "cross_validation.protocol.k=2", ok=False)
    assert "cross_validation.protocol.k: 3, now 2" in output
    assert "Traceback" not in output


def test_how_work_is_done_makes_nothing_stale(demo_copy: Project) -> None:
    demo_copy.kedro("run", "--pipelines=temporal_modeling", "--params", "execution.workers=1")
    demo_copy.kedro("run", "--pipelines=fusion")


def test_a_failing_stage_stops_the_run_where_asked_to(demo_copy: Project) -> None:
    folder = demo_copy.folder / "data/01_raw/bad"
    shutil.copytree(demo_copy.folder / "data/01_raw/demo", folder)
    next(folder.rglob("*.wav")).write_bytes(b"")
    bad = f"corpora.demo.path={folder / 'manifest.csv'}"
    output = demo_copy.kedro("run", "--params", f"{bad},execution.on_error=raise", ok=False)
    assert "Error: " in output
    assert "is empty" in output
    assert "Traceback" not in output


def test_manifests_name_exactly_what_was_asked_for(demo_project: Project) -> None:
    keys = {name: [e.key for e in read_manifest(demo_project.latest(path)).entries] for name, path in ARTIFACTS.items()}
    folds = pd.read_parquet(demo_project.latest("data/03_primary/demo/folds.parquet"))["fold"].unique()
    assert set(keys["sound_systems"]) == {(system, fold) for system in ("svm", "lda") for fold in folds}
    assert len(keys["sound_embeddings"]) == len(keys["vocals"]) == len(keys["media"]) == 42


def test_pieces_leave_no_absolute_path_in_manifests(demo_project: Project) -> None:
    for path in ARTIFACTS.values():
        assert not any(Path(e.path).is_absolute() for e in read_manifest(demo_project.latest(path)).entries if e.path)
