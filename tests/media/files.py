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
