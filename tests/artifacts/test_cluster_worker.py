import pickle
from dataclasses import replace

import pytest
from tests.artifacts import stages

from abaw_pipeline.artifacts import Recipe
from abaw_pipeline.artifacts.cluster_worker import complaints, differences, lay_out
from abaw_pipeline.artifacts.manifest import Manifest
from abaw_pipeline.artifacts.plan import make_plan


@pytest.fixture
def probe(store):
    plan = make_plan({"k": Recipe(stages.features, {"steps": 2})}, store, Manifest())
    with lay_out(store, [plan.jobs]) as made:
        yield made


def test_a_worker_like_the_planner_has_nothing_to_say(probe):
    assert complaints(probe) == ()


def test_another_python_is_told(probe):
    (told,) = complaints(replace(probe, python="3.9"))
    assert "Python 3.9" in told


def test_another_folder_at_the_same_path_is_told(probe):
    """Each machine has a data folder of its own: all goes well there, and the next stage finds nothing."""
    (told,) = complaints(replace(probe, token="other"))
    assert "it sees another folder" in told


def test_a_folder_that_cannot_be_written_to_is_told(probe, monkeypatch):
    from pathlib import Path

    def refuse(path, *_, **__):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "write_text", refuse)
    (told,) = complaints(replace(probe, functions=pickle.dumps([])))
    assert "it cannot use the folder" in told
    assert "Permission denied" in told


def test_another_version_of_a_library_is_told(probe):
    parts = Recipe(stages.features, {"steps": 2}).components
    older = {"code": parts["code"], "libraries": "numpy 1.0", "generation": parts["generation"]}
    (told,) = complaints(replace(probe, functions=pickle.dumps([(stages.features, older)])))
    assert told == f"features would run with {parts['libraries']}, and was planned with numpy 1.0"


def test_another_class_of_an_argument_is_told():
    recipe = Recipe(stages.scaled, {"x": 1, "gain": stages.Gain()})
    assert differences(recipe) == []
    recipe.components["argument gain"] = "as it was"
    assert differences(recipe) == ["the argument gain of scaled is not what it was planned with"]
