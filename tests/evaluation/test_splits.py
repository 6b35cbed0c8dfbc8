import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold

from abaw_pipeline.errors import ProtocolError
from abaw_pipeline.evaluation.splits import split_subjects

clips = st.lists(st.tuples(st.integers(0, 7), st.sampled_from("xyz")), min_size=12, max_size=60)


@given(clips, st.integers(2, 3), st.integers(0, 99), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_whole_subjects_no_empty_part_any_order(pairs, k, seed, random):
    pairs = pairs + [(subject, "x") for subject in range(k)]
    subjects, labels = [f"s{subject}" for subject, _ in pairs], [label for _, label in pairs]
    if max(labels.count(label) for label in set(labels)) < k:
        return
    part = split_subjects(labels, subjects, k, seed=seed)
    home = dict(zip(subjects, part.tolist(), strict=True))
    assert [home[subject] for subject in subjects] == part.tolist()
    assert set(part.tolist()) == set(range(k))
    order = list(range(len(pairs)))
    random.shuffle(order)
    moved = split_subjects([labels[i] for i in order], [subjects[i] for i in order], k, seed=seed)
    assert moved.tolist() == [part[i] for i in order]


def test_classes_are_spread():
    # Four subjects with class a alone, four with class b alone: two of each kind belong into each half.
    subjects = np.repeat([f"s{i}" for i in range(8)], 5)
    labels = np.repeat(list("abababab"), 5)
    part = split_subjects(labels, subjects, 2, seed=0)
    assert [int(((part == side) & (labels == "a")).sum()) for side in (0, 1)] == [10, 10]


def test_the_seed_draws():
    subjects = [f"s{i % 10}" for i in range(40)]
    labels = ["a", "b"] * 20
    assert len({tuple(split_subjects(labels, subjects, 5, seed=seed)) for seed in range(5)}) > 1


def test_impossible_splits():
    with pytest.raises(ProtocolError, match="1 subject cannot"):
        split_subjects(["a"] * 9, ["s"] * 9, 2, seed=0)
    with pytest.raises(ProtocolError, match="into 1 parts"):
        split_subjects(["a"] * 9, list("abcdefghi"), 1, seed=0)
    with pytest.raises(ProtocolError, match="stratified"):
        split_subjects(list("abc"), list("xyz"), 3, seed=0)


@given(clips, st.integers(2, 4), st.integers(0, 999))
@settings(deadline=None)
@pytest.mark.filterwarnings("ignore:The least populated class")
def test_subjects_are_dealt_as_scikit_learn_deals_them(pairs, k, seed):
    """The study's published results rest on folds that scikit-learn has drawn."""
    pairs = pairs + [(subject, "x") for subject in range(k)]
    subjects, labels = np.array([f"s{subject}" for subject, _ in pairs]), np.array([label for _, label in pairs])
    if np.unique(labels, return_counts=True)[1].max() < k:
        return
    splitter = StratifiedGroupKFold(n_splits=k, shuffle=True, random_state=seed)
    held_out = [set(test.tolist()) for _, test in splitter.split(np.zeros((len(labels), 1)), labels, subjects)]
    part = split_subjects(labels, subjects, k, seed=seed)
    assert [set(np.flatnonzero(part == place).tolist()) for place in range(k)] == held_out
