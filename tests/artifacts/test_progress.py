import logging

import pytest
from tests.artifacts import stages

from abaw_pipeline.artifacts import Recipe


def test_a_save_says_why_and_how_much(save, caplog):
    recipes = {"a": Recipe(stages.double, {"x": 1}), "b": Recipe(stages.fail, {"x": 1})}
    first = save(recipes)
    caplog.clear()
    with caplog.at_level(logging.INFO):
        save({**recipes, "c": Recipe(stages.value, {"x": 2})}, first)
    assert caplog.messages[:2] == ["numbers: 1 to compute (failed last time)", "numbers: 1 to compute (new)"]
    assert caplog.messages[2].startswith("numbers: 1 computed, 1 skipped, 1 failed in ")
    assert caplog.records[2].levelno == logging.WARNING


def test_a_stop_is_said(save, caplog):
    with caplog.at_level(logging.INFO), pytest.raises(stages.StageError):
        save({"b": Recipe(stages.fail, {"x": 1})}, on_error="raise")
    assert "stopped after" in caplog.messages[-1]
