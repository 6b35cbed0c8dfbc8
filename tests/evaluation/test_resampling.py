from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abaw_pipeline.errors import DataError
from abaw_pipeline.evaluation.resampling import at_times, labels_at, to_rate, window_labels
from abaw_pipeline.types import Posteriors, TimedLabels

STEP_LABELS = st.lists(st.integers(-1, 3), min_size=1, max_size=60)


def steps(values, rate=5.0):
    edges = np.arange(len(values) + 1) / rate
    return TimedLabels(edges[:-1], edges[1:], np.array(values, dtype=np.int64))


@given(STEP_LABELS, st.floats(7.5, 60), st.floats(0, 1))
def test_steps_to_frames_and_back(values, fps, phase):
    labels = steps(values)
    times = (np.arange(int(len(values) / 5 * fps) + 1) + phase * 0.9) / fps
    times = times[times < len(values) / 5 - 1e-5]
    back = to_rate(times, labels_at(labels, times), 5.0)
    np.testing.assert_array_equal(back.values, values[: len(back.values)])
    assert len(back.values) >= len(values) - 1
    np.testing.assert_array_equal(back.start, labels.start[: len(back.start)])


@given(STEP_LABELS, st.randoms(use_true_random=False))
def test_variable_frame_rate_loses_nothing(values, random):
    times = np.cumsum([random.uniform(0.001, 0.19) for _ in range(len(values) * 30)])
    times = times[times < len(values) / 5 - 1e-5]
    if len(times):
        back = to_rate(times, labels_at(steps(values), times), 5.0)
        np.testing.assert_array_equal(back.values[1:], values[1 : len(back.values)])


