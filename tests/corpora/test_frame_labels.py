"""Label files of the ABAW challenges."""

import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.media.files import times_at, write_video

from abaw_pipeline.corpora.affwild2 import AffWild2
from abaw_pipeline.corpora.base import Corpus, CorpusListing
from abaw_pipeline.corpora.frame_labels import parse_labels, read_labels, reading
from abaw_pipeline.corpora.manifest import Manifest
from abaw_pipeline.errors import CorpusError
from abaw_pipeline.types import File

HEADER = "Neutral,Anger,Disgust,Fear,Happiness,Sadness,Surprise"


def frames(n: int, first: int = 0) -> pa.Table:
    index = np.arange(first, first + n)
    return pa.table({"frame": index, "time": (index - first) / 25})


@given(
    st.lists(st.integers(-1, 6), min_size=1, max_size=50),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.sampled_from(["", "\n", "\n\n"]),
)
def test_numbers_come_back_whatever_the_line_ends(values: list[int], end: str, bom: bool, tail: str) -> None:
    text = ("\ufeff" if bom else "") + end.join([HEADER, *map(str, values)]) + tail
    classes, parsed = parse_labels(text, {}, "file")
    assert classes == ["neutral", "anger", "disgust", "fear", "happiness", "sadness", "surprise"]
    assert parsed.tolist() == values


