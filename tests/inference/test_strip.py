"""Pictures at even distances, with the right boxes at the right place."""

import io
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image, ImageColor
from tests.media.files import number, times_at, tone, write_media, write_video

from abaw_pipeline.errors import MediaError
from abaw_pipeline.inference.strip import film_strip
from abaw_pipeline.report import palette
from abaw_pipeline.types import File

from .fabricate import CLASSES, fabricate_judged

NOBODY = fabricate_judged([])


def file(path) -> File:
    return File(str(path), "")


def pictures(strip) -> list[np.ndarray]:
    return [np.array(Image.open(io.BytesIO(row["bytes"]))) for row in strip.column("image").to_pylist()]


def test_pictures_are_the_middles_of_equal_stretches(tmp_path):
    path = write_video(tmp_path / "a.mp4", times_at(Fraction(25), 100))
    strip = film_strip(file(path), NOBODY, "fused", pictures=10, height=48)
    assert strip.column("frame").to_pylist() == [5, 15, 25, 35, 45, 55, 65, 75, 85, 95]
    assert strip.column("time").to_pylist() == pytest.approx([0.2 + 0.4 * n for n in range(10)], abs=0.001)
    assert [number(shown) for shown in pictures(strip)] == strip.column("frame").to_pylist()


def test_a_late_start_and_a_variable_rate_are_on_the_file_s_clock(tmp_path):
    times = [Fraction(2) + Fraction(n, 50) for n in range(50)] + [Fraction(3) + Fraction(n, 5) for n in range(5)]
    path = write_video(tmp_path / "a.mp4", times, sound_from=0.0)
    strip = film_strip(file(path), NOBODY, "fused", pictures=4, height=48)
    assert np.diff(strip.column("time").to_numpy()).max() < 0.75
    assert [float(times[at]) for at in strip.column("frame").to_pylist()] == pytest.approx(
        strip.column("time").to_pylist(), abs=0.001
    )
    assert strip.column("time")[0].as_py() > 2.1


def test_a_segment_has_pictures_of_its_own_on_its_own_clock(tmp_path):
    path = write_video(tmp_path / "a.mp4", times_at(Fraction(25), 100))
    strip = film_strip(file(path), NOBODY, "fused", start=1.0, end=3.0, pictures=5, height=48)
    assert strip.column("frame").to_pylist() == [30, 40, 50, 60, 70]
    assert strip.column("time").to_pylist() == pytest.approx([0.2, 0.6, 1.0, 1.4, 1.8], abs=0.001)
    with pytest.raises(MediaError, match="no frame from 9 s"):
        film_strip(file(path), NOBODY, "fused", start=9.0)


@pytest.mark.parametrize("frames", [1, 2, 7])
def test_a_video_of_few_frames_has_each_once(tmp_path, frames):
    path = write_video(tmp_path / "a.mp4", times_at(Fraction(25), frames))
    assert film_strip(file(path), NOBODY, "fused").column("frame").to_pylist() == [*range(frames)]


def test_boxes_are_drawn_where_the_faces_are_in_the_emotion_s_color(tmp_path):
    gray = np.full((240, 320, 3), 128, np.uint8)
    path = write_video(tmp_path / "a.mp4", times_at(Fraction(25), 10), picture=lambda _: gray)
    judged = fabricate_judged([(0, 0.4), (0, 0.4)], fps=25, size=(320, 240))
    strip = film_strip(file(path), judged, "fused", pictures=10, height=120)
    bare = film_strip(file(path), NOBODY, "fused", pictures=10, height=120)
    rows = judged.filter((judged["system"].to_numpy() == "fused") & (judged["person"].to_numpy() == 1)).to_pylist()
    for row, shown, plain in zip(rows, pictures(strip), pictures(bare), strict=True):
        changed = np.abs(shown.astype(int) - plain).max(axis=2) > 40
        if row["x1"] is None:
            assert not changed.any()
            continue
        x1, y1, x2, y2 = (round(row[name] / 2) for name in ("x1", "y1", "x2", "y2"))
        hue = ImageColor.getrgb(palette.LIGHT[f"v{palette.hues(CLASSES)[row['predicted']]}"])
        tag = np.median(shown[y1 - 13 : y1 - 3, x1 : x1 + 14], axis=(0, 1))
        assert np.abs(tag - hue).max() < 40
        assert not changed[y1 + 20 : y2 - 5, x1 + 8 : x2 - 8].any()
        assert not changed[y2 + 10 :].any() and changed[y1 - 12 : y1, x1 : x1 + 10].mean() > 0.4


def test_a_box_beyond_the_edge_keeps_its_number_inside(tmp_path):
    gray = np.full((120, 160, 3), 128, np.uint8)
    path = write_video(tmp_path / "a.mp4", times_at(Fraction(25), 1), picture=lambda _: gray)
    judged = fabricate_judged([(0, 0.01)], fps=25, size=(160, 120), systems=["fused"])
    hue = ImageColor.getrgb(palette.LIGHT[f"v{palette.hues(CLASSES)[judged['predicted'][0].as_py()]}"])
    places = {
        (-30, -30, 20, 20): (slice(0, 15), slice(0, 13)),
        (158, 118, 190, 150): (slice(103, 118), slice(147, 158)),
    }
    for box, tag in places.items():
        moved = judged
        for name, value in zip(("x1", "y1", "x2", "y2"), box, strict=True):
            moved = moved.set_column(moved.column_names.index(name), name, [np.array([value], np.float32)])
        (shown,) = pictures(film_strip(file(path), moved, "fused"))
        assert np.abs(np.median(shown[tag], axis=(0, 1)) - hue).max() < 40


def test_the_same_input_gives_the_same_bytes(tmp_path):
    path = write_video(tmp_path / "a.mp4", times_at(Fraction(25), 30))
    judged = fabricate_judged([(0, 1)], fps=25, size=(64, 48))
    assert film_strip(file(path), judged, "fused").equals(film_strip(file(path), judged, "fused"))


def test_a_file_without_pictures_is_refused(tmp_path):
    path = write_media(tmp_path / "a.wav", tone(1.0, 16_000), rate=16_000)
    with pytest.raises(MediaError, match="no video stream"):
        film_strip(file(path), NOBODY, "fused")


@pytest.mark.real
def test_a_real_video_that_starts_late(real_data):
    judged = fabricate_judged([(0.9, 9)], fps=29.97)
    strip = film_strip(file(real_data / "videos/hamilton/short_hamilton_clip.mp4"), judged, "fused")
    assert strip.num_rows == 24 and strip.nbytes < 200_000
    assert strip.column("time")[0].as_py() == pytest.approx(1.03, abs=0.05)
