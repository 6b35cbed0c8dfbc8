"""Segments that begin at a key frame are, to the bit, those of decoding from the file's begin."""

import hashlib
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.media.files import times_at, write_video

from abaw_pipeline.errors import MediaError
from abaw_pipeline.media import known, pictures, seek
from abaw_pipeline.media.pictures import decode_pictures, frame_times

GROUPS = "bframes=3:b-adapt=0:keyint=10:min-keyint=10:scenecut=0:log-level=none"
OPEN = f"open-gop=1:{GROUPS}"
TICKS = {"time_base": Fraction(1, 25)}
EVERY = times_at(Fraction(25), 60)
JUMPY = [Fraction(n * n % 37 + 40 * n, 1000) for n in range(60)]

KINDS = {
    "h264": ("a.mp4", "libx264", EVERY, {"options": {"x264-params": GROUPS}}, True),
    "h264 mkv": ("a.mkv", "libx264", EVERY, {"options": {"x264-params": GROUPS}}, True),
    "h264 avi": ("a.avi", "libx264", EVERY, {"options": {"x264-params": GROUPS}, **TICKS}, True),
    "open groups": ("a.mp4", "libx264", EVERY, {"options": {"x264-params": OPEN}}, False),
    "h265": ("a.mp4", "libx265", EVERY, {"options": {"x265-params": f"pools=1:{GROUPS}"}}, True),
    "h265 open": ("a.mkv", "libx265", EVERY, {"options": {"x265-params": f"pools=1:{OPEN}"}}, True),
    "vp9": ("a.webm", "libvpx-vp9", EVERY, {"options": {"deadline": "realtime", "g": "12"}}, True),
    "vp8": ("a.webm", "libvpx", EVERY, {"options": {"auto-alt-ref": "1", "lag-in-frames": "10", "g": "12"}}, True),
    "mpeg4": ("a.mp4", "mpeg4", EVERY, {"options": {"bf": "2", "g": "12"}, **TICKS}, True),
    "mpeg4 avi": ("a.avi", "mpeg4", EVERY, {"options": {"bf": "0", "g": "12"}, **TICKS}, True),
    "mpeg4 avi b": ("a.avi", "mpeg4", EVERY, {"options": {"bf": "2", "g": "12"}, **TICKS}, True),
    "variable": ("a.mp4", "libx264", JUMPY, {"options": {"x264-params": GROUPS}}, True),
    "late": ("a.mkv", "libx264", [2 + each for each in EVERY], {"options": {"x264-params": GROUPS}}, True),
    "later than sound": (
        "a.mkv",
        "libx264",
        [Fraction(12, 25) + each for each in EVERY],
        {"options": {"x264-params": GROUPS}, "sound_from": 0.1},
        True,
    ),
    "edit list": (
        "a.mp4",
        "libx264",
        times_at(Fraction(25), 60, Fraction(-1, 5)),
        {
            "options": {"x264-params": GROUPS},
            "container_options": {"avoid_negative_ts": "disabled", "use_editlist": "1"},
        },
        True,
    ),
    "fragments": (
        "a.mp4",
        "libx264",
        EVERY,
        {"options": {"x264-params": GROUPS}, "container_options": {"movflags": "frag_keyframe+empty_moov"}},
        True,
    ),
    "no index": (
        "a.mkv",
        "libx264",
        EVERY,
        {"options": {"x264-params": GROUPS}, "container_options": {"live": "1"}},
        True,
    ),
    "interlaced": ("a.mp4", "libx264", EVERY, {"options": {"x264-params": f"{GROUPS}:tff=1"}}, False),
    "transport": ("a.ts", "libx264", EVERY, {"options": {"x264-params": GROUPS}}, False),
    "raw": ("a.h264", "libx264", EVERY, {"options": {"x264-params": GROUPS}}, False),
    "prores": ("a.mov", "prores_ks", EVERY[:20], {"pix_fmt": "yuv422p10le"}, True),
    "mjpeg": ("a.avi", "mjpeg", EVERY, {"pix_fmt": "yuvj420p", **TICKS}, False),
}
"""Name, codec, times, more, and whether segments in it are sought."""


