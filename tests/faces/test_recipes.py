import gc
import weakref

import numpy as np
import pytest
from tests.faces.people import COLORS, DIMENSIONS, SquareDetector, settings, video

from abaw_pipeline.artifacts.parts import whole
from abaw_pipeline.errors import MediaError
from abaw_pipeline.faces.crops import Crops, decode_jpeg
from abaw_pipeline.faces.cuts import ShotCuts
from abaw_pipeline.faces.recipes import find_faces
from abaw_pipeline.faces.rows import face_crops_schema
from abaw_pipeline.faces.settings import Faces
from abaw_pipeline.media import pictures
from abaw_pipeline.parts import Part
from abaw_pipeline.types import File, Picture

SMALL = Crops(size=32, margin=0.0)


def find(media, start=0.0, end=3.0, *, batch=8, **changes) -> list[dict]:
    faces = whole(find_faces(media, start, end, settings(crops=SMALL, **changes), batch=batch))
    assert faces.schema == face_crops_schema()
    return faces.to_pylist()


def centers(rows, track) -> dict[int, float]:
    """Frame -> middle from left to right, of one track."""
    return {row["frame"]: (row["x1"] + row["x2"]) / 2 for row in rows if row["track"] == track}


def test_people_who_move_have_a_face_in_every_sampled_frame(tmp_path):
    media = video(tmp_path / "v.mp4", lambda at: {0: (30 + at, 40), 1: (170 - at, 80)})
    rows = find(media)
    assert sorted({row["frame"] for row in rows}) == list(range(75))
    assert [row["frame"] for row in rows if row["sampled"]] == [at for at in range(0, 75, 5) for _ in range(2)]
    assert [row["frame"] for row in rows] == sorted(row["frame"] for row in rows)
    for track, middle in ((0, lambda at: 30 + at), (1, lambda at: 170 - at)):
        assert centers(rows, track) == pytest.approx({at: middle(at) for at in range(0, 75, 5)}, abs=1.5)
    for row in rows:
        assert row["time"] == pytest.approx(row["frame"] / 25)
        assert (row["origin"] == "detected") == row["sampled"]
        assert not row["cut"]


def test_a_crop_shows_the_face_and_the_vector_is_its_own(tmp_path):
    media = video(tmp_path / "v.mp4", lambda at: {0: (30, 40), 1: (170, 80)})
    for row in find(media):
        if row["track"] is not None:
            crop = decode_jpeg(row["image"]["bytes"])
            assert crop.shape == (32, 32, 3) and row["image"]["path"] is None
            assert np.abs(crop[8:24, 8:24].astype(int) - COLORS[row["track"]]).max() < 40
            assert len(row["identity"]) == DIMENSIONS and row["identity"][row["track"]] == 1
            assert (row["similarity"] is None) == (row["frame"] == 0)
            assert row["score"] == pytest.approx(0.99 if row["track"] == 0 else 0.9)


def hidden(first, last, away=None):
    """A square that moves to the right by 1 a frame and is hidden, or replaced by others, from first to last."""
    return lambda at: (away or {}) if first <= at <= last else {0: (30 + at, 40)}


def test_a_face_that_comes_back_is_interpolated_with_the_pixels_of_its_frames(tmp_path):
    rows = find(video(tmp_path / "v.mp4", hidden(21, 34)), max_gap_s=1.0)
    between = {row["frame"]: row for row in rows if row["origin"] == "interpolated"}
    assert sorted(between) == [25, 30]
    for frame, row in between.items():
        assert (row["x1"] + row["x2"]) / 2 == pytest.approx(30 + frame, abs=1.5)
        assert row["track"] == 0 and row["score"] is row["similarity"] is row["identity"] is None
        crop = decode_jpeg(row["image"]["bytes"]).astype(int)
        assert np.abs(crop - crop.mean(-1, keepdims=True)).max() < 30  # the gray that lay there, not the square
    assert sum(row["frame"] in between for row in rows) == 2


@pytest.mark.parametrize(("gap", "bridged"), [(0.61, 2), (0.6, 2), (0.59, 0), (0.0, 0)])
def test_a_longer_gap_is_left_open(tmp_path, gap, bridged):
    rows = find(video(tmp_path / "v.mp4", hidden(21, 34)), max_gap_s=gap)
    assert sum(row["origin"] == "interpolated" for row in rows) == bridged
    assert {row["track"] for row in rows} == {0, None}
    assert {row["frame"] for row in rows} == set(range(75))


def test_nothing_is_interpolated_over_a_cut(tmp_path):
    media = video(tmp_path / "v.mp4", hidden(21, 34), scenes=lambda at: at >= 28)
    rows = find(media, cuts=ShotCuts(threshold=0.1))
    assert sorted({row["frame"] for row in rows if row["cut"]}) == [30]
    assert sum(row["origin"] == "interpolated" for row in rows) == 0
    assert {row["track"] for row in rows if row["frame"] in {20, 35}} == {0}


def test_where_somebody_else_is_found_nothing_is_interpolated(tmp_path):
    media = video(tmp_path / "v.mp4", hidden(21, 34, {1: (57, 40)}))
    rows = find(media)
    assert [(row["frame"], row["track"]) for row in rows if 20 <= row["frame"] <= 35 and row["sampled"]] == [
        *((20, 0), (25, 1), (30, 1), (35, 0))
    ]


def test_the_number_of_pictures_at_once_makes_no_difference(tmp_path):
    media = video(tmp_path / "v.mp4", hidden(21, 34, {1: (150, 80)}), scenes=lambda at: at >= 50)
    one = whole(find_faces(media, 0.0, 3.0, settings(), batch=1))
    for batch in (2, 8, 100):
        assert whole(find_faces(media, 0.0, 3.0, settings(), batch=batch)).equals(one)


