"""Each container gives back the sound that went in, and the same bytes for the same sound."""

import av
import numpy as np
import pytest

from abaw_pipeline.demo.backgrounds import background
from abaw_pipeline.demo.encode import resample, write_sound
from abaw_pipeline.demo.speakers import generator


def decode(path):
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        frames = [frame.to_ndarray().astype(np.float64) for frame in container.decode(stream)]
        planar, channels, rate = stream.format.is_planar, stream.channels, stream.rate
    if planar:
        return np.concatenate(frames, axis=1), rate
    return np.concatenate(frames, axis=1).reshape(-1, channels).T / 32768, rate


@pytest.mark.parametrize("container", ["wav", "flac", "m4a", "mp3"])
@pytest.mark.parametrize(("rate", "channels"), [(48000, 2), (44100, 1), (22050, 2)])
def test_sound_comes_back(tmp_path, container, rate, channels):
    time = np.arange(rate) / rate
    loud = np.array([[0.5], [0.25]])[:channels]
    write_sound(tmp_path / "x.part", loud * np.sin(2 * np.pi * 500 * time), rate, container)
    sound, decoded_rate = decode(tmp_path / "x.part")
    assert (sound.shape[0], decoded_rate) == (channels, rate)
    assert rate <= sound.shape[1] < rate + 3000
    middle = sound[:, rate // 4 : rate // 4 + rate // 2]
    # LAME turns everything down to 95 % before it encodes.
    np.testing.assert_allclose(np.sqrt(2) * middle.std(axis=1), loud[:, 0], rtol=0.06)
    assert np.abs(np.fft.rfft(middle[0])).argmax() / (middle.shape[1] / rate) == pytest.approx(500, abs=3)


@pytest.mark.parametrize("container", ["wav", "flac", "m4a", "mp3"])
def test_the_same_sound_gives_the_same_bytes(tmp_path, container):
    sound = np.random.default_rng(0).normal(0, 0.1, (1, 20000))
    for name in "ab":
        write_sound(tmp_path / name, sound, 44100, container)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_resampling_keeps_pitch_and_length():
    sound = resample(np.sin(2 * np.pi * 440 * np.arange(24000) / 24000), 24000, 44100)
    assert len(sound) == 44100
    assert np.abs(np.fft.rfft(sound)).argmax() == 440


@pytest.mark.parametrize("kind", ["noise", "music"])
def test_backgrounds_have_unit_loudness_and_differ_from_draw_to_draw(kind):
    first, other = (background(kind, 30000, 24000, generator(0, name)) for name in "ab")
    assert np.sqrt(np.mean(first**2)) == pytest.approx(1)
    assert abs(np.corrcoef(first, other)[0, 1]) < 0.5


def test_music_has_lines_in_its_spectrum_where_noise_has_none():
    flatness = {}
    for kind in ("noise", "music"):
        power = np.abs(np.fft.rfft(background(kind, 48000, 24000, generator(1, kind))))[200:4000] ** 2
        flatness[kind] = np.exp(np.mean(np.log(power))) / power.mean()
    assert flatness["music"] < 0.3 * flatness["noise"]
    assert not background("none", 10, 24000, generator(0, "x")).any()
