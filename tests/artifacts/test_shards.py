import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abaw_pipeline.artifacts import shard

items = st.lists(st.text(max_size=4) | st.tuples(st.text(max_size=3), st.integers()), unique=True, max_size=60)


def power(size: int, count: int) -> int:
    number = 1
    while number * size < count:
        number *= 2
    return number


@settings(deadline=None)
@given(items, st.integers(1, 20))
def test_every_item_is_in_one_shard_in_its_order(given_items, size):
    shards = shard(given_items, size)
    assert sorted(map(repr, given_items)) == sorted(repr(item) for part in shards.values() for item in part)
    assert all(part for part in shards.values())
    for part in shards.values():
        places = [given_items.index(item) for item in part]
        assert places == sorted(places)


@settings(deadline=None)
@given(items, st.integers(1, 20), st.integers(0, 100))
def test_one_item_more_or_less_changes_one_shard(given_items, size, place):
    new = ("new", 0)
    kept = [item for item in given_items if item != new]
    more = [*kept[:place], new, *kept[place:]]
    if power(size, len(kept)) != power(size, len(more)):
        return  # the number of shards has doubled
    before, after = shard(kept, size), shard(more, size)
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    assert len(changed) == 1


def test_shards_are_about_as_large_as_asked():
    sizes = [len(part) for part in shard([f"still{i}" for i in range(10_000)], 500).values()]
    assert len(sizes) == 32
    assert min(sizes) > 200
    assert max(sizes) < 500


def test_which_shard_an_item_is_in_is_fixed():
    """Another spelling of the hash would recompute every still of every user."""
    assert shard(["a", "b", "c", "d"], 1) == {"0001": ("c", "d"), "0002": ("b",), "0003": ("a",)}


def test_no_items_are_no_shards():
    assert shard([]) == {}


@pytest.mark.parametrize("size", [0, -1])
def test_a_size_below_one_is_refused(size):
    with pytest.raises(ValueError, match="at least one"):
        shard(["a", "b"], size)
