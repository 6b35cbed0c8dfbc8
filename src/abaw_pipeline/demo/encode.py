"""Writing sound in the containers that users have."""

from __future__ import annotations

from fractions import Fraction
from math import gcd
from pathlib import Path
from typing import Literal

import numpy as np

from abaw_pipeline.errors import MediaError
from abaw_pipeline.types import DoubleArray, FloatArray

Container = Literal["wav", "flac", "m4a", "mp3"]

CODECS = {"m4a": ("mp4", "aac"), "mp3": ("mp3", "libmp3lame")}
BIT_RATE = 96_000
"""Bits per second and channel of the lossy codecs."""


def resample(sound: DoubleArray, rate: int, new_rate: int) -> DoubleArray:
    """The same sound at another rate.

    Args:
        sound: [..., n].
        rate: Hz.
        new_rate: Hz.
    """
    from scipy.signal import resample_poly

    common = gcd(rate, new_rate)
    return np.asarray(resample_poly(sound, new_rate // common, rate // common, axis=-1))


def write_sound(path: Path, sound: DoubleArray, rate: int, container: Container) -> None:
    """Write samples as a file; the same samples give the same bytes.

    Args:
        path: where; what the file is does not depend on its suffix.
        sound: [channels, n], within -1..1.
        rate: Hz.
        container: wav and flac hold 16 bits a sample, m4a AAC, mp3 MPEG layer 3.

    Raises:
        MediaError: this build of FFmpeg lacks the codec.
    """
    if container in CODECS:
        _write_lossy(path, sound.astype(np.float32), rate, container)
        return
    import soundfile

    soundfile.write(path, sound.T, rate, subtype="PCM_16", format=container.upper())


def _write_lossy(path: Path, sound: FloatArray, rate: int, container: Container) -> None:
    import av

    muxer, codec = CODECS[container]
    layout = "mono" if len(sound) == 1 else "stereo"
    # The codec takes frames of its own length: a fifo inside the encoder's wrapper cuts them.
    with av.open(str(path), "w", format=muxer, options={"fflags": "+bitexact"}) as output:
        try:
            stream = output.add_stream(codec, rate=rate, layout=layout)
        except (av.error.FFmpegError, ValueError) as error:
            raise MediaError(
                f"this FFmpeg cannot write {codec}.", where=path.name, hint="Set lossy: false for the demo corpus."
            ) from error
        stream.bit_rate = BIT_RATE * len(sound)
        stream.codec_context.options = {"flags": "+bitexact"}
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound), format="fltp", layout=layout)
        frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), 0
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            output.mux(packet)
