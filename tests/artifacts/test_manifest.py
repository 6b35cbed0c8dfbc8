import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abaw_pipeline.artifacts import manifest
from abaw_pipeline.artifacts.manifest import (
    Entry,
    Manifest,
    ManifestError,
    named_files,
    read_manifest,
    write_manifest,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
CODES = {"00ff": {"made.é:f": "aa"}}
keys = texts | st.lists(texts, min_size=2, max_size=3).map(tuple)


def entry(key, **more) -> Entry:
    return Entry(key, "done", "00ff", path="00/00ff.json", rows=1, bytes=2, sha256="ab", seconds=0.5, **more)


def write(path, entries):
    write_manifest(path, Manifest(entries, CODES), artifact="numbers", format="json")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "er" / "numbers.parquet"


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(keys, unique=True, max_size=5))
def test_rows_come_back_equal_and_in_order(path, names):
    entries = [entry(name, components={"code": "é", "argument x": ""}) for name in names]
    write(path, entries)
    assert read_manifest(path) == Manifest(entries, CODES)


def test_failures_come_back_equal(path):
    failed = Entry("k", "failed", "00", stage="f", error="E", message="m", traceback="t\nt", blocked_by="a[k]")
    write(path, [failed])
    assert read_manifest(path).entries == [failed]


def test_a_message_that_is_no_unicode_does_not_lose_the_run(path):
    write(path, [Entry("k", "failed", "00", message="cannot open b\udce9b.wav")])
    assert read_manifest(path).entries[0].message == "cannot open b\\udce9b.wav"


def test_it_is_a_table_anyone_can_read(path):
    write(path, [entry("k"), entry(("a", "b"))])
    frame = pd.read_parquet(path)
    assert [list(key) for key in frame["key"]] == [["k"], ["a", "b"]]
    assert pq.read_schema(path).metadata[b"abaw_pipeline.artifact"] == b"numbers"


@pytest.mark.parametrize("content", [b"", b"PAR1", b"not parquet at all", b"PAR1" + b"x" * 100 + b"PAR1"])
def test_garbage_is_named(tmp_path, content):
    path = tmp_path / "numbers.parquet"
    path.write_bytes(content)
    with pytest.raises(ManifestError, match=r"numbers\.parquet: not a manifest"):
        read_manifest(path)


def test_another_table_is_named(tmp_path):
    path = tmp_path / "numbers.parquet"
    pq.write_table(pa.table({"key": [1]}), path)
    with pytest.raises(ManifestError, match="manifest version none"):
        read_manifest(path)


def test_a_later_layout_is_named(path, monkeypatch):
    monkeypatch.setattr(manifest, "VERSION", 99)
    write(path, [entry("k")])
    monkeypatch.undo()
    with pytest.raises(ManifestError, match=r"version 99, this release reads 2; .* by a newer release .* another data"):
        read_manifest(path)


def test_a_missing_file_is_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_manifest(tmp_path / "nowhere.parquet")


def test_a_write_that_fails_leaves_the_earlier_manifest(path, monkeypatch):
    write(path, [entry("k")])

    def full(table, where, **_):
        where.write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(OSError, match="no space"):
        write(path, [entry("l")])
    assert [row.key for row in read_manifest(path).entries] == ["k"]
    assert list(path.parent.iterdir()) == [path]


def test_parts_of_the_fingerprint_are_json(path):
    write(path, [entry("k", components={"b": "2", "a": "1"})])
    assert json.loads(pq.read_table(path).column("components")[0].as_py()) == {"a": "1", "b": "2"}


def test_a_flipped_bit_never_makes_it_name_other_files(path):
    """What kedro prune removes hangs on this."""
    write(path, [entry("k"), Entry("l", "failed", "00")])
    content = path.read_bytes()
    column = pq.ParquetFile(path).metadata.row_group(0).column(3)
    start = column.dictionary_page_offset
    for place in {*range(start, start + column.total_compressed_size), *range(0, len(content), 16)}:
        flipped = bytearray(content)
        flipped[place] ^= 1
        path.write_bytes(flipped)
        try:
            names = named_files(path)
        except ManifestError:
            continue
        assert names == ["00/00ff.json"], place


def test_a_table_is_no_manifest(tmp_path):
    pq.write_table(pa.table({"key": [1], "path": ["x"]}), tmp_path / "t.parquet")
    assert named_files(tmp_path / "t.parquet") is None
