from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abaw_pipeline.errors import DataError
from abaw_pipeline.evaluation.change_points import change_point_table, change_points
from abaw_pipeline.evaluation.measures import confusion_matrix, cpm

CLASSES = ("neutral", "anger", "sadness")


def predictions(truth, predicted, times=None, clip="c", system="s"):
    times = np.arange(len(truth)) / 5 if times is None else times
    rows = {"frame": np.arange(len(truth)), "time": times, "truth": truth, "predicted": predicted}
    made = pd.DataFrame({"system": system, "fold": "0", "corpus": "x", "clip_id": clip, "subject": "a", **rows})
    return made.astype({"frame": "Int64"})


def test_frames_are_counted_by_their_distance_to_the_change():
    truth = ["neutral"] * 25 + ["anger"] * 25  # the change is at 5 s
    predicted = ["neutral"] * 30 + ["anger"] * 20  # noticed 1 s late
    found = change_point_table(predictions(truth, predicted), CLASSES)
    assert found["bin"].tolist() == [-2, -1, 0, 1]
    assert found["lo"].tolist() == [-4, -2, 0, 2]
    assert found["hi"].tolist() == [-2, 0, 2, 4]
    assert found["frames"].tolist() == [10, 10, 10, 10]
    assert set(found["change_points"]) == {1}
    late = confusion_matrix(np.ones(10, np.int64), np.repeat([0, 1], 5), 3)
    assert found["cpm"].tolist() == [1, 1, pytest.approx(cpm(late)), 1]
    fine = change_point_table(predictions(truth, predicted), CLASSES, width=0.5, bins=3)
    assert fine["cpm"].tolist() == [1, 1, 1, 0, 0, 1]
    assert fine["frames"].sum() == 15


def test_a_change_across_a_long_gap_has_no_time():
    truth = np.array([0, 0, 1, 1, 2])
    assert change_points(np.array([0, 0.2, 0.6, 0.8, 9.0]), truth).tolist() == [0.6]
    assert change_points(np.array([0, 0.2, 0.9, 1.0, 9.0]), truth, max_gap=0.3).tolist() == []


def brute(table, near, width, bins):
    """Pairs of frame and change point, one by one."""
    counts = np.zeros((2 * bins, 3, 3), np.int64)
    number = {name: i for i, name in enumerate(CLASSES)}
    for _, clip in table.groupby("clip_id"):
        rows = list(clip.sort_values("time").itertuples())
        points = [b.time for a, b in pairwise(rows) if a.truth != b.truth]
        for row in rows:
            chosen = points
            if near == "nearest" and points:
                least = min(abs(row.time - t) for t in points)
                chosen = [max(t for t in points if abs(row.time - t) == least)]
            for point in chosen:
                index = int(np.floor((row.time - point) / width)) + bins
                if 0 <= index < 2 * bins:
                    counts[index, number[row.truth], number[row.predicted]] += 1
    return counts


@given(st.randoms(use_true_random=False), st.sampled_from(["each", "nearest"]), st.sampled_from([0.25, 0.5, 2.0]))
def test_agrees_with_counting_one_by_one(random, near, width):
    clips = []
    for clip in "ab":
        truth = [name for name in random.choices(CLASSES, k=6) for _ in range(random.randint(1, 12))]
        guesses = random.choices(CLASSES, k=len(truth))
        clips.append(predictions(truth, guesses, np.arange(len(truth)) / 8, clip))
    table = pd.concat(clips).sample(frac=1, random_state=0)
    found = change_point_table(table, CLASSES, width=width, near=near)
    expected = brute(table, near, width, 2)
    assert found["frames"].tolist() == expected.sum(axis=(1, 2)).tolist()
    for value, matrix in zip(found["cpm"], expected, strict=True):
        assert (np.isnan(value) and not matrix.sum()) or value == pytest.approx(float(cpm(matrix)))


def test_clips_and_systems_are_apart_and_whole_clips_left_out():
    same = ["neutral"] * 5
    table = pd.concat(
        [
            predictions(same, same, clip="a"),
            predictions(["anger"] * 5, same, clip="b"),
            predictions(["anger", "neutral"], ["anger", "anger"], system="t"),
            predictions(["sadness"], same[:1], clip="d").assign(frame=pd.NA, time=np.nan),
        ]
    )
    found = change_point_table(table, CLASSES)
    assert found.groupby("system")["change_points"].max().to_dict() == {"s": 0, "t": 1}
    assert found[found["system"] == "s"]["frames"].sum() == 0
    assert found[found["system"] == "s"]["cpm"].isna().all()
    assert found[found["system"] == "t"]["frames"].tolist() == [0, 1, 1, 0]


def test_strange_classes_and_no_predictions():
    with pytest.raises(DataError, match="sadness"):
        change_point_table(predictions(["sadness"], ["sadness"]), CLASSES[:2])
    assert list(change_point_table(predictions([], []), CLASSES).columns)[:2] == ["system", "bin"]
