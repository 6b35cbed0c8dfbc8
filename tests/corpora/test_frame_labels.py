"""Label files of the ABAW challenges."""

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abaw_pipeline.corpora.frame_labels import parse_labels, read_labels
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
    classes, _ = parse_labels(HEADER + ",Other\n7\n", {}, "file")
    assert classes[-1] == "other"


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
        ("Neutral,Angre\n0\n", "no known emotion"),
        ("Neutral,Anger,Angry\n0\n", "two names mean one class"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, message: str) -> None:
    with pytest.raises(CorpusError) as caught:
        parse_labels(text, {}, "v.txt")
    assert re.search(re.escape(message.rsplit(": ", maxsplit=1)[-1]), str(caught.value))
    assert message.split(": ", maxsplit=1)[0] in str(caught.value)


def labels_file(folder: Path, values: list[int]) -> File:
    path = folder / "v.txt"
    path.write_text("\n".join([HEADER, *map(str, values)]), encoding="utf-8")
    return File(str(path), "0")


def test_labels_meet_frames_by_index_and_take_their_times(tmp_path: Path) -> None:
    table = read_labels(labels_file(tmp_path, [0, -1, 4, 4]), frames(4), {}, 0, 0.0, 1.0)
    assert table.to_pydict() == {
        "frame": [0, 2, 3],
        "time": [0.0, 2 / 25, 3 / 25],
        "label": ["neutral", "happiness", "happiness"],
    }


def test_a_segment_takes_its_own_part_of_the_file(tmp_path: Path) -> None:
    table = read_labels(labels_file(tmp_path, [0, 1, 2, 3, 4]), frames(2, first=3), {}, 0, 0.12, 0.2)
    assert table.column("label").to_pylist() == ["fear", "happiness"]
    assert table.column("frame").to_pylist() == [3, 4]


@pytest.mark.parametrize(("labels", "kept"), [(3, 3), (7, 5)])
def test_a_file_some_frames_too_short_or_long_is_taken(tmp_path: Path, labels: int, kept: int) -> None:
    table = read_labels(labels_file(tmp_path, [0] * labels), frames(5), {}, 2, 0.0, 0.2)
    assert table.num_rows == kept


def test_a_file_for_another_video_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="9 labels for a video of 5 frames"):
        read_labels(labels_file(tmp_path, [0] * 9), frames(5), {}, 3, 0.0, 0.2)
