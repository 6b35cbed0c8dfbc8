"""Every case writes a real file whose frames show their own numbers."""

import gc
import math
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.media.files import cut, noise, number, numbered, times_at, write_media, write_video

from abaw_pipeline.errors import MediaError
from abaw_pipeline.media.pictures import decode_pictures, first_moment, frame_times, on_screen

NTSC = Fraction(30_000, 1001)
LATE = Fraction(12, 25)
FIRST = "bframes=3:b-adapt=0:keyint=10:min-keyint=10:scenecut=0"

CONTAINERS = [
    ("a.mp4", "libx264", {}),
    ("a.mov", "libx264", {}),
    ("a.mkv", "libx264", {}),
    ("a.flv", "libx264", {}),
    ("a.ts", "libx264", {}),
    ("a.h264", "libx264", {}),
    ("a.mp4", "libx265", {"options": {"x265-params": "log-level=none:pools=1:bframes=3:b-adapt=0"}}),
    ("a.webm", "libvpx-vp9", {"options": {"deadline": "realtime"}}),
    ("a.webm", "libvpx", {"options": {"auto-alt-ref": "1", "lag-in-frames": "10", "deadline": "good"}}),
    ("a.mp4", "mpeg4", {"time_base": Fraction(1, 25), "options": {"bf": "2"}}),
    ("a.avi", "mpeg4", {"time_base": Fraction(1, 25), "options": {"bf": "2"}}),
    ("a.avi", "libx264", {"time_base": Fraction(1, 25), "options": {"bf": "3"}}),
    ("a.avi", "mjpeg", {"time_base": Fraction(1, 25), "pix_fmt": "yuvj420p"}),
    ("a.mkv", "ffv1", {}),
    ("a.wmv", "wmv2", {"time_base": Fraction(1, 25)}),
]


def decoded(path, **arguments):
    """All pictures of a file; what its packets alone tell must agree with them."""
    pictures = list(decode_pictures(path, **arguments))
    if not arguments.get("start") and not arguments.get("end"):
        np.testing.assert_array_equal(frame_times(path), [p.time for p in pictures])
        assert [p.index for p in pictures] == list(range(len(pictures)))
    return pictures


@pytest.mark.parametrize(("name", "codec", "more"), CONTAINERS)
def test_every_container_gives_every_frame_once_in_display_order_at_its_time(tmp_path, name, codec, more):
    pictures = decoded(write_video(tmp_path / name, times_at(Fraction(25), 40), codec=codec, **more))
    assert [number(p.pixels) for p in pictures] == list(range(40))
    # FFmpeg writes avi's B-frames one frame late: nothing in that container tells
    late = 0.04 if name == "a.avi" and "bf" in more.get("options", {}) else 0.0
    np.testing.assert_allclose([p.time for p in pictures], late + np.arange(40) / 25, atol=1e-9)


@pytest.mark.parametrize("rate", [Fraction(15, 2), Fraction(24), NTSC, Fraction(30), Fraction(60)])
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_times_are_the_timestamps_and_choices_the_frames_on_screen(tmp_path, name, rate):
    count = math.ceil(rate * 2)
    pictures = decoded(write_video(tmp_path / name, times_at(rate, count), rate=rate), rate=5)
    exact = [float(index / rate) for index in range(count)]
    np.testing.assert_allclose([p.time for p in pictures], exact, atol=1e-4 if name == "a.mp4" else 6e-4)
    chosen = [p for p in pictures if p.pixels is not None]
    assert [number(p.pixels) for p in chosen] == [p.index for p in chosen]
    if name == "a.mp4":
        ends = [float((index + 1) / rate) for index in range(count)]
        seen = [
            next(i for i in range(count) if exact[i] <= n / 5 + 1e-5 and n / 5 + 1e-5 < ends[i])
            for n in range(math.ceil(float(count / rate) * 5 - 1e-5))
        ]
        assert [p.index for p in chosen] == sorted(set(seen))


