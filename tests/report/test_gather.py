"""What the report is given is what the run's tables say."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml
from tests.conftest import PROJECT

from abaw_pipeline.artifacts import StoredMap
from abaw_pipeline.artifacts.manifest import Entry
from abaw_pipeline.evaluation.folds import label_rows, make_folds
from abaw_pipeline.evaluation.protocols import LeaveOneCorpusOut
from abaw_pipeline.report import gather as module
from abaw_pipeline.report.gather import describe_system, gather, settings_text, sum_stage
from abaw_pipeline.report.page import render_report
from abaw_pipeline.schemas import FUSION_WEIGHTS
from abaw_pipeline.systems import Framewise, LSTMNetwork

from .fabricate import fabricate_frames, frame
from .test_page import first_screen

COLUMNS = {"frame": "Int64", "time": "Float64"}


@pytest.fixture
def tree():
    """The demo's parameters, opening with the CPM of its first running system."""
    text = (PROJECT / "conf/base/parameters.yml").read_text(encoding="utf-8")
    tree = yaml.safe_load(text.replace("${globals:study}", "demo").replace("${corpus_folder:demo}", "raw"))
    tree.setdefault("evaluation", {}).update(measure="cpm", headline="")
    return tree


def run_tables(**changes):
    """The tables of a run at the level of frames, by the names of gather's arguments."""
    data = fabricate_frames(n_clips=2)
    ids = [f"affwild2/{n}-30-1280x720" for n in range(2)]
    clips = frame("clip_id corpus subject duration label", [(name, "affwild2", name, 60.0, None) for name in ids])
    annotations = frame("clip_id frame time label", [(name, n, n / 30, "fear") for name in ids for n in range(15_000)])
    folds = frame("fold parent role clip_id subject", [("0", None, "validation", name, name) for name in ids])
    names = ("classes", "metrics", "confusion", "fusion_weights", "systems", "failures", "stages")
    given = {name: getattr(data, name) for name in (*names, "timelines", "sheets", "face_facts")}
    given |= {"change_points": data.change_points, "submission": data.submission, "inspection": data.counts}
    return {"clips": clips, "annotations": annotations.astype(COLUMNS), "folds": folds} | given | changes


def test_a_study_of_frames_opens_with_its_measure_and_says_what_was_scored(tree):
    data = gather(parameters=tree, **run_tables())
    assert (data.measure, data.shuffled) == ("cpm", False)
    assert data.asked.to_dict("records") == [{"corpus": "affwild2", "unit": "frame", "units": 30_000, "clips": 2}]
    assert any("30,000 annotated frames of affwild2 in validation not all could be scored" in n for n in data.notes)
    text = first_screen(render_report(data))
    assert "28,800 of 30,000 frames of 2 clips scored" in text
    assert "The subject of 2 clips is unknown" in text


def test_everything_over_time_may_be_missing(tree):
    tables = run_tables()
    for name in ("timelines", "sheets", "face_facts", "change_points", "submission"):
        tables.pop(name)
    data = gather(parameters=tree, **tables)
    assert not len(data.timelines)
    assert 'id="clips"' not in render_report(data)


def test_a_run_with_shuffled_labels_says_so_first(tree):
    tree["cross_validation"]["permute_training_labels"] = True
    text = first_screen(render_report(gather(parameters=tree, **run_tables())))
    assert text.index("Training labels were shuffled") < text.index("Note:") < text.index("CPM of")


def test_systems_tell_their_settings():
    text = settings_text(LSTMNetwork(inputs=("affectnet_ee",), window_s=2.0), leave=("kind", "inputs"))
    assert "window_s 2.0" in text
    assert "hidden 512 256" in text
    text = settings_text(Framewise(inputs=("ee",), frame_steps={"neutral": 10, "fear": 2}), leave=("kind", "inputs"))
    assert "frame_steps (neutral 10, fear 2)" in text
    assert "frame_steps" not in settings_text(Framewise(inputs=("ee",)), leave=("kind", "inputs"))


def stored(*rows) -> StoredMap:
    entries = [
        Entry(key, status, "f", path="x" if status == "done" else None, seconds=seconds, bytes=size)
        for key, status, seconds, size in rows
    ]
    return StoredMap("faces", entries, SimpleNamespace(path=lambda path: path, format=None))


def test_work_is_divided_by_the_media_it_was_about():
    row = sum_stage(stored(("a", "done", 3.0, 10), ("b", "done", 2.0, 20), ("c", "failed", 1.0, None)), SECONDS, {})
    assert row == {
        "artifact": "faces", "pieces": 2, "failed": 1, "seconds": 6.0, "bytes": 30,
        "media_seconds": 20.0, "per_second": 0.25,
    }  # fmt: skip


def test_pieces_that_another_run_computed_count_on_neither_side():
    row = sum_stage(stored(("a", "done", 3.0, 10), ("b", "done", None, 20)), SECONDS, {})
    assert (row["media_seconds"], row["per_second"]) == (12.0, 0.25)
    row = sum_stage(stored(("a", "done", None, 10)), SECONDS, {})
    assert (row["media_seconds"], row["per_second"], row["seconds"]) == (None, None, 0.0)


def test_work_on_no_media_has_no_rate():
    row = sum_stage(stored((("net", "0/1"), "done", 3.0, 10)), SECONDS, {"0": 20.0})
    assert (row["media_seconds"], row["per_second"], row["seconds"]) == (None, None, 3.0)


SECONDS = {"a": 12.0, "b": 8.0, "c": 99.0}


