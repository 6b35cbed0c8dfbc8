"""Estimators in bytes: whole, trusted, and the same whenever the estimator is."""

import copy
import io
import pickle
import zipfile

import numpy as np
import pytest
import skops.io
from sklearn.dummy import DummyClassifier
from tests.systems.examples import CLASSICAL, SYSTEMS, make_examples

from abaw_pipeline.estimator_bytes import TRUSTED_TYPES, dump_estimator, load_estimator
from abaw_pipeline.types import Fitted

ESTIMATORS = [name for name in CLASSICAL if name not in {"framewise", "xgboost"}]  # these are arrays


@pytest.mark.parametrize("name", CLASSICAL)
def test_stored_and_loaded_estimator_predicts_the_same(name):
    system, examples = SYSTEMS[name], make_examples()
    fitted = system.fit(examples, seed=0)
    estimator = fitted.estimator
    if estimator is not None:
        content = dump_estimator(estimator)
        assert set(skops.io.get_untrusted_types(data=content)) <= set(TRUSTED_TYPES)
        estimator = load_estimator(content)
    loaded = Fitted(fitted.card, {n: np.array(a) for n, a in fitted.tensors.items()}, estimator)
    for a, b in zip(system.predict(loaded, examples), system.predict(fitted, examples), strict=True):
        np.testing.assert_array_equal(a.values, b.values)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_equal_estimators_are_equal_bytes(name):
    """Other places in memory, and what is shared there, make no difference; nor does a way through another process."""
    system, examples = SYSTEMS[name], make_examples()
    first, second = (system.fit(examples, seed=0).estimator for _ in range(2))
    assert first is not second
    content = dump_estimator(first)
    assert dump_estimator(second) == content
    assert dump_estimator(pickle.loads(pickle.dumps(first))) == content  # what a worker sends
    assert dump_estimator(load_estimator(content)) == content
    other = system.fit(make_examples(seed=1), seed=0).estimator
    assert dump_estimator(other) != content


def test_attributes_may_have_the_names_that_skops_uses():
    estimator = DummyClassifier()
    estimator.file, estimator.__id__ = np.arange(3), np.eye(2)
    estimator.content = estimator.file  # one array under two names
    made = load_estimator(dump_estimator(copy.copy(estimator)))
    np.testing.assert_array_equal(made.file, np.arange(3))
    assert made.content is made.file
    assert made.__id__.tolist() == np.eye(2).tolist()


def test_nothing_in_the_archive_tells_when_it_was_made():
    with zipfile.ZipFile(io.BytesIO(dump_estimator(DummyClassifier()))) as archive:
        assert {item.date_time for item in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
