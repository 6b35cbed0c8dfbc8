from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.artifacts import stages

from abaw_pipeline.artifacts import Recipe, RecipeMap, StoredMap
from abaw_pipeline.artifacts.compute import compute_pieces
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.artifacts.formats import PartFormat, get_format
from abaw_pipeline.artifacts.manifest import Manifest
from abaw_pipeline.artifacts.parts import join
from abaw_pipeline.artifacts.store import PieceStore
from abaw_pipeline.types import FeatureSequence, Waveform


@pytest.fixture
def stored(tmp_path):
    def save(recipes, format="table", workers=1):
        store = PieceStore(str(tmp_path / format), format)
        manifest = compute_pieces("parts", recipes, store, Manifest(), Execution(workers=workers))
        return StoredMap("parts", manifest.entries, store)

    return save


def in_parts(rows=10, size=3) -> Recipe:
    return Recipe(stages.table_in_parts, {"rows": rows, "size": size})


def test_a_generator_reads_like_any_piece_before_and_after_it_is_stored(stored):
    computed, read = RecipeMap("parts", {"k": in_parts()})["k"], stored({"k": in_parts()})["k"]
    assert computed.equals(read)
    assert computed["x"].to_pylist() == list(range(10))


def test_parts_are_row_groups_and_rows_are_counted(stored):
    found = stored({"k": in_parts()})
    entry = found.entries["k"]
    assert (entry.rows, pq.read_metadata(found.store.path(entry.path)).num_row_groups) == (10, 4)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_recipe_takes_a_piece_part_by_part_as_often_as_it_wants(stored, workers):
    tables = stored({"k": in_parts(), "l": in_parts(0)})
    recipes = {key: Recipe(stages.longest_part, {"table": tables.ref(key).in_parts(["x"])}) for key in tables}
    assert dict(stored(recipes, "json", workers)) == {"k": [3, 10, 10], "l": [0, 0, 0]}


def test_parts_come_from_a_recipe_that_is_not_stored_too():
    table = RecipeMap("parts", {"k": in_parts()}).ref("k").in_parts(["x"])
    assert Recipe(stages.longest_part, {"table": table}).compute() == [10, 10, 10]
    assert [part.column_names for part in table] == [["x"]]


def test_wanted_columns_count_in_the_fingerprint(stored):
    ref = stored({"k": in_parts()}).ref("k")
    marks = {
        Recipe(stages.longest_part, {"table": table}).fingerprint
        for table in (ref, ref.in_parts(), ref.in_parts(["x"]), ref.in_parts(["x", "y"]))
    }
    assert len(marks) == 4 or len(marks) == 3  # a whole piece and all of its parts may count as one


def test_an_error_between_parts_is_the_piece_s_and_leaves_nothing(stored, tmp_path):
    """Half a table must not be taken for a whole one, nor the error of another disk for one of the store's."""
    found = stored({"k": Recipe(stages.breaks_after, {"parts": 3}), "l": in_parts()})
    assert list(found) == ["l"]
    assert list(found.failures["error"]) == ["OSError"]
    assert not list((tmp_path / "table" / ".aside").iterdir())


def test_no_part_at_all_is_an_error_that_says_so(stored):
    found = stored({"k": Recipe(stages.no_parts, {})})
    assert "at least one part" in found.failures["message"][0]
    with pytest.raises(ValueError, match="at least one part"):
        Recipe(stages.no_parts, {}).compute()


def test_what_cannot_be_joined_is_refused():
    with pytest.raises(TypeError, match="int cannot be joined"):
        join(iter([1, 2]))
    with pytest.raises(ValueError, match="several rates"):
        join(iter([Waveform(np.zeros(1, np.float32), rate) for rate in (8000, 16000)]))


cuts = st.lists(st.integers(0, 50), max_size=6).map(sorted)


def pieces(cuts, length):
    return [slice(a, b) for a, b in pairwise([0, *(min(cut, length) for cut in cuts), length])]


@settings(max_examples=40, deadline=None)
@given(cuts=cuts, length=st.integers(1, 50))
def test_parts_of_any_size_make_the_same_piece(cuts, length, tmp_path_factory):
    folder = tmp_path_factory.mktemp("parts")
    rng = np.random.default_rng(length)
    start = np.arange(length) * 0.1
    values = rng.normal(size=(length, 3)).astype(np.float32)
    samples = (rng.integers(-32768, 32768, length) / 32768).astype(np.float32)
    cases = {
        "table": lambda at: pa.table({"x": start[at], "v": pa.array(["é"] * len(start[at]), pa.string())}),
        "features": lambda at: FeatureSequence(start[at], start[at] + 0.1, values[at]),
        "audio": lambda at: Waveform(samples[at], 16000),
    }
    for name, cut in cases.items():
        made, path = get_format(name), folder / f"piece{get_format(name).suffix}"
        assert isinstance(made, PartFormat)
        assert made.write_parts((cut(at) for at in pieces(cuts, length)), path) == length == made.count(str(path))
        whole, again = made.read(str(path)), join(iter(made.read_parts(str(path))))
        expected = cut(slice(None))
        for found in (whole, again):
            if isinstance(found, pa.Table):
                assert found.equals(expected)
            else:
                for field, array in vars(expected).items():
                    np.testing.assert_array_equal(getattr(found, field), array)


def test_long_sound_is_read_in_parts_of_half_a_minute(tmp_path):
    made = get_format("audio")
    samples = (np.arange(70 * 1000) % 1000 / 1000).astype(np.float32)
    made.write(Waveform(samples, 1000), tmp_path / "a.flac")
    assert [len(part.samples) for part in made.read_parts(str(tmp_path / "a.flac"))] == [30_000, 30_000, 10_000]


def test_parts_of_another_kind_or_rate_are_refused(tmp_path):
    with pytest.raises(TypeError):
        get_format("audio").write_parts(iter([Waveform(np.zeros(1, np.float32), 8000), 3]), tmp_path / "a.flac")
    with pytest.raises(ValueError, match="does not go on at 16000 Hz"):
        get_format("audio").write_parts(
            iter([Waveform(np.zeros(9, np.float32), rate) for rate in (8000, 16000)]), tmp_path / "b.flac"
        )
    with pytest.raises(ValueError, match="schema"):
        get_format("table").write_parts(iter([pa.table({"a": [1]}), pa.table({"b": [1]})]), tmp_path / "c")


def test_a_format_without_parts_stores_what_they_make_together(stored):
    """JSON knows no parts, and a table is no JSON: the error is the piece's, not a crash."""
    assert list(stored({"k": in_parts()}, "json").failures["error"]) == ["TypeError"]
