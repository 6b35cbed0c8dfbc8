import numpy as np

from abaw_pipeline.training.batches import mix, one_hot, pad


def test_padding_is_zero():
    padded, lengths = pad([np.ones((2, 3), np.float32), np.ones((4, 3), np.float32)])
    assert padded.shape == (2, 4, 3)
    assert lengths.tolist() == [2, 4]
    assert padded[0, 2:].sum() == 0
    assert padded.sum() == 18


def test_mixed_targets_follow_the_mixed_sounds():
    labels = np.array([0, 1, 2, 1])
    sounds = np.repeat(one_hot(labels, 3)[:, None], 5, axis=1)
    lengths = np.array([5, 3, 4, 5])
    mixed, longer, targets = mix(sounds, lengths, one_hot(labels, 3), 0.5, np.random.default_rng(0))
    np.testing.assert_allclose(mixed[:, 0], targets, atol=1e-6)
    np.testing.assert_allclose(targets.sum(axis=1), 1, atol=1e-6)
    assert (longer >= lengths).all()
    assert (targets.argmax(axis=1) == labels).all(), "the larger share is the example's own"
    assert mixed.dtype == targets.dtype == np.float32