def test_variable_frame_rate(tmp_path):
    times = [Fraction(n, 1000) for n in (0, 33, 40, 400, 401, 999, 1000, 2500, 2533)]
    pictures = decoded(write_video(tmp_path / "a.mp4", times, options={"bf": "2"}), rate=5)
    np.testing.assert_allclose([p.time for p in pictures], [float(t) for t in times], atol=1e-9)
    assert [p.index for p in pictures if p.pixels is not None] == [0, 2, 3, 4, 6]


def test_pictures_that_start_later_than_the_sound(tmp_path):
    path = write_video(tmp_path / "a.mkv", times_at(Fraction(25), 20, LATE), sound_from=0.1)
    with av.open(str(path)) as container:
        begin = container.start_time / 1e6
    assert begin < 0.11
    pictures = decoded(path, rate=10)
    np.testing.assert_allclose([p.time for p in pictures], float(LATE) - begin + np.arange(20) / 25, atol=1e-3)
    caught = [max((p.index for p in pictures if p.time <= n / 10), default=None) for n in range(12)]
    assert caught[:4] == [None] * 4
    assert {p.index for p in pictures if p.pixels is not None} == {*caught} - {None}


def test_a_late_start_of_all_streams_is_the_origin(tmp_path):
    path = write_video(tmp_path / "a.mp4", times_at(Fraction(25), 20, LATE))
    assert decoded(path)[0].time == 0


def test_frames_that_an_edit_list_hides_are_not_there(tmp_path):
    hidden = {"avoid_negative_ts": "disabled", "use_editlist": "1"}
    path = write_video(tmp_path / "a.mp4", times_at(Fraction(25), 20, Fraction(-1, 5)), container_options=hidden)
    pictures = decoded(path)
    assert [number(p.pixels) for p in pictures] == list(range(5, 20))
    assert pictures[0].time == 0


@pytest.mark.parametrize(("codec", "key"), [("libx264", "x264-params"), ("libx265", "x265-params")])
def test_frames_whose_references_were_cut_away_are_not_there(tmp_path, codec, key):
    """A file cut at an open group of pictures begins with packets that no player shows."""
    whole = write_video(
        tmp_path / "a.mkv", times_at(Fraction(25), 30), codec=codec, options={key: f"open-gop=1:log-level=none:{FIRST}"}
    )
    part = tmp_path / "part.mkv"
    with av.open(str(whole)) as source, av.open(str(part), "w") as target:
        stream, keys = target.add_stream_from_template(source.streams.video[0]), 0
        for packet in source.demux(video=0):
            keys += packet.is_keyframe
            if packet.size and keys >= 2:
                packet.stream = stream
                target.mux(packet)
    with av.open(str(part)) as container:
        packets = [packet.pts for packet in container.demux(video=0) if packet.size]
    pictures = decoded(part)
    assert packets[0] > min(packets)
    assert [number(p.pixels) for p in pictures] == list(range(10, 30))


