import numpy as np
import pytest

from abaw_pipeline.training.weighting import class_weights

LABELS = np.repeat([0, 1, 3], [80, 15, 5])


def test_formulas():
    np.testing.assert_array_equal(class_weights(LABELS, 4, "none"), 1)
    np.testing.assert_allclose(class_weights(LABELS, 4, "balanced"), [100 / 240, 100 / 45, 0, 100 / 15], rtol=1e-6)
    inverse = class_weights(LABELS, 4, "inverse")
    np.testing.assert_allclose(inverse / inverse[0], [1, 80 / 15, 0, 16], rtol=1e-6)
    assert inverse[[0, 1, 3]].mean() == pytest.approx(1)


def test_logarithm_of_the_paper_is_floored_at_one():
    weights = class_weights(LABELS, 4, "logarithmic")
    np.testing.assert_allclose(weights, [1, np.log(47 / 15), 0, np.log(47 / 5)], rtol=1e-6)
