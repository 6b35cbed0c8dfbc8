import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from abaw_pipeline.errors import DataError
from abaw_pipeline.evaluation.intervals import wald, wilson


@pytest.mark.parametrize(("percent", "half"), [(80.08, 2.06), (76.58, 2.18), (13.33, 1.76)])
def test_what_s2_prints(percent, half):
    # 76.58 gives 2.187, which the paper cuts; for 13.33 it prints 2.06, which is wrong.
    low, high = wald(percent / 100, 1440)
    assert 100 * (high - low) / 2 == pytest.approx(half, abs=0.0075)


@given(st.integers(1, 500), st.floats(0, 1), st.sampled_from([0.8, 0.95, 0.99]))
@settings(deadline=None)
def test_as_statsmodels(n, share, confidence):
    count = round(share * n)
    for ours, theirs in ((wald, "normal"), (wilson, "wilson")):
        expected = proportion_confint(count, n, alpha=1 - confidence, method=theirs)
        assert ours(count / n, n, confidence) == pytest.approx(expected, abs=1e-9)


def test_wilson_is_open_where_wald_is_shut():
    assert wald(1.0, 10) == (1.0, 1.0)
    low, high = wilson(1.0, 10)
    assert low == pytest.approx(0.7225, abs=1e-4)
    assert high == 1.0


@pytest.mark.parametrize("arguments", [(0.5, 0), (1.1, 10), (float("nan"), 10), (0.5, 10, 1.0)])
@pytest.mark.parametrize("interval", [wald, wilson])
def test_impossible_numbers_are_refused(interval, arguments):
    with pytest.raises(DataError):
        interval(*arguments)
