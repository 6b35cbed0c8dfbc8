import numpy as np
import pandas as pd
import pytest

from abaw_pipeline.errors import DataError
from abaw_pipeline.evaluation import metrics_table as table_module
from abaw_pipeline.evaluation.bootstrap import percentile_interval, resample_subjects
from abaw_pipeline.evaluation.intervals import wald
from abaw_pipeline.evaluation.measures import accuracy
from abaw_pipeline.evaluation.metrics_table import confusion_table, metrics_table

CLASSES = ("neutral", "anger", "fear")
ROWS = [
    # fold, clip, subject, truth, predicted
    ("0", "c1", "s1", "neutral", "neutral"),
    ("0", "c2", "s1", "anger", "neutral"),
    ("0", "c3", "s2", "anger", "anger"),
    ("0", "c4", "s2", "anger", "anger"),
    ("1", "c5", "s3", "neutral", "neutral"),
    ("1", "c6", "s3", "anger", "neutral"),
]


@pytest.fixture
def predictions():
    frame = pd.DataFrame(ROWS, columns=["fold", "clip_id", "subject", "truth", "predicted"])
    return frame.assign(corpus="demo", system="voice")


def metrics(predictions, **changes):
    return metrics_table(predictions, CLASSES, study="try", protocol="subject_lists", **changes)


def pick(table, **wanted):
    for name, value in wanted.items():
        column = "class" if name == "label" else name
        table = table[table[column].isna()] if value is None else table[table[column] == value]
    return table


def test_hand_computed(predictions):
    table = metrics(predictions)
    assert list(table.columns) == table_module.COLUMNS
    overall = pick(table, label=None, measure="accuracy", interval="bootstrap by subject")
    assert overall.set_index("fold")["value"].to_dict() == {"0": 3 / 4, "all": 4 / 6}
    assert overall.set_index("fold")["n"].to_dict() == {"0": 4, "all": 6}
    one_subject = pick(table, fold="1", label=None, measure="accuracy", interval=None)
    assert one_subject[["value", "n"]].to_numpy().tolist() == [[0.5, 2]]
    assert one_subject[["lo", "hi"]].isna().all(axis=None)
    means = pick(table, label=None, measure="uar").set_index("fold")["value"]
    # Fold 0: neutral 1, anger 2/3; fold 1: neutral 1, anger 0.
    assert means["mean"] == pytest.approx((5 / 6 + 1 / 2) / 2)
    assert means["sd"] == pytest.approx((5 / 6 - 1 / 2) / np.sqrt(2))
    assert means["all"] == pytest.approx((1 + 2 / 4) / 2)


def test_classes_and_what_is_undefined(predictions):
    pooled = pick(metrics(predictions), fold="all")
    values = {
        (row["class"], row["measure"]): row["value"] for row in pooled[pooled["class"].notna()].to_dict("records")
    }
    assert values["neutral", "precision"] == 2 / 4
    assert values["anger", "recall"] == 2 / 4
    assert values["anger", "f1"] == pytest.approx(4 / 6)
    assert all(np.isnan(values["fear", name]) for name in ("precision", "recall", "f1"))
    support = pick(pooled, measure="recall").set_index("class")["n"]
    assert support.to_dict() == {"neutral": 2, "anger": 4, "fear": 0}


def test_intervals(predictions):
    pooled = pick(metrics(predictions, resamples=500, confidence=0.8, seed=4), fold="all", measure="accuracy")
    low, high = wald(4 / 6, 6, 0.8)
    assert pick(pooled, interval="wald")[["lo", "hi"]].to_numpy().tolist() == [[low, high]]
    by_subject = np.array([[[1, 0], [1, 0]], [[0, 0], [0, 2]], [[1, 0], [1, 0]]])
    expected = percentile_interval(accuracy(resample_subjects(by_subject, resamples=500, seed=4)), 0.8)
    assert tuple(pick(pooled, interval="bootstrap by subject")[["lo", "hi"]].to_numpy()[0]) == expected


