"""What is written is read back by the package's own decoders, and its packets by PyAV."""

import weakref
from fractions import Fraction

import av
import numpy as np
import pytest
from tests.media.files import cut, noise, number, numbered, times_at, tone, write_media, write_video

from abaw_pipeline.errors import MediaError
from abaw_pipeline.media.decode import decode_audio
from abaw_pipeline.media.encode import Screen, encode_movie
from abaw_pipeline.media.pictures import decode_pictures, frame_times
from abaw_pipeline.types import Picture

RATE = 48_000


def again(source, path, **options):
    """A file's pictures and sound written anew."""
    encode_movie(decode_pictures(source), path, sound=source, **options)
    return path


def still(times, pixels=None):
    return [Picture(index, time, numbered(index) if pixels is None else pixels) for index, time in enumerate(times)]


def packets(path):
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def stream_types(path):
    with av.open(str(path)) as container:
        return [stream.type for stream in container.streams]


def sound_codec(path):
    with av.open(str(path)) as container:
        coder = container.streams.audio[0].codec_context
        return coder.codec.canonical_name, coder.channels, coder.sample_rate


def onsets(samples, height=0.1, quiet=0.05):
    """Where sound begins after at least `quiet` s without (s)."""
    loud = np.flatnonzero(np.abs(samples) > height) / RATE
    return loud[np.diff(loud, prepend=-1.0) > quiet]


def lag(one, other, most=960):
    """By how many samples the second sound comes later than the first."""
    count = min(len(one), len(other))
    return most - int(np.argmax(np.correlate(np.pad(one[:count], most), other[:count], "valid")))


# ------------------------------------------------------------------------------------------ times


def test_a_variable_frame_rate_stays_what_it_is(tmp_path):
    times = [Fraction(n, 1000) for n in (0, 33, 40, 400, 401, 999, 1000, 2500, 2533)]
    source = write_video(tmp_path / "a.mp4", times, options={"bf": "2"})
    pictures = list(decode_pictures(again(source, tmp_path / "b.mp4")))
    np.testing.assert_allclose([p.time for p in pictures], [float(t) for t in times], atol=1e-5)
    assert [number(p.pixels) for p in pictures] == list(range(9))


@pytest.mark.parametrize("rate", [Fraction(30_000, 1001), Fraction(24_000, 1001), Fraction(25), Fraction(60)])
def test_times_of_long_movies_do_not_drift(tmp_path, rate):
    times = [float(index / rate) for index in range(0, 200_000, 4001)]
    encode_movie(still(times), tmp_path / "a.mp4")
    np.testing.assert_allclose(frame_times(tmp_path / "a.mp4"), times, atol=1e-5)


def test_pictures_of_one_time_follow_each_other(tmp_path):
    encode_movie(still([0.0, 0.5, 0.5, 0.5, 1.0]), tmp_path / "a.mp4")
    times = frame_times(tmp_path / "a.mp4")
    assert (np.diff(times) > 0).all()
    np.testing.assert_allclose(times, [0.0, 0.5, 0.5, 0.5, 1.0], atol=1e-4)


def test_the_last_picture_is_shown_as_long_as_the_one_before(tmp_path):
    encode_movie(still(np.arange(10) / 10), tmp_path / "a.mp4")
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.duration == 1_000_000


# ------------------------------------------------------------------------------------------ sound


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.mov"])
@pytest.mark.parametrize("start", [0.0, 0.3, 0.52])
def test_a_flash_and_the_tone_that_begins_with_it_stay_together(tmp_path, name, start):
    """A sound that starts late: the pictures are white from the same moment on."""

    def picture(index):
        return np.full((48, 64, 3), 230 if index / 50 >= start else 20, np.uint8)

    source = write_video(tmp_path / name, times_at(Fraction(50), 60), picture=picture, sound_from=start)
    out = again(source, tmp_path / "out.mp4")
    heard = decode_audio(out, rate=RATE).samples
    assert abs(lag(decode_audio(source, rate=RATE).samples, heard)) <= RATE / 1000
    flash = next(p.time for p in decode_pictures(out) if p.pixels.mean() > 127)
    # AAC smears an onset by some milliseconds, as it did in the source
    assert onsets(heard)[0] == pytest.approx(flash, abs=0.006)
    np.testing.assert_allclose(frame_times(out), frame_times(source), atol=1e-5)


