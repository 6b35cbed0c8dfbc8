"""One suite for all fusions: what the contract promises."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from abaw_pipeline.errors import DataError
from abaw_pipeline.fusion import (
    MCWF,
    Fusion,
    FusionWeights,
    KNNStacking,
    LogisticStacking,
    LogMean,
    MajorityVote,
    Mean,
    Product,
    SVMStacking,
    WeightedVote,
    XGBoostStacking,
)

FUSIONS = [
    Mean(),
    Product(),
    LogMean(),
    MajorityVote(),
    WeightedVote(),
    WeightedVote(measure="uar", power=4.0),
    MCWF(pool=40),
    MCWF(pool=20, sweeps=3),
    MCWF(pool=20, sweeps=3, by_class=False),
    MCWF(pool=40, measure="uar", concentration=0.3),
    LogisticStacking(grid=(0.1, 10.0), folds=3),
    LogisticStacking(grid=(1.0,), features="log_posteriors"),
    SVMStacking(grid=(0.1, 1.0)),
    SVMStacking(grid=(1.0,), kernel="rbf"),
    KNNStacking(grid=(5, 15)),
    XGBoostStacking(trees=8, grid=(2,)),
]
every_fusion = pytest.mark.parametrize("fusion", FUSIONS, ids=lambda part: f"{part.kind}-{FUSIONS.index(part)}")
MODELS = ("svm_stacking", "knn_stacking", "xgboost_stacking")
"""Kinds that learn a model, which knows the order of the systems it was fitted on."""
weighted = pytest.mark.parametrize(
    "fusion", [each for each in FUSIONS if each.kind not in MODELS], ids=lambda each: each.kind
)
plain = pytest.mark.parametrize(
    "fusion", [each for each in FUSIONS if "stacking" not in each.kind], ids=lambda each: each.kind
)


@every_fusion
@pytest.mark.parametrize("n_classes", [2, 4])
def test_fused_rows_are_posteriors_and_better_than_chance(sample, fusion, n_classes):
    posteriors, labels, groups = sample(1, n=120, n_classes=n_classes)
    fused = fusion.fuse(fusion.fit(posteriors, labels, groups, seed=0), posteriors)
    assert fused.dtype == np.float64
    assert fused.shape == (120, n_classes)
    assert np.all(fused >= 0)
    np.testing.assert_allclose(fused.sum(axis=1), 1, atol=1e-12)
    assert (fused.argmax(axis=1) == labels).mean() > 1.3 / n_classes


@every_fusion
def test_no_rows_fuse_to_no_rows(sample, fusion):
    posteriors, labels, groups = sample(2)
    weights = fusion.fit(posteriors, labels, groups, seed=0)
    assert fusion.fuse(weights, posteriors[:0]).shape == (0, 3)


@every_fusion
def test_a_row_is_fused_alike_alone_and_among_others(sample, fusion):
    posteriors, labels, groups = sample(3)
    weights = fusion.fit(posteriors, labels, groups, seed=0)
    together = fusion.fuse(weights, posteriors)
    alone = np.concatenate([fusion.fuse(weights, row[None]) for row in posteriors])
    np.testing.assert_allclose(together, alone, rtol=1e-12)


@every_fusion
def test_same_seed_same_weights_and_inputs_stay_untouched(sample, fusion):
    posteriors, labels, groups = sample(4)
    before = posteriors.copy()
    one, other = (fusion.fit(posteriors, labels, groups, seed=5) for _ in range(2))
    for name, values in one.values.items():
        np.testing.assert_array_equal(values, other.values[name])
    assert one.model == other.model
    assert (one.model is not None) == (fusion.kind in MODELS)
    np.testing.assert_array_equal(posteriors, before)
    assert one.info == other.info == json.loads(json.dumps(one.info))


@weighted
@given(seed=st.integers(0, 10**6), order=st.permutations(range(3)))
@settings(max_examples=5, deadline=None)
def test_order_of_systems_does_not_matter(sample, fusion, seed, order):
    posteriors, labels, groups = sample(seed)
    weights = fusion.fit(posteriors, labels, groups, seed=seed)
    systems, classes = ["a", "b", "c"], ["x", "y", "z"]
    moved = FusionWeights.from_table(weights.table(systems, classes), [systems[i] for i in order], classes)
    np.testing.assert_allclose(
        fusion.fuse(moved, posteriors[:, order]), fusion.fuse(weights, posteriors), rtol=1e-9, atol=1e-12
    )


@plain
@given(seed=st.integers(0, 10**6), n_classes=st.integers(2, 6))
@settings(max_examples=10, deadline=None)
def test_one_system_alone_keeps_its_decisions(sample, fusion, seed, n_classes):
    posteriors, labels, groups = sample(seed, n_systems=1, n_classes=n_classes)
    fused = fusion.fuse(fusion.fit(posteriors, labels, groups, seed=seed), posteriors)
    np.testing.assert_array_equal(fused.argmax(axis=1), posteriors[:, 0].argmax(axis=1))


@plain
@given(seed=st.integers(0, 10**6), n_systems=st.integers(1, 4))
@settings(max_examples=10, deadline=None)
def test_systems_that_all_say_the_same_are_believed(sample, fusion, seed, n_systems):
    posteriors, labels, groups = sample(seed, n_systems=1)
    same = np.repeat(posteriors, n_systems, axis=1)
    fused = fusion.fuse(fusion.fit(same, labels, groups, seed=seed), same)
    # votes are shares; of all others the highest class stays highest, unless weights a class tip a tie
    clear = np.sort(posteriors[:, 0], axis=1)[:, -1] > np.sort(posteriors[:, 0], axis=1)[:, -2]
    np.testing.assert_array_equal(fused.argmax(axis=1)[clear], posteriors[clear, 0].argmax(axis=1))


@every_fusion
def test_the_order_of_rows_changes_no_decision(sample, fusion):
    posteriors, labels, groups = sample(9, n=90)
    order = np.random.default_rng(0).permutation(90)
    weights = fusion.fit(posteriors, labels, groups, seed=0)
    moved = fusion.fit(posteriors[order], labels[order], [groups[at] for at in order], seed=0)
    one, other = fusion.fuse(weights, posteriors), fusion.fuse(moved, posteriors)
    assert (one.argmax(axis=1) == other.argmax(axis=1)).mean() > 0.95


@every_fusion
def test_a_class_that_is_never_true_is_no_trouble_but_for_what_needs_all(sample, fusion):
    posteriors, labels, groups = sample(10, n=90, n_classes=4)
    labels = labels % 3
    if fusion.kind == "logistic_stacking":
        with pytest.raises(DataError, match="no clip of class number 3"):
            fusion.fit(posteriors, labels, groups, seed=0)
        return
    fused = fusion.fuse(fusion.fit(posteriors, labels, groups, seed=0), posteriors)
    np.testing.assert_allclose(fused.sum(axis=1), 1, atol=1e-12)


@every_fusion
def test_undecided_systems_leave_it_to_the_others(sample, fusion):
    """As `align` has systems that say nothing of a clip: 1/K for each class."""
    posteriors, labels, groups = sample(11, n=90)
    weights = fusion.fit(posteriors, labels, groups, seed=0)
    posteriors[:, 1:] = 1 / 3
    fused = fusion.fuse(weights, posteriors)
    agreed = (fused.argmax(axis=1) == posteriors[:, 0].argmax(axis=1)).mean()
    assert agreed > (0.95 if fusion.kind in ("mean", "product", "log_mean", "majority_vote", "weighted_vote") else 0.5)


def broken(sample, change):
    posteriors, labels, groups = sample(6)
    parts = {"posteriors": posteriors, "labels": labels, "groups": groups}
    change(parts)
    return parts


def put(value):
    return lambda parts: parts["posteriors"].__setitem__((7, 1, 0), value)


BAD = {
    "nan": (put(np.nan), "row 7, system 1"),
    "negative": (put(-0.5), "negative"),
    "sum": (put(0.99), "sum to 1"),
    "two axes": (lambda parts: parts.update(posteriors=parts["posteriors"][:, 0]), "shape"),
    "one class": (lambda parts: parts.update(posteriors=np.ones((60, 3, 1))), "two classes"),
    "short labels": (lambda parts: parts.update(labels=parts["labels"][1:]), "as many labels"),
    "short groups": (lambda parts: parts.update(groups=parts["groups"][1:]), "as many labels"),
    "label out of range": (lambda parts: parts["labels"].__setitem__(0, 3), "0..2"),
    "float labels": (lambda parts: parts.update(labels=parts["labels"] * 1.0), "integers"),
    "no rows": (
        lambda parts: parts.update(posteriors=np.ones((0, 3, 3)), labels=np.zeros(0, int), groups=[]),
        "no clip",
    ),
}


@every_fusion
@pytest.mark.parametrize("name", BAD)
def test_bad_fitting_sets_are_refused(sample, fusion, name):
    change, says = BAD[name]
    with pytest.raises(DataError, match=says):
        fusion.fit(**broken(sample, change), seed=0)


@every_fusion
def test_bad_posteriors_are_not_fused(sample, fusion):
    posteriors, labels, groups = sample(6)
    weights = fusion.fit(posteriors, labels, groups, seed=0)
    with pytest.raises(DataError, match="not finite"):
        fusion.fuse(weights, broken(sample, put(np.nan))["posteriors"])
    with pytest.raises(DataError, match=r"weights|the model takes 9 probabilities"):
        fusion.fuse(weights, posteriors[:, :2])
    stacking, matrix = {"coef": np.ones((3, 9)), "intercept": np.ones(3)}, {"weights": np.ones((3, 3))}
    with pytest.raises(DataError, match="weights"):
        fusion.fuse(FusionWeights(stacking if "weights" in weights.values else matrix), posteriors)


@every_fusion
def test_float32_posteriors_are_close_enough_to_a_sum_of_one(sample, fusion):
    posteriors, labels, groups = sample(8)
    single = posteriors.astype(np.float32)
    fusion.fuse(fusion.fit(single, labels, groups, seed=0), single)


@pytest.mark.parametrize("fusion", FUSIONS, ids=lambda part: part.kind)
def test_parameters_name_a_fusion_by_its_kind(fusion):
    adapter = TypeAdapter(Fusion)
    assert adapter.validate_python(fusion.model_dump(mode="json")) == fusion
    with pytest.raises(ValidationError):
        adapter.validate_python({"kind": fusion.kind, "pol": 3})
