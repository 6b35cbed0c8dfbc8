"""Pictures and sound come back in time, and the same ones give the same bytes."""

from fractions import Fraction

import av
import numpy as np
import pytest

from abaw_pipeline.demo.encode_video import write_video

UNIT = Fraction(1, 25)


def flashes(n, on):
    """Black pictures, white ones at given places; the upper left quarter always grey."""
    for index in range(n):
        picture = np.full((64, 96, 3), 235 if index in on else 16, np.uint8)
        picture[:32, :48] = 128
        yield picture


def decode(path):
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
        pictures = [frame.to_ndarray(format="gray") for frame in frames]
    with av.open(str(path)) as container:
        sound = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    return pictures, [float(frame.pts * frame.time_base) for frame in frames], np.concatenate(sound)


def test_a_flash_and_a_click_stay_together(tmp_path):
    sound = np.zeros((1, 48000 * 2))
    sound[0, 48000 : 48000 + 960] = 0.5 * np.sin(np.arange(960) / 5)
    write_video(tmp_path / "x", flashes(50, {25}), range(50), UNIT, sound, 48000)
    pictures, times, heard = decode(tmp_path / "x")
    assert len(pictures) == 50
    bright = int(np.argmax([picture[40:, 60:].mean() for picture in pictures]))
    assert times[bright] == pytest.approx(1.0)
    assert np.abs(heard).argmax() / 48000 == pytest.approx(1.01, abs=0.015)


def test_a_turned_video_is_upright_after_the_turn_that_it_asks_for(tmp_path):
    write_video(tmp_path / "x", flashes(5, set()), range(5), UNIT, None, 48000, turned=True)
    with av.open(str(tmp_path / "x")) as container:
        frame = next(container.decode(video=0))
    assert (frame.width, frame.height, frame.rotation) == (64, 96, -90)
    upright = np.rot90(frame.to_ndarray(format="gray"), frame.rotation // 90)
    assert upright.shape == (64, 96)
    assert upright[:28, :44].mean() > 100
    assert upright[:28, 52:].mean() < 40
    assert upright[36:].mean() < 40


@pytest.mark.parametrize("steps", [range(12), [0, 1, 5, 6, 7, 11, 12, 13, 17, 30, 31, 32]])
def test_the_same_pictures_give_the_same_bytes(tmp_path, steps):
    sound = np.random.default_rng(0).normal(0, 0.1, (2, 24000)).clip(-1, 1)
    for name in "ab":
        write_video(tmp_path / name, flashes(12, {3}), steps, UNIT, sound, 44100)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    np.testing.assert_allclose(decode(tmp_path / "a")[1], np.array(list(steps)) / 25)
