import warnings

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from abaw_pipeline.errors import DataError
from abaw_pipeline.fusion import LogisticStacking


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("features", ["posteriors", "log_posteriors"])
def test_it_is_scikit_learns_regression(sample, n_classes, features):
    posteriors, labels, groups = sample(1, n_classes=n_classes)
    fusion = LogisticStacking(grid=(2.0,), features=features)
    fused = fusion.fuse(fusion.fit(posteriors, labels, groups, seed=0), posteriors)
    inputs = posteriors.reshape(len(labels), -1)
    inputs = np.log(np.maximum(inputs, 1e-6)) if features == "log_posteriors" else inputs
    reference = LogisticRegression(C=2.0, tol=1e-8, max_iter=5000).fit(inputs, labels)
    np.testing.assert_allclose(fused, reference.predict_proba(inputs), atol=1e-4)


def accuracy(fusion, posteriors, labels, groups):
    fused = fusion.fuse(fusion.fit(posteriors, labels, groups, seed=0), posteriors)
    return (fused.argmax(axis=1) == labels).mean()


def test_c_is_chosen_by_held_out_subjects_not_by_the_fit():
    # One system that knows something among fifteen that know nothing: a large C learns their noise by heart.
    rng = np.random.default_rng(0)
    labels = np.arange(64) % 2
    noise = rng.dirichlet(np.ones(2), size=(64, 15))
    knowing = np.where(rng.random(64) < 0.8, labels, 1 - labels)
    posteriors = np.concatenate([noise, (np.eye(2)[knowing] * 0.8 + 0.1)[:, None]], axis=1)
    groups = [f"s{i // 8}" for i in range(64)]
    small, large = (accuracy(LogisticStacking(grid=(C,)), posteriors, labels, groups) for C in (0.1, 1e4))
    assert small < large  # what choosing on the scored clips would take
    info = LogisticStacking(grid=(0.1, 1e4), folds=8).fit(posteriors, labels, groups, seed=0).info
    assert info["C"] == 0.1
    assert info["tried"]["0.1"] > info["tried"]["10000"]


def test_a_leak_between_subjects_would_show():
    # Rows of one subject are copies of each other with random labels: split by row, copies give the labels away.
    rng = np.random.default_rng(1)
    n_subjects, copies = 24, 10
    raw = rng.dirichlet(np.ones(4), size=(n_subjects, 12))
    posteriors = np.repeat(raw, copies, axis=0)
    labels = np.repeat(np.arange(n_subjects) % 4, copies)
    groups = [f"s{i}" for i in np.repeat(np.arange(n_subjects), copies)]
    info = LogisticStacking(grid=(1e2, 1e6), folds=4).fit(posteriors, labels, groups, seed=0).info
    assert all(value < 0.6 for value in info["tried"].values())


def test_equal_values_take_the_smallest_c():
    labels = np.arange(60) % 2
    posteriors = (np.eye(2)[labels] * 0.8 + 0.1)[:, None]
    groups = [str(i % 6) for i in range(60)]
    info = LogisticStacking(grid=(100.0, 1.0, 10.0)).fit(posteriors, labels, groups, seed=0).info
    assert list(info["tried"].values()) == [1, 1, 1]
    assert info["C"] == 1.0


def test_a_fit_that_ends_early_says_so_and_warns_nobody(sample):
    posteriors, labels, groups = sample(2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        info = LogisticStacking(grid=(1.0, 1e6), max_iterations=1).fit(posteriors, labels, groups, seed=0).info
    assert info["converged"] is False
    assert info["not_converged"] == ["1", "1e+06"]
    assert LogisticStacking(grid=(1.0,)).fit(posteriors, labels, groups, seed=0).info["converged"] is True


def test_other_warnings_are_passed_on(sample, monkeypatch):
    def fit(self, inputs, labels):
        warnings.warn("something else", FutureWarning, stacklevel=2)
        self.coef_, self.intercept_ = np.zeros((3, inputs.shape[1])), np.zeros(3)
        return self

    monkeypatch.setattr(LogisticRegression, "fit", fit)
    with pytest.warns(FutureWarning, match="something else"):
        LogisticStacking(grid=(1.0,)).fit(*sample(3), seed=0)


def test_a_class_without_a_clip_is_an_error(sample):
    posteriors, labels, groups = sample(4)
    with pytest.raises(DataError, match="class number 2"):
        LogisticStacking().fit(posteriors, np.where(labels == 2, 0, labels), groups, seed=0)


def test_one_subject_can_be_fitted_but_not_tuned(sample):
    posteriors, labels, _ = sample(5)
    with pytest.raises(DataError, match="Give one setting"):
        LogisticStacking().fit(posteriors, labels, ["me"] * 60, seed=0)
    assert LogisticStacking(grid=(1.0,)).fit(posteriors, labels, ["me"] * 60, seed=0).info["tried"] == {}


def test_a_class_of_one_subject_only_survives_cross_fitting(sample):
    posteriors, labels, _ = sample(6)
    groups = ["rare" if label == 2 else f"s{i % 3}" for i, label in enumerate(labels)]
    weights = LogisticStacking(grid=(0.1, 1.0)).fit(posteriors, labels, groups, seed=0)
    assert np.all(np.isfinite(weights.values["intercept"]))
    assert all(value <= 2 / 3 for value in weights.info["tried"].values())
