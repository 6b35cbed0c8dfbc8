import numpy as np

from abaw_pipeline.fusion.rules import LogMean


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
