"""Tables hold the numbers that went in, in the right rows."""

import numpy as np
import pandas as pd
import pytest

from abaw_pipeline.errors import DataError
from abaw_pipeline.evaluation.metrics_table import confusion_table, metrics_table
from abaw_pipeline.report import tables

from .fabricate import CLASSES, fabricate, frame


def test_systems_are_ranked_and_keep_their_own_numbers():
    metrics = fabricate(names=("a", "b", "c")).metrics
    table = tables.results_table(metrics.iloc[::-1])
    assert table["system"].tolist() == ["a", "b", "c"]
    first = table.iloc[0]
    assert first["accuracy"] == pytest.approx(0.772)
    assert (first["accuracy_lo"], first["accuracy_hi"]) == pytest.approx((0.738, 0.806))
    assert (first["wald_lo"], first["wald_hi"]) == pytest.approx((0.75, 0.794))
    assert (first["uar"], first["macro_f1"], first["cpm"]) == pytest.approx((0.761, 0.758, 0.759))
    assert (first["n"], first["interval"]) == (1440, "bootstrap by subject")
    alone = metrics[(metrics["system"] == "a") & (metrics["fold"] == "3") & (metrics["measure"] == "accuracy")]
    assert first["fold 3"] == alone["value"].item()


def test_ranking_follows_the_measure_asked_for():
    metrics = fabricate(names=("a", "b")).metrics
    better = (metrics["system"] == "b") & (metrics["measure"] == "cpm")
    table = tables.results_table(metrics.assign(value=metrics["value"].mask(better, 0.99)), measure="cpm")
    assert table["system"].tolist() == ["b", "a"]


def test_systems_without_metrics_come_last_with_dashes():
    table = tables.results_table(fabricate(names=("a",)).metrics, systems=["failed", "a"])
    assert table["system"].tolist() == ["a", "failed"]
    assert np.isnan(table["accuracy"][1])
    text = tables.results_text(table)
    assert text.loc[1].tolist() == ["failed", *["–"] * (text.shape[1] - 1)]


def test_no_metrics_at_all():
    assert len(tables.results_text(tables.results_table(pd.DataFrame(), systems=["a"]))) == 1
    assert len(tables.results_text(tables.results_table(pd.DataFrame()))) == 0


def test_folds_are_in_the_order_of_their_numbers():
    metrics = fabricate(names=("a",), ran=12).metrics.iloc[::-1]
    assert tables.fold_columns(tables.results_table(metrics)) == [f"fold {n}" for n in range(12)]


def test_rows_of_other_settings_do_not_mix_in():
    clips = fabricate(names=("a",)).metrics
    frames = clips.assign(level="frame", value=0.1, lo=0.05, hi=0.15)
    both = pd.concat([clips, frames])
    clip, frame_ = tables.settings(both)
    assert (clip.level, frame_.level) == ("clip", "frame")
    assert tables.results_table(both)["accuracy"][0] == pytest.approx(0.772)
    assert tables.results_table(both, setting=frame_)["accuracy"][0] == pytest.approx(0.1)


def test_text_shows_values_with_intervals():
    text = tables.results_text(tables.results_table(fabricate(names=("a",), ran=2).metrics))
    assert [*text.columns] == ["System", "Accuracy", "Wald", "UAR", "Macro F1", "CPM", "Fold 0", "Fold 1", "n"]
    assert text.loc[0, ["Accuracy", "Wald", "n"]].tolist() == ["77.2 [73.8, 80.6]", "[75.0, 79.4]", "1,440"]


def test_pooled_confusion_is_not_counted_twice():
    rows = [("s", fold, "calm", "fear", 3) for fold in (0, 1)]
    by_fold = frame("system fold truth predicted count", rows)
    assert tables.confusion_matrix(by_fold, "s", ("calm", "fear")).tolist() == [[0, 6], [0, 0]]
    pooled = pd.concat([by_fold, frame("system fold truth predicted count", [("s", "all", "calm", "fear", 6)])])
    assert tables.confusion_matrix(pooled, "s", ("calm", "fear")).tolist() == [[0, 6], [0, 0]]