@pytest.mark.parametrize("card", [{"n_parameters": 1234}, {}])
def test_a_system_of_either_modality_is_described(monkeypatch, card):
    monkeypatch.setattr(module, "read_card", lambda path: card)
    fitted = stored((("fw", "0"), "done", 2.0, 1), (("fw", "1"), "done", 4.0, 1), (("fw", "0/1"), "done", 9.0, 1))
    row = describe_system("fw", Framewise(inputs=("ee",)), fitted, ["0", "1", "2"])
    assert (row["kind"], row["inputs"], row["seconds"]) == ("framewise", "ee", 3.0)
    assert row["parameters"] == ("1,234" if card else "")
    none = describe_system("fw", Framewise(inputs=("ee",)), fitted, ["5"])
    assert (none["parameters"], none["seconds"]) == ("", None)


def test_metrics_from_the_evaluation_reach_the_page(tree):
    from abaw_pipeline.evaluation.change_points import change_point_table
    from abaw_pipeline.evaluation.metrics_table import confusion_table, metrics_table
    from abaw_pipeline.evaluation.timelines import timelines

    rng = np.random.default_rng(5)
    tables = run_tables(systems=pd.DataFrame(), fusion_weights=FUSION_WEIGHTS.empty(), sheets={})
    frames = tables["annotations"].groupby("clip_id").head(600).reset_index(drop=True)
    truth = np.array(["fear", "anger", "neutral"])[np.arange(len(frames)) // 90 % 3]
    said = np.where(rng.random(len(frames)) < 0.8, truth, "neutral")
    predictions = frames.drop(columns="label").assign(
        system="net", fold="0", corpus="affwild2", subject=frames["clip_id"], truth=truth, predicted=said
    )
    classes = ("neutral", "anger", "fear")
    made = {
        "classes": classes,
        "metrics": metrics_table(predictions, classes, study="demo", protocol="split", resamples=50),
        "confusion": confusion_table(predictions, classes),
        "change_points": change_point_table(predictions, classes),
        "timelines": timelines(predictions, [*dict.fromkeys(frames["clip_id"])]),
        "annotations": frames.assign(label=truth),
        "submission": pd.DataFrame(),
    }
    page = render_report(gather(parameters=tree, **(tables | made)))
    assert "1,200 frames of 2 clips scored" in first_screen(page)
    right = 100 * (truth == said)[frames["clip_id"] == frames["clip_id"][0]].mean()
    assert f"{right:.1f}% right" in page
    assert "−2 to 0 s" in page


def test_folds_of_corpora_say_which_one_they_hold_out_and_what_is_not_scored(tree):
    """Corpus b has a class that nobody else has: its clip stays out of the fold in which b validates."""
    tree["corpora"] = {name: {"kind": "manifest", "path": "raw.csv"} for name in "ab"}
    tree["cross_validation"] = {"protocol": {"kind": "leave_one_corpus_out"}}
    labels = {"a/1": "fear", "a/2": "fear", "b/1": "fear", "b/2": "contempt"}
    clips = frame("clip_id corpus subject duration label", [(n, n[0], f"{n}x", 1.0, labels[n]) for n in labels])
    annotations = frame("clip_id frame time label", [(n, None, None, label) for n, label in labels.items()])
    folds = make_folds(LeaveOneCorpusOut(), clips)
    data = gather(parameters=tree, **run_tables(clips=clips, annotations=annotations.astype(COLUMNS), folds=folds))
    assert (data.folds_run, data.folds_total) == (2, 2)
    assert "Fold 1 (corpus b) leaves out clips with classes alone that no training clip has: 1." in data.notes
    assert not any(note.startswith("Fold 0") for note in data.notes)
    page = render_report(data)
    assert "Held out: corpus a (fold 0), corpus b (fold 1)." in page
    assert "Held out" in page


def test_frames_that_nobody_could_have_learned_are_neither_asked_nor_missed(tree):
    tree["corpora"] = {name: {"kind": "manifest", "path": "raw.csv"} for name in "ab"}
    tree["cross_validation"] = {"protocol": {"kind": "leave_one_corpus_out"}}
    labels = {"a/1": ["fear"], "a/2": ["anger"], "b/1": ["fear", "contempt", "contempt"], "b/2": ["fear"]}
    clips = frame("clip_id corpus subject duration label", [(n, n[0], f"{n}x", 1.0, None) for n in labels])
    rows = [(n, at, at / 30, label) for n, own in labels.items() for at, label in enumerate(own)]
    annotations = frame("clip_id frame time label", rows).astype(COLUMNS)
    folds = make_folds(LeaveOneCorpusOut(), label_rows(clips, annotations))
    data = gather(parameters=tree, **run_tables(clips=clips, annotations=annotations, folds=folds))
    asked = data.asked.set_index("corpus")
    assert asked.loc["b", ["units", "clips"]].tolist() == [2, 2]
    assert "Fold 1 does not score 2 frames of classes that it has not trained: contempt." in data.notes
    # a's anger is asked of nobody either: b does not have it
    assert asked.loc["a", "units"] == 1
    assert "Fold 0 (corpus a) leaves out clips with classes alone that no training clip has: 1." in data.notes


@pytest.mark.parametrize(
    ("inner", "told"),
    [
        (3, "fusion weights are fitted on 3 inner folds of each training side"),
        (0, "fusion weights are fitted on the other people of the validation side, in 5 parts at most"),
    ],
)
def test_the_first_screen_says_on_whom_fusions_were_fitted(tree, inner, told):
    tree["cross_validation"] = {**tree["cross_validation"], "inner_folds": inner}
    assert told in first_screen(render_report(gather(parameters=tree, **run_tables())))
