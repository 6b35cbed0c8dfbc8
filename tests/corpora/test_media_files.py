import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from abaw_pipeline.corpora.base import CorpusListing
from abaw_pipeline.corpora.listing import list_corpora
from abaw_pipeline.corpora.media_files import MediaFiles


def put(folder: Path, *names: str) -> Path:
    """Files of a byte each; what is in them is not looked at here."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return folder


def entries(*paths: object) -> CorpusListing:
    return MediaFiles(paths=tuple(str(path) for path in paths)).entries("media")


def names(listing: CorpusListing) -> list[str]:
    return [clip.clip_id for clip in listing.clips]


def messages(listing: CorpusListing) -> list[str]:
    return [failure.message for failure in listing.failures]


def test_a_file_is_taken_whole_under_its_own_name(tmp_path):
    put(tmp_path, "a.mp4")
    (clip,) = entries(tmp_path / "a.mp4").clips
    assert (clip.clip_id, clip.corpus, clip.media) == ("a.mp4", "media", str(tmp_path / "a.mp4"))
    assert (clip.start, clip.end, clip.label, clip.subject) == (0.0, None, None, "a.mp4")


@pytest.mark.parametrize("name", ["talk", "talk.dat", ".talk.mp4", "talk.html", "TALK.MP4"])
def test_a_file_named_as_such_is_taken_whatever_it_is_called(name, tmp_path):
    assert names(entries(put(tmp_path, name) / name)) == [name]


STRANGE = [
    "one, two.mp4",
    'it\'s "quoted" & <b>.mp4',
    "two\nlines.mp4",
    " spaces  .mp4",
    "Ärger 怒り 😡.mp4",
    "#1 100% a=b+c.mp4",
    "-rf.mp4",
    "back\\slash.mp4",
    "x" * 250 + ".mp4",
]


@pytest.mark.parametrize("name", STRANGE)
def test_any_name_is_kept(name, tmp_path):
    put(tmp_path, name)
    for given_path in (tmp_path, tmp_path / name):
        (clip,) = entries(given_path).clips
        assert (clip.clip_id, clip.media) == (name, str(tmp_path / name))


def test_a_name_may_begin_as_a_home_folder_does(tmp_path, monkeypatch):
    put(tmp_path, "~nobody.mp4", "~$report.mp4")
    monkeypatch.chdir(tmp_path)
    assert names(entries("~nobody.mp4", "~$report.mp4")) == ["~nobody.mp4", "~$report.mp4"]


def test_paths_start_here_or_at_home(tmp_path, monkeypatch):
    put(tmp_path, "here/a.mp4", "home/b.mp4")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    found = entries("a.mp4", "../home/b.mp4", "~/b.mp4", ".")
    assert [clip.media for clip in found.clips][2] == str(tmp_path / "home" / "b.mp4")
    assert all(Path(clip.media).is_absolute() and Path(clip.media).is_file() for clip in found.clips)
    assert names(found) == ["a.mp4", "b.mp4", "b.mp4 (2)", "a.mp4 (2)"]


def test_a_folder_is_all_media_below_it_in_the_order_of_paths(tmp_path):
    put(tmp_path, "b.mp4", "a.WAV", "sub/deep/z.Mov", "sub/a.mkv", "sub.mp3")
    listing = entries(tmp_path)
    assert names(listing) == ["a.WAV", "b.mp4", "sub/a.mkv", "sub/deep/z.Mov", "sub.mp3"]
    assert [clip.media for clip in listing.clips] == [str(tmp_path / name) for name in names(listing)]
    assert (listing.failures, listing.notes) == ([], [])


def test_hidden_files_are_left_out_and_a_hidden_folder_may_be_named(tmp_path):
    """Systems leave such beside media: ._a.mp4 is no video."""
    folder = put(tmp_path / ".videos", "a.mp4", "._a.mp4", ".trash/b.mp4", "sub/.c.mp4")
    assert names(entries(folder)) == ["a.mp4"]
    assert entries(folder).notes == []


def test_other_files_are_told_of_and_a_manifest_in_a_folder_is_one_of_them(tmp_path):
    put(tmp_path, "a.mp4", "notes.txt", "sub/cover.jpg")
    (tmp_path / "list.csv").write_text("media\na.mp4\n")
    listing = entries(tmp_path)
    assert names(listing) == ["a.mp4"]
    assert listing.notes == [f"{tmp_path}: not looked at: list.csv, notes.txt, sub/cover.jpg"]


@pytest.mark.parametrize(("files", "there"), [([], "nothing"), (["a.txt"], "a.txt"), ([".a.mp4"], "nothing")])
def test_a_folder_without_media_is_one_failure(files, there, tmp_path):
    folder = put(tmp_path / "f", *files)
    folder.mkdir(exist_ok=True)
    listing = entries(folder, put(tmp_path, "b.mp4") / "b.mp4")
    assert names(listing) == ["b.mp4"]
    assert [(failure.key, failure.error) for failure in listing.failures] == [("f", "CorpusError")]
    assert "no medium in this folder" in messages(listing)[0] and messages(listing)[0].endswith(f"There are: {there}.")


MISSING = ["no.mp4", "a.mp4/no.mp4", "no\x00.mp4", "x" * 300, "y/" * 3000]


@pytest.mark.parametrize("name", MISSING, ids=["none", "below a file", "zero", "long", "deep"])
def test_what_is_not_there_is_a_failure_of_its_own(name, tmp_path):
    put(tmp_path, "a.mp4")
    listing = entries(f"{tmp_path}/{name}", tmp_path / "a.mp4")
    assert names(listing) == ["a.mp4"]
    (failure,) = listing.failures
    assert failure.error == "CorpusError"
    assert failure.message.startswith(str(tmp_path))
    assert failure.key


def test_a_name_in_no_encoding_stops_nobody_else(tmp_path):
    """Tables are UTF-8; a folder with one such file must not end all."""
    folder = put(tmp_path / "f", "a.mp4")
    Path(os.fsdecode(os.fsencode(folder) + b"/b\xff.mp4")).write_bytes(b"x")
    missing = os.fsdecode(b"no\xff.mp4")
    listing, refused, notes = list_corpora({"media": MediaFiles(paths=(str(folder), str(tmp_path / missing)))})
    assert "a.mp4" in set(listing["clip_id"])
    for text in [*listing["clip_id"], *listing["media"], *refused["key"], *refused["message"], *notes["note"]]:
        text.encode()
    assert len(listing) + len(refused) == 3


def test_links_are_followed_once(tmp_path):
    put(tmp_path, "elsewhere/real.mp4", "f/a.mp4")
    folder = tmp_path / "f"
    (folder / "again").symlink_to(folder)
    (folder / "self.mp4").symlink_to("self.mp4")
    (folder / "gone.mp4").symlink_to("no.mp4")
    (folder / "real.mp4").symlink_to(tmp_path / "elsewhere" / "real.mp4")
    (tmp_path / "link").symlink_to(folder)
    assert names(entries(folder)) == names(entries(tmp_path / "link")) == ["a.mp4", "real.mp4"]
    listing = entries(folder / "self.mp4", folder / "gone.mp4")
    assert names(listing) == [] and len(listing.failures) == 2


def test_a_folder_with_the_name_of_a_medium_is_none(tmp_path):
    put(tmp_path, "trip.mp4/a.mp4")
    assert names(entries(tmp_path)) == ["trip.mp4/a.mp4"]


def test_equal_names_get_numbers_that_nobody_has(tmp_path):
    put(tmp_path, "one/a.mp4", "two/a.mp4", "three/a.mp4 (2)", "four/a.mp4")
    paths = [tmp_path / each for each in ("one/a.mp4", "two/a.mp4", "three/a.mp4 (2)", "four/a.mp4")]
    for order in (paths, paths[::-1]):
        listing = entries(*order)
        assert len(set(names(listing))) == 4
        assert [clip.media for clip in listing.clips] == [str(path) for path in order]
    assert names(entries(*paths[:2])) == ["a.mp4", "a.mp4 (2)"]


def test_a_path_named_twice_is_one(tmp_path, monkeypatch):
    put(tmp_path, "a.mp4")
    monkeypatch.chdir(tmp_path)
    assert names(entries("a.mp4", "./a.mp4", tmp_path / "a.mp4")) == ["a.mp4"]


def test_capital_and_small_letters_are_two(tmp_path):
    put(tmp_path, "f/A.mp4", "f/a.mp4")
    assert names(entries(tmp_path / "f")) == ["A.mp4", "a.mp4"]


def manifest(folder: Path, rows: str, name: str = "list.csv") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(rows, encoding="utf-8")
    return path


def test_a_manifest_names_segments_and_its_labels_stay_unread(tmp_path):
    put(tmp_path, "long, one.mp4")
    rows = 'media,clip_id,start,end,label,subject\n"long, one.mp4",first,0,1.5,anger,7\n"long, one.mp4",,2,,,\n'
    listing = entries(manifest(tmp_path, rows))
    assert [(clip.clip_id, clip.start, clip.end) for clip in listing.clips] == [
        ("first", 0.0, 1.5),
        ("long, one.mp4#2-", 2.0, None),
    ]
    assert {(clip.label, clip.media) for clip in listing.clips} == {(None, str(tmp_path / "long, one.mp4"))}
    assert [clip.subject for clip in listing.clips] == names(listing)


@pytest.mark.parametrize("suffix", [".csv", ".CSV", ".tsv"])
def test_a_table_is_a_manifest_whatever_the_letters_of_its_ending(suffix, tmp_path):
    put(tmp_path, "a.mp4")
    assert names(entries(manifest(tmp_path, "media\na.mp4\n", "list" + suffix))) == ["a.mp4"]


def test_a_row_that_is_wrong_does_not_stop_the_others(tmp_path):
    put(tmp_path, "a.mp4", "b.mp4")
    rows = "media,start,end\na.mp4,,\nno.mp4,,\nb.mp4,2,1\nb.mp4,0,1\n"
    listing = entries(manifest(tmp_path, rows))
    assert names(listing) == ["a.mp4", "b.mp4#0-1"]
    assert len(listing.failures) == 2
    assert "'no.mp4' is not there" in messages(listing)[0]


def test_a_manifest_that_is_none_is_one_failure(tmp_path):
    put(tmp_path, "b.mp4")
    wrong = [
        manifest(tmp_path / "1", ""),
        manifest(tmp_path / "2", "film\nb.mp4\n"),
        manifest(tmp_path / "3", "media\n"),
    ]
    listing = entries(*wrong, tmp_path / "b.mp4")
    assert names(listing) == ["b.mp4"]
    assert [failure.key for failure in listing.failures] == ["list.csv", "list.csv (2)", "list.csv (3)"]
    assert "no column 'media'" in messages(listing)[1]


def test_failures_of_several_manifests_are_told_apart(tmp_path):
    """Keys are unique within a listing, see `Quarantined`."""
    found = entries(*(manifest(tmp_path / each, "media\nno.mp4\n") for each in "12"), tmp_path / "no.mp4")
    keys = [failure.key for failure in found.failures]
    assert len(set(keys)) == 3


def test_a_clip_and_a_failure_never_share_a_name(tmp_path):
    """What failed must not look as if it were about the clip that is there."""
    put(tmp_path, "1/a.mp4")
    listing = entries(tmp_path / "1" / "a.mp4", tmp_path / "2" / "a.mp4", manifest(tmp_path / "3", "media\na.mp4\n"))
    assert names(listing) == ["a.mp4"]
    assert "a.mp4" not in {failure.key for failure in listing.failures}
    assert len({failure.key for failure in listing.failures}) == 2


def test_nothing_at_all_is_refused():
    with pytest.raises(ValidationError):
        MediaFiles(paths=())


def test_an_unreadable_path_is_no_error_of_the_whole(tmp_path, monkeypatch):
    put(tmp_path, "a.mp4", "locked/b.mp4")
    was = Path.is_file

    def refuse(path: Path) -> bool:
        if path.name == "b.mp4":
            raise PermissionError(13, "Permission denied", str(path))
        return was(path)

    monkeypatch.setattr(Path, "is_file", refuse)
    listing = entries(tmp_path / "locked" / "b.mp4", tmp_path / "a.mp4")
    assert names(listing) == ["a.mp4"]
    assert "Permission denied" in messages(listing)[0]


@given(st.lists(st.sampled_from(["a", "a (2)", "a (2) (2)", "b", "a (3)"]), min_size=1, max_size=8))
@settings(max_examples=50, deadline=None)
def test_names_are_never_given_twice(tmp_path_factory, titles):
    folder = tmp_path_factory.mktemp("f")
    for number, title in enumerate(titles):
        put(folder / str(number), title)
    listing = entries(*(folder / str(number) / title for number, title in enumerate(titles)))
    assert len(set(names(listing))) == len(titles)
    assert names(listing)[0] == titles[0]