def test_pictures_that_begin_later_than_the_sound_do_so_still(tmp_path):
    source = write_video(tmp_path / "a.mkv", times_at(Fraction(25), 20, Fraction(12, 25)), sound_from=0.1)
    out = again(source, tmp_path / "out.mp4")
    assert frame_times(source)[0] > 0.37
    np.testing.assert_allclose(frame_times(out), frame_times(source), atol=1e-3)
    assert abs(lag(decode_audio(source, rate=RATE).samples, decode_audio(out, rate=RATE).samples)) <= RATE / 1000


@pytest.mark.parametrize(
    ("name", "codec", "stored"),
    [
        ("a.mp4", "aac", "aac"),
        ("a.mkv", "aac", "aac"),
        ("a.avi", "libmp3lame", "mp3"),
        ("a.mkv", "libmp3lame", "mp3"),
        ("a.mkv", "ac3", "ac3"),
        ("a.mkv", "flac", "flac"),
        ("a.mov", "alac", "alac"),
        ("a.mkv", "libopus", "opus"),
    ],
)
def test_sound_that_mp4_holds_is_copied_byte_by_byte(tmp_path, name, codec, stored):
    late = 0.0 if name == "a.avi" else 0.2
    source = write_media(tmp_path / name, noise(1.5, RATE), codec=codec, late=late, pictures=1.5)
    out = again(source, tmp_path / "out.mp4")
    assert packets(out) == packets(source)
    assert sound_codec(out)[0] == stored
    assert abs(lag(decode_audio(source, rate=RATE).samples, decode_audio(out, rate=RATE).samples)) <= RATE / 1000


def test_aac_with_headers_of_its_own_loses_only_those(tmp_path):
    """In transport streams each packet carries what mp4 says once."""
    source = write_media(tmp_path / "a.ts", noise(1.5, RATE), codec="aac", late=0.2, pictures=1.5)
    out = again(source, tmp_path / "out.mp4")
    assert [packet[7:] for packet in packets(source)] == packets(out)
    np.testing.assert_array_equal(decode_audio(source).samples, decode_audio(out).samples)


