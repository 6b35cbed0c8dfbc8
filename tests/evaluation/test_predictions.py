import numpy as np
import pandas as pd

from abaw_pipeline.evaluation.metrics_table import metrics_table
from abaw_pipeline.evaluation.predictions import decide, decide_fused, decide_posteriors

CLASSES = ("neutral", "anger", "fear")
CLIPS = pd.DataFrame({"clip_id": list("abc"), "corpus": "x", "subject": list("pqr")})
UNITS = pd.DataFrame(
    {"clip_id": list("abc"), "frame": None, "time": None, "label": ["anger", "neutral", "anger"]}
).astype({"frame": "Int64", "time": "Float64"})


def decided(values, units=UNITS):
    return decide("s", "0", np.array(values, dtype=np.float64).reshape(-1, 3), units, CLIPS, CLASSES)


def test_of_equal_posteriors_the_first_class_wins():
    table = decided([[0.4, 0.4, 0.2], [1 / 3, 1 / 3, 1 / 3], [0.2, 0.4, 0.4]])
    assert table["predicted"].tolist() == ["neutral", "neutral", "anger"]
    np.testing.assert_allclose(table["confidence"], [0.4, 1 / 3, 0.4])
    np.testing.assert_allclose(table["p_truth"], [0.4, 1 / 3, 0.4])


def test_where_a_system_says_nothing_there_is_no_decision():
    table = decided([[0.1, 0.9, 0.0], [np.nan] * 3, [0.8, 0.1, 0.1]])
    assert table["clip_id"].tolist() == ["a", "c"]
    assert table["p_truth"].tolist() == [0.9, 0.1]
    assert decided([[np.nan] * 3] * 3).empty


def test_a_fold_without_units_has_no_decisions():
    assert decided([], UNITS[:0]).empty
    said = pd.DataFrame({"clip_id": ["a"], "start": 0.0, "end": 1.0, "p_neutral": 0.0, "p_anger": 1.0, "p_fear": 0.0})
    empty, full = decide_posteriors([("s", "0", said, UNITS[:0]), ("s", "1", said, UNITS)], CLIPS, CLASSES)
    assert (len(empty), len(full)) == (0, 1)
    fused = said.assign(method="mean", fold="1", frame=None)
    assert decide_fused(fused, "0", UNITS, CLIPS, CLASSES) == []
    assert [len(table) for table in decide_fused(fused, "1", UNITS[:0], CLIPS, CLASSES)] == [0]
    table = metrics_table(pd.concat([empty, full]), CLASSES, study="s", protocol="p", resamples=100)
    assert set(table["fold"]) == {"1", "all"}  # no row of a fold in which nothing is scored, and so no mean of folds


def test_a_class_that_is_absent_from_the_truth_counts_for_f1_alone():
    table = decided([[0.1, 0.9, 0.0], [0.9, 0.1, 0.0], [0.0, 0.1, 0.9]])
    metrics = metrics_table(table, CLASSES, study="s", protocol="p", resamples=100)
    pooled = metrics[metrics["fold"] == "all"]
    overall = pooled[pooled["class"].isna()].drop_duplicates("measure").set_index("measure")["value"]
    assert overall["uar"] == (1 + 1 / 2) / 2
    np.testing.assert_allclose(overall["macro_f1"], (1 + 2 / 3 + 0) / 3)
    np.testing.assert_allclose(overall["weighted_f1"], (1 + 2 * 2 / 3) / 3)
    fear = pooled[pooled["class"] == "fear"].set_index("measure")["value"]
    assert np.isnan(fear["recall"])
    assert fear[["precision", "f1"]].tolist() == [0, 0]
