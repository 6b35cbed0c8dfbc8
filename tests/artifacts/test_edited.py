"""A file is edited while the program runs: no piece of one version of the code is stored as one of the other."""

import importlib
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from tests.artifacts import stages
from tests.artifacts.packages import package

from abaw_pipeline.artifacts import Recipe, reach
from abaw_pipeline.artifacts.witness import EditedSourceError

MAIN = """
from pathlib import Path

def run(x=0, late=None):
    if late:
        Path(late).write_text("def helper(): return 2  # longer")
    from made.late import helper
    return helper()

def parts(x=0, late=None):
    import pyarrow as pa
    yield pa.table({"x": [x]})
    if late:
        Path(late).write_text("def helper(): return 2  # longer")
    from made.late import helper
    yield pa.table({"x": [helper()]})

def early(x=0): return 1
"""
FILES = {"__init__.py": "", "main.py": MAIN, "late.py": "def helper(): return 1"}


def edit(module: str, text: str = "def helper(): return 2  # longer") -> None:
    """As an editor does it: aside, and renamed."""
    path = Path(importlib.import_module("made").__path__[0]) / f"{module}.py"
    aside = path.with_suffix(".new")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)


def test_an_edit_after_the_import_is_an_error_that_says_so(tmp_path):
    """The process would run the old code under the fingerprint of the new."""
    with package(tmp_path, FILES):
        main = importlib.import_module("made.main")
        edit("main", MAIN.replace("return 1", "return 2"))
        with pytest.raises(EditedSourceError, match=r"main\.py was edited after this process had imported it"):
            reach.reach(main.early)


def test_an_edit_that_is_set_back_to_its_date_and_size_is_seen(tmp_path):
    """Copying with dates, as `rsync -t` does, must not hide an edit."""
    with package(tmp_path, FILES):
        main = importlib.import_module("made.main")
        path = Path(main.__file__)
        status = path.stat()
        path.write_text(path.read_text().replace("return 1", "return 2"))
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        assert path.stat().st_size == status.st_size
        with pytest.raises(EditedSourceError):
            reach.reach(main.early)


def test_an_edit_before_the_import_is_none(tmp_path):
    with package(tmp_path, FILES):
        main = importlib.import_module("made.main")
        edit("late")
        recipe = Recipe(main.run, {})
        assert not recipe.changed()
        assert recipe.compute() == 2


def test_an_edit_between_planning_and_work_is_found_before_the_work(tmp_path, store, save):
    with package(tmp_path, FILES):
        recipes = {"k": Recipe(importlib.import_module("made.main").run, {})}
        assert recipes["k"].fingerprint
        edit("late")
        entry = save(recipes)["k"]
    assert (entry.error, entry.message) == (
        "CodeChangedError",
        "run: its code was edited while the program ran; run it again",
    )
    assert not store.present()


@pytest.mark.parametrize(("function", "format"), [("run", "json"), ("parts", "table")])
def test_what_is_imported_late_is_what_was_read(tmp_path, store, save, function, format):
    """The fingerprint was made of the old file; the function imports the new one when it comes to it."""
    with package(tmp_path, FILES):
        main = importlib.import_module("made.main")
        late = Path(main.__file__).with_name("late.py")
        recipes = {"k": Recipe(getattr(main, function), {}, execution={"late": str(late)})}
        object.__setattr__(store, "format", format)
        entry = save(recipes)["k"]
    assert entry.error == "CodeChangedError"
    assert "late.py was edited between planning and importing it" in entry.message
    assert not store.present()


def test_a_module_that_was_loaded_anew_into_itself_after_an_edit_is_refused(tmp_path):
    """Others still hold the functions that they took from it before."""
    with package(
        tmp_path,
        {"__init__.py": "", "main.py": "from made.a import f\ndef run(): return f()", "a.py": "def f(): return 1"},
    ):
        main, module = importlib.import_module("made.main"), importlib.import_module("made.a")
        edit("a", "def f(): return 22")
        importlib.reload(module)
        assert main.run() == 1
        with pytest.raises(EditedSourceError):
            reach.reach(main.run)


def test_a_package_that_was_imported_anew_as_a_whole_is_taken_as_it_is(tmp_path):
    """As `%reload_kedro` does in a notebook."""

    def fresh() -> Recipe:
        for name in [name for name in sys.modules if name.partition(".")[0] == "made"]:
            del sys.modules[name]
        importlib.invalidate_caches()
        return Recipe(importlib.import_module("made.main").run, {})

    with package(tmp_path, FILES):
        before = fresh()
        assert (before.compute(), bool(before.fingerprint)) == (1, True)
        edit("late")
        after = fresh()
        assert after.fingerprint != before.fingerprint
        assert after.compute() == 2


PROGRAM = """
import sys
from pathlib import Path
from abaw_pipeline.artifacts import Recipe, StoredMap
from abaw_pipeline.artifacts.compute import compute_pieces
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.artifacts.manifest import Manifest
from abaw_pipeline.artifacts.store import PieceStore
import made.main

folder, when = Path(sys.argv[1]), sys.argv[2]
late = folder / "made" / "late.py"
store = PieceStore(str(folder / "pieces"), "json")

def save(first):
    recipes = {f"k{n}": Recipe(made.main.run, {"x": n}) for n in range(first, first + 4)}
    for recipe in recipes.values():
        recipe.fingerprint
    if when == f"before {first}":
        late.write_text("def helper(): return 2  # longer")
    return compute_pieces("numbers", recipes, store, Manifest(), Execution(workers=2)).entries

entries = [*save(0), *save(4)]
stored = StoredMap("numbers", entries, store)
print([stored[e.key] if e.status == "done" else e.error for e in entries])
"""


def program(folder: Path, when: str) -> str:
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")]), *sys.path]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), str(folder), when]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=folder)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def lay_out(folder: Path) -> None:
    for path, text in FILES.items():
        file = folder / "made" / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)


def test_workers_and_planner_agree_on_the_code_or_nothing_is_stored(tmp_path):
    """Workers start after the edit, and would store pieces of the new code under the names of the old."""
    lay_out(tmp_path)
    assert program(tmp_path, "before 0") == str(["CodeChangedError"] * 4 + [2] * 4)


@pytest.mark.long
def test_workers_that_live_on_finish_what_they_began(tmp_path):
    """They have imported, and read, what the planner has read; only the next program sees the edit."""
    lay_out(tmp_path)
    assert program(tmp_path, "before 4") == str([1] * 8)
    assert program(tmp_path, "never") == str([2] * 8)


def test_an_argument_that_a_function_changes_does_not_spoil_the_next_piece(store, save):
    """Recipes share lists and arrays; an earlier one must not change what a later one is named after."""
    numbers = np.array([3, 1, 2])
    entries = save({f"k{n}": Recipe(stages.sorts, {"numbers": numbers, "x": n}) for n in range(2)})
    assert [entry.error for entry in entries.values()] == [None, "ArgumentChangedError"]
    assert "argument numbers changed after the work was planned" in entries["k1"].message
