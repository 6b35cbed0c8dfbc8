"""One suite for all fusions: what the contract promises."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from abaw_pipeline.errors import DataError
from abaw_pipeline.fusion import MCWF, Fusion, FusionWeights, LogisticStacking, LogMean

FUSIONS = [
    LogMean(),
    MCWF(pool=40),
    MCWF(pool=40, measure="uar", concentration=0.3),
    LogisticStacking(grid=(0.1, 10.0), folds=3),
    LogisticStacking(grid=(1.0,), features="log_posteriors"),
]
every_fusion = pytest.mark.parametrize("fusion", FUSIONS, ids=lambda part: f"{part.kind}-{hash(part) % 997}")


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
    np.testing.assert_array_equal(posteriors, before)
    assert one.info == other.info == json.loads(json.dumps(one.info))


@every_fusion
@given(seed=st.integers(0, 10**6), order=st.permutations(range(3)))
@settings(max_examples=15, deadline=None)
def test_order_of_systems_does_not_matter(sample, fusion, seed, order):
    posteriors, labels, groups = sample(seed)
    weights = fusion.fit(posteriors, labels, groups, seed=seed)
    systems, classes = ["a", "b", "c"], ["x", "y", "z"]
    moved = FusionWeights.from_table(weights.table(systems, classes), [systems[i] for i in order], classes)
    np.testing.assert_allclose(
        fusion.fuse(moved, posteriors[:, order]), fusion.fuse(weights, posteriors), rtol=1e-9, atol=1e-12
    )


@pytest.mark.parametrize("fusion", [LogMean(), MCWF(pool=10)], ids=lambda part: part.kind)
@given(seed=st.integers(0, 10**6), n_classes=st.integers(2, 6))
@settings(max_examples=25, deadline=None)
def test_one_system_alone_keeps_its_decisions(sample, fusion, seed, n_classes):
    posteriors, labels, groups = sample(seed, n_systems=1, n_classes=n_classes)
    fused = fusion.fuse(fusion.fit(posteriors, labels, groups, seed=seed), posteriors)
    np.testing.assert_array_equal(fused.argmax(axis=1), posteriors[:, 0].argmax(axis=1))


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
    with pytest.raises(DataError, match="weights"):
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