def test_one_row_for_each_thing_and_all_within_0_and_1(predictions):
    other = predictions.assign(system="face", predicted=predictions["truth"])
    table = metrics(pd.concat([predictions, other]))
    key = ["corpus", "system", "fold", "class", "measure", "interval"]
    assert not table.duplicated(key).any()
    # Folds 0, 1, all: 5 measures, Wald, Wilson, 3 x 3 of classes; mean and sd: 5 each; two systems.
    assert len(table) == 2 * (3 * (7 + 9) + 10)
    known = table[["value", "lo", "hi"]].to_numpy()
    assert np.nanmin(known) >= 0
    assert np.nanmax(known) <= 1
    assert set(pick(table, system="face", fold="all", label=None)["value"]) == {1.0}


def test_corpora_are_scored_apart(predictions):
    other = predictions.assign(corpus="other", predicted="fear")
    table = metrics(pd.concat([predictions, other]))
    values = pick(table, fold="all", measure="accuracy", interval="wald").set_index("corpus")["value"]
    assert values.to_dict() == {"demo": 4 / 6, "other": 0.0}


def test_one_fold_has_no_mean(predictions):
    table = metrics(predictions[predictions["fold"] == "0"])
    assert set(table["fold"]) == {"0", "all"}


def test_confusions_with_empty_cells(predictions):
    table = confusion_table(predictions, CLASSES)
    assert list(table.columns) == ["system", "fold", "truth", "predicted", "count"]
    assert len(table) == 3 * 9
    assert pick(table, fold="all")["count"].tolist() == [2, 0, 0, 2, 2, 0, 0, 0, 0]
    assert pick(table, fold="1", truth="anger", predicted="neutral")["count"].item() == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda p: p.drop(columns="subject"), "column subject is missing"),
        (lambda p: p.iloc[:0], "nothing to score"),
        (lambda p: p.assign(predicted=[None, *p["predicted"][1:]]), "column predicted has rows without"),
        (lambda p: p.assign(truth=["angre", *p["truth"][1:]]), "'angre' is no class.*'anger'"),
        (lambda p: pd.concat([p, p.iloc[:1].assign(fold="1")]), "'c1' is scored twice by 'voice'"),
        (lambda p: p.assign(fold="0/1"), "cannot be scored"),
        (lambda p: p.assign(fold="all"), "cannot be scored"),
    ],
)
def test_predictions_that_cannot_be_scored(predictions, change, says):
    for function in (metrics, lambda frame: confusion_table(frame, CLASSES)):
        with pytest.raises(DataError, match=says):
            function(change(predictions))


def test_frames_of_a_clip_are_counted_each(predictions):
    frames = pd.concat([predictions.assign(frame=index) for index in range(3)])
    table = metrics(frames)
    assert pick(table, fold="all", measure="accuracy", interval="wald")["n"].item() == 18
    assert set(table["level"]) == {"frame"}


def test_frames_and_whole_clips_are_measured_apart_and_never_summed(predictions):
    frames = predictions.assign(frame=range(len(predictions)), clip_id="video")
    both = pd.concat([predictions.assign(frame=None), frames], ignore_index=True)
    table = metrics(both)
    assert set(table["level"]) == {"clip", "frame"}
    assert pick(table, fold="all", measure="uar", level="frame", label=None)["n"].item() == len(frames)
    assert confusion_table(both, CLASSES).query("fold == 'all'")["count"].sum() == len(frames)


def test_levels_are_scored_apart_and_may_count_alike(predictions):
    """Step 0 of a clip is no window 0 of it."""
    framed = predictions.assign(frame=range(len(predictions)))
    wrong = framed.assign(level="window", predicted="fear")
    table = metrics(pd.concat([framed.assign(level="5 Hz"), wrong], ignore_index=True))
    values = pick(table, fold="all", measure="accuracy", interval="wald").set_index("level")["value"]
    assert values.to_dict() == {"5 Hz": 4 / 6, "window": 0.0}
    with pytest.raises(DataError, match="twice"):
        metrics(pd.concat([wrong, wrong], ignore_index=True))
