from fractions import Fraction

import pytest
from tests.media.files import times_at, tone, write_media, write_video

from abaw_pipeline.media.facts import read_facts
from abaw_pipeline.media.last import last_picture
from abaw_pipeline.media.pictures import frame_times
from abaw_pipeline.types import File

CASES = [("a.mp4", "libx264"), ("a.mkv", "libx264"), ("a.avi", "mjpeg"), ("a.webm", "libvpx-vp9")]


@pytest.mark.parametrize(("name", "codec"), CASES)
def test_the_last_picture_is_found_from_the_end(tmp_path, name, codec):
    more = {"time_base": Fraction(1, 25), "pix_fmt": "yuvj420p"} if codec == "mjpeg" else {}
    path = write_video(tmp_path / name, times_at(Fraction(25), 40), codec=codec, **more)
    begin, end = last_picture(path)
    assert begin == pytest.approx(frame_times(path)[-1], abs=1e-6)
    assert end == pytest.approx(begin + 0.04, abs=2e-3)


def test_a_length_that_would_hide_pictures_is_not_believed(tmp_path):
    """What is written of variable rates may say less than it holds."""
    path = write_video(tmp_path / "a.mp4", [Fraction(n, 1000) for n in (0, 33, 40, 400, 401, 999)])
    facts = read_facts(File(str(path), "x"))
    assert facts["duration"] > frame_times(path)[-1] == pytest.approx(0.999)
    right = write_video(tmp_path / "b.mp4", times_at(Fraction(25), 40))
    assert read_facts(File(str(right), "x"))["duration"] == 1.6


def test_sound_alone_has_no_last_picture(tmp_path):
    assert last_picture(write_media(tmp_path / "a.wav", tone(0.2, 16_000)[None], rate=16_000)) is None
