"""A folder of results as users see it."""

import os
from pathlib import Path

import pytest
from kedro.io.core import DatasetError

from abaw_pipeline.datasets import ResultFolder


def files(folder: Path) -> dict[str, bytes]:
    """Everything that lies below, hidden files too."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if not path.is_dir()}


def source(path: Path, content: bytes = b"piece") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_texts_and_copies_lie_under_their_names(tmp_path):
    piece = source(tmp_path / "pieces" / "4f.mp4", b"\x00\xffmovie")
    dataset = ResultFolder(filepath=str(tmp_path / "out"))
    assert not dataset.exists()
    dataset.save({"index.html": "<p>ä\r\n</p>\n", "Ärger, 1 #2/page.html": "x", "Ärger, 1 #2/annotated.mp4": piece})
    assert dataset.exists()
    assert dataset.load() == tmp_path / "out"
    assert files(tmp_path / "out") == {
        "index.html": "<p>ä\r\n</p>\n".encode(),
        "Ärger, 1 #2/page.html": b"x",
        "Ärger, 1 #2/annotated.mp4": b"\x00\xffmovie",
    }


def test_who_edits_a_result_does_not_touch_the_piece(tmp_path):
    piece, out = source(tmp_path / "piece"), tmp_path / "out"
    ResultFolder(filepath=str(out)).save({"a/b": piece})
    (out / "a" / "b").write_bytes(b"edited")
    assert piece.read_bytes() == b"piece"
    assert not (out / "a" / "b").is_symlink()


def test_what_is_there_is_not_copied_again_and_what_was_edited_is(tmp_path):
    piece, out = source(tmp_path / "piece"), tmp_path / "out"
    os.utime(piece, ns=(10**18, 10**18 + 7))
    dataset = ResultFolder(filepath=str(out))
    dataset.save({"kept": piece, "edited": piece})
    before = (out / "kept").stat().st_ino
    (out / "edited").write_bytes(b"other")  # as long as the piece
    dataset.save({"kept": piece, "edited": piece})
    assert (out / "kept").stat().st_ino == before
    assert (out / "edited").read_bytes() == b"piece"


@pytest.mark.parametrize("change", ["content", "time"])
def test_another_piece_takes_the_place_of_the_old_one(change, tmp_path):
    out = tmp_path / "out"
    old, new = source(tmp_path / "old", b"old"), source(tmp_path / "new", b"new!" if change == "content" else b"new")
    os.utime(old, ns=(10**18, 10**18))
    os.utime(new, ns=(10**18, 10**18 + (0 if change == "content" else 1)))
    for piece in (old, new):
        ResultFolder(filepath=str(out)).save({"a": piece})
    assert (out / "a").read_bytes() == new.read_bytes()


def test_results_of_earlier_runs_stay(tmp_path):
    dataset = ResultFolder(filepath=str(tmp_path / "out"))
    dataset.save({"first/page.html": "1", "index.html": "1"})
    dataset.save({"second/page.html": "2", "index.html": "2"})
    assert files(tmp_path / "out") == {"first/page.html": b"1", "second/page.html": b"2", "index.html": b"2"}


@pytest.mark.parametrize("name", ["../a", "a/../../b", "/a", "", ".", "a/.."])
def test_nothing_is_written_outside(name, tmp_path):
    with pytest.raises(DatasetError, match="does not lie below"):
        ResultFolder(filepath=str(tmp_path / "out")).save({name: "x"})
    assert not list(tmp_path.rglob("*"))


def test_a_link_in_the_place_of_a_result_is_replaced_and_not_followed(tmp_path):
    precious, out = source(tmp_path / "precious"), tmp_path / "out"
    out.mkdir()
    (out / "a").symlink_to(precious)
    (out / "b").symlink_to(precious)
    ResultFolder(filepath=str(out)).save({"a": "text", "b": source(tmp_path / "new", b"new")})
    assert precious.read_bytes() == b"piece"
    assert (files(out), (out / "a").is_symlink(), (out / "b").is_symlink()) == (
        {"a": b"text", "b": b"new"},
        False,
        False,
    )


def test_a_write_protected_piece_can_be_copied_and_its_copy_replaced(tmp_path):
    piece, out = source(tmp_path / "piece"), tmp_path / "out"
    piece.chmod(0o444)
    ResultFolder(filepath=str(out)).save({"a": piece})
    ResultFolder(filepath=str(out)).save({"a": source(tmp_path / "new", b"new")})
    assert files(out) == {"a": b"new"}


def test_what_fails_leaves_neither_half_a_file_nor_takes_the_old_one(tmp_path, monkeypatch):
    out, piece = tmp_path / "out", source(tmp_path / "piece")
    ResultFolder(filepath=str(out)).save({"a": "old"})
    was = os.replace

    def full(one: object, other: object) -> None:
        raise OSError(28, "No space left on device")

    for content in ("new", piece):
        monkeypatch.setattr(os, "replace", full)
        with pytest.raises(DatasetError, match="No space left"):
            ResultFolder(filepath=str(out)).save({"a": content})
        monkeypatch.setattr(os, "replace", was)
        assert files(out) == {"a": b"old"}


@pytest.mark.parametrize("name", ["x" * 300, "a\x00b"])
def test_names_that_no_file_can_have_are_an_error_of_the_dataset(name, tmp_path):
    with pytest.raises(DatasetError):
        ResultFolder(filepath=str(tmp_path / "out")).save({name: "x"})
    assert files(tmp_path) == {}


def test_a_piece_that_is_gone_is_an_error_and_leaves_nothing(tmp_path):
    with pytest.raises(FileNotFoundError):
        ResultFolder(filepath=str(tmp_path / "out")).save({"a": tmp_path / "gone"})
    assert files(tmp_path / "out") == {}


def test_a_dataset_tells_where_it_is(tmp_path):
    dataset = ResultFolder(filepath=str(tmp_path / "out"), metadata={"a": 1})
    assert dataset.metadata == {"a": 1}
    assert str(tmp_path / "out") in str(dataset)
