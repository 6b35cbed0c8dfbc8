"""Every case writes a real file; soundfile, which shares no code with the decoder, says what is in it."""

import math

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.media.files import cut, noise, tone, write_media

from abaw_pipeline.errors import MediaError
from abaw_pipeline.media.decode import PART, _mono, decode_audio, decode_parts


def test_samples_at_the_files_own_rate_are_its_samples(tmp_path):
    soundfile.write(tmp_path / "a.flac", noise(1.0, 16_000), 16_000)
    expected, _ = soundfile.read(tmp_path / "a.flac", dtype="float32")
    got = decode_audio(tmp_path / "a.flac")
    assert (got.rate, got.samples.dtype) == (16_000, np.float32)
    np.testing.assert_array_equal(got.samples, expected)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_every_width_of_samples_keeps_its_scale(tmp_path, subtype):
    soundfile.write(tmp_path / "a.wav", tone(0.2, 16_000, height=1.0), 16_000, subtype=subtype)
    expected, _ = soundfile.read(tmp_path / "a.wav", dtype="float32")
    np.testing.assert_array_equal(decode_audio(tmp_path / "a.wav").samples, expected)


@pytest.mark.parametrize("channels", [2, 3, 6])
def test_channels_are_averaged(tmp_path, channels):
    sound = np.stack([noise(0.3, 16_000, seed) for seed in range(channels)], axis=1)
    soundfile.write(tmp_path / "a.wav", sound, 16_000, subtype="FLOAT")
    np.testing.assert_allclose(decode_audio(tmp_path / "a.wav").samples, sound.mean(axis=1), atol=1e-7)


@pytest.mark.parametrize("source", [8_000, 11_025, 44_100, 48_000])
def test_resampling_keeps_frequency_height_phase_and_length(tmp_path, source):
    soundfile.write(tmp_path / "a.wav", tone(1.0, source), source, subtype="FLOAT")
    samples = decode_audio(tmp_path / "a.wav").samples
    assert len(samples) == 16_000
    inner = slice(800, -800)
    np.testing.assert_allclose(samples[inner], tone(1.0, 16_000)[inner], atol=2e-3)


def test_resampling_removes_what_would_fold_back(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(1.0, 48_000, hertz=11_000), 48_000, subtype="FLOAT")
    assert np.abs(decode_audio(tmp_path / "a.wav").samples[800:-800]).max() < 1e-3


@pytest.fixture(scope="module")
def flac(tmp_path_factory):
    """Three seconds at 44.1 kHz, and the whole of it decoded."""
    path = tmp_path_factory.mktemp("segments") / "a.flac"
    soundfile.write(path, noise(3.0, 44_100), 44_100)
    return path, decode_audio(path).samples


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.floats(0, 2.9), length=st.floats(0.001, 1.0))
def test_a_segment_is_a_slice_of_the_whole(flac, start, length):
    path, whole = flac
    end = min(start + length, 3.0)
    got = decode_audio(path, start=start, end=end).samples
    np.testing.assert_array_equal(got, whole[round(start * 16_000) : round(end * 16_000)])


RATES = [(44_100, 16_000), (48_000, 16_000), (8_000, 16_000), (11_025, 16_000), (12_345, 16_000), (16_000, 16_000)]
RATES += [(96_000, 8_000), (22_050, 44_100), (48_000, 1_000)]


@pytest.mark.parametrize(("source", "rate"), RATES)
def test_a_late_segment_is_a_slice_of_the_whole_at_any_rate(tmp_path, source, rate):
    """What is before it is passed over by whole seconds, which must not show in any bit."""
    path = write_media(tmp_path / "a.mkv", noise(7.0, source), rate=source, gap=(3.3, 3.7), late=0.013, pictures=7.2)
    whole = decode_audio(path, rate=rate).samples
    for start, end in [(2.0, 2.1), (3.31, 3.5), (4.999, 5.2), (5.7, None), (6.5, 7.0)]:
        got = decode_audio(path, rate=rate, start=start, end=end).samples
        np.testing.assert_array_equal(got, whole[round(start * rate) : None if end is None else round(end * rate)])


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp4", "aac"), ("a.mp3", "mp3"), ("a.webm", "libopus"), ("a.flac", "flac")]
)
def test_a_late_segment_is_a_slice_of_the_whole_in_any_codec(tmp_path, name, codec):
    path = write_media(tmp_path / name, noise(7.0, 48_000), codec=codec)
    whole = decode_audio(path).samples
    for start in (2.3, 4.0, 6.1):
        np.testing.assert_array_equal(decode_audio(path, start=start).samples, whole[round(start * 16_000) :])


