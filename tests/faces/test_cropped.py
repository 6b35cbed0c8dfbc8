"""Crops that come with a corpus, on real encoded images and videos."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.media.files import times_at, write_video

from abaw_pipeline.artifacts.parts import whole
from abaw_pipeline.backbones.crops import chosen_crops
from abaw_pipeline.errors import DataError
from abaw_pipeline.faces.cropped import Cropped, crop_files, read_crops
from abaw_pipeline.faces.crops import decode_jpeg, encode_jpeg
from abaw_pipeline.faces.persons import choose_person
from abaw_pipeline.faces.rows import face_crops_schema
from abaw_pipeline.faces.settings import Faces
from abaw_pipeline.faces.sheet import contact_sheet
from abaw_pipeline.inference.people import follow_person, list_people
from abaw_pipeline.types import File

FRAMES, RATE = 12, 25
LATE = Fraction(1, 2)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> File:
    """Frames of which the last two come half a second late."""
    times = times_at(Fraction(RATE), FRAMES - 2)
    times += [times[-1] + LATE + Fraction(index, RATE) for index in range(2)]
    return File(str(write_video(tmp_path_factory.mktemp("video") / "7.mp4", times)), "0")


def crop(number: int, size: int = 112) -> bytes:
    return encode_jpeg(np.full((size, size, 3), 8 * number, np.uint8), 95)


def folder_of(root: Path, name: str, numbers: list[int]) -> File:
    folder = root / name
    folder.mkdir(parents=True)
    for number in numbers:
        (folder / f"{number:05d}.jpg").write_bytes(crop(number))
    return File(str(folder), "0")


def read(video: File, people: dict[str, File], fps: float = 1000, start=0.0, end=2.0, tolerance: int = 0) -> pa.Table:
    table = whole(read_crops(video, start, end, people, fps, tolerance))
    assert table.schema == face_crops_schema()
    return table


def chosen(table: pa.Table, side: str | None = None, **changes: object) -> list[dict]:
    return choose_person([table], side, Faces(cropped=Cropped(path="x"), **changes)).to_pylist()


def test_a_crop_belongs_to_the_frame_whose_number_less_one_is_its_index(tmp_path: Path, video: File) -> None:
    people = {"": folder_of(tmp_path, "7", [1, 2, 5, 12])}
    rows = read(video, people).to_pylist()
    assert [row["frame"] for row in rows] == list(range(FRAMES))
    assert {row["frame"]: row["image"]["bytes"] for row in rows if row["image"]} == {
        0: crop(1),
        1: crop(2),
        4: crop(5),
        11: crop(12),
    }
    assert rows[11]["time"] == pytest.approx(9 / RATE + 0.5 + 1 / RATE)  # as the container has it
    assert all(row["sampled"] and not row["cut"] for row in rows)
    for row in rows:
        shown = row["frame"] in {0, 1, 4, 11}
        assert (row["track"], row["origin"], row["score"]) == ((0, "detected", 1.0) if shown else (None, None, None))
        assert row["x1"] is row["y1"] is row["x2"] is row["y2"] is row["identity"] is row["similarity"] is None


def test_bytes_are_those_of_the_file_and_frames_without_a_crop_take_the_nearest(tmp_path: Path, video: File) -> None:
    table = read(video, {"": folder_of(tmp_path, "7", [1, 5])})
    tracks = chosen(table)
    assert [row["crop"] for row in tracks] == [0, 0, 0, *[4] * 9]
    assert [row["origin"][0] for row in tracks] == list("dnnndnnnnnnn")
    assert all(row["x1"] is None for row in tracks)
    near = chosen(table, nearest_s=0.05)
    assert [row["origin"][0] for row in near] == list("dnmndnmmmmmm")


def test_embeddings_see_the_very_crops(tmp_path: Path, video: File) -> None:
    """What a backbone is given: own crops alone, each until the next frame that was looked at."""
    table = read(video, {"": folder_of(tmp_path, "7", [2, 3, 5])})
    tracks = choose_person([table], None, Faces(cropped=Cropped(path="x")))
    seen = list(chosen_crops([table], [table], [tracks]))
    assert [each.image for each in seen] == [crop(2), crop(3), crop(5)]
    assert [each.start for each in seen] == pytest.approx([1 / RATE, 2 / RATE, 4 / RATE])
    assert [each.end for each in seen] == pytest.approx([2 / RATE, 3 / RATE, 5 / RATE])


def test_two_people_have_their_own_crops_whoever_is_seen_more(tmp_path: Path, video: File) -> None:
    people = {
        "right": folder_of(tmp_path, "7_right", list(range(1, 13))),
        "left": folder_of(tmp_path, "7_left", [3]),
    }
    table = read(video, people)
    left, right = chosen(table, "left"), chosen(table, "right")
    assert {row["track"] for row in left} == {1} and {row["crop"] for row in left} == {2}
    assert {row["track"] for row in right} == {2}
    assert [row["crop"] for row in right] == list(range(FRAMES))
    with pytest.raises(DataError, match="has a ready-made crop of this person"):
        chosen(table)


def test_frames_are_looked_at_as_often_as_when_faces_are_found(tmp_path: Path, video: File) -> None:
    rows = read(video, {"": folder_of(tmp_path, "7", list(range(1, 13)))}, fps=5.0).to_pylist()
    assert len(rows) == FRAMES
    sampled = [row["frame"] for row in rows if row["sampled"]]
    from abaw_pipeline.media.pictures import decode_pictures

    pictures = decode_pictures(video.path, rate=5.0, start=0.0, end=2.0)
    assert sampled == [each.index for each in pictures if each.pixels is not None]
    assert [row["frame"] for row in rows if row["image"]] == sampled


def test_a_part_of_a_video_has_its_own_crops_at_its_own_times(tmp_path: Path, video: File) -> None:
    rows = read(video, {"": folder_of(tmp_path, "7", [1, 4, 6])}, start=3 / RATE, end=6 / RATE).to_pylist()
    assert [(row["frame"], row["image"] is not None) for row in rows] == [(3, True), (4, False), (5, True)]
    assert [row["time"] for row in rows] == pytest.approx([0, 1 / RATE, 2 / RATE])


def test_parts_are_written_as_they_fill(tmp_path: Path, video: File, monkeypatch: pytest.MonkeyPatch) -> None:
    people = {"": folder_of(tmp_path, "7", list(range(1, 13)))}
    together = read(video, people)
    monkeypatch.setattr("abaw_pipeline.faces.rows.ROWS_AT_ONCE", 5)
    parts = list(read_crops(video, 0.0, 2.0, people, 1000, 0))
    assert [part.num_rows for part in parts] == [5, 5, 2]
    assert pa.concat_tables(parts).equals(together)


def test_the_contact_sheet_and_the_list_of_people_do_without_boxes(tmp_path: Path, video: File) -> None:
    table = read(video, {"left": folder_of(tmp_path, "7_left", [1, 2]), "right": folder_of(tmp_path, "7_right", [2])})
    faces = Faces(cropped=Cropped(path="x"))
    tracks = choose_person([table], "left", faces)
    assert decode_jpeg(contact_sheet([table], [table], tracks)).ndim == 3
    people = list_people([table], faces, 1).to_pylist()
    assert [person["tracks"] for person in people] == [[1], [2]]
    followed = follow_person([table], [2], faces).to_pylist()
    assert [row["origin"] for row in followed if row["crop"] == row["frame"]] == ["detected"]


def test_an_empty_folder_has_no_face_and_no_folder_is_an_error(tmp_path: Path, video: File) -> None:
    table = read(video, {"": folder_of(tmp_path, "7", [])})
    assert table.column("track").null_count == table.num_rows == FRAMES
    with pytest.raises(DataError, match=r"no ready-made crops belong.*Put them into 7/"):
        read(video, {})


@pytest.mark.parametrize(("tolerance", "message"), [(2, None), (1, "a crop of frame 14 of a video of 12 frames")])
def test_crops_may_go_on_beyond_the_video_by_the_tolerance(
    tmp_path: Path, video: File, tolerance: int, message: str | None
) -> None:
    people = {"": folder_of(tmp_path, "7", [12, 13, 14])}
    if message is None:
        rows = read(video, people, tolerance=tolerance).to_pylist()
        assert [row["frame"] for row in rows if row["image"]] == [11]
    else:
        with pytest.raises(DataError, match=message):
            read(video, people, tolerance=tolerance)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("00003.jpg", b"", r"00003\.jpg: not a JPEG.*remove it"),
        ("00003.jpg", crop(3)[:-300], r"00003\.jpg: not a JPEG"),
        ("00003.jpg", b"\x89PNG\r\n\x1a\n", r"00003\.jpg: not a JPEG"),
        ("00000.jpg", crop(1), r"00000\.jpg is not <number"),
        ("frame_3.jpg", crop(1), r"frame_3\.jpg is not <number"),
        ("1_0.jpg", crop(1), r"1_0\.jpg is not <number"),
        ("\u0663.jpg", crop(1), "is not <number"),
        ("1.jpg", crop(1), r"00001\.jpg and 1\.jpg are of one frame"),
        ("00001.jpeg", crop(1), r"00001\.jpeg and 00001\.jpg are of one frame"),
    ],
)
def test_what_is_no_crop_is_named(tmp_path: Path, video: File, name: str, content: bytes, message: str) -> None:
    folder = folder_of(tmp_path, "7", [1, 2])
    (tmp_path / "7" / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        read(video, {"": folder})


def test_damage_beyond_what_is_looked_at_does_no_harm(tmp_path: Path, video: File) -> None:
    folder = folder_of(tmp_path, "7", [1])
    (tmp_path / "7" / "00002.jpg").write_bytes(b"")
    assert read(video, {"": folder}, fps=5.0).column("image")[0].is_valid


def test_other_files_beside_crops_are_passed_over_but_not_instead_of_them(tmp_path: Path) -> None:
    folder_of(tmp_path, "7", [1])
    for name in ("Thumbs.db", "._00001.jpg", ".DS_Store"):
        (tmp_path / "7" / name).write_bytes(b"x")
    assert list(crop_files(str(tmp_path / "7"), 9, 0)) == [0]
    folder_of(tmp_path, "8", [])
    (tmp_path / "8" / "00001.png").write_bytes(b"x")
    with pytest.raises(DataError, match=r"no crops are in it, but 00001\.png"):
        crop_files(str(tmp_path / "8"), 9, 0)


def test_folders_are_named_after_the_video_and_the_side(tmp_path: Path) -> None:
    cropped = Cropped(path=str(tmp_path))
    for name in ("7", "7_left", "6.v2"):
        (tmp_path / name).mkdir()
    found = [cropped.companion(media, side) for media, side in [("a/7.mp4", None), ("a/7.avi", "left")]]
    assert found == [str(tmp_path / "7"), str(tmp_path / "7_left")]
    assert cropped.companion("6.v2.mp4", None) == str(tmp_path / "6.v2")
    assert cropped.companion("7.mp4", "right") is None
    with pytest.raises(DataError, match="not there"):
        Cropped(path=str(tmp_path / "none")).companion("7.mp4", None)


def test_finding_faces_does_not_know_of_ready_made_crops() -> None:
    """Naming crops must not find anew what is found without them."""
    assert Faces(cropped=Cropped(path="x")).finding() == Faces().finding()


names = st.one_of(
    st.integers(0, 30).map(lambda n: f"{n:05d}.jpg"), st.from_regex(r"[0-9a-z_]{1,6}\.(jpg|JPG|png)", fullmatch=True)
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(given_names=st.sets(names, max_size=6), n_frames=st.integers(0, 20), tolerance=st.integers(0, 12))
def test_any_names_give_frames_of_the_video_or_a_data_error(
    tmp_path_factory: pytest.TempPathFactory, given_names: set[str], n_frames: int, tolerance: int
) -> None:
    folder = tmp_path_factory.mktemp("crops")
    for name in given_names:
        (folder / name).touch()
    try:
        found = crop_files(str(folder), n_frames, tolerance)
    except DataError:
        return
    assert all(0 <= frame < n_frames and int(file.stem) == frame + 1 for frame, file in found.items())
