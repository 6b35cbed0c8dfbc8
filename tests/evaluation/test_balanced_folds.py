"""Drawn folds with equal numbers of people of each sex, or of each corpus."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abaw_pipeline.errors import ProtocolError
from abaw_pipeline.evaluation.folds import make_folds
from abaw_pipeline.evaluation.protocols import SubjectKFold
from abaw_pipeline.evaluation.splits import split_balanced, split_subjects


def spread(counts):
    """Largest difference between parts, of tables [k, kinds] or [k]."""
    return int(np.ptp(np.asarray(counts), axis=0).max())


@given(
    st.lists(st.tuples(st.sampled_from("fmx"), st.lists(st.sampled_from("abc"), min_size=1, max_size=6)), min_size=2),
    st.integers(2, 9),
    st.integers(0, 3),
    st.randoms(use_true_random=False),
)
@settings(deadline=None)
def test_numbers_of_each_kind_differ_by_at_most_one_whatever_the_people(people, k, seed, random):
    k = min(k, len(people))
    pairs = [(f"s{number}", label) for number, (_, labels) in enumerate(people) for label in labels]
    strata = {f"s{number}": kind for number, (kind, _) in enumerate(people)}
    part = split_balanced([label for _, label in pairs], [who for who, _ in pairs], strata, k, seed=seed)
    home = {who: side for (who, _), side in zip(pairs, part.tolist(), strict=True)}
    assert [home[who] for who, _ in pairs] == part.tolist()  # whole subjects
    for kind in {*strata.values()}:
        assert spread([sum(home[who] == side for who in strata if strata[who] == kind) for side in range(k)]) <= 1
    sizes = [sum(home[who] == side for who in strata) for side in range(k)]
    assert min(sizes) > 0
    assert spread(sizes) <= 1
    random.shuffle(pairs)
    again = split_balanced([label for _, label in pairs], [who for who, _ in pairs], strata, k, seed=seed)
    assert again.tolist() == [home[who] for who, _ in pairs]


def test_classes_are_spread_beside_the_sexes():
    """Of each sex four people of class a alone and four of class b: half of each sex and of each class on each side."""
    people = [(f"{sex}{label}{number}", label) for sex in "fm" for label in "ab" for number in range(4)]
    pairs = [pair for pair in people for _ in range(5)]
    strata = {who: who[0] for who, _ in people}
    for seed in range(5):
        part = split_balanced([label for _, label in pairs], [who for who, _ in pairs], strata, 2, seed=seed)
        sides = pd.DataFrame(pairs, columns=["who", "label"]).assign(part=part).drop_duplicates("who")
        for group in (sides["who"].str[0], "label"):
            assert sides.groupby([group, "part"]).size().tolist() == [4] * 4


def clips(sexes, corpora=None, labels="abc"):
    corpora = corpora or ["x"] * len(sexes)
    rows = [
        (f"{corpus}/{who}-{label}", corpus, f"{corpus}/{who}", sex, label)
        for who, (sex, corpus) in enumerate(zip(sexes, corpora, strict=True))
        for label in labels
    ]
    return pd.DataFrame(rows, columns=["clip_id", "corpus", "subject", "sex", "label"])


def people_by_fold(table, folds, column):
    """Numbers of people who validate, [folds, values of the column]."""
    held_out = folds[folds["role"] == "validation"].merge(table[["clip_id", column]], on="clip_id")
    people = held_out.drop_duplicates("subject")
    return pd.crosstab(people["fold"], people[column])


def test_more_women_than_men_are_shared_out_alike():
    table = clips("f" * 14 + "m" * 7)
    folds = make_folds(SubjectKFold(k=7, balance="sex"), table, inner_folds=2)
    folds = folds[folds["parent"].isna()]
    assert people_by_fold(table, folds, "sex").to_numpy().tolist() == [[2, 1]] * 7


def test_sexes_and_corpora_at_once():
    table = clips("fm" * 9, ["x", "x", "x", "y", "y", "y"] * 3)
    folds = make_folds(SubjectKFold(k=3, balance="sex+corpus"), table)
    for column in ("sex", "corpus"):
        assert people_by_fold(table, folds, column).to_numpy().tolist() == [[3, 3]] * 3


@pytest.mark.parametrize("inner_folds", [2, 3, 5])
def test_inner_folds_are_balanced_as_their_parents_are(inner_folds):
    """People whose classes go with their sex: classes alone would put women on one side and men on the other."""
    table = pd.concat([clips("f" * 12, labels="aab"), clips("m" * 12, ["y"] * 12, labels="abb")], ignore_index=True)
    for balance, kinds in (("sex", ["sex"]), ("sex+corpus", ["sex", "corpus"])):
        folds = make_folds(SubjectKFold(k=4, balance=balance), table, inner_folds=inner_folds, seed=3)
        for parent, inner in folds[folds["parent"].notna()].groupby("parent"):
            assert inner["fold"].nunique() == inner_folds
            for column in kinds:
                assert spread(people_by_fold(table, inner, column).to_numpy()) <= 1, (parent, column)


def test_unknown_and_contradictory_sexes_are_named():
    table = clips("fmfmfm")
    unknown = table.assign(sex=table["sex"].where(~table["subject"].isin(["x/1", "x/4"])))
    protocol = SubjectKFold(k=2, balance=["sex"])
    with pytest.raises(ProtocolError, match=r"k = 2: the sex is not known of subjects x/1, x/4.*column 'sex'"):
        make_folds(protocol, unknown)
    with pytest.raises(ProtocolError, match="not known of subjects x/0, x/1, x/2, x/3, x/4 and 1 more"):
        make_folds(protocol, table.drop(columns="sex"))
    table.loc[0, "sex"] = "m"
    with pytest.raises(ProtocolError, match="more than one sex is given of x/0"):
        make_folds(protocol, table)
    make_folds(SubjectKFold(k=2), unknown)  # nobody asks


def test_fewer_people_than_parts():
    with pytest.raises(ProtocolError, match="subject_kfold with k = 5: 4 subjects"):
        make_folds(SubjectKFold(k=5, balance=["sex"]), clips("ffmm"))


@pytest.mark.real
def test_nine_sets_of_the_91_actors_of_cremad(real_data):
    """S3's sets of CREMA-D, from the corpus' own list of actors and of files."""
    folder = real_data / "annotations" / "crema_d"
    actors = pd.read_csv(folder / "VideoDemographics.csv", dtype=str).set_index("ActorID")["Sex"].str.lower().str[0]
    names = pd.read_csv(folder / "processedResults" / "summaryTable.csv")["FileName"]
    parts = names.str.split("_", expand=True)
    table = pd.DataFrame({"clip_id": names, "subject": "cremad/" + parts[0], "label": parts[2], "corpus": "cremad"})
    table["sex"] = parts[0].map(actors)
    table = table.drop_duplicates("clip_id")
    folds = make_folds(SubjectKFold(k=9, balance=["sex"]), table, seed=0)
    people = people_by_fold(table, folds, "sex")
    assert people.sum().tolist() == [43, 48]
    assert sorted(set(people["f"])) == [4, 5]
    assert sorted(set(people["m"])) == [5, 6]
    assert sorted(people.sum(axis=1)) == [10] * 8 + [11]
    held_out = folds[folds["role"] == "validation"].merge(table[["clip_id", "label"]], on="clip_id")
    shares = pd.crosstab(held_out["fold"], held_out["label"], normalize="index")
    assert spread(shares.to_numpy() * 1000) <= 10  # no class differs by more than a hundredth between sets


def test_balancing_costs_little_of_what_dealing_without_it_would_reach():
    """People differ in their classes: proportions stay nearly as even as where sexes do not count."""
    rng = np.random.default_rng(0)
    people = [(f"s{number:02d}", rng.dirichlet([1, 1, 1])) for number in range(60)]
    pairs = [(who, label) for who, share in people for label in rng.choice(list("abc"), size=30, p=share)]
    who, labels = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    strata = {name: "fm"[number % 2] for number, (name, _) in enumerate(people)}

    def uneven(part):
        counts = pd.crosstab(part, np.asarray(labels), normalize="index")
        return float(np.ptp(counts.to_numpy(), axis=0).max())

    balanced = [uneven(split_balanced(labels, who, strata, 5, seed=seed)) for seed in range(5)]
    free = [uneven(split_subjects(labels, who, 5, seed=seed)) for seed in range(5)]
    assert np.mean(balanced) < np.mean(free) + 0.05


def test_people_of_one_recording_are_balanced_as_a_group():
    """A man and a woman who talk at once are dealt together in inner folds, and count as a kind of their own."""
    rows = [
        {"clip_id": f"p{n}-{label}", "corpus": "c", "subject": f"p{n}", "sex": "fm"[n % 2], "label": label}
        | {"media": f"{n // 2}.avi", "sha256": str(n // 2), "start": 0.0, "end": 1.0}
        for n in range(20)
        for label in ("anger", "fear")
    ]
    folds = make_folds(SubjectKFold(k=2, balance="sex"), pd.DataFrame(rows), inner_folds=2)
    training = set(folds.loc[(folds["fold"] == "0") & (folds["role"] == "train"), "subject"])
    pair = {name: int(name[1:]) // 2 for name in training}
    inner = set(folds.loc[(folds["fold"] == "0/0") & (folds["role"] == "validation"), "subject"])
    for number in set(pair.values()):
        members = {name for name in training if pair[name] == number}
        assert members <= inner or not members & inner
    whole = [number for number in set(pair.values()) if sum(each == number for each in pair.values()) == 2]
    dealt = sum(any(pair[name] == number for name in inner) for number in whole)
    assert abs(2 * dealt - len(whole)) <= 1