def test_only_the_last_seconds_before_a_segment_are_converted(tmp_path, monkeypatch):
    soundfile.write(tmp_path / "a.wav", noise(20.0, 16_000), 16_000)
    seen = []
    monkeypatch.setattr("abaw_pipeline.media.decode._mono", lambda frame: seen.append(frame.samples) or _mono(frame))
    decode_audio(tmp_path / "a.wav", rate=8_000, start=17.5, end=18.0)
    assert sum(seen) < 3.5 * 16_000
    seen.clear()
    with pytest.raises(MediaError, match=r"no sound after 25 s: it ends at 20\.000 s"):
        decode_audio(tmp_path / "a.wav", rate=8_000, start=25.0)


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_parts_follow_each_other_and_are_as_long_as_said(tmp_path, monkeypatch, rate):
    path = write_media(tmp_path / "a.mkv", noise(3.0, 44_100), rate=44_100, pictures=9.0, gap=(1.0, 1.5), late=0.2)
    whole = decode_audio(path, rate=rate, start=0.1, end=7.3).samples
    for seconds in (0.001, 0.37, 1.0, 7.2, 20.0):
        monkeypatch.setattr("abaw_pipeline.media.decode.PART", seconds)
        parts = [part.samples for part in decode_parts(path, rate=rate, start=0.1, end=7.3)]
        assert {len(part) for part in parts[:-1]} <= {round(seconds * rate)}
        assert 0 < len(parts[-1]) <= round(seconds * rate)
        np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_parts_are_decoded_as_they_are_asked_for(tmp_path, monkeypatch):
    """Whoever decodes all before the first part is given holds all of it."""
    soundfile.write(tmp_path / "a.wav", noise(60.0, 16_000), 16_000)
    seen = []
    monkeypatch.setattr("abaw_pipeline.media.decode._mono", lambda frame: seen.append(frame.samples) or _mono(frame))
    for index, part in enumerate(decode_parts(tmp_path / "a.wav", rate=8_000), start=1):
        assert part.duration == PART
        assert sum(seen) / 16_000 < index * PART + 1.5
    assert index == 60 / PART


def test_long_silence_comes_piece_by_piece(tmp_path, monkeypatch):
    """A hole in the timestamps, or an end without sound, may be an hour."""
    monkeypatch.setattr("abaw_pipeline.media.decode.PART", 1.0)
    sizes = []
    monkeypatch.setattr(
        "abaw_pipeline.media.decode._finite",
        lambda blocks, where: (sizes.append(len(block)) or block for block in blocks),
    )
    path = write_media(tmp_path / "a.mkv", noise(8.0, 8_000), rate=8_000, pictures=12.0, gap=(1.0, 6.5), late=3.5)
    assert sum(len(part.samples) for part in decode_parts(path, rate=8_000, end=12.0)) == 12 * 8_000
    assert max(sizes) <= 8_000


def test_a_segment_at_the_files_rate_is_soundfiles_slice(tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(2.0, 16_000), 16_000)
    expected, _ = soundfile.read(tmp_path / "a.wav", start=8123, stop=20001, dtype="float32")
    got = decode_audio(tmp_path / "a.wav", start=8123 / 16_000, end=20001 / 16_000)
    np.testing.assert_array_equal(got.samples, expected)


@pytest.mark.parametrize(
    ("name", "codec", "error"),
    [
        ("a.mp4", "aac", 0.4),
        ("a.m4a", "aac", 0.4),
        ("a.mkv", "pcm_s16le", 1e-3),
        ("a.mov", "pcm_s16le", 1e-3),
        ("a.mp3", "mp3", 0.4),
        ("a.webm", "libopus", 0.4),
        ("a.mka", "flac", 1e-3),
    ],
)
def test_containers_and_codecs_start_at_the_same_sample(tmp_path, name, codec, error):
    """An encoder's delay that is not removed shifts the sound, and noise against shifted noise differs wholly."""
    low = np.convolve(noise(2.0, 48_000), np.ones(24) / 24, mode="same")
    moving = 0 if name in {"a.m4a", "a.mp3", "a.mka", "a.webm"} else 2.0
    path = write_media(tmp_path / name, low, codec=codec, pictures=moving)
    samples = decode_audio(path, rate=48_000).samples[2000:90_000]
    assert np.std(samples - low[2000:90_000]) < error * np.std(low)


