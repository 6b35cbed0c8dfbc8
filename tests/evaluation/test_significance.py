import numpy as np
import pytest
from scipy import stats
from statsmodels.stats import contingency_tables

from abaw_pipeline.errors import DataError
from abaw_pipeline.evaluation.significance import EXACT_BELOW, significance_table


def outcome(**right):
    """A string of 1 (right), 0 (wrong) and - (not decided) for each system."""
    codes = {"1": 1.0, "0": 0.0, "-": np.nan}
    columns = [[codes[hit] for hit in hits] for hits in right.values()]
    return significance_table(np.array(columns).T, list(right))


def test_few_differences_take_the_exact_test():
    table = outcome(x="1" * 9 + "0" + "1" * 5, y="0" * 9 + "1" + "1" * 5)
    assert table["test"].tolist() == ["mcnemar"]
    assert table["p"].item() == pytest.approx(stats.binomtest(1, 10).pvalue)
    assert table["p_bonferroni"].item() == table["p"].item()
    assert table["n"].item() == 15


def test_many_differences_take_chi_squared_with_correction():
    table = outcome(x="1" * 40 + "0" * 20, y="0" * 40 + "1" * 20)
    statistic = (abs(40 - 20) - 1) ** 2 / 60
    assert table["statistic"].item() == pytest.approx(statistic)
    assert table["p"].item() == pytest.approx(stats.chi2.sf(statistic, 1))


def test_three_systems_by_hand():
    table = outcome(x="111110", y="110000", z="101000")
    q = table[table["test"] == "cochran_q"]
    # Columns 5, 2, 2; rows 3, 2, 2, 1, 1, 0: Q = 2 * (3 * 33 - 81) / (3 * 9 - 19) = 4.5
    assert q["statistic"].item() == pytest.approx(4.5)
    assert q["p"].item() == pytest.approx(stats.chi2.sf(4.5, 2))
    assert q[["system_a", "system_b", "p_bonferroni"]].isna().all(axis=None)
    pairs = table[table["test"] == "mcnemar"]
    assert list(zip(pairs["system_a"], pairs["system_b"], strict=True)) == [("x", "y"), ("x", "z"), ("y", "z")]
    np.testing.assert_allclose(pairs["p"], [0.25, 0.25, 1])
    np.testing.assert_allclose(pairs["p_bonferroni"], [0.75, 0.75, 1])


def test_equal_systems_do_not_differ():
    table = outcome(x="1100", y="1100", z="1100")
    assert table["test"].tolist() == ["mcnemar"] * 3
    assert table["p"].tolist() == [1, 1, 1]


def test_sizes_of_effects_by_hand():
    table = outcome(x="1111100", y="1100010")
    row = table.iloc[0]
    # x alone is right three times, y alone once: g = 3/4 - 1/2
    assert row["difference"] == pytest.approx(5 / 7 - 3 / 7)
    assert row["effect"] == pytest.approx(0.25)
    assert np.isnan(outcome(x="10", y="10")["effect"].item())


def test_pairs_are_compared_on_what_both_have_decided_and_q_on_what_all_have():
    table = outcome(x="1100-11", y="0101-00", z="-0101--")
    assert table.set_index("test")["n"].to_dict()["cochran_q"] == 3
    pairs = table[table["test"] == "mcnemar"].set_index(["system_a", "system_b"])
    assert pairs["n"].to_dict() == {("x", "y"): 6, ("x", "z"): 3, ("y", "z"): 3}
    # of six, x alone is right on three, y alone on one
    assert pairs.loc[("x", "y"), "difference"] == pytest.approx(2 / 6)
    assert pairs.loc[("x", "y"), "p"] == pytest.approx(stats.binomtest(1, 4).pvalue)


def test_what_has_nothing_in_common_is_no_pair():
    table = outcome(x="11--", y="--10", z="10--")
    assert table[["test", "system_a", "system_b"]].values.tolist() == [["mcnemar", "x", "z"]]
    assert outcome(x="1-", y="-1").empty
    with pytest.raises(DataError, match="at least two"):
        outcome(x="110")


def test_as_statsmodels_says_of_three_columns():
    rng = np.random.default_rng(0)
    right = (rng.random((60, 3)) < [0.8, 0.6, 0.55]).astype(float)
    found = significance_table(right, ["a", "b", "c"])
    expected = contingency_tables.cochrans_q(right.astype(int))
    assert found["statistic"].iloc[0] == pytest.approx(expected.statistic)
    for row, (a, b) in zip(found[1:].itertuples(), ((0, 1), (0, 2), (1, 2)), strict=True):
        table = [[np.sum((right[:, a] == i) & (right[:, b] == j)) for j in (1, 0)] for i in (1, 0)]
        exact = table[0][1] + table[1][0] < EXACT_BELOW
        assert row.p == pytest.approx(contingency_tables.mcnemar(table, exact=exact).pvalue)
