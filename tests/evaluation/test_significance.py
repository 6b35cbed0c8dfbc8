import numpy as np
import pandas as pd
import pytest
from scipy import stats

from abaw_pipeline.errors import DataError
from abaw_pipeline.evaluation.significance import common_hits, significance_table


def predictions(**right):
    """One row a system and clip; a string of 1 (right) and 0 (wrong) for each system."""
    rows = [
        (system, f"c{i}", "a", "a" if hit == "1" else "b")
        for system, hits in right.items()
        for i, hit in enumerate(hits)
    ]
    return pd.DataFrame(rows, columns=["system", "clip_id", "truth", "predicted"])


def hits(**right):
    return common_hits(predictions(**right))


def test_few_differences_take_the_exact_test():
    table = significance_table(hits(x="1" * 9 + "0" + "1" * 5, y="0" * 9 + "1" + "1" * 5))
    assert table["test"].tolist() == ["mcnemar"]
    assert table["p"].item() == pytest.approx(stats.binomtest(1, 10).pvalue)
    assert table["p_bonferroni"].item() == table["p"].item()
    assert table["n"].item() == 15


def test_many_differences_take_chi_squared_with_correction():
    table = significance_table(hits(x="1" * 40 + "0" * 20, y="0" * 40 + "1" * 20))
    statistic = (abs(40 - 20) - 1) ** 2 / 60
    assert table["statistic"].item() == pytest.approx(statistic)
    assert table["p"].item() == pytest.approx(stats.chi2.sf(statistic, 1))


def test_three_systems_by_hand():
    table = significance_table(hits(x="111110", y="110000", z="101000"))
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
    table = significance_table(hits(x="1100", y="1100", z="1100"))
    assert table["test"].tolist() == ["mcnemar"] * 3
    assert table["p"].tolist() == [1, 1, 1]


def test_sizes_of_effects_by_hand():
    table = significance_table(hits(x="1111100", y="1100010"))
    row = table.iloc[0]
    # x alone is right three times, y alone once: g = 3/4 - 1/2
    assert row["difference"] == pytest.approx(5 / 7 - 3 / 7)
    assert row["effect"] == pytest.approx(0.25)
    assert np.isnan(significance_table(hits(x="10", y="10"))["effect"].item())


def test_systems_are_compared_on_what_all_have_decided():
    both = predictions(x="1100", y="1010")
    common = common_hits(both.iloc[:-1])
    assert common["x"].tolist() == [True, True, False]
    assert common["y"].tolist() == [True, False, True]
    with pytest.raises(DataError, match="at least two"):
        significance_table(common_hits(both.iloc[:4]))
    with pytest.raises(DataError, match="no decision in common"):
        significance_table(common_hits(pd.concat([both.iloc[:2], both.iloc[6:]])))
    with pytest.raises(DataError, match="made twice"):
        common_hits(pd.concat([both, both.iloc[:1]]))
    with pytest.raises(DataError, match="every row"):
        common_hits(both.assign(predicted=None))


def test_frames_of_one_clip_are_decisions_of_their_own():
    table = pd.concat([predictions(x="10", y="01").assign(clip_id="c", frame=[0, 7, 7, 0])])
    common = common_hits(table)
    assert common["x"].tolist() == [True, False]
    assert common["y"].tolist() == [True, False]
