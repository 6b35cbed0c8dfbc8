"""What fingerprints do not see, as it is today; `reach` has the list. A limit that falls is a test to turn round."""

import importlib
from pathlib import Path

import pytest
from tests.artifacts import stages, values
from tests.artifacts.packages import package, reach_of, read_cases

from abaw_pipeline.artifacts import Recipe
from abaw_pipeline.artifacts.fingerprint import components
from abaw_pipeline.artifacts.formats import storage_text
from abaw_pipeline.types import File

UNSEEN = read_cases("unseen")


@pytest.mark.parametrize("case", UNSEEN.values(), ids=UNSEEN.keys())
def test_edit_that_is_not_seen(case, tmp_path: Path):
    before, after = case
    assert reach_of(tmp_path, before) == reach_of(tmp_path, after)


def test_a_registry_counts_as_soon_as_something_imports_what_fills_it(tmp_path: Path):
    """What to do about it: import the module where its function is looked up, or name it as a text in parameters."""
    before, after = UNSEEN["registered by a module that nothing imports"]
    imported = "import made.plugins\n"
    with_import = [reach_of(tmp_path, files | {"main.py": imported + files["main.py"]}) for files in (before, after)]
    assert with_import[0] != with_import[1]


def test_a_variable_whose_name_is_computed(tmp_path, monkeypatch):
    source = "import os\ndef run(x='scale'): return os.environ[f'MADE_{x.upper()}']"
    monkeypatch.setenv("MADE_SCALE", "1")
    before = reach_of(tmp_path, {"main.py": source})
    monkeypatch.setenv("MADE_SCALE", "2")
    assert reach_of(tmp_path, {"main.py": source}) == before


def test_a_text_that_names_a_module_with_dots_alone(tmp_path):
    """As an argument only "package.module:name" counts as code: "a.b.c" may be any clip's name."""

    def found(number: int) -> object:
        with package(tmp_path, {"__init__.py": "", "a.py": f"def f(): return {number}"}):
            return components(stages.value, {"x": "made.a.f"})

    assert found(1) == found(2)


def test_where_a_file_lies():
    prints = {Recipe(stages.value, {"x": File(path, "00")}).fingerprint for path in ("a.wav", "b.mp3")}
    assert len(prints) == 1


def test_what_a_part_keeps_in_private_attributes():
    part, other = values.Keeping(), values.Keeping()
    other._kept = 1
    assert Recipe(stages.value, {"x": part}).fingerprint == Recipe(stages.value, {"x": other}).fingerprint


def test_the_code_of_built_in_formats(monkeypatch):
    """They have a generation, which is raised when what they read is no longer what they wrote."""
    from abaw_pipeline.artifacts.formats import JsonFormat

    before = storage_text("json")
    assert before == "json 1"
    monkeypatch.setattr(JsonFormat, "generation", 2)
    assert storage_text("json") == "json 2"


def test_what_an_earlier_piece_has_left_in_a_module(tmp_path):
    source = "SEEN = []\ndef run(x):\n    SEEN.append(x)\n    return len(SEEN)"
    with package(tmp_path, {"__init__.py": "", "main.py": source}):
        main = importlib.import_module("made.main")
        first, second = Recipe(main.run, {"x": 1}), Recipe(main.run, {"x": 1})
        assert first.fingerprint == second.fingerprint
        assert (first.compute(), second.compute()) == (1, 2)