@pytest.mark.parametrize(("name", "codec"), [("a.mkv", "pcm_s16le"), ("a.mkv", "flac"), ("a.mov", "pcm_s16le")])
def test_sound_that_starts_late_is_preceded_by_zeros(tmp_path, name, codec):
    path = write_media(tmp_path / name, tone(1.0, 48_000, height=1.0), codec=codec, late=0.5, pictures=1.5)
    samples = decode_audio(path).samples
    assert len(samples) == 24_000
    assert not samples[:7_900].any()
    np.testing.assert_allclose(samples[9_000:23_000], tone(1.0, 16_000, height=1.0)[1_000:15_000], atol=5e-3)


def test_a_hole_in_the_timestamps_becomes_zeros_and_later_sound_stays_in_place(tmp_path):
    sound = tone(3.0, 48_000)
    samples = decode_audio(write_media(tmp_path / "a.mkv", sound, pictures=3.0, gap=(1.0, 1.5))).samples
    assert np.mean(samples[16_500:23_800] == 0) == 1
    assert abs(len(samples) - 48_000) <= 16
    spectrum = np.abs(np.fft.rfft(samples[30_000:46_000]))
    assert spectrum.argmax() == 440


def test_sound_that_ends_before_the_pictures_is_filled_only_as_asked(tmp_path):
    path = write_media(tmp_path / "a.mkv", noise(1.0, 48_000), pictures=2.0)
    assert decode_audio(path).duration == pytest.approx(1.0)
    filled = decode_audio(path, end=2.0).samples
    assert len(filled) == 32_000
    assert filled[15_000:15_900].any()
    assert not filled[16_001:].any()
    with pytest.raises(MediaError, match=r"no sound after 1\.5 s"):
        decode_audio(path, start=1.5, end=2.0)


@pytest.mark.parametrize(("start", "end"), [(-0.1, 1.0), (0.5, 0.5), (1.0, 0.5), (math.nan, 1.0), (0.0, math.inf)])
def test_impossible_segments(tmp_path, start, end):
    soundfile.write(tmp_path / "a.wav", noise(2.0, 16_000), 16_000)
    with pytest.raises(MediaError, match=r"a\.wav: the segment"):
        decode_audio(tmp_path / "a.wav", start=start, end=end)


def test_a_segment_outside_the_file(tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(1.0, 16_000), 16_000)
    assert len(decode_audio(tmp_path / "a.wav", end=1.05).samples) == 16_800
    with pytest.raises(MediaError, match=r"after the file's end at 1\.000 s"):
        decode_audio(tmp_path / "a.wav", end=1.5)
    with pytest.raises(MediaError, match=r"no sound after 3 s: it ends at 1\.000 s"):
        decode_audio(tmp_path / "a.wav", start=3.0)


@pytest.mark.parametrize("lost", [1, 2, 500, 20_000])
@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.rf64.wav"])
def test_lossless_files_cut_at_their_end(tmp_path, name, lost):
    options = {"format": "RF64"} if "rf64" in name else {}
    soundfile.write(tmp_path / name, noise(2.0, 16_000), 16_000, **options)
    decode_audio(tmp_path / name)
    with pytest.raises(MediaError, match=r"cut short|damaged"):
        decode_audio(cut(tmp_path / name, lost))


def test_a_flac_file_cut_between_two_blocks(tmp_path):
    """No decoder complains there: only the header's count of samples tells it."""
    long = write_media(tmp_path / "a.flac", noise(2.0, 16_000), rate=16_000, codec="flac")
    import av

    with av.open(str(long)) as container:
        last = [packet for packet in container.demux() if packet.size][-1]
    with pytest.raises(MediaError, match="cut short"):
        decode_audio(cut(long, last.size))


