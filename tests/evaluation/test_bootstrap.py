import numpy as np
import pytest

from abaw_pipeline.errors import DataError
from abaw_pipeline.evaluation.bootstrap import percentile_interval, resample_subjects
from abaw_pipeline.evaluation.intervals import wald
from abaw_pipeline.evaluation.measures import MEASURES, accuracy


def subjects(hits, clips):
    """One matrix of two classes a subject, with so many of the clips right."""
    hits, clips = np.asarray(hits), np.broadcast_to(clips, np.shape(hits))
    counts = np.zeros((len(hits), 2, 2), dtype=np.int64)
    counts[:, 0, 0], counts[:, 0, 1] = hits, clips - hits
    return counts


def test_resamples_are_sums_of_whole_subjects():
    # Digits tell how often each subject was drawn.
    counts = subjects([1, 100, 10_000], [1, 100, 10_000])
    drawn = resample_subjects(counts, resamples=200, seed=0)[:, 0, 0].astype(int)
    times = np.stack([drawn // 100**power % 100 for power in range(3)], axis=1)
    assert np.all(times.sum(axis=1) == 3)
    assert len(np.unique(times, axis=0)) == 10  # all ways to draw 3 of 3


def test_same_seed_same_draws_for_every_system():
    a, b = subjects([1, 2, 3, 4], 4), subjects([4, 3, 2, 1], 4)
    both = [resample_subjects(counts, resamples=50, seed=3) for counts in (a, b)]
    # Where system a got x of 16 right, system b got 20 - x: true in each resample of the same subjects only.
    np.testing.assert_array_equal(both[0][:, 0, 0] + both[1][:, 0, 0], np.full(50, 20))
    assert not np.array_equal(both[0], resample_subjects(a, resamples=50, seed=4))


def test_independent_clips_give_about_wald_and_alike_clips_much_more():
    rng = np.random.default_rng(0)
    independent = accuracy(resample_subjects(subjects(rng.binomial(60, 0.75, 100), 60), resamples=4000, seed=0))
    low, high = percentile_interval(independent)
    wald_low, wald_high = wald(0.75, 6000)
    assert (high - low) / (wald_high - wald_low) == pytest.approx(1, abs=0.2)
    alike = accuracy(resample_subjects(subjects(np.tile([0, 20, 40, 60], 25), 60), resamples=4000, seed=0))
    low, high = percentile_interval(alike)
    assert (high - low) > 3 * (wald_high - wald_low)


def test_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    covered = 0
    for trial in range(200):
        skill = rng.beta(6, 2, size=40)
        drawn = resample_subjects(subjects(rng.binomial(30, skill), 30), resamples=400, seed=trial)
        low, high = percentile_interval(accuracy(drawn))
        covered += low <= 0.75 <= high
    assert 0.88 <= covered / 200 <= 0.99


def test_every_measure_is_defined_in_every_resample():
    # Subject 0 alone has class 1: resamples without it must not give NaN.
    counts = np.zeros((3, 2, 2), dtype=np.int64)
    counts[:, 0, 0], counts[0, 1, 1] = 5, 5
    drawn = resample_subjects(counts, resamples=100, seed=0)
    for measure in MEASURES.values():
        assert percentile_interval(measure(drawn)) == (1.0, 1.0)


def test_percentiles():
    assert percentile_interval(np.arange(101.0), 0.9) == pytest.approx((5, 95))
    with pytest.raises(DataError, match="finite"):
        percentile_interval(np.array([0.5, np.nan]))


def test_one_subject_has_no_interval_and_none_is_an_error():
    assert resample_subjects(subjects([3], 4), resamples=10, seed=0) is None
    with pytest.raises(DataError):
        resample_subjects(np.zeros((0, 2, 2), dtype=np.int64), resamples=10, seed=0)
    with pytest.raises(DataError, match="without clips"):
        resample_subjects(subjects([1, 0], [2, 0]), resamples=10, seed=0)
    with pytest.raises(DataError, match="resample"):
        resample_subjects(subjects([1, 0], 2), resamples=0, seed=0)
