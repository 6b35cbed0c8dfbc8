"""What corpora in folders share: listing, wrong levels, the one file of a clip."""

import os
import re

import pytest

from abaw_pipeline.corpora.folders import (
    by_stem,
    inner,
    inner_folders,
    is_folder,
    listed,
    media_in,
    missing,
    one_file,
    readable,
    refused,
    wrong_root,
)
from abaw_pipeline.errors import CorpusError

FOLDER = re.compile("take_\\d", re.IGNORECASE)


def put(root, *names, content=b""):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


def test_media_and_folders_are_told_by_name_and_by_what_they_are(tmp_path):
    put(tmp_path, "b.WAV", "a.wav", ".c.wav", "d.mp4", "Take_1/x.wav", "take_10/x.wav", "e.wav/inside", "take_2")
    assert [file.name for file in media_in(tmp_path, {".wav"})] == ["a.wav", "b.WAV"]
    assert [folder.name for folder in inner_folders(tmp_path, FOLDER)] == ["Take_1"]
    assert by_stem(tmp_path, {".wav", ".mp4"}).keys() == {"a", "b", "d"}


def test_a_folder_beneath_is_found_in_any_case_its_published_name_first(tmp_path):
    put(tmp_path, "a.b/x/1", "A.B/X/1", "axb/x/1")
    assert inner(tmp_path, "A.B", "X") == tmp_path / "A.B" / "X"
    assert inner(tmp_path, "a.B", "X") in {tmp_path / "A.B" / "X", tmp_path / "a.b" / "x"}
    assert inner(tmp_path, "a.b", "none") is None


def test_a_folder_that_cannot_be_listed_is_an_error_with_its_path(tmp_path):
    with pytest.raises(CorpusError, match=r"gone: the folder cannot be listed \(No such file"):
        listed(tmp_path / "gone")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may look at everything")
@pytest.mark.parametrize("mode", [0o000, 0o400])
def test_no_permission_is_an_error_with_its_path(tmp_path, mode):
    put(tmp_path, "closed/a.wav")
    closed = tmp_path / "closed"
    closed.chmod(mode)
    try:
        with pytest.raises(CorpusError, match=r"closed: the folder cannot be listed \(Permission denied"):
            media_in(closed, {".wav"})
    finally:
        closed.chmod(0o700)


def test_entries_that_cannot_be_looked_at_are_an_error_too(tmp_path):
    put(tmp_path, "a.wav")

    def denied(_):
        raise PermissionError(13, "Permission denied")

    with pytest.raises(CorpusError, match="Permission denied"):
        listed(tmp_path, denied)


def test_a_root_that_is_none(tmp_path):
    put(tmp_path, "file")
    for name in ("file", "none"):
        assert not is_folder(tmp_path / name)
    for name, what in (("file", "a file, not a folder."), ("none", "no such folder.")):
        assert f"{what} Expected: clips." in str(wrong_root(tmp_path / name, "clips", lambda _: False))
    assert is_folder(tmp_path)


def test_beside_a_root_that_is_none_the_right_one_is_named(tmp_path):
    put(tmp_path, "right/clip.wav", "other/x")
    put(tmp_path, "right/file")
    for given in ("rihgt", "right/clip.wav"):
        error = wrong_root(tmp_path / given, "clip.wav", lambda folder: (folder / "clip.wav").exists())
        assert error.hint == f"Expected: clip.wav. Set path to {tmp_path / 'right'}."
    assert "Set path" not in str(wrong_root(tmp_path / "no/where", "clips", lambda _: True))


@pytest.mark.parametrize(
    ("given", "right"),
    [("here", "here/a/right"), ("here/a/right/x", "here/a/right"), ("here/a/b/c/d", None), ("deep", None)],
)
def test_a_wrong_root_names_the_right_one_nearby(tmp_path, given, right):
    put(tmp_path, "here/a/right/clip.wav", "here/a/b/c/d/e.txt", "deep/1/2/3/4/clip.wav", "here/a/right/x/y.txt")
    error = wrong_root(tmp_path / given, "clip.wav", lambda folder: (folder / "clip.wav").exists())
    assert error.what.startswith("expected clip.wav; found ")
    hint = f"Set path to {tmp_path / right}." if right else "Set path to the folder that holds them."
    assert error.hint == hint


def test_folders_that_cannot_be_judged_do_not_hide_the_error(tmp_path):
    def closed(folder):
        raise CorpusError("closed")

    assert "found nothing" in str(wrong_root(tmp_path, "clips", closed))


def test_a_clip_has_one_file_that_is_no_pointer(tmp_path):
    put(tmp_path, "a.wav", "b.wav")
    put(tmp_path, "pointer.wav", content=b"version https://git-lfs.github.com/spec/v1\n")
    put(tmp_path, "large.wav", content=b"version https://git-lfs" + bytes(2000))
    assert one_file([tmp_path / "a.wav"]) == tmp_path / "a.wav"
    assert one_file([tmp_path / "large.wav"]) == tmp_path / "large.wav"
    assert one_file([tmp_path / "gone.wav"]) == tmp_path / "gone.wav"  # refused later, with all unreadable files
    with pytest.raises(CorpusError, match=r"several files are one clip: a\.wav, b\.wav"):
        one_file([tmp_path / "a.wav", tmp_path / "b.wav"])
    with pytest.raises(CorpusError, match="git lfs pull"):
        one_file([tmp_path / "pointer.wav"])


def test_names_in_no_encoding_stay_apart(tmp_path):
    names = ["caf\udce9.wav", "caf\udcea.wav"]
    rows = [refused("c", tmp_path, tmp_path / "x" / name, CorpusError("bad", where=name)) for name in names]
    assert [row.key for row in rows] == ["c/x/caf\\udce9.wav", "c/x/caf\\udcea.wav"]
    assert all(row.message.encode() for row in rows)
    assert readable("Zoë/😀") == "Zoë/😀"


def test_missing_clips_are_counted_and_a_few_named():
    assert missing({"a", "b"}, {"a", "b", "c"}) == []
    assert missing([f"{n}" for n in range(9)], {"3"}) == [
        "8 of the corpus's 9 clips are missing: 0, 1, 2, 4, 5, 6 and 2 more"
    ]