def test_lossy_files_cut_at_their_end(tmp_path):
    for name, codec in [("a.mp3", "mp3"), ("a.mkv", "aac")]:
        path = write_media(tmp_path / name, noise(3.0, 48_000), codec=codec)
        decode_audio(path)
        with pytest.raises(MediaError, match=r"cut short|damaged"):
            decode_audio(cut(path, path.stat().st_size // 3))


def test_an_mp4_file_cut_at_its_end_has_lost_its_index(tmp_path):
    path = write_media(tmp_path / "a.mp4", noise(1.0, 48_000), codec="aac")
    with pytest.raises(MediaError, match="not a media file"):
        decode_audio(cut(path, 2000))


def test_a_flac_file_damaged_in_the_middle(tmp_path):
    soundfile.write(tmp_path / "a.flac", noise(3.0, 16_000), 16_000)
    content = bytearray((tmp_path / "a.flac").read_bytes())
    middle = len(content) // 2
    content[middle : middle + 16] = b"\x55" * 16
    (tmp_path / "a.flac").write_bytes(content)
    with pytest.raises(MediaError, match="damaged"):
        decode_audio(tmp_path / "a.flac")


def test_a_wav_file_of_a_recorder_that_knew_no_length(tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(1.0, 16_000), 16_000)
    content = bytearray((tmp_path / "a.wav").read_bytes())
    at = content.index(b"data") + 4
    content[at : at + 4] = b"\xff\xff\xff\xff"
    (tmp_path / "a.wav").write_bytes(content)
    assert decode_audio(tmp_path / "a.wav").duration == 1.0


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.wav", b"", "empty"),
        ("text.wav", b"these are words\n" * 200, "not a media file"),
        ("text.mp3", b"these are words\n" * 200, "not a media file"),
        ("header.wav", b"RIFF\x00\x00\x00\x00WAVE", "not a media file"),
    ],
)
def test_files_that_hold_no_media(tmp_path, name, content, message, capfd):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MediaError, match=message) as caught:
        decode_audio(tmp_path / name)
    assert name in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(MediaError, match="no such file"):
        decode_audio(tmp_path / "nowhere.wav")
    with pytest.raises(MediaError, match="is a folder"):
        decode_audio(tmp_path)


def test_a_wav_file_without_samples(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(0), 16_000)
    with pytest.raises(MediaError, match="no sound samples"):
        decode_audio(tmp_path / "a.wav")


def test_pictures_without_sound(tmp_path):
    with pytest.raises(MediaError, match="no sound stream"):
        decode_audio(write_media(tmp_path / "a.mp4", None, pictures=1.0))


def test_samples_that_are_no_numbers(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.array([0.0, np.nan, 0.0]), 16_000, subtype="FLOAT")
    with pytest.raises(MediaError, match="not finite"):
        decode_audio(tmp_path / "a.wav")


@pytest.mark.parametrize("name", ["Gefühl – печаль 悲しみ.wav", "12:30.wav", "100%d.wav", "-y.wav"])
def test_names_that_confuse_others(tmp_path, name):
    soundfile.write(tmp_path / name, noise(0.1, 16_000), 16_000)
    assert len(decode_audio(tmp_path / name).samples) == 1_600


def test_the_librarys_complaints_stay_inside(tmp_path, capfd):
    path = write_media(tmp_path / "a.mp3", noise(2.0, 48_000), codec="mp3")
    content = bytearray(path.read_bytes())
    content[9_000:9_400] = b"\xff\xfb" * 200
    path.write_bytes(content)
    try:
        decode_audio(path)
    except MediaError as error:
        assert "a.mp3" in str(error)
    assert capfd.readouterr() == ("", "")


@pytest.mark.real
def test_ravdess_clips_are_what_soundfile_reads(real_data):
    for name in ["Actor_01/03-01-01-01-01-01-01.flac", "Actor_20/03-01-03-01-01-02-20.flac"]:
        path = real_data / "ravdess_speech" / name
        expected, rate = soundfile.read(path, dtype="float64", always_2d=True)
        assert rate == 16_000
        np.testing.assert_array_equal(decode_audio(path).samples, expected.mean(axis=1).astype(np.float32))


@pytest.mark.real
def test_real_videos(real_data):
    lengths = {}
    for path in sorted((real_data / "videos").glob("*/*.m*")):
        if path.parent.name == "silent_woman":
            with pytest.raises(MediaError, match="no sound stream"):
                decode_audio(path)
        else:
            lengths[path.name] = decode_audio(path).duration
    assert len(lengths) == 11
    assert lengths["short_hamilton_clip.mp4"] == pytest.approx(10.008, abs=0.001)  # pictures: 9.18 s
    assert lengths["noface_face.mov"] == pytest.approx(3.966, abs=0.001)  # pictures: 6.38 s
