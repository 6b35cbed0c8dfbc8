import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from abaw_pipeline.systems.calibration import softmax
from abaw_pipeline.systems.shrinkage_lda import discriminant_path

from .examples import SYSTEMS, make_examples


@pytest.mark.parametrize("width", [4, 60])  # fewer and more features than clips
def test_path_agrees_with_scikit_learn(width):
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 3, 30)
    points, others = rng.normal(size=(30, width)) + labels[:, None], rng.normal(size=(7, width)) + 1
    path = discriminant_path(points, labels, others, [0.2, 0.9])
    for shrinkage, scores in zip([0.2, 0.9], path, strict=True):
        model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage).fit(points, labels)
        np.testing.assert_allclose(softmax(scores), softmax(model.decision_function(others)), atol=1e-9)


def test_chosen_shrinkage_has_the_least_inner_loss():
    system = SYSTEMS["shrinkage_lda"]
    card = system.fit(make_examples(), seed=0).card
    best = int(np.argmin(card["inner_log_loss"]))
    assert card["shrinkage"] == system.shrinkages[best]
