from pathlib import Path

import pytest
from tests.artifacts.studies import Data, read

from abaw_pipeline.artifacts.manifest import ManifestError, read_manifest
from abaw_pipeline.artifacts.verify import check_pieces, named_pieces


@pytest.fixture
def data(tmp_path: Path) -> Data:
    return Data(tmp_path)


def findings(*stored, version=None):
    seen = []
    pieces = named_pieces(stored, version)
    found = list(check_pieces(pieces, seen.append))
    assert seen == pieces
    return {(finding.piece.keys[0][1], finding.problem) for finding in found}


def test_flipped_cut_and_gone_are_told_apart_and_just_these_are_made_again(data):
    stored = data.numbers("ours")
    files = data.save(stored, "1", *range(10, 20))
    flipped, cut, gone = files[:3]
    flipped.write_bytes(bytes([flipped.read_bytes()[0] ^ 1]) + flipped.read_bytes()[1:])
    cut.write_bytes(cut.read_bytes()[:-1])
    gone.unlink()
    assert findings(stored) == {("k10", "damaged"), ("k11", "damaged"), ("k12", "missing")}
    assert {path.name for path in (cut.parents[1] / ".damaged").iterdir()} == {flipped.name, cut.name}
    made_at = {path: path.stat().st_mtime_ns for path in files[3:]}
    data.save(stored, "2", *range(10, 20))
    assert {path: path.stat().st_mtime_ns for path in files[3:]} == made_at
    assert read(stored, "2") == {f"k{n}": 2 * n for n in range(10, 20)}
    assert findings(stored) == set()


def test_the_latest_version_or_the_one_that_is_named(data):
    stored = data.numbers("ours")
    (old,) = data.save(stored, "1", 1)
    data.save(stored, "2", 2)
    old.unlink()
    assert findings(stored) == set()
    assert findings(stored, version="1") == {("k1", "missing")}
    assert named_pieces([stored], "3") == []


def test_a_file_with_the_right_name_and_other_content_is_damaged_though_its_size_fits(data):
    stored = data.numbers("ours")
    one, other = data.save(stored, "1", 1, 2)
    one.write_bytes(other.read_bytes())
    assert findings(stored) == {("k1", "damaged")}


def test_a_piece_of_several_keys_is_read_once_and_all_are_told(data):
    stored = data.numbers("ours")
    data.save(stored, "1", 1)
    other = data.numbers("theirs")
    data.save(other, "1", 1)
    (piece,) = named_pieces([stored, other])
    assert piece.keys == (("numbers", "k1"), ("numbers", "k1"))
    assert len(named_pieces([stored, stored])[0].keys) == 1


def test_a_damaged_manifest_is_named(data):
    stored = data.numbers("ours")
    data.save(stored, "1", 1)
    stored.file("1").write_bytes(b"garbage")
    with pytest.raises(ManifestError, match=r"1/numbers\.parquet"):
        named_pieces([stored])


def test_what_may_not_be_read_stays_where_it_is(data, monkeypatch):
    stored = data.numbers("ours")
    (piece,) = data.save(stored, "1", 1)

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("abaw_pipeline.artifacts.verify.sha256_of", refuse)
    assert findings(stored) == {("k1", "unreadable")}
    assert piece.exists()


def test_what_failed_names_no_piece(data):
    stored = data.numbers("ours")
    data.save(stored, "1")
    assert read_manifest(stored.file("1")).entries == []
    assert findings(stored) == set()