def test_where_the_size_of_pictures_changes_there_is_a_cut(monkeypatch):
    """Boxes before and after count in different pixels, though the picture is the same."""
    shown = []
    for at, size in enumerate([100, 100, 200, 200, 200]):
        pixels = np.full((size, size, 3), 120, np.uint8)
        if at not in {1, 2}:
            pixels[size // 4 : size // 2, size // 4 : size // 2] = COLORS[0]
        shown.append(Picture(at, at * 0.2, pixels))
    monkeypatch.setattr("abaw_pipeline.media.pictures.decode_pictures", lambda path, **_: iter(shown))
    rows = find(File("v.mp4", ""), 0.0, 1.0)
    assert [row["cut"] for row in rows] == [False, False, True, False, False]
    assert [row["origin"] for row in rows] == ["detected", None, None, "detected", "detected"]


def test_a_segment_counts_time_from_its_start_and_frames_from_the_file_s(tmp_path):
    media = video(tmp_path / "v.mp4", lambda at: {0: (30 + at, 40)})
    rows = find(media, 1.0, 2.0)
    assert [row["frame"] for row in rows] == list(range(25, 50))
    assert rows[0]["time"] == pytest.approx(0.0) and rows[-1]["time"] == pytest.approx(0.96)
    assert centers(rows, 0) == pytest.approx({at: 30 + at for at in range(25, 50, 5)}, abs=1.5)


def test_a_video_without_faces_has_a_row_a_frame(tmp_path):
    rows = find(video(tmp_path / "v.mp4", lambda at: {}))
    assert len(rows) == 75
    assert {row[name] for row in rows for name in ("track", "x1", "score", "origin", "similarity")} == {None}
    assert all(row["image"] is None and row["identity"] is None for row in rows)


def test_more_pictures_a_second_are_looked_at_if_asked(tmp_path):
    media = video(tmp_path / "v.mp4", lambda at: {0: (30, 40)}, seconds=1.0)
    assert sum(row["sampled"] for row in find(media, 0.0, 1.0, fps=25.0)) == 25
    assert sum(row["sampled"] for row in find(media, 0.0, 1.0, fps=1.0)) == 1


def test_a_file_that_is_none_is_named(tmp_path):
    with pytest.raises(MediaError, match=r"nothing\.mp4"):
        find(File(str(tmp_path / "nothing.mp4"), ""))


LIVING: list[weakref.ref] = []
MOST: list[int] = []


class CountingDetector(Part):
    """Notes how many pictures are alive each time it is asked."""

    def open(self, boxes=None, device="cpu"):
        detect = SquareDetector().open()

        def count(pictures):
            LIVING.extend(weakref.ref(picture.pixels) for picture in pictures)
            gc.collect()
            MOST.append(sum(reference() is not None for reference in LIVING))
            return detect(pictures)

        return count


def test_memory_is_bounded_by_the_batch_and_the_longest_gap(tmp_path):
    """Somebody is gone for long, again and again; no more than the pictures of the longest gap wait for him."""
    LIVING.clear()
    MOST.clear()
    media = video(tmp_path / "v.mp4", lambda at: {0: (30, 40)} if at % 50 < 10 else {1: (100, 80)}, seconds=12.0)
    find(media, 0.0, 12.0, batch=4, max_gap_s=1.0, detector=CountingDetector())
    assert len(LIVING) == 60
    assert max(MOST) <= 4 + 4 + 6  # the batch, the one before, and what waits


def test_settings_that_concern_the_choice_of_a_person_do_not_find_faces_again():
    changed = Faces.model_validate({"person": {"kind": "largest"}, "nearest_s": 2.0})
    assert changed != Faces() and changed.finding() == Faces()
    assert Faces(fps=10.0).finding() != Faces().finding()


def test_faces_are_given_as_they_are_found(tmp_path, monkeypatch):
    """A table at the end would hold every image of a long video."""
    monkeypatch.setattr("abaw_pipeline.faces.rows.ROWS_AT_ONCE", 10)
    seen = []
    decode = pictures.decode_pictures
    monkeypatch.setattr(
        pictures, "decode_pictures", lambda *a, **b: (seen.append(each) or each for each in decode(*a, **b))
    )
    media = video(tmp_path / "v.mp4", lambda at: {0: (30, 40)}, seconds=8.0)
    given = 0
    for part in find_faces(media, 0.0, 8.0, settings(crops=SMALL, max_gap_s=1.0), batch=2):
        given += part.num_rows
        assert part.schema == face_crops_schema() and part.num_rows <= 10 + 2 * 5 + 1
        assert len(seen) - given <= 10 + 25 + 3 * 5  # a part, the longest gap, and the batches
    assert given == len(seen) == 200


@pytest.mark.parametrize(("rows", "size"), [(1, 1 << 22), (7, 1 << 22), (512, 1), (512, 3000), (10**6, 10**9)])
def test_parts_of_any_size_are_the_same_table(tmp_path, monkeypatch, rows, size):
    media = video(tmp_path / "v.mp4", lambda at: {0: (30, 40), 1: (150, 80)} if at % 40 < 25 else {})
    expected = find(media)
    monkeypatch.setattr("abaw_pipeline.faces.rows.ROWS_AT_ONCE", rows)
    monkeypatch.setattr("abaw_pipeline.faces.rows.BYTES_AT_ONCE", size)
    assert find(media) == expected