def compass(index, height=48, width=64):
    """Red, green, blue and white quarters, clockwise from the top left."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2], picture[: height // 2, width // 2 :] = (220, 0, 0), (0, 220, 0)
    picture[height // 2 :, width // 2 :], picture[height // 2 :, : width // 2] = (0, 0, 220), (220, 220, 220)
    return picture


def quarters(pixels):
    height, width, _ = pixels.shape
    corners = [pixels[y, x] for y, x in [(5, 5), (5, width - 6), (height - 6, width - 6), (height - 6, 5)]]
    return "".join("w" if p.min() > 128 else "rgb"[int(p.argmax())] for p in corners)


@pytest.mark.parametrize(
    ("rotation", "order", "shape"),
    [(0, "rgbw", (48, 64, 3)), (90, "gbwr", (64, 48, 3)), (180, "bwrg", (48, 64, 3)), (-90, "wrgb", (64, 48, 3))],
)
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_rotations_are_carried_out_counterclockwise(tmp_path, name, rotation, order, shape):
    path = write_video(tmp_path / name, times_at(Fraction(25), 2), picture=compass, rotation=rotation)
    pixels = decoded(path)[0].pixels
    assert (pixels.shape, quarters(pixels)) == (shape, order)
    assert pixels.flags.c_contiguous


def test_a_mirrored_picture_is_mirrored_back(tmp_path):
    """Front cameras of some telephones store the mirror image."""
    mirror = [-1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30]
    path = write_video(tmp_path / "a.mp4", times_at(Fraction(25), 2), picture=compass, matrix=mirror)
    assert quarters(decoded(path)[0].pixels) == "grwb"


@pytest.mark.parametrize(
    ("aspect", "shape"),
    [(Fraction(2), (48, 128)), (Fraction(8, 9), (54, 64)), (Fraction(200, 201), (48, 64)), (Fraction(99), (48, 64))],
)
def test_pixels_become_square(tmp_path, aspect, shape):
    path = write_video(tmp_path / "a.mkv", times_at(Fraction(25), 2), aspect=aspect)
    assert decoded(path)[0].pixels.shape == (*shape, 3)


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt", "colorspace", "color_range"),
    [
        ("a.mp4", "libx264", "yuv420p", 5, 1),
        ("a.mp4", "libx264", "yuv420p", 1, 1),
        ("a.mp4", "libx264", "yuv420p", 1, 2),
        ("a.mp4", "libx264", "yuv444p", 5, 1),
        ("a.mp4", "libx264", "yuv420p10le", 1, 1),
        ("a.mkv", "libx265", "yuv420p10le", 1, 1),
        ("a.avi", "mjpeg", "yuvj420p", None, None),
        ("a.mkv", "ffv1", "bgr0", None, None),
        ("a.mov", "qtrle", "rgb24", None, None),
        ("a.mov", "prores_ks", "yuv422p10le", 1, 1),
    ],
)
def test_colors_survive_each_way_of_storing_them(tmp_path, name, codec, pix_fmt, colorspace, color_range):
    quiet = {"libx265": {"x265-params": "log-level=none:pools=1:crf=4"}, "libx264": {"crf": "4"}}
    colors = np.zeros((64, 96, 3), np.uint8)
    for at, color in enumerate([(200, 40, 90), (30, 180, 60), (245, 240, 235), (10, 8, 12)]):
        colors[:, at * 24 : at * 24 + 24] = color
    path = write_video(
        tmp_path / name,
        times_at(Fraction(25), 2),
        picture=lambda index: colors,
        codec=codec,
        pix_fmt=pix_fmt,
        colorspace=colorspace,
        color_range=color_range,
        time_base=Fraction(1, 25),
        options=quiet.get(codec, {"q": "1"} if codec == "mjpeg" else {}),
    )
    got = decoded(path)[0].pixels
    # the wrong matrix is off by more than 20, the wrong range by more than 14
    np.testing.assert_allclose(got[32, 12::24].astype(int), colors[32, 12::24].astype(int), atol=8)


@pytest.mark.parametrize("codec", ["ffv1", "libx264"])
def test_gray_becomes_three_equal_channels(tmp_path, codec):
    path = write_video(tmp_path / "a.mkv", times_at(Fraction(25), 3), codec=codec, pix_fmt="gray")
    pictures = decoded(path)
    assert [number(p.pixels) for p in pictures] == [0, 1, 2]
    assert (np.ptp(pictures[1].pixels, axis=2) == 0).all()


@pytest.mark.parametrize(("pix_fmt", "codec"), [("yuv444p", "libx264"), ("bgr0", "ffv1"), ("yuv420p", "mpeg4")])
def test_odd_sizes(tmp_path, pix_fmt, codec):
    def picture(index):
        return numbered(index, 361, 641)

    path = write_video(
        tmp_path / "a.mkv",
        times_at(Fraction(25), 3),
        picture=picture,
        codec=codec,
        pix_fmt=pix_fmt,
        time_base=Fraction(1, 25),
    )
    pixels = decoded(path)[2].pixels
    assert pixels.shape == (361, 641, 3)
    assert np.abs(pixels.astype(int) - picture(2)).mean() < 6


def test_a_size_that_changes(tmp_path):
    parts = []
    for at, width in enumerate((64, 96)):
        part = write_video(
            tmp_path / f"{at}.ts",
            times_at(Fraction(25), 10, at * Fraction(10, 25)),
            picture=lambda index, width=width: numbered(index, 48, width),
            options={"bf": "0"},
        )
        parts.append(part.read_bytes())
    (tmp_path / "a.ts").write_bytes(b"".join(parts))
    pictures = decoded(tmp_path / "a.ts")
    assert [p.pixels.shape[1] for p in pictures] == [64] * 10 + [96] * 10
    assert [number(p.pixels) for p in pictures] == [*range(10), *range(10)]


@pytest.mark.parametrize("name", ["a.mp4", "a.avi"])
def test_a_segment_holds_the_frames_that_begin_in_it(tmp_path, name):
    codec = {"codec": "mjpeg", "pix_fmt": "yuvj420p"} if name == "a.avi" else {}
    path = write_video(tmp_path / name, times_at(Fraction(25), 50), time_base=Fraction(1, 25), **codec)
    pictures = list(decode_pictures(path, rate=5, start=0.41, end=1.2))
    assert [p.index for p in pictures] == list(range(11, 30))
    np.testing.assert_allclose([p.time for p in pictures], np.arange(11, 30) / 25 - 0.41, atol=1e-12)
    # on screen at 0.61, 0.81, 1.01; at 0.41 a frame that began before
    assert [p.index for p in pictures if p.pixels is not None] == [15, 20, 25]
    np.testing.assert_array_equal([p.time for p in pictures], frame_times(path)[11:30] - 0.41)


def test_the_last_frame_is_on_screen_for_its_duration_or_to_the_segments_end(tmp_path):
    path = write_video(tmp_path / "a.mp4", times_at(Fraction(25), 49))
    last = [list(decode_pictures(path, rate=0.5, end=end))[-1].pixels is None for end in (None, 1.99, 2.01)]
    assert last == [True, True, False]


@pytest.mark.parametrize(("start", "end"), [(-0.1, 1.0), (0.5, 0.5), (1.0, 0.5), (math.nan, 1.0), (0.0, math.inf)])
def test_impossible_segments_are_refused_at_once(tmp_path, start, end):
    with pytest.raises(MediaError, match=r"a\.mp4: the segment"):
        decode_pictures(tmp_path / "a.mp4", start=start, end=end)


@pytest.mark.parametrize("rate", [0.0, -1.0, math.inf, math.nan])
def test_impossible_rates_are_refused_at_once(tmp_path, rate):
    with pytest.raises(MediaError, match=r"a\.mp4: a rate of"):
        decode_pictures(tmp_path / "a.mp4", rate=rate)


def refused(path, match):
    with pytest.raises(MediaError, match=match):
        list(decode_pictures(path))
    with pytest.raises(MediaError, match=match):
        frame_times(path)


def test_files_without_pictures(tmp_path):
    refused(write_media(tmp_path / "a.wav", noise(0.2, 48_000)), r"a\.wav: the file has no video stream")
    refused(tmp_path / "none.mp4", "no such file")
    (tmp_path / "empty.mp4").write_bytes(b"")
    refused(tmp_path / "empty.mp4", "empty")
    path = write_video(tmp_path / "a.mp4", times_at(Fraction(25), 5))
    with pytest.raises(MediaError, match=r"no frame from 3 s on"):
        list(decode_pictures(path, start=3.0))


TRUNCATED = [
    ("a.mp4", "libx264", {"container_options": {"movflags": "faststart"}}),
    ("a.mp4", "libx264", {"container_options": {"movflags": "frag_keyframe+empty_moov+skip_trailer"}}),
    ("a.mov", "mjpeg", {"pix_fmt": "yuvj420p"}),
    ("a.mkv", "libx264", {}),
    ("a.webm", "libvpx-vp9", {"options": {"deadline": "realtime"}}),
    ("a.avi", "mpeg4", {}),
]


@pytest.mark.parametrize(("name", "codec", "more"), TRUNCATED)
@pytest.mark.parametrize("lost", [20, 0.2, 0.7])
def test_a_truncated_file_is_refused(tmp_path, name, codec, more, lost):
    path = write_video(tmp_path / name, times_at(Fraction(25), 60), codec=codec, time_base=Fraction(1, 25), **more)
    assert len(decoded(path)) == 60
    refused(cut(path, lost if lost > 1 else round(path.stat().st_size * lost)), r"cut short|not a media file")


def test_a_recording_that_was_never_closed_is_read(tmp_path):
    """A live recorder knows no sizes, and must not be taken for a cut file."""
    path = write_video(tmp_path / "a.mkv", times_at(Fraction(25), 20), container_options={"live": "1"})
    assert len(decoded(path)) == 20


@pytest.mark.parametrize("name", ["a.mp4", "a.avi"])
def test_a_header_that_counts_wrong_is_not_believed(tmp_path, name):
    more = {"codec": "mjpeg", "pix_fmt": "yuvj420p"}
    path = write_video(tmp_path / name, times_at(Fraction(25), 20), time_base=Fraction(1, 25), **more)
    data = bytearray(path.read_bytes())
    if name == "a.avi":
        for mark, offset in ((b"avih", 24), (b"strh", 40)):
            at = data.index(mark) + offset
            assert data[at : at + 4] == (20).to_bytes(4, "little")
            data[at : at + 4] = (500).to_bytes(4, "little")
    else:
        at = data.index(b"mdhd") + 20
        data[at : at + 4] = (int.from_bytes(data[at : at + 4], "big") * 20).to_bytes(4, "big")
    path.write_bytes(data)
    assert [number(p.pixels) for p in decoded(path)] == list(range(20))


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "libx264"), ("a.webm", "libvpx-vp9"), ("a.flv", "libx264")])
def test_overwritten_data_are_refused(tmp_path, name, codec):
    path = write_video(tmp_path / name, times_at(Fraction(25), 100), codec=codec)
    data = bytearray(path.read_bytes())
    third, half = len(data) // 3, len(data) // 2
    data[third:half] = bytes(half - third)
    path.write_bytes(data)
    with pytest.raises(MediaError, match="damaged"):
        list(decode_pictures(path))


def test_a_packet_without_a_picture_is_refused_where_each_must_have_one(tmp_path):
    """Otherwise all later frames would carry the wrong index."""
    path = write_video(tmp_path / "a.mkv", times_at(Fraction(25), 20), options={"bf": "0"})
    lame = tmp_path / "lame.mkv"
    with av.open(str(path)) as source, av.open(str(lame), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for at, packet in enumerate(source.demux(video=0)):
            if not packet.size:
                continue
            sent = packet
            if at == 10:  # a delimiter alone
                sent = av.Packet(b"\x00\x00\x00\x02\x09\xf0")
                sent.pts, sent.dts, sent.time_base = packet.pts, packet.dts, packet.time_base
            sent.stream = stream
            target.mux(sent)
    with pytest.raises(MediaError, match="damaged"):
        list(decode_pictures(lame))


def test_closing_early_closes_the_file(tmp_path):
    path = write_video(tmp_path / "a.mp4", times_at(Fraction(25), 20))
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        pytest.skip("the system does not list open files")
    pictures = decode_pictures(path)
    assert next(pictures).index == 0
    assert path.resolve() in [link.resolve() for link in descriptors.iterdir()]
    pictures.close()
    assert path.resolve() not in [link.resolve() for link in descriptors.iterdir()]


@settings(deadline=None)  # a busy machine takes its time
@given(
    steps=st.lists(st.integers(0, 3_000), min_size=1, max_size=60),
    late=st.integers(0, 2_000),
    rate=st.sampled_from([0.5, 5.0, 7.5, 25.0, 29.97]),
)
def test_chosen_frames_are_those_that_a_clock_would_catch(steps, late, rate):
    ticks = np.cumsum([late, *steps])
    times, until = ticks[:-1] / 1000, ticks[-1] / 1000
    caught, moment = set(), 0
    while Fraction(moment) / Fraction(rate) < Fraction(int(ticks[-1]), 1000) - Fraction(1, 1_000_000):
        now = Fraction(moment) / Fraction(rate) * 1000
        shown = [at for at, tick in enumerate(ticks[:-1].tolist()) if tick <= now + Fraction(1, 1000)]
        caught.update(shown[-1:])
        moment += 1
    assert set(np.flatnonzero(on_screen(times, rate, until)).tolist()) == caught


def test_no_drift_over_three_hours():
    frames = math.ceil(3 * 3600 * NTSC)
    times = np.array([float(index / NTSC) for index in range(frames)])
    chosen = np.flatnonzero(on_screen(times, 5, 3 * 3600.0))
    exact = [math.floor(Fraction(n, 5) * NTSC) for n in range(3 * 3600 * 5)]
    assert chosen.tolist() == exact


@given(index=st.integers(0, 10**6), rate=st.sampled_from([5, 7.5, 10, 24, 25, 30, 50]))
def test_a_frame_at_a_moment_is_on_screen_at_it(index, rate):
    """0.28 * 25 is a little more than 7: rounding up would take the frame before."""
    assert first_moment(index / rate, rate) == index


@pytest.mark.real
def test_real_videos_packets_and_pictures_agree(real_data, capsys):
    files = sorted(p for p in (real_data / "videos").glob("*/*") if p.suffix in {".mp4", ".mov"})
    assert len(files) == 12
    for path in files:
        begin = time.perf_counter()
        times = frame_times(path)
        between = time.perf_counter()
        pictures = list(decode_pictures(path, rate=5))
        done = time.perf_counter()
        np.testing.assert_array_equal(times, [p.time for p in pictures])
        chosen = [p.pixels is not None for p in pictures]
        ended = float(times[-1] + np.median(np.diff(times)))
        np.testing.assert_array_equal(chosen[:-1], on_screen(times, 5, ended)[:-1])
        with capsys.disabled():
            print(f"\n{path.name}: {len(times)} frames, times {between - begin:.3f} s, at 5 Hz {done - between:.3f} s")


@pytest.mark.real
def test_a_real_file_whose_pictures_start_late(real_data):
    times = frame_times(real_data / "videos" / "hamilton" / "short_hamilton_clip.mp4")
    assert times[0] == float(Fraction(10214, 11988) - Fraction(8005, 1_000_000))


@pytest.mark.parametrize("rotation", [0, 90])
def test_frames_are_let_go_as_they_are_passed(tmp_path, rotation):
    """Frames in reference cycles wait for the collector: hundreds of them, 350 kB each at 640x360."""
    path = write_video(tmp_path / "v.mp4", times_at(Fraction(25), 60), picture=compass, rotation=rotation)
    most = 0
    gc.collect()
    gc.freeze()  # what is there already is not listed
    gc.disable()
    try:
        for _ in decode_pictures(path):
            most = max(most, sum(type(each).__name__ == "VideoFrame" for each in gc.get_objects()))
    finally:
        gc.enable()
        gc.unfreeze()
    assert 0 < most <= 8