def test_counts_of_an_unknown_class_are_refused():
    rows = frame("system fold truth predicted count", [("s", "all", "calm", "joy", 3)])
    with pytest.raises(DataError, match="joy"):
        tables.confusion_matrix(rows, "s", ("calm", "fear"))


def test_weights_are_means_over_folds_of_the_own_class():
    rows = [("m", fold, "a", "fear", source, w) for fold, w in ((0, 1.0), (1, 3.0)) for source in ("fear", "")]
    rows += [
        ("m", 0, "a", "fear", "calm", 99.0),
        ("other", 0, "a", "fear", "fear", 99.0),
        ("m", 0, "b", "calm", "", -1.0),
    ]
    table = tables.weight_table(frame("method fold system class source_class weight", rows), "m", ("calm", "fear"))
    assert table.loc["a", "fear"] == 2.0
    assert np.isnan(table.loc["a", "calm"])
    assert table.loc["b", "calm"] == -1.0


def test_failures_are_counted_by_kind_without_blocked_ones():
    rows = [("vocals", f"c{n}", "separate", "MediaError", f"no sound in c{n}", "") for n in range(3)]
    rows += [("faces", "c9", "detect", "DataError", "no face", ""), ("systems", "s", "fit", "", "", "c9")]
    table = tables.failure_summary(frame("artifact key stage error message blocked_by", rows))
    assert table["Pieces"].tolist() == [3, 1]
    assert table["First message"].tolist() == ["no sound in c0", "no face"]


def test_what_the_evaluation_makes_is_what_the_report_reads():
    rng = np.random.default_rng(3)
    truth = np.array([CLASSES[n % 4] for n in range(240)])
    guess = np.where(rng.random(240) < 0.7, truth, CLASSES[0])
    predictions = pd.DataFrame(
        {"corpus": "RAVDESS", "system": "net", "fold": [str(n // 80) for n in range(240)], "truth": truth}
        | {
            "clip_id": [f"c{n}" for n in range(240)],
            "subject": [f"s{n // 20}" for n in range(240)],
            "predicted": guess,
        }
    )
    metrics = metrics_table(predictions, CLASSES[:4], study="s", protocol="folds", resamples=50)
    row = tables.results_table(metrics).iloc[0]
    assert row["accuracy"] == pytest.approx((truth == guess).mean())
    assert row["accuracy_lo"] < row["accuracy"] < row["accuracy_hi"]
    assert row["interval"] == "bootstrap by subject"
    assert row["mean"] == pytest.approx(row[["fold 0", "fold 1", "fold 2"]].astype(float).mean())
    assert row["sd"] == pytest.approx(row[["fold 0", "fold 1", "fold 2"]].astype(float).std())
    counts = tables.confusion_matrix(confusion_table(predictions, CLASSES[:4]), "net", CLASSES[:4])
    assert counts.trace() == (truth == guess).sum()


def test_confusions_are_averaged_over_folds_by_row():
    rows = [
        *(("x", "0", "a", "a", 3), ("x", "0", "a", "b", 1), ("x", "0", "b", "b", 0), ("x", "0", "b", "a", 0)),
        *(("x", "1", "a", "a", 1), ("x", "1", "a", "b", 3), ("x", "1", "b", "b", 5), ("x", "1", "b", "a", 5)),
        *(("x", "all", "a", "a", 4), ("y", "0", "a", "a", 9)),
    ]
    table = pd.DataFrame(rows, columns=["system", "fold", "truth", "predicted", "count"])
    found = tables.mean_confusion(table, "x", ("a", "b", "c"))
    assert found.loc["a"].tolist() == [0.5, 0.5, 0.0]
    assert found.loc["b"].tolist() == [0.5, 0.5, 0.0]  # true in one fold alone
    assert found.loc["c"].isna().all()
    assert tables.mean_confusion(table[table["fold"] != "1"], "x", ("a", "b")).empty
