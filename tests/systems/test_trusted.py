import numpy as np
import pytest
import skops.io

from abaw_pipeline.systems.trusted import TRUSTED_TYPES
from abaw_pipeline.types import Fitted

from .examples import CLASSICAL, SYSTEMS, make_examples


@pytest.mark.parametrize("name", CLASSICAL)
def test_stored_and_loaded_estimator_predicts_the_same(name):
    system, examples = SYSTEMS[name], make_examples()
    fitted = system.fit(examples, seed=0)
    estimator = fitted.estimator
    if estimator is not None:
        content = skops.io.dumps(estimator)
        assert set(skops.io.get_untrusted_types(data=content)) <= set(TRUSTED_TYPES)
        estimator = skops.io.loads(content, trusted=list(TRUSTED_TYPES))
    loaded = Fitted(fitted.card, {n: np.array(a) for n, a in fitted.tensors.items()}, estimator)
    for a, b in zip(system.predict(loaded, examples), system.predict(fitted, examples), strict=True):
        np.testing.assert_array_equal(a.values, b.values)