@pytest.mark.parametrize("layout", ["mono", "stereo"])
@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [("a.mov", "pcm_s16le", 48_000), ("a.mkv", "pcm_s24le", 50_000), ("a.mkv", "mp2", 44_100)],
)
def test_other_sound_becomes_aac_at_its_place(tmp_path, name, codec, rate, layout):
    """Clicks, the first one late, and a hole in the timestamps between others."""
    begins, late, hole = [0.1, 0.5, 1.3, 1.7], 0.25, (0.6, 1.2)
    clicks = np.zeros(2 * rate)
    for begin in begins:
        clicks[round(begin * rate) :][: rate // 50] += tone(0.02, rate, 1000.0, height=0.8)
    sound = np.stack([clicks] * (2 if layout == "stereo" else 1))
    source = write_media(
        tmp_path / name, sound, rate=rate, codec=codec, layout=layout, late=late, pictures=2.5, gap=hole
    )
    out = again(source, tmp_path / "out.mp4")
    assert sound_codec(out) == ("aac", len(sound), 48_000 if rate == 50_000 else rate)
    heard, meant = decode_audio(out, rate=RATE).samples, decode_audio(source, rate=RATE).samples
    assert abs(lag(meant, heard)) <= RATE / 1000
    np.testing.assert_allclose(onsets(heard, 0.25), onsets(meant, 0.25), atol=0.002)
    assert len(onsets(heard, 0.25)) == 4
    np.testing.assert_allclose(frame_times(out), frame_times(source), atol=1e-5)


def test_left_and_right_stay_left_and_right(tmp_path):
    sound = np.stack([tone(1.0, RATE), np.zeros(RATE)])
    source = write_media(tmp_path / "a.mov", sound, codec="pcm_s16le", layout="stereo", pictures=1.0)
    with av.open(str(again(source, tmp_path / "out.mp4"))) as container:
        heard = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    assert np.abs(heard[0]).max() > 0.4 and np.abs(heard[1]).max() < 0.01


def test_sound_is_whole_where_it_outlasts_the_pictures(tmp_path):
    source = write_media(tmp_path / "a.mp4", noise(3.0, RATE), codec="aac", pictures=0.5)
    assert packets(again(source, tmp_path / "out.mp4")) == packets(source)


def test_without_sound_there_is_no_stream_of_it(tmp_path):
    source = write_video(tmp_path / "a.mp4", times_at(Fraction(25), 5))
    assert stream_types(again(source, tmp_path / "b.mp4")) == ["video"]
    encode_movie(still([0.0]), tmp_path / "c.mp4")
    assert stream_types(tmp_path / "c.mp4") == ["video"]


# --------------------------------------------------------------------------------------- pictures


def test_an_odd_size_gets_a_black_edge(tmp_path):
    pixels = np.full((47, 63, 3), 200, np.uint8)
    encode_movie(still([0.0, 0.1], pixels), tmp_path / "a.mp4")
    for picture in decode_pictures(tmp_path / "a.mp4"):
        assert picture.pixels.shape == (48, 64, 3)
        assert abs(picture.pixels[:44, :60].astype(int) - 200).max() < 8


def test_a_larger_picture_is_scaled_and_not_distorted(tmp_path):
    pixels = np.zeros((300, 500, 3), np.uint8)
    pixels[60:120, 100:400] = 255
    encode_movie(still([0.0], pixels), tmp_path / "a.mp4", longest=100)
    (picture,) = decode_pictures(tmp_path / "a.mp4")
    assert picture.pixels.shape == (60, 100, 3)
    light = picture.pixels[..., 1] > 127
    assert np.flatnonzero(light.any(axis=0))[[0, -1]].tolist() == [20, 79]
    assert np.flatnonzero(light.any(axis=1))[[0, -1]].tolist() == [12, 23]


def test_a_picture_of_another_size_is_fitted_between_black_bars(tmp_path):
    """The first one sets the size."""
    wide, high = np.full((48, 96, 3), 220, np.uint8), np.full((200, 100, 3), 220, np.uint8)
    encode_movie([Picture(0, 0.0, wide), Picture(1, 0.1, high), Picture(2, 0.2, wide)], tmp_path / "a.mp4")
    first, second, third = (p.pixels for p in decode_pictures(tmp_path / "a.mp4"))
    assert first.shape == second.shape == third.shape == (48, 96, 3)
    assert second[:, 38:58].min() > 190 and second[:, :34].max() < 40 and second[:, 62:].max() < 40
    assert third.min() > 190


@pytest.mark.parametrize("size", [(1, 1), (2, 3000), (3000, 1), (1281, 720), (720, 1281)])
def test_any_size_becomes_one_that_h264_takes(size):
    screen = Screen(*size)
    assert screen.width % 2 == screen.height % 2 == 0
    assert 2 <= screen.width <= 1280 and 2 <= screen.height <= 1280
    assert screen.show(np.zeros((size[1], size[0], 3), np.uint8)).shape == (screen.height, screen.width, 3)


def test_a_picture_that_fits_is_not_copied():
    pixels = numbered(3)
    assert Screen(64, 48).show(pixels) is pixels


def test_a_turned_video_is_upright_without_being_told(tmp_path):
    source = write_video(tmp_path / "a.mp4", times_at(Fraction(25), 5), rotation=90)
    upright = [p.pixels for p in decode_pictures(source)]
    assert upright[0].shape == (64, 48, 3)
    out = again(source, tmp_path / "out.mp4")
    with av.open(str(out)) as container:
        assert [len(list(frame.side_data.keys())) for frame in container.decode(video=0)].count(0) >= 4
        assert container.streams.video[0].codec_context.width == 48
    for picture, expected in zip(decode_pictures(out), upright, strict=True):
        assert np.abs(picture.pixels.astype(int) - expected).mean() < 4


@pytest.mark.parametrize("size", [(48, 64), (720, 1280)])
def test_colors_are_those_of_the_pictures(tmp_path, size):
    """Of mixed up color matrices, green would be off by twenty."""
    colors = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (200, 200, 30), (128, 128, 128)]
    pixels = [np.full((*size, 3), color, np.uint8) for color in colors]
    encode_movie([Picture(n, n / 10, each) for n, each in enumerate(pixels)], tmp_path / "a.mp4")
    for picture, color in zip(decode_pictures(tmp_path / "a.mp4"), colors, strict=True):
        np.testing.assert_allclose(picture.pixels.reshape(-1, 3).mean(axis=0), color, atol=4)


# ------------------------------------------------------------------------------------ file, errors


def test_players_find_the_index_in_front_and_a_picture_to_seek_to_every_sixty(tmp_path):
    encode_movie(still(np.arange(200) / 25), tmp_path / "a.mp4")
    data = (tmp_path / "a.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")
    with av.open(str(tmp_path / "a.mp4")) as container:
        coder = container.streams.video[0].codec_context
        assert (coder.name, coder.pix_fmt) == ("h264", "yuv420p")
        keys = [index for index, frame in enumerate(container.decode(video=0)) if frame.key_frame]
    assert max(np.diff([*keys, 200])) <= 60


