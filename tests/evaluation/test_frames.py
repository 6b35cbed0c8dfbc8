import numpy as np
import pandas as pd
import pytest

from abaw_pipeline.errors import DataError
from abaw_pipeline.evaluation.frames import frame_posteriors
from abaw_pipeline.evaluation.posteriors import clip_posteriors

CLASSES = ("neutral", "anger")


def table(rows):
    columns = ["clip_id", "start", "end", "p_neutral", "p_anger"]
    return pd.DataFrame(rows, columns=columns).astype({"p_neutral": "float32", "p_anger": "float32"})


def units(rows):
    made = pd.DataFrame(rows, columns=["clip_id", "frame", "time"])
    return made.astype({"clip_id": "string", "frame": "Int64", "time": "Float64"})


POSTERIORS = table([("b", 0.0, 2.0, 1.0, 0.0), ("a", 0.0, 1.0, 0.5, 0.5), ("b", 1.0, 3.0, 0.0, 1.0)])


def test_frames_and_whole_clips_keep_their_order():
    asked = units([("b", 40, 1.5), ("a", None, None), ("b", 0, 0.0), ("c", 3, 0.1), ("b", None, None), ("b", 99, 9.0)])
    expected = [[0.5, 0.5], [0.5, 0.5], [1, 0], [np.nan, np.nan], [0.5, 0.5], [0, 1]]
    np.testing.assert_array_equal(frame_posteriors(POSTERIORS, asked, CLASSES), expected)


def test_whole_clips_agree_with_clip_posteriors():
    rng = np.random.default_rng(0)
    share = rng.uniform(size=20)
    many = table([(f"c{i % 4}", i / 7, i / 5 + 1, p, 1 - p) for i, p in enumerate(share)])
    asked = units([(f"c{i}", None, None) for i in (3, 0, 2)])
    expected = clip_posteriors(many, CLASSES).loc[["c3", "c0", "c2"]].to_numpy()
    np.testing.assert_array_equal(frame_posteriors(many, asked, CLASSES), expected)


def test_the_order_of_classes_is_the_callers():
    turned = frame_posteriors(POSTERIORS, units([("b", 0, 0.0)]), ("anger", "neutral"))
    np.testing.assert_array_equal(turned, [[0, 1]])


def test_nothing_asked_or_nothing_said():
    assert frame_posteriors(POSTERIORS, units([]), CLASSES).shape == (0, 2)
    silent = frame_posteriors(POSTERIORS[:0], units([("b", 0, 0.0), ("b", None, None)]), CLASSES)
    assert np.isnan(silent).all()


def test_columns_are_found_by_their_names_and_missing_ones_told():
    asked = units([("b", 40, 1.5), ("a", None, None)])
    moved = POSTERIORS[["p_anger", "end", "p_neutral", "clip_id", "start"]]
    np.testing.assert_array_equal(frame_posteriors(moved, asked, CLASSES), frame_posteriors(POSTERIORS, asked, CLASSES))
    with pytest.raises(DataError, match="lack the classes fear"):
        frame_posteriors(POSTERIORS, asked, (*CLASSES, "fear"))
