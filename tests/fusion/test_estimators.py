import numpy as np
import pytest
import skops.io
from skops.io.exceptions import UntrustedTypesFoundException

from abaw_pipeline.errors import DataError
from abaw_pipeline.fusion import FusionWeights, KNNStacking, SVMStacking, XGBoostStacking
from abaw_pipeline.fusion.estimators import _drawn

KINDS = [SVMStacking(grid=(1.0,)), KNNStacking(grid=(5,)), XGBoostStacking(trees=10, grid=(2,))]
every = pytest.mark.parametrize("fusion", KINDS, ids=lambda each: each.kind)


@every
def test_they_learn_what_no_weighting_can(sample, fusion):
    """Truth is whether two systems agree: a mean of posteriors cannot tell, an estimator can (a linear SVM neither)."""
    rng = np.random.default_rng(0)
    said = rng.integers(0, 2, (400, 2))
    posteriors = np.where(np.eye(2)[said] > 0, 0.8, 0.2)
    labels = (said[:, 0] == said[:, 1]).astype(np.int64)
    chosen = fusion.model_copy(update={"kernel": "rbf"}) if fusion.kind == "svm_stacking" else fusion
    weights = chosen.fit(posteriors, labels, [str(i % 8) for i in range(400)], seed=0)
    assert (chosen.fuse(weights, posteriors).argmax(axis=1) == labels).mean() == 1


def test_the_setting_is_chosen_on_subjects_that_were_not_fitted(sample):
    """With one neighbour each row finds itself; only rows of other subjects tell that this is no good."""
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 2, 300)
    posteriors = rng.dirichlet([1, 1], (300, 1))
    posteriors[np.arange(300), 0, labels] += 0.3
    posteriors /= posteriors.sum(axis=2, keepdims=True)
    fitted = KNNStacking(grid=(1, 40)).fit(posteriors, labels, [str(i % 10) for i in range(300)], seed=0)
    assert fitted.info["chosen"] == 40
    assert set(fitted.info["tried"]) == {"1", "40"}
    assert fitted.info["tried"]["40"] > fitted.info["tried"]["1"] + 0.02


@every
def test_classes_that_were_not_there_get_nothing(sample, fusion):
    posteriors, labels, groups = sample(3, n=80, n_classes=4)
    kept = labels != 2
    weights = fusion.fit(posteriors[kept], labels[kept], [g for g, k in zip(groups, kept, strict=True) if k], seed=0)
    assert weights.info["classes"] == [0, 1, 3]
    assert (fusion.fuse(weights, posteriors)[:, 2] == 0).all()


@every
def test_one_class_cannot_be_told_apart(sample, fusion):
    posteriors, _, groups = sample(4)
    with pytest.raises(DataError, match="of one class"):
        fusion.fit(posteriors, np.zeros(60, np.int64), groups, seed=0)


def test_one_subject_gives_nothing_to_choose_on(sample):
    posteriors, labels, _ = sample(5)
    with pytest.raises(DataError, match=r"fewer|subject"):
        KNNStacking(grid=(3, 5)).fit(posteriors, labels, ["one"] * 60, seed=0)
    with pytest.raises(DataError, match=r"fewer|subject"):
        SVMStacking(grid=(1.0,)).fit(posteriors, labels, ["one"] * 60, seed=0)


def test_a_model_of_something_else_is_refused(sample):
    posteriors, labels, groups = sample(6)
    weights = KNNStacking(grid=(3,)).fit(posteriors, labels, groups, seed=0)
    with pytest.raises(DataError, match="the model takes 9 probabilities"):
        KNNStacking().fuse(weights, posteriors[:, :2])
    with pytest.raises(DataError, match="another kind of fusion"):
        KNNStacking().fuse(FusionWeights({"weights": np.ones((3, 3))}), posteriors)


def test_many_rows_are_drawn_from_every_subject_and_class():
    rng = np.random.default_rng(0)
    labels, who = rng.choice(3, 5000, p=[0.9, 0.09, 0.01]), rng.integers(0, 4, 5000)
    groups = [str(each) for each in who]
    rows = _drawn(labels, groups, 500, 0)
    assert len(rows) == len(set(rows.tolist())) == 500
    for name in range(4):
        for label in range(3):
            share = ((labels == label) & (who == name)).sum() / 10
            assert abs(((labels[rows] == label) & (who[rows] == name)).sum() - share) <= 1.01
    np.testing.assert_array_equal(_drawn(labels, groups, 5000, 0), np.arange(5000))
    assert not np.array_equal(rows, _drawn(labels, groups, 500, 1))


def test_one_subject_may_have_nearly_all_rows(sample):
    """Where that one is held out, fewer rows are left than neighbours are asked for."""
    posteriors, labels, _ = sample(7, n=90)
    groups = ["most" if at >= 12 else f"s{at % 2}" for at in range(90)]
    weights = KNNStacking(grid=(20, 40)).fit(posteriors, labels, groups, seed=0)
    assert set(weights.info["tried"]) == {"20", "40"}
    few = KNNStacking(grid=(500,)).fit(posteriors, labels, groups, seed=0)
    np.testing.assert_allclose(KNNStacking().fuse(few, posteriors), 1 / 3)  # everybody's neighbours are all there are


@every
def test_the_rows_that_are_drawn_follow_the_seed(sample, fusion, caplog):
    posteriors, labels, groups = sample(8, n=300)
    chosen = fusion.model_copy(update={"max_rows": 100})
    one, same, other = (chosen.fit(posteriors, labels, groups, seed=seed) for seed in (0, 0, 1))
    assert one.model == same.model != other.model
    assert (one.info["rows"], one.info["rows_given"]) == (100, 300)
    assert f"{fusion.kind} is fitted on 100 of 300 rows" in caplog.text


class Foreign:
    """Of no type that is trusted."""


def test_stored_bytes_build_nothing_that_is_not_trusted(sample):
    posteriors, _, _ = sample(9)
    weights = FusionWeights({}, {"classes": [0, 1, 2]}, skops.io.dumps(Foreign()))
    with pytest.raises(UntrustedTypesFoundException, match="Foreign"):
        KNNStacking().fuse(weights, posteriors)


@every
@pytest.mark.parametrize("rare", [1, 20], ids=["a clip", "20 clips"])
def test_a_class_of_one_subject_only_survives_cross_fitting(sample, fusion, rare):
    """Where that subject is held out, nobody has the class: neither choosing nor probabilities may fail of it."""
    posteriors, labels, _ = sample(6, n=90)
    labels = np.where((labels == 2) & (np.cumsum(labels == 2) > rare), 0, labels)
    groups = ["rare" if label == 2 else f"s{i % 4}" for i, label in enumerate(labels)]
    settings = {"grid": (0.1, 1.0)} if fusion.kind == "svm_stacking" else {"grid": (1, 3)}
    chosen = fusion.model_copy(update=settings)
    weights = chosen.fit(posteriors, labels, groups, seed=0)
    assert weights.info["classes"] == [0, 1, 2]
    fused = chosen.fuse(weights, posteriors)
    np.testing.assert_allclose(fused.sum(axis=1), 1)
    assert (fused.argmax(axis=1) == labels).mean() > 0.5