def test_no_more_than_a_few_pictures_are_held(tmp_path):
    alive, most = [], 0

    class Pixels(np.ndarray):
        """Unlike a plain array, one can see it go."""

    def pictures():
        nonlocal most
        for index in range(300):
            pixels = numbered(index).view(Pixels)
            alive.append(index)
            weakref.finalize(pixels, alive.remove, index)
            yield Picture(index, index / 25, pixels)
            del pixels
            most = max(most, len(alive))

    encode_movie(pictures(), tmp_path / "a.mp4")
    assert 0 < most <= 3


def broken(pictures, error):
    yield from pictures
    raise error


@pytest.mark.parametrize("count", [0, 1, 100])
def test_pictures_that_cannot_be_decoded_leave_nothing(tmp_path, count):
    pictures = broken(still(np.arange(count) / 25), MediaError("the data are damaged"))
    with pytest.raises(MediaError, match="damaged"):
        encode_movie(pictures, tmp_path / "a.mp4")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_leaves_the_file_that_was_there(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        encode_movie(broken(still([0.0, 0.1]), KeyboardInterrupt()), tmp_path / "a.mp4")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]
    encode_movie(still([0.0, 0.1]), tmp_path / "a.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"] and len(frame_times(tmp_path / "a.mp4")) == 2


def test_no_picture_is_an_error(tmp_path):
    with pytest.raises(MediaError, match=r"a\.mp4: there is no picture"):
        encode_movie([Picture(0, 0.0)], tmp_path / "a.mp4")
    assert list(tmp_path.iterdir()) == []


def test_sound_that_cannot_be_read_names_its_file_and_leaves_nothing(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(MediaError, match="no such file"):
        encode_movie(still([0.0]), folder / "a.mp4", sound=tmp_path / "absent.mp4")
    whole = write_media(tmp_path / "a.mov", noise(1.0, RATE), codec="pcm_s16le", pictures=1.0)
    with pytest.raises(MediaError, match=r"cut_a\.mov"):
        encode_movie(still([0.0]), folder / "a.mp4", sound=cut(whole, 3000))
    assert list(folder.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MediaError, match=r"a\.mp4: the movie cannot be written"):
        encode_movie(still([0.0]), tmp_path / "absent" / "a.mp4")


@pytest.mark.real
@pytest.mark.parametrize("name", ["hamilton/short_hamilton_clip.mp4", "face_presence/single_face.mp4"])
def test_a_real_video_keeps_its_times_and_its_sound(real_data, tmp_path, name):
    source = real_data / "videos" / name
    out = again(source, tmp_path / "a.mp4", longest=160)
    np.testing.assert_allclose(frame_times(out), frame_times(source), atol=1e-5)
    assert packets(out) == packets(source)
    np.testing.assert_array_equal(decode_audio(out, rate=44_100).samples, decode_audio(source, rate=44_100).samples)


@pytest.mark.real
def test_what_an_edit_list_leaves_out_of_the_sound_stays_out(real_data, tmp_path):
    """This file's sound starts 2.4 s late, behind a packet that is only there for the decoder to begin with."""
    source = real_data / "videos" / "face_presence" / "face_noface.mov"
    out = again(source, tmp_path / "a.mp4", longest=160)
    before, after = (decode_audio(path, rate=44_100).samples for path in (source, out))
    assert packets(out) == packets(source)[1:]
    assert len(before) == len(after) and np.flatnonzero(before)[0] > 2.4 * 44_100
    same = before == after
    assert same[:106_000].all() and same[110_000:].all()


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "aac"), ("a.mov", "pcm_s16le"), ("a.mkv", "libopus")])
def test_the_sound_of_a_segment_lies_where_its_pictures_lie(tmp_path, name, codec):
    start, end = 0.737, 2.2
    source = write_media(tmp_path / name, noise(3.0, RATE), codec=codec, pictures=3.0)
    pictures = decode_pictures(source, start=start, end=end)
    encode_movie(pictures, tmp_path / "out.mp4", sound=source, start=start, end=end)
    meant = decode_audio(source, rate=RATE, start=start, end=end).samples
    heard = decode_audio(tmp_path / "out.mp4", rate=RATE).samples
    assert abs(lag(meant, heard)) <= RATE / 1000
    assert abs(len(heard) - len(meant)) < 0.06 * RATE
    np.testing.assert_allclose(frame_times(tmp_path / "out.mp4")[0], next(pictures_from(source, start)), atol=1e-4)


def pictures_from(source, start):
    """Times of pictures from a moment on, counted from it."""
    return (picture.time for picture in decode_pictures(source, start=start))
