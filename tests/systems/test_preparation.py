import numpy as np

from abaw_pipeline.systems.preparation import prepare, spread


def test_constant_columns_are_harmless_and_last():
    rng = np.random.default_rng(0)
    labels = np.arange(20) % 2
    vectors = rng.normal(size=(20, 4)).astype(np.float32)
    vectors[:, 1] = 3e11
    vectors[:, 3] += 5 * labels
    prepared = prepare(vectors, labels, 2)
    chosen = prepared["select"].get_support(indices=True)
    assert 3 in chosen
    assert 1 not in chosen
    scaled = prepare(vectors, labels, None).transform(vectors.astype(np.float64))
    np.testing.assert_allclose(scaled[:, 1], 0)
    np.testing.assert_allclose(scaled[:, [0, 2, 3]].std(axis=0), 1)


def test_more_features_than_there_are_keeps_all():
    vectors = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    assert prepare(vectors, np.arange(6) % 2, 100).transform(vectors).shape == (6, 3)


def test_two_class_scores_become_columns():
    spread_out = spread(np.array([2.0, -4.0]), np.array([0, 2]), 3)
    np.testing.assert_array_equal(spread_out, [[-1, -np.inf, 1], [2, -np.inf, -2]])


def test_a_wild_value_does_not_rule():
    vectors = np.random.default_rng(0).normal(size=(200, 1)).astype(np.float32)
    vectors[0] = 1e9
    scaled = prepare(vectors, np.arange(200) % 2, None).transform(np.float64(vectors))
    assert scaled[0] < 15
