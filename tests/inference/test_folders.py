import hashlib
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abaw_pipeline.inference.folders import LONGEST, REFUSED, folder_names


def hashed(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:8]


def seen_by_others(name: str) -> str:
    """A name as a file system that knows no capitals, and that composes accents, compares it."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


def fits_anywhere(name: str) -> bool:
    return bool(name and not REFUSED.search(name) and name == name.strip(" .") and len(name.encode()) <= LONGEST)


@pytest.mark.parametrize(
    ("video", "folder"),
    [
        ("clip.mp4", "clip.mp4"),
        ("my holiday, part 2 (final).mp4", "my holiday, part 2 (final).mp4"),
        ('it\'s & <b>"bold"</b>.mov', "it's & _b__bold___b_.mov"),
        ("two\nlines\tand a\x00zero.mp4", "two_lines_and a_zero.mp4"),
        ("Ärger 怒り 😡.webm", "Ärger 怒り 😡.webm"),
        ("season 1/a.mp4", "season 1_a.mp4"),
        ("C:\\clips\\a.mp4", "C__clips_a.mp4"),
        ("..", "_"),
        ("../../etc/passwd", "_.._etc_passwd"),
        (" . ", "_"),
        (".hidden.mp4", "hidden.mp4"),
        ("ends in dots...", "ends in dots"),
    ],
)
def test_a_folder_is_called_like_its_video_as_far_as_may_be(video, folder):
    assert folder_names([video]) == {video: folder}


@pytest.mark.parametrize(
    "videos",
    [
        ("Clip.mp4", "clip.mp4"),
        ("a?.mp4", "a*.mp4", "a_.mp4"),
        ("one/a.mp4", "one_a.mp4"),
        ("a", "a.", " a"),
        ("STRASSE.mp4", "straße.mp4"),
        ("..", " ", "/", "_"),
        ("x" * 200 + "1", "x" * 200 + "2"),
    ],
)
def test_names_that_would_be_one_are_told_apart(videos):
    found = folder_names(videos)
    assert list(found) == list(videos)
    assert len({seen_by_others(name) for name in found.values()}) == len(videos)
    assert all(fits_anywhere(name) for name in found.values())
    # The same names in whatever order: a second run finds the folders of the first.
    assert folder_names(videos[::-1]) == found


@pytest.mark.parametrize("letter", ["x", "ß", "怒", "😡"])
def test_long_names_are_cut_between_letters(letter):
    video = letter * 250
    name = folder_names([video])[video]
    assert name == letter * ((LONGEST - 9) // len(letter.encode())) + "_" + hashed(video)


def test_a_name_of_just_the_length_stays():
    for length, kept in ((LONGEST, True), (LONGEST + 1, False)):
        video = "x" * length
        assert (folder_names([video])[video] == video) == kept


def test_accents_written_in_two_ways_are_one_name_to_some_file_systems():
    videos = ["caf\u00e9.mp4", "cafe\u0301.mp4"]
    assert len({seen_by_others(name) for name in folder_names(videos).values()}) == 2


def test_a_name_that_looks_like_one_told_apart_takes_no_other_folder():
    videos = ["a?", "a*", f"a__{hashed('a?')}"]
    assert len(set(folder_names(videos).values())) == 3


@pytest.mark.parametrize("video", ["index.html", "Index.HTML", "con", "NUL.mp4", "com1.mov", "aux.tar.gz"])
def test_names_with_a_meaning_of_their_own_are_left_alone(video):
    """The list of all videos lies beside their folders; the others are devices to Windows."""
    name = folder_names([video])[video]
    assert name.casefold() != "index.html"
    assert name.partition(".")[0].casefold() not in {"con", "nul", "com1", "aux"}


@given(st.sets(st.text(st.characters(exclude_categories=["Cs"]), max_size=130), max_size=12))
@settings(max_examples=200, deadline=None)
def test_any_names_get_folders_of_their_own(videos):
    found = folder_names(sorted(videos))
    assert set(found) == videos
    assert all(fits_anywhere(name) for name in found.values())
    assert len({seen_by_others(name) for name in found.values()}) == len(videos)
