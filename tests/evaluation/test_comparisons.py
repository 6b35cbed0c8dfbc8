import numpy as np
import pandas as pd
import pytest
from scipy import stats

from abaw_pipeline.errors import DataError
from abaw_pipeline.evaluation.comparisons import comparison_table
from abaw_pipeline.schemas import COMPARISONS

CLASSES = ["m", "n"]


def made_up(skills, subjects=8, each=30, seed=0, framed=False):
    """Systems that are right by their skill; folds and corpora hold whole subjects."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(subjects), each)
    truth = rng.integers(0, 2, len(who))
    facts = {
        "fold": (who % 4).astype(str),
        "corpus": np.where(who < subjects // 2, "one", "two"),
        "clip_id": [f"c{s}" for s in who] if framed else [f"c{i}" for i in range(len(who))],
        "subject": [f"s{s}" for s in who],
        "frame": pd.array(np.tile(np.arange(each), subjects) if framed else [None] * len(who), dtype="Int64"),
        "truth": np.array(CLASSES)[truth],
    }
    tables = []
    for system, skill in skills.items():
        right = rng.random(len(who)) < skill
        predicted = np.array(CLASSES)[np.where(right, truth, 1 - truth)]
        tables.append(pd.DataFrame({**facts, "system": system, "predicted": predicted}))
    return pd.concat(tables, ignore_index=True)


def compared(table, **more):
    return comparison_table(table, CLASSES, measure="accuracy", resamples=300, **more)


def test_every_pair_is_compared_in_every_way():
    table = COMPARISONS.validate(compared(made_up({"a": 0.9, "b": 0.6, "c": 0.6})))
    assert table["test"].value_counts().to_dict() == {
        **{"mcnemar": 3, "difference": 3, "t_folds": 3, "t_corpora": 3, "cochran_q": 1}
    }
    pair = table[(table["system_a"] == "a") & (table["system_b"] == "b")].set_index("test")
    assert pair.loc["difference", "lo"] > 0.1
    assert pair["difference"].between(0.1, 0.5).all()
    assert pair.loc["mcnemar", "p_bonferroni"] == pytest.approx(min(1, 3 * pair.loc["mcnemar", "p"]))
    alike = table[(table["system_a"] == "b") & (table["system_b"] == "c") & (table["test"] == "difference")].iloc[0]
    assert alike["lo"] < 0 < alike["hi"]


def test_t_tests_are_scipys_on_the_folds_values():
    table = made_up({"a": 0.8, "b": 0.6})
    values = [
        part.assign(right=part["truth"] == part["predicted"]).groupby("fold")["right"].mean().to_numpy()
        for _, part in table.groupby("system")
    ]
    row = compared(table).set_index("test").loc["t_folds"]
    expected = stats.ttest_rel(*values)
    assert (row["statistic"], row["p"]) == pytest.approx((expected.statistic, expected.pvalue))
    difference = values[0] - values[1]
    assert row["effect"] == pytest.approx(difference.mean() / difference.std(ddof=1))
    assert (row["n"], row["unit"]) == (4, "folds")


def test_the_interval_of_a_difference_is_that_of_the_same_draws():
    """Subjects differ much, systems little: drawn apart, the interval would hold 0."""
    table = made_up({"a": 0.7}, subjects=12, each=40)
    easy = table["subject"].str[1:].astype(int) % 2 == 0
    hard = table.assign(predicted=np.where(easy, table["truth"], table["predicted"]))
    worse = hard.assign(system="b")
    flip = worse.groupby("subject").cumcount() < 2
    worse.loc[flip, "predicted"] = np.where(worse.loc[flip, "truth"] == "m", "n", "m")
    row = compared(pd.concat([hard, worse], ignore_index=True)).set_index("test").loc["difference"]
    assert 0 < row["lo"] <= row["difference"] <= row["hi"] < 0.06


def test_optimism_is_what_choosing_on_the_scored_set_adds():
    table = made_up({"mcwf": 0.7, "mcwf_optimistic": 0.8, "other_optimistic": 0.9})
    found = compared(table)
    optimism = found[found["test"] == "optimism"]
    assert optimism[["system_a", "system_b"]].values.tolist() == [["mcwf_optimistic", "mcwf"]]
    assert optimism["difference"].item() > 0.03
    assert optimism["lo"].item() < optimism["difference"].item() < optimism["hi"].item()


def test_frames_are_compared_where_there_are_frames():
    table = made_up({"a": 0.8, "b": 0.6}, framed=True)
    clips = made_up({"a": 0.1, "b": 0.9}).assign(clip_id=lambda each: "whole " + each["clip_id"])
    both = pd.concat([table, clips], ignore_index=True)
    pd.testing.assert_frame_equal(compared(both), compared(table))
    assert compared(table).iloc[0][["n", "unit"]].tolist() == [240, "frames"]


def test_a_pair_is_compared_on_what_both_have_decided_in_every_way():
    """Who decides alike does not differ, however much one of the two leaves out."""
    table = made_up({"a": 0.8, "c": 0.6})
    silent = table[table["system"] == "a"].assign(system="b").groupby("subject").head(20)
    found = compared(pd.concat([table, silent], ignore_index=True))
    alike = found[(found["system_a"] == "a") & (found["system_b"] == "b")].set_index("test")
    assert sorted(alike.index) == ["difference", "mcnemar", "t_corpora", "t_folds"]
    assert (alike["difference"] == 0).all()
    assert alike.loc["difference", ["lo", "hi"]].tolist() == [0, 0]
    assert alike.loc["mcnemar", "n"] == 8 * 20
    others = found[(found["system_a"] == "a") & (found["system_b"] == "c")].set_index("test")
    assert others.loc["mcnemar", "n"] == 8 * 30
    assert found.set_index("test").loc["cochran_q", "n"] == 8 * 20


def test_a_system_that_shares_nothing_takes_nothing_from_the_others():
    table = made_up({"a": 0.8, "b": 0.5})
    elsewhere = made_up({"z": 0.7}).assign(clip_id=lambda each: "other " + each["clip_id"])
    pd.testing.assert_frame_equal(compared(pd.concat([table, elsewhere], ignore_index=True)), compared(table))


def test_corpora_of_s1_give_its_t():
    """Table 6: CNN-LSTM and CNN-LSTM-A on six corpora; t = 0.5274 is printed, from values that are not rounded."""
    percent = {"lstm": [44.3, 65.8, 60.6, 25.1, 76.1, 51.6], "attention": [45.0, 66.2, 59.7, 24.8, 77.0, 49.0]}
    truth = pd.DataFrame({"corpus": np.repeat([*"abcdef"], 1000), "truth": "m", "fold": "0", "frame": pd.NA})
    truth = truth.assign(clip_id=truth.index.map(str), subject=truth["corpus"])
    tables = []
    for system, values in percent.items():
        right = np.concatenate([np.arange(1000) < round(10 * value) for value in values])
        tables.append(truth.assign(system=system, predicted=np.where(right, "m", "n")))
    table = comparison_table(pd.concat(tables, ignore_index=True), CLASSES, measure="uar", resamples=10)
    row = table.set_index("test").loc["t_corpora"]
    assert row["difference"] == pytest.approx(0.003)
    assert row["statistic"] == pytest.approx(0.5274, abs=0.05)
    assert row["p"] > 0.05
    assert (row["n"], row["unit"]) == (6, "corpora")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: pd.concat([t, t.iloc[:1]]), "made twice by one system"),
        (lambda t: t.assign(predicted=[None, *t["predicted"][1:]]), "every row needs"),
        (lambda t: t.assign(predicted=["o", *t["predicted"][1:]]), "no class"),
        (lambda t: t.assign(truth=["n" if t["truth"].iloc[0] == "m" else "m", *t["truth"][1:]]), "another truth"),
    ],
)
def test_decisions_that_cannot_be_paired(change, says):
    with pytest.raises(DataError, match=says):
        compared(change(made_up({"a": 0.8, "b": 0.5})))


def test_one_system_or_one_subject_or_nothing_in_common():
    assert compared(made_up({"a": 0.8})).empty
    alone = compared(made_up({"a": 0.8, "b": 0.5}, subjects=1))
    assert alone.loc[alone["test"] == "difference", ["lo", "hi"]].isna().all(axis=None)
    table = made_up({"a": 0.8, "b": 0.5})
    apart = table[(table["system"] == "a") == (table["fold"] == "0")]
    assert compared(apart).empty


def test_equal_systems_have_no_t_statistic():
    table = made_up({"a": 0.8})
    row = compared(pd.concat([table, table.assign(system="b")])).set_index("test").loc["t_folds"]
    assert row["difference"] == 0
    assert np.isnan(row["statistic"])
