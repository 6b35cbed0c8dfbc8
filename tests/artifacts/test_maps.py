import pickle

import pytest
from tests.artifacts import stages

from abaw_pipeline.artifacts import BlockedError, LostPieceError, Recipe, RecipeMap, StoredMap


def lines(path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0


def logged(log, *numbers):
    recipes = {f"k{n}": Recipe(stages.logged, {"x": n}, execution={"log": str(log)}) for n in numbers}
    return RecipeMap("numbers", recipes)


def test_reading_computes_once_and_only_what_is_read(tmp_path):
    log = tmp_path / "log"
    made = logged(log, 1, 2)
    assert (len(made), list(made), "k1" in made, "k3" in made) == (2, ["k1", "k2"], True, False)
    assert repr(made) == "RecipeMap('numbers', 2 recipes)"
    assert made.ref("k1").fingerprint
    assert lines(log) == 0
    assert (made["k1"], made["k1"]) == (10, 10)
    assert lines(log) == 1
    assert dict(made) == {"k1": 10, "k2": 20}
    assert made.failures.empty


def test_a_recipe_s_own_exception_comes_through():
    with pytest.raises(stages.StageError):
        RecipeMap("numbers", {"k": Recipe(stages.fail, {"x": 1})})["k"]


def test_a_missing_key_is_a_key_error():
    made = RecipeMap("numbers", {})
    with pytest.raises(KeyError):
        made["k"]
    with pytest.raises(KeyError):
        made.ref("k")


def test_maps_chain_without_being_stored():
    first = RecipeMap("first", {"k": Recipe(stages.value, {"x": 3})})
    second = RecipeMap("second", {"k": Recipe(stages.double, {"x": first.ref("k")})})
    both = RecipeMap("both", {"k": Recipe(stages.total, {"parts": [first.ref("k"), second.ref("k")]})})
    assert both["k"] == 9


@pytest.mark.parametrize("key", [1, None, ("a",), (), ("a", 1), b"a", ["a"] and frozenset("a")])
def test_keys_that_no_manifest_could_give_back_are_refused(key):
    with pytest.raises(TypeError, match="a key is a text or a tuple"):
        RecipeMap("numbers", {key: Recipe(stages.value, {"x": 1})})


@pytest.mark.parametrize("key", ["b\udce9b", ("a", "\ud800")])
def test_keys_that_are_not_unicode_are_refused_before_the_work(key):
    with pytest.raises(ValueError, match="not valid Unicode"):
        RecipeMap("numbers", {key: Recipe(stages.value, {"x": 1})})


def test_values_that_are_no_recipes_are_refused():
    with pytest.raises(TypeError, match=r"numbers\[a, b\] is a int, not a Recipe"):
        RecipeMap("numbers", {("a", "b"): 3})


def test_a_map_of_recipes_can_be_sent_to_another_process(tmp_path):
    made = logged(tmp_path / "log", 1)
    sent = pickle.loads(pickle.dumps(made))
    assert sent.ref("k1").fingerprint == made.ref("k1").fingerprint
    assert sent["k1"] == 10


@pytest.fixture
def stored(save, store):
    recipes = {f"k{n}": Recipe(stages.fail_if_odd, {"x": n}) for n in range(4)}
    return StoredMap("numbers", list(save(recipes).values()), store)


def test_only_successes_are_keys(stored):
    assert (len(stored), list(stored), stored.asked) == (2, ["k0", "k2"], ["k0", "k1", "k2", "k3"])
    assert dict(stored) == {"k0": 0, "k2": 2}
    assert repr(stored) == "StoredMap('numbers', 2 pieces, 2 failed)"
    assert "k1" not in stored


def test_a_failed_key_says_so_and_a_default_takes_its_place(stored):
    with pytest.raises(BlockedError, match=r"needs numbers\[k1\], which failed"):
        stored["k1"]
    assert stored.get("k1", "none") == "none"
    assert stored.ref("k1").failed
    with pytest.raises(BlockedError):
        stored.ref("k1").read()
    with pytest.raises(KeyError, match="k9") as caught:
        stored["k9"]
    assert not isinstance(caught.value, BlockedError)


def test_failures_are_a_table(stored):
    row = stored.failures.iloc[0].to_dict()
    assert (row["artifact"], row["key"], row["stage"], row["error"], row["message"]) == (
        "numbers",
        "k1",
        "fail_if_odd",
        "ValueError",
        "1 is odd",
    )
    assert list(stored.failures["key"]) == ["k1", "k3"]


def test_the_manifest_is_a_table(stored):
    table = stored.table
    assert list(table["key"]) == ["k0", "k1", "k2", "k3"]
    assert list(table["status"]) == ["done", "failed", "done", "failed"]


def test_reading_one_piece_reads_one_file(stored):
    """Memory and time must not grow with what is not asked for."""
    stored.store.path(stored.entries["k0"].path).unlink()
    assert stored["k2"] == 2
    with pytest.raises(LostPieceError, match=r"numbers\[k0\] cannot be read: .* is gone. Run the pipeline that makes"):
        stored["k0"]


def test_pieces_are_read_at_each_access_and_not_kept(stored):
    assert stored["k2"] == 2
    stored.store.path(stored.entries["k2"].path).unlink()
    with pytest.raises(LostPieceError):
        stored["k2"]


def test_a_piece_of_the_same_size_but_other_content_is_found_and_moved_aside(stored):
    """A flipped bit, or a file somebody edited, must not reach a result; the next run makes the piece again."""
    assert stored["k2"] == 2
    path = stored.store.path(stored.entries["k2"].path)
    path.write_text("7")
    with pytest.raises(LostPieceError, match="checksum differs"):
        stored["k2"]
    assert not path.exists()
    assert (path.parents[1] / ".damaged" / path.name).read_text() == "7"
    assert not any(path.name in relative for relative, _ in stored.store.files())