def test_three_hours_of_television_do_not_drift():
    n = 3 * 3600 * 30
    exact = np.array([k * 1001 * 5 // 30000 for k in range(n)])
    times = np.array([float(Fraction(k * 1001, 30000)) for k in range(n)])
    labels = exact % 4
    back = to_rate(times, labels, 5.0)
    assert len(back.values) == exact[-1] + 1
    np.testing.assert_array_equal(back.values, np.arange(len(back.values)) % 4)
    np.testing.assert_array_equal(labels_at(back, times), labels)


def test_a_frame_on_a_boundary_belongs_to_the_step_after_despite_rounding():
    clip_start = 1234.4
    times = np.array([1235.0, 1235.2, 1235.4]) - clip_start  # 0.5999999999999091 and so on
    assert times[0] < 0.6
    back = to_rate(times, np.array([1, 2, 3]), 5.0)
    assert back.values.tolist() == [-1, -1, -1, 1, 2, 3]
    assert labels_at(back, times).tolist() == [1, 2, 3]


def test_a_step_takes_the_mode_of_its_annotated_frames_the_later_of_equals():
    times = np.array([0.0, 0.05, 0.1, 0.2, 0.25, 0.3, 0.35, 0.45, 0.85])
    labels = np.array([2, 2, 0, 3, -1, 1, -1, -1, 1])
    assert to_rate(times, labels, 5.0).values.tolist() == [2, 1, -1, -1, 1]
    order = np.random.default_rng(0).permutation(len(times))
    assert to_rate(times[order], labels[order], 5.0).values.tolist() == [2, 1, -1, -1, 1]


def test_no_frames_and_bad_frames():
    assert len(to_rate(np.zeros(0), np.zeros(0, np.int64), 5.0).values) == 0
    assert to_rate(np.zeros(2), np.array([-1, -1]), 5.0).values.tolist() == [-1]
    for times in ([np.nan, 1.0], [-0.1, 1.0]):
        with pytest.raises(DataError, match="negative"):
            to_rate(np.array(times), np.zeros(2, np.int64), 5.0)
    with pytest.raises(DataError, match="1 labels for 2"):
        to_rate(np.zeros(2), np.zeros(1, np.int64), 5.0)


def mode(values):
    """The most frequent of the annotated labels, of tied ones that seen last; -1 without any."""
    counts = Counter(value for value in values if value >= 0)
    if not counts:
        return -1
    tied = {value for value, count in counts.items() if count == max(counts.values())}
    return next(value for value in reversed(values) if value in tied)


@given(STEP_LABELS, st.lists(st.tuples(st.integers(0, 60), st.integers(1, 60)), min_size=1, max_size=8))
def test_label_of_a_window_is_the_mode_of_its_steps(values, windows):
    first = np.array([a for a, _ in windows])
    last = first + np.array([b for _, b in windows])
    expected = [mode(values[a:b]) for a, b in zip(first, last, strict=True)]
    assert window_labels(steps(values), first / 5, last / 5, 4, min_annotated=0).tolist() == expected
    merged = runs(values)
    assert window_labels(merged, first / 5, last / 5, 4, min_annotated=0).tolist() == expected


def runs(values):
    edges = [0, *(i for i in range(1, len(values)) if values[i] != values[i - 1]), len(values)]
    times = np.array(edges) / 5
    return TimedLabels(times[:-1], times[1:], np.array([values[i] for i in edges[:-1]], dtype=np.int64))


def test_a_cut_step_counts_with_the_part_inside():
    labels = steps([0, 0, 1, 1])
    assert window_labels(labels, np.array([0.15, 0.25]), np.array([0.6, 0.7]), 2).tolist() == [0, 1]


def test_windows_with_little_annotation_have_no_label():
    labels = steps([-1, -1, -1, 2, -1])
    ask = [(0.0, 1.0), (0.2, 0.8), (0.4, 0.8), (2.0, 3.0)]
    start, end = np.array(ask).T
    assert window_labels(labels, start, end, 3, min_annotated=0.5).tolist() == [-1, -1, 2, -1]
    assert window_labels(labels, start, end, 3, min_annotated=0.2).tolist() == [2, 2, 2, -1]


def brute(posteriors, time):
    rows = range(len(posteriors.start))
    inside = [i for i in rows if posteriors.start[i] <= time < posteriors.end[i]]
    if not inside:
        away = [max(posteriors.start[i] - time, time - posteriors.end[i], 0) for i in rows]
        return {tuple(posteriors.values[i]) for i in rows if away[i] == min(away)}
    return {tuple(posteriors.values[inside].astype(np.float64).mean(axis=0))}


@given(
    st.lists(st.tuples(st.integers(0, 90), st.integers(1, 40)), min_size=1, max_size=12),
    st.lists(st.integers(-20, 150), min_size=1, max_size=20),
)
def test_times_take_the_mean_of_what_covers_them_else_the_nearest(windows, times):
    start, end = np.array([(a / 8, (a + b) / 8) for a, b in windows]).T
    values = np.random.default_rng(0).dirichlet(np.ones(3), len(windows)).astype(np.float32)
    posteriors = Posteriors(start, end, values)
    for row, time in zip(at_times(posteriors, np.array(times) / 8), times, strict=True):
        assert any(np.allclose(row, each, rtol=0, atol=1e-12) for each in brute(posteriors, time / 8))


def test_of_two_equally_near_rows_the_earlier_counts():
    posteriors = Posteriors(np.array([2.0, 0.0]), np.array([3.0, 1.0]), np.eye(2, dtype=np.float32))
    np.testing.assert_array_equal(at_times(posteriors, np.array([1.5, 1.6, -1, 9])), [[0, 1], [1, 0], [0, 1], [1, 0]])


def test_long_clips_are_as_exact_as_short_ones():
    n = 100_000
    values = np.random.default_rng(0).dirichlet(np.ones(7), n).astype(np.float32)
    start = np.arange(n) * 0.8
    found = at_times(Posteriors(start, start + 2.0, values), start + 0.1)
    expected = (values[:-2].astype(np.float64) + values[1:-1] + values[2:]) / 3  # three windows cover most times
    np.testing.assert_allclose(found[2:], expected, rtol=0, atol=1e-14)


def test_no_posteriors_at_all_is_an_error():
    with pytest.raises(DataError, match="no posteriors"):
        at_times(Posteriors(np.zeros(0), np.zeros(0), np.zeros((0, 3), np.float32)), np.zeros(1))
