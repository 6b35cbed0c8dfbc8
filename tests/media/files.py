"""Writes small media files as tests need them."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def write_media(
    path: Path,
    sound: np.ndarray | None,
    *,
    rate: int = 48_000,
    codec: str = "pcm_s16le",
    layout: str = "mono",
    late: float = 0.0,
    pictures: float = 0.0,
    gap: tuple[float, float] | None = None,
) -> Path:
    """A file with sound [channels, n] from `late` s on, less a gap, and `pictures` s of moving pictures."""
    with av.open(str(path), "w") as container:
        heard = container.add_stream(codec, rate=rate, layout=layout) if sound is not None else None
        if pictures:
            _write_pictures(container, pictures)
        if heard is not None:
            _write_sound(container, heard, np.atleast_2d(sound).astype(np.float32), rate, layout, late, gap)
    return path


def _write_pictures(container, seconds: float) -> None:
    stream = container.add_stream("mpeg4", rate=25)
    stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
    for index in range(round(seconds * 25)):
        frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), index % 255, np.uint8), format="rgb24")
        frame.pts, frame.time_base = index, Fraction(1, 25)
        container.mux(stream.encode(frame))
    container.mux(stream.encode())


def _write_sound(container, stream, sound, rate, layout, late, gap) -> None:
    wanted = stream.codec_context.codec.audio_formats
    to_codec = av.AudioResampler(format=wanted[0].name if wanted else "s16", layout=layout, rate=rate)
    for at in range(0, sound.shape[1], 1024):
        if gap and gap[0] <= at / rate < gap[1]:
            continue
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound[:, at : at + 1024]), format="fltp", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, round(late * rate) + at, Fraction(1, rate)
        for converted in to_codec.resample(frame):
            container.mux(stream.encode(converted))
    container.mux(stream.encode())


def tone(seconds: float, rate: int, hertz: float = 440.0, height: float = 0.5) -> np.ndarray:
    """A sine, float64 [n]."""
    return height * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def noise(seconds: float, rate: int, seed: int = 0) -> np.ndarray:
    """White noise, float64 [n]."""
    return 0.1 * np.random.default_rng(seed).standard_normal(round(seconds * rate))


def cut(path: Path, length: int) -> Path:
    """The file's copy without its last `length` bytes."""
    short = path.with_name(f"cut_{path.name}")
    short.write_bytes(path.read_bytes()[:-length])
    return short


def times_at(rate: Fraction, count: int, late: Fraction = Fraction(0)) -> list[Fraction]:
    """When each frame of a constant frame rate is shown (s)."""
    return [late + index / Fraction(rate) for index in range(count)]


def write_video(
    path: Path,
    times: list[Fraction],
    *,
    picture=None,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    time_base: Fraction = Fraction(1, 90_000),
    rate: Fraction | None = None,
    rotation: int = 0,
    matrix: list[int] | None = None,
    aspect: Fraction | None = None,
    sound_from: float | None = None,
    colorspace: int | None = None,
    color_range: int | None = None,
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
) -> Path:
    """A video whose frame n, `picture(n)` (by default `numbered(n)`), is shown from `times[n]` s on."""
    picture = picture or numbered
    with av.open(str(path), "w", options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=rate or Fraction(25), options=options or {})
        stream.height, stream.width = picture(0).shape[:2]
        stream.pix_fmt = pix_fmt
        stream.codec_context.time_base = time_base
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        if colorspace is not None:
            stream.codec_context.colorspace = colorspace
        if color_range is not None:
            stream.codec_context.color_range = color_range
        if rotation:
            stream.set_display_rotation(rotation)
        if matrix:
            stream.set_display_matrix(matrix)
        heard = container.add_stream("aac", rate=48_000, layout="mono") if sound_from is not None else None
        for index, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture(index)), format="rgb24")
            frame = frame.reformat(
                format=pix_fmt, dst_colorspace=colorspace, src_color_range=2, dst_color_range=color_range
            )
            frame.pts, frame.time_base = round(time / time_base), time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if heard is not None:
            sound = np.atleast_2d(tone(1.0, 48_000)).astype(np.float32)
            _write_sound(container, heard, sound, 48_000, "mono", sound_from, None)
    return path


def numbered(index: int, height: int = 48, width: int = 64) -> np.ndarray:
    """A picture that shows its number: ten gray bars, white for a set bit."""
    bars = np.array([225 if index >> bit & 1 else 30 for bit in range(10)], np.uint8)
    row = bars[np.minimum(np.arange(width) * 10 // width, 9)]
    return np.broadcast_to(row[None, :, None], (height, width, 3)).copy()


def number(pixels: np.ndarray) -> int:
    """What `numbered` wrote."""
    width = pixels.shape[1]
    centers = [round((bit + 0.5) * width / 10) for bit in range(10)]
    return sum(int(pixels[pixels.shape[0] // 2, at].mean() > 127) << bit for bit, at in enumerate(centers))
