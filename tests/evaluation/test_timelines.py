"""Stretches of one emotion."""

import pandas as pd

from abaw_pipeline.evaluation.timelines import shown_clips, timelines


def predictions(clip_id: str, truth: str, predicted: str, system: str = "svm", skip: int = -1) -> pd.DataFrame:
    rows = [
        (system, clip_id, number, number / 10, a, b)
        for number, (a, b) in enumerate(zip(truth, predicted, strict=True))
        if number != skip
    ]
    return pd.DataFrame(rows, columns=["system", "clip_id", "frame", "time", "truth", "predicted"])


def test_truth_and_systems_as_stretches() -> None:
    table = pd.concat([predictions("v", "xxyy", "xyyy"), predictions("v", "xxyy", "xxxx", system="mean")])
    rows = timelines(table, ["v"]).round(6)
    assert rows[rows["row"] == "truth"][["start", "end", "label"]].to_numpy().tolist() == [
        [0.0, 0.2, "x"],
        [0.2, 0.4, "y"],
    ]
    assert rows["row"].unique().tolist() == ["truth", "svm", "mean"]
    assert len(rows[rows["row"] == "mean"]) == 1


def test_a_frame_that_is_not_annotated_leaves_a_gap() -> None:
    rows = timelines(predictions("v", "xxxxxxxx", "xxxxxxxx", skip=4), ["v"]).round(6)
    assert rows[rows["row"] == "truth"][["start", "end"]].to_numpy().tolist() == [[0.0, 0.4], [0.5, 0.8]]


def test_clips_with_most_changes_come_first_and_whole_clips_never() -> None:
    whole = predictions("w", "x", "x").assign(frame=None, time=None)
    table = pd.concat([predictions("calm", "xxxx", "xxxx"), predictions("lively", "xyxy", "xxxx"), whole])
    assert shown_clips(table, 5) == ["lively", "calm"]
    assert shown_clips(table, 1) == ["lively"]
    assert shown_clips(whole, 5) == []