def test_eight_classes_of_later_challenges() -> None:
    classes, values = parse_labels(HEADER + ",Other\n7\n-1\n", {}, "file")
    assert classes[-1] == "other" and len(classes) == 8
    assert values.tolist() == [7, -1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no classes"),
        ("0\n1\n", "names no classes"),
        (HEADER + "\n", "no frames"),
        (HEADER + "\n0\n7\n", "line 3: '7' is no class"),
        (HEADER + "\n0\n-2\n", "line 3: '-2' is no class"),
        (HEADER + "\n0\n\n1\n", "line 3: '' is no class"),
        (HEADER + "\n1.0\n", "line 2: '1.0' is no class"),
        (HEADER + "\n99999999999999999999\n", "line 2"),
        (HEADER + "\n0_1\n", "line 2: '0_1' is no class"),
        (HEADER + "\n+1\n", "line 2: '+1' is no class"),
        (HEADER + "\n\u0661\n", "line 2"),
        (HEADER + ",Other\n8\n", "line 2: '8' is no class"),
        ("Neutral,Angre\n0\n", "no known emotion"),
        ("Neutral,,Disgust\n0\n", "line 1: class 1 has no name"),
        (",Anger,Disgust\n0\n", "line 1: class 0 has no name"),
        ("Neutral;Anger;Disgust\n0\n", "line 1: not separated by commas"),
        ("Neutral Anger\n0\n", "line 1: not separated by commas"),
        ("Neutral,Ang\ufffder\n0\n", "no known emotion"),
        ("Neu\n0\n", "no known emotion"),
        ("Neutral,Anger,Angry\n0\n", "two names mean one class"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, message: str) -> None:
    with pytest.raises(CorpusError) as caught:
        parse_labels(text, {}, "v.txt")
    assert re.search(re.escape(message.rsplit(": ", maxsplit=1)[-1]), str(caught.value))
    assert message.split(": ", maxsplit=1)[0] in str(caught.value)


def labels_file(folder: Path, values: list[int], header: str = HEADER) -> File:
    path = folder / "v.txt"
    path.write_text("\n".join([header, *map(str, values)]), encoding="utf-8")
    return File(str(path), "0")


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> File:
    """Five frames at 25 Hz."""
    times = times_at(Fraction(25), 5)
    return File(str(write_video(tmp_path_factory.mktemp("video") / "v.mp4", times)), "0")


def read(labels: File, video: File, clip: pa.Table, tolerance: int = 0, **settings: object) -> dict[str, list]:
    return read_labels(labels, video, clip, settings.pop("names", {}), tolerance, **settings).to_pydict()


def test_labels_meet_frames_by_index_and_take_their_times(tmp_path: Path, video: File) -> None:
    assert read(labels_file(tmp_path, [0, -1, 4, 4, -1]), video, frames(5)) == {
        "frame": [0, 2, 3],
        "time": [0.0, 2 / 25, 3 / 25],
        "label": ["neutral", "happiness", "happiness"],
    }


@pytest.mark.parametrize("first", [0, 3])
def test_a_segment_takes_its_own_part_of_the_file(tmp_path: Path, video: File, first: int) -> None:
    """Also one at the video's start, which is as short as a whole video that the file does not belong to."""
    found = read(labels_file(tmp_path, [0, 1, 2, 3, 4]), video, frames(2, first))
    assert found["label"] == [["neutral", "anger"], ["fear", "happiness"]][first == 3]
    assert found["frame"] == [first, first + 1]
    assert found["time"] == [0.0, 1 / 25]


def test_a_file_for_another_video_is_refused_for_a_segment_too(tmp_path: Path, video: File) -> None:
    with pytest.raises(CorpusError, match="9 labels for a video of 5 frames"):
        read(labels_file(tmp_path, [0] * 9), video, frames(2, 3), 3)


@pytest.mark.parametrize(
    "header", ["Surprise,Neutral,Fear", " surprise , NEUTRAL,fearful,", "Überraschung,Neutral,Fear"]
)
def test_numbers_mean_what_the_files_own_header_says(tmp_path: Path, video: File, header: str) -> None:
    labels = labels_file(tmp_path, [2, 1, 0, 0, -1], header)
    found = read(labels, video, frames(5), names={"überraschung": "surprise"})
    assert found["label"] == ["fear", "neutral", "surprise", "surprise"]


@pytest.mark.parametrize(
    ("count", "kept"),
    [(2, None), (3, 3), (4, 4), (5, 5), (6, 5), (7, 5), (8, None)],
)
def test_a_file_may_differ_by_the_tolerance_and_by_no_frame_more(
    tmp_path: Path, video: File, count: int, kept: int | None
) -> None:
    labels = labels_file(tmp_path, [0] * count)
    if kept is None:
        with pytest.raises(CorpusError, match=rf"{count} labels for a video of 5 frames.*label_tolerance, which is 2"):
            read(labels, video, frames(5), 2)
    else:
        assert read(labels, video, frames(5), 2)["frame"] == list(range(kept))


def test_frames_beyond_a_short_file_are_not_annotated_in_a_segment(tmp_path: Path, video: File) -> None:
    assert read(labels_file(tmp_path, [0, 0, 0, 6]), video, frames(3, 2), 1)["frame"] == [2, 3]
    assert read(labels_file(tmp_path, [0, 0, 0]), video, frames(2, 3), 2)["frame"] == []


def test_minus_one_is_no_class_not_even_the_last(tmp_path: Path, video: File) -> None:
    """A -1 that is taken for an index gives the last name of the header."""
    assert read(labels_file(tmp_path, [-1] * 5), video, frames(5)) == {"frame": [], "time": [], "label": []}


def test_sound_has_no_frames_to_be_labelled(tmp_path: Path, video: File) -> None:
    with pytest.raises(CorpusError, match="no pictures"):
        read_labels(labels_file(tmp_path, [0]), video, None, {}, 10)


def test_a_file_as_windows_shells_write_it(tmp_path: Path, video: File) -> None:
    labels = labels_file(tmp_path, [])
    Path(labels.path).write_bytes("Neutral,Anger\r\n1\r\n0\r\n1\r\n1\r\n-1\r\n".encode("utf-16"))
    assert read(labels, video, frames(5))["label"] == ["anger", "neutral", "anger", "anger"]


def test_settings_are_those_of_the_corpus() -> None:
    mine = Manifest(path="m.csv", labels={"joy": "happiness"}, label_tolerance=3)
    assert reading(mine) == {"names": {"joy": "happiness"}, "tolerance": 3}
    assert reading(AffWild2(path="a", label_tolerance=0)) == {"names": {}, "tolerance": 0}
    assert reading(OwnCorpus(path="a")) == {"names": {}, "tolerance": 10}


class OwnCorpus(Corpus):
    """A user's, with no word on label files."""

    def entries(self, name: str) -> CorpusListing:
        return CorpusListing()


lines = st.one_of(st.sampled_from(["-1", "0", "1", "", " 1", "1_0", "+1", "\u0661", "-", "--1", "9" * 400]), st.text())


@given(st.one_of(st.text(), st.lists(lines).map(lambda rest: "\n".join([HEADER, *rest]))))
def test_any_text_gives_classes_and_numbers_or_a_corpus_error(text: str) -> None:
    try:
        classes, values = parse_labels(text, {}, "v.txt")
    except CorpusError:
        return
    assert len(values) and values.min() >= -1 and values.max() < len(classes)
