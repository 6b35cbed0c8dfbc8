import pickle
from collections import namedtuple
from pathlib import Path
from types import MappingProxyType

import pytest
from tests.artifacts import stages

from abaw_pipeline.artifacts import BlockedError, LostPieceError, Recipe, Ref
from abaw_pipeline.artifacts.refs import LazyPieces, references, resolve
from abaw_pipeline.artifacts.store import PieceStore

Two = namedtuple("Two", "a b")


@pytest.fixture
def refs(tmp_path) -> list[Ref]:
    found = []
    store = PieceStore(str(tmp_path), "json")
    for number in range(3):
        written = store.write(f"{number:032x}", number * 10)
        found.append(Ref("numbers", f"k{number}", f"{number:032x}", str(store.path(written.path)), "json"))
    return found


def test_references_are_replaced_wherever_they_are(refs):
    one, two, _ = refs
    given = {"a": one, "b": {"c": [two, 5]}, "d": MappingProxyType({"e": one}), "f": Two(one, 1), "g": "text"}
    assert resolve(given) == {"a": 0, "b": {"c": [10, 5]}, "d": {"e": 0}, "f": Two(0, 1), "g": "text"}
    assert list(references(given)) == [one, two, one, one]


@pytest.mark.parametrize("kind", [list, tuple])
def test_lists_of_references_are_read_one_by_one(refs, kind, tmp_path):
    pieces = resolve(kind(refs))
    Path(refs[1].path).unlink()
    assert isinstance(pieces, LazyPieces)
    assert (len(pieces), pieces[0], pieces[-1], list(pieces[::2])) == (3, 0, 20, [0, 20])
    with pytest.raises(LostPieceError, match="is gone"):
        pieces[1]
    with pytest.raises(IndexError):
        pieces[3]


def test_an_empty_list_stays_one():
    assert resolve([]) == []
    assert resolve(()) == ()


def test_only_what_a_function_touches_is_read(refs, tmp_path):
    Path(refs[2].path).unlink()
    assert Recipe(stages.first_of, {"parts": refs}).compute() == 0


def test_a_failed_reference_raises_where_it_is_read():
    failed = Ref("numbers", ("a", "b"), "00")
    assert failed.failed
    with pytest.raises(BlockedError, match=r"needs numbers\[a, b\], which failed"):
        Recipe(stages.double, {"x": failed}).compute()


def test_a_blocked_error_survives_the_way_between_processes():
    error = pickle.loads(pickle.dumps(BlockedError("numbers", ("a", "b"))))
    assert (error.artifact, error.key) == ("numbers", ("a", "b"))


def test_execution_arguments_reach_the_function(tmp_path):
    log = tmp_path / "log"
    assert Recipe(stages.logged, {"x": 1}, execution={"log": str(log)}).compute() == 10
    assert log.exists()
    assert Recipe(stages.chunk_double, {"x": 1}, execution={"log": str(log)}, chunk=4).compute() == 2


def test_an_exception_among_the_results_of_a_chunk_is_raised():
    with pytest.raises(ValueError, match="3 is odd"):
        Recipe(stages.chunk_marks_odd, {"x": 3}, chunk=4).compute()


def test_a_recipe_is_what_it_was_until_its_code_or_arguments_change():
    numbers = [1, 2]
    recipe = Recipe(stages.scaled, {"x": numbers, "gain": stages.Gain()})
    assert not recipe.changed()
    assert not pickle.loads(pickle.dumps(recipe)).changed()
    numbers.append(3)
    recipe.components["code"] = "other"
    assert sorted(recipe.changed()) == ["argument x", "code"]
