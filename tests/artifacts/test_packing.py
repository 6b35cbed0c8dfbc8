import pickle
import threading

import pytest
from tests.artifacts import stages

from abaw_pipeline.artifacts import Recipe, packing
from abaw_pipeline.artifacts.cluster_worker import Probe, lay_out
from abaw_pipeline.artifacts.manifest import Manifest
from abaw_pipeline.artifacts.packing import TooLargeError, pack
from abaw_pipeline.artifacts.plan import make_plan

PROBE = Probe("", "", "", b"")


def tasks(store, **recipes):
    return [[job] for job in make_plan(recipes, store, Manifest()).jobs]


def test_a_packed_task_is_done_where_it_is_unpacked(store):
    (task,) = tasks(store, k=Recipe(stages.double, {"x": 2}))
    with lay_out(store, [task]) as probe:
        (outcome,) = pickle.loads(pack(task, store, probe))
    assert store.path(outcome.written.path).read_text() == "4"


def test_a_value_that_should_be_a_reference_is_told_of(store, caplog, monkeypatch):
    """A study that works on one machine can bring a scheduler to its knees."""
    monkeypatch.setattr(packing, "LARGE", 5000)
    small, large = tasks(
        store, a=Recipe(stages.value, {"x": 1}), b=Recipe(stages.add, {"left": "l" * 9000, "right": 2})
    )
    pack(small, store, PROBE)
    assert not caplog.messages
    pack(large, store, PROBE)
    assert "tests.artifacts.stages.add" in caplog.text
    assert "argument 'left'" in caplog.text
    monkeypatch.setattr(packing, "LARGEST", 8000)
    with pytest.raises(TooLargeError, match=r"argument 'left'.*reference"):
        pack(large, store, PROBE)


def test_an_argument_that_cannot_travel_is_an_error_that_names_the_recipe(store):
    (task,) = tasks(store, k=Recipe(stages.value, {"x": 1}, {"lock": threading.Lock()}))
    with pytest.raises(TypeError, match="an argument of value cannot be pickled"):
        pack(task, store, PROBE)