def moving(index):
    """A picture that changes with every frame, so that each needs those it refers to."""
    y, x = np.mgrid[:48, :64]
    rng = np.random.default_rng(index // 7)
    picture = np.stack([(3 * x + 5 * index) % 256, (4 * y + 9 * index) % 256, (x * y // 8 + index) % 256], axis=2)
    picture[10:26, 10:26] = rng.integers(0, 256, (16, 16, 3))
    return picture.astype(np.uint8)


class Film:
    """A file, and all of its pictures decoded from its begin."""

    def __init__(self, path):
        self.path = path
        self.whole = [(each.index, each.time, digest(each)) for each in decode_pictures(path)]
        self.times = np.array([time for _, time, _ in self.whole])

    def compare(self, start, end):
        """A segment by decode_pictures is this part of the whole, all of it."""
        inside = [each for each in self.whole if start <= each[1] and (end is None or each[1] < end)]
        if not inside:
            with pytest.raises(MediaError, match="no frame from"):
                list(decode_pictures(self.path, start=start, end=end))
            return
        found = [(each.index, each.time, digest(each)) for each in decode_pictures(self.path, start=start, end=end)]
        assert found == [(index, time - start, pixels) for index, time, pixels in inside]


def digest(picture):
    return hashlib.blake2b(np.ascontiguousarray(picture.pixels)).hexdigest()  # rows of odd widths are padded


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    made = {}

    def film(kind):
        if kind not in made:
            name, codec, times, more, _ = KINDS[kind]
            folder = tmp_path_factory.mktemp("film")
            made[kind] = Film(write_video(folder / name, times, codec=codec, picture=moving, **more))
        return made[kind]

    return film


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_segment_is_what_decoding_from_the_begin_gives(films, kind, data):
    film = films(kind)
    known._known.cache_clear()
    for _ in range(3):  # in any order: what is known of a file grows with each
        if data.draw(st.booleans()):
            start = float(film.times[data.draw(st.integers(0, len(film.times) - 1))])  # just where a frame begins
        else:
            start = data.draw(st.floats(0, 2.6))
        end = start + length if (length := data.draw(st.sampled_from([0, 0.01, 0.3, 0.9]))) else None
        film.compare(start, end)


@pytest.fixture
def decoded(monkeypatch):
    """Every frame that is decoded from here on, by when it is shown."""
    times = []

    def counting(frames):
        for frame, time in frames:
            times.append(time)
            yield frame, time

    for module, name in ((seek, "timed_frames"), (pictures, "shown_frames")):
        was = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *given, was=was: counting(was(*given)))
    return times


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_a_segment_needs_is_decoded(films, kind, decoded):
    """Where it can be sought; else all from the begin on."""
    film = films(kind)
    known._known.cache_clear()
    frame_times(film.path)
    film.compare(float(film.times[-6]), None)
    most = len(film.times) / 2
    assert (len(decoded) < most) == KINDS[kind][-1], len(decoded)


def test_of_files_that_no_index_counts_each_segment_begins_where_those_before_have_been(films, decoded):
    """MPEG-4 in avi: no packet tells its frame."""
    film = films("mpeg4 avi")
    known._known.cache_clear()
    for number in range(12):
        film.compare(number * 0.2, number * 0.2 + 0.2)
    assert len(decoded) < 12 * (2 + 12 + 5)  # first frame, group before, segment, and one that ends it


def with_wrong_key_table(path):
    """A copy whose list of key frames names the frames three later, as files of careless programs do."""
    lame, data = path.with_name("lame.mp4"), bytearray(path.read_bytes())
    assert data.count(b"stss") == 1
    at = data.index(b"stss") + 8
    count = int.from_bytes(data[at : at + 4], "big")
    for place in range(at + 8, at + 4 + 4 * count, 4):  # but the first
        data[place : place + 4] = (int.from_bytes(data[place : place + 4], "big") + 3).to_bytes(4, "big")
    lame.write_bytes(data)
    return lame


def landing(path):
    """Where FFmpeg goes that seeks 1.3 s."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        container.seek(int(1.3 / stream.time_base), stream=stream)
        return next(container.demux(stream)).dts


@pytest.mark.parametrize("kind", ["h264", "open groups", "h265", "mpeg4", "variable"])
def test_key_frames_that_are_none_are_not_believed(films, kind):
    whole = films(kind)
    film = Film(with_wrong_key_table(whole.path))
    assert landing(film.path) != landing(whole.path)
    assert len(film.times) == len(whole.times)
    for start in (0.5, 1.0, 1.23, 2.0):
        film.compare(start, start + 0.5)


def test_a_changed_file_is_looked_at_anew(tmp_path):
    path = write_video(tmp_path / "a.mp4", EVERY, options={"x264-params": GROUPS})
    assert len(frame_times(path)) == 60
    write_video(path, EVERY[:40], options={"x264-params": GROUPS})
    assert len(frame_times(path)) == 40
    assert [each.index for each in decode_pictures(path, start=1.5)] == [38, 39]


def test_what_was_found_out_cannot_be_changed_by_who_asks(tmp_path):
    path = write_video(tmp_path / "a.mp4", EVERY)
    frame_times(path)[:] = 0
    assert frame_times(path)[-1] == pytest.approx(59 / 25)


def test_choices_and_the_last_frame_are_the_same(films):
    film = films("variable")
    for start in (0.7, 1.1, 2.0):
        first = int(np.searchsorted(film.times, start))
        known._known.cache_clear()
        sought = [each.pixels is not None for each in decode_pictures(film.path, rate=5, start=start)]
        decoded = [each.pixels is not None for each in by_begin(film.path, start)]
        assert sought == decoded
        assert len(sought) == len(film.times) - first


def by_begin(path, start):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "can_seek", lambda *_: False)
        yield from list(decode_pictures(path, rate=5, start=start))


@pytest.mark.real
def test_real_videos(real_data):
    for path in sorted((real_data / "videos").glob("*/*.m*")):
        film = Film(path)
        for start in np.linspace(0, film.times[-1], 4)[1:]:
            film.compare(float(start) - 0.2, float(start) + 0.1)
