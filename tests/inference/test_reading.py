"""A judgement becomes stretches of time, person by person."""

import numpy as np
import pyarrow as pa
import pytest

from abaw_pipeline.errors import DataError
from abaw_pipeline.inference.reading import classes_of, read_rows, shown_system

from .fabricate import CLASSES, SYSTEMS, fabricate_judged


def test_rows_are_found_by_person_and_system_whatever_their_order():
    judged = fabricate_judged([(0, 1), (0.5, 1)], nobody=[(1, 2)])
    mixed = judged.take(np.random.default_rng(0).permutation(judged.num_rows))
    found = read_rows(mixed, CLASSES, "fused")
    assert [*found] == [1, 2, 0]
    assert {*found[1]} == {*SYSTEMS} and {*found[0]} == {"compare_lda"}
    rows = found[2]["fused"]
    assert rows.start[0] == pytest.approx(0.5) and rows.end[-1] == pytest.approx(1.0)
    assert np.all(np.diff(rows.start) > 0) and rows.values.shape == (15, 8)
    assert np.array_equal(rows.predicted, rows.values.argmax(axis=1))


def test_only_the_shown_system_s_posteriors_are_held():
    found = read_rows(fabricate_judged([(0, 1)]), CLASSES, "fused")
    assert len(found[1]["fused"].values) == 30 and len(found[1]["ee_lstm"].values) == 0


def test_rows_end_at_a_gap_of_frames_but_a_long_frame_is_shown_until_the_next():
    judged = fabricate_judged([(0, 0.2)], fps=10, systems=["fused"])
    two = pa.concat_tables([judged, judged]).set_column(1, "frame", pa.array([0, 1, 2, 9], pa.int64()))
    two = two.set_column(2, "time", pa.array([0.0, 0.1, 3.1, 3.8]))
    rows = read_rows(two, CLASSES, "fused")[1]["fused"]
    assert rows.end[1] == 3.1 and rows.joined.tolist() == [True, True, False, False]
    assert rows.end[2] < 3.81 and rows.end[-1] > 3.8
    runs = rows.runs(np.zeros(4, np.int64))
    assert runs.start.tolist() == [0, 3.8]


def test_sound_alone_joins_rows_without_frames():
    judged = fabricate_judged([], nobody=[(0, 4)], fps=5, pictures=False, voice=None)
    rows = read_rows(judged, CLASSES, "compare_lda")[0]["compare_lda"]
    assert rows.joined.sum() == len(rows.start) - 1 == 19
    assert set(rows.voice) == {-1} and set(rows.face) == {-1}


def test_stretches_labelled_as_none_are_left_out():
    rows = read_rows(fabricate_judged([(0, 0.2)]), CLASSES, "fused")[1]["fused"]
    runs = rows.runs(np.array([0, 0, -1, 2, 2, 0]))
    assert runs.label.tolist() == [0, 2, 0]
    assert np.allclose(runs.start * 30, [0, 3, 5]) and np.allclose(runs.end * 30, [2, 5, 6])


def test_another_system_stands_in_for_one_without_rows():
    judged = fabricate_judged([(0, 1)])
    assert shown_system(judged, "fused") == "fused"
    assert shown_system(judged, "unknown") in SYSTEMS
    assert shown_system(judged.slice(0, 0), "unknown") == "unknown"


def test_classes_are_the_columns():
    assert classes_of(fabricate_judged([(0, 1)])) == CLASSES


def test_what_is_missing_is_named():
    judged = fabricate_judged([(0, 1)])
    with pytest.raises(DataError, match="lacks columns: face, p_calm"):
        read_rows(judged.drop_columns(["face", "p_calm"]), CLASSES, "fused")
    with pytest.raises(DataError, match="not among"):
        read_rows(judged, CLASSES[:2], "fused")
    assert read_rows(judged.slice(0, 0), CLASSES, "fused") == {}
