"""Methods that no recipe names: of an object that comes out of a piece, or that arrives as an argument."""

import importlib
from pathlib import Path
from typing import Any

import pytest
from tests.artifacts.packages import package

from abaw_pipeline.artifacts import Recipe, StoredMap
from abaw_pipeline.artifacts.compute import compute_pieces
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.artifacts.formats import get_format, storage_text
from abaw_pipeline.artifacts.manifest import Manifest
from abaw_pipeline.artifacts.reach import reach
from abaw_pipeline.artifacts.store import PieceStore

FILES = {
    "__init__.py": "",
    "helpers.py": "def scale(): return {number}",
    "things.py": """
        from made.helpers import scale
        class Thing:
            def __init__(self, x): self.x = x
            def worth(self): return self.x * scale()
            def __add__(self, other): return self.worth() + other
        """,
    "formats.py": """
        from abaw_pipeline.artifacts.formats import JsonFormat
        from made.things import Thing
        class Own(JsonFormat):
            def read(self, path): return Thing(super().read(path))
        """,
    "parts.py": """
        from abaw_pipeline.parts import Part
        from made import helpers
        class Gain(Part):
            factor: int = 2
            def apply(self, x): return x * self.factor * helpers.scale()
        """,
    "main.py": """
        def make(x): return x
        def method(thing): return thing.worth()
        def operator(thing): return thing + 1
        def first(things): return things[0].worth()
        def part(gain): return gain.apply(1)
        """,
}


def result(folder: Path, number: int, function: str) -> Any:
    """What a function makes of a piece that is read as a Thing, with stores that live on from version to version."""
    files = {path: text.replace("{number}", str(number)) for path, text in FILES.items()}
    with package(folder, files):
        get_format.cache_clear()
        main = importlib.import_module("made.main")
        up = stored(folder / "up", {"k": Recipe(main.make, {"x": 5})}, "made.formats:Own").ref("k")
        given = {"first": {"things": [up]}, "part": {"gain": importlib.import_module("made.parts").Gain()}}
        recipe = Recipe(getattr(main, function), given.get(function, {"thing": up}))
        return stored(folder / "down", {"k": recipe}, "json")["k"]


def stored(folder: Path, recipes: dict[Any, Recipe], format: str) -> StoredMap:
    store = PieceStore(str(folder), format)
    entries = compute_pieces("a", recipes, store, Manifest(), Execution(workers=1, on_error="raise")).entries
    return StoredMap("a", entries, store)


@pytest.mark.parametrize(
    ("function", "before", "after"), [("method", 5, 10), ("operator", 6, 11), ("first", 5, 10), ("part", 2, 4)]
)
def test_a_helper_behind_a_method_that_no_recipe_names_counts(function, before, after, tmp_path):
    assert result(tmp_path, 1, function) == before
    assert result(tmp_path, 2, function) == after
    assert result(tmp_path, 1, function) == before


@pytest.mark.parametrize(("name", "held"), [("features", "FeatureSequence"), ("audio", "Waveform")])
def test_the_class_that_a_built_in_format_reads_counts(name, held):
    """An upstream function that only hands a sequence on does not name its class."""
    found = reach(get_format(name).holds)
    assert f"abaw_pipeline.types:{held}" in found.definitions
    assert found.code[:16] in storage_text(name)


def test_the_class_that_trained_systems_are_read_as_counts():
    made = get_format("abaw_pipeline.systems.storage:FittedFormat")
    found = reach(type(made))
    assert "abaw_pipeline.types:Fitted" in found.definitions
    assert found.code[:16] in storage_text("abaw_pipeline.systems.storage:FittedFormat")
