import numpy as np

from abaw_pipeline.fusion.rules import LogMean, Mean, Product


def test_hand_computed_geometric_mean():
    posteriors = np.array([[[0.8, 0.2], [0.2, 0.8]], [[0.9, 0.1], [0.5, 0.5]]])
    fusion = LogMean()
    weights = fusion.fit(posteriors, np.array([0, 1]), ["a", "b"], seed=0)
    np.testing.assert_array_equal(weights.values["weights"], np.full((2, 2), 0.5))
    # sqrt(0.45) : sqrt(0.05) = 3 : 1
    np.testing.assert_allclose(fusion.fuse(weights, posteriors), [[0.5, 0.5], [0.75, 0.25]])


def test_one_zero_is_no_veto_but_counts_as_the_floor():
    posteriors = np.array([[[0.0, 1.0], [0.9, 0.1], [0.9, 0.1]]])
    labels, groups = np.array([0]), ["a"]
    strict, mild = LogMean(floor=1e-9), LogMean(floor=0.01)
    decided = [
        int(fusion.fuse(fusion.fit(posteriors, labels, groups, seed=0), posteriors).argmax())
        for fusion in (strict, mild)
    ]
    # Odds of class 0: 81 * floor.
    assert decided == [1, 1]
    softer = np.array([[[0.0, 1.0], [0.99, 0.01], [0.99, 0.01]]])
    fused = mild.fuse(mild.fit(softer, labels, groups, seed=0), softer)
    np.testing.assert_allclose(fused[0, 0] / fused[0, 1], (0.01 * 99 * 99) ** (1 / 3))
    assert fused.argmax() == 0


def test_hand_computed_mean_and_product():
    posteriors = np.array([[[0.8, 0.2], [0.2, 0.8]], [[0.9, 0.1], [0.6, 0.4]]])
    labels, groups = np.array([0, 1]), ["a", "b"]
    fused = {fusion.kind: fusion.fuse(fusion.fit(posteriors, labels, groups, seed=0), posteriors) for fusion in RULES}
    np.testing.assert_allclose(fused["mean"], [[0.5, 0.5], [0.75, 0.25]])
    np.testing.assert_allclose(fused["product"], [[0.5, 0.5], [0.54 / 0.58, 0.04 / 0.58]])


def test_a_product_decides_as_the_mean_of_logarithms_but_is_surer(sample):
    given = sample(3)
    mean, product = (fusion.fuse(fusion.fit(*given, seed=0), given[0]) for fusion in RULES[1:])
    np.testing.assert_array_equal(mean.argmax(axis=1), product.argmax(axis=1))
    assert (product.max(axis=1) >= mean.max(axis=1)).all()


def test_a_system_that_is_undecided_changes_no_product(sample):
    posteriors, labels, groups = sample(4, n_systems=2)
    beside = np.concatenate([posteriors, np.full((60, 1, 3), 1 / 3)], axis=1)
    alone, among = (Product().fuse(Product().fit(each, labels, groups, seed=0), each) for each in (posteriors, beside))
    np.testing.assert_allclose(alone, among)


RULES = (Mean(), LogMean(), Product())
