"""Carries the sound of one file into another that is being written: as it is where it may be, else as AAC."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from abaw_pipeline.errors import MediaError
from abaw_pipeline.media.container import open_media, origin
from abaw_pipeline.media.decode import JITTER, LONGEST_GAP
from abaw_pipeline.types import FloatArray

COPIED = {"aac", "ac3", "alac", "eac3", "flac", "mp3", "opus"}
"""Codecs that an mp4 file may hold and common players know there."""

AAC_RATES = {8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000}
"""Samples a second (Hz) that AAC knows; other sound is resampled to `USUAL_RATE`."""

USUAL_RATE = 48_000

BITS = 96_000
"""Of AAC a second and channel."""


class Soundtrack:
    """A sound stream in a file that is being written, filled from another file as time goes on.

    Times count from the source's origin (media.container.origin). Copied packets keep every byte. AAC has one
    channel or two, and silence where the source has holes or starts late.

    Args:
        path: of the source; one without sound, or with none in its stream, gives no stream.
        start: from where in it the sound is taken (s); the packet heard then begins before 0, which players leave out.
        end: up to where (s); None: to its end.
        file: the PyAV container to write to; nothing may have been written to it yet.

    Raises:
        MediaError: the source cannot be opened or decoded.
    """

    def __init__(self, path: str | Path, start: float = 0.0, end: float | None = None, *, file: Any) -> None:
        self._source = _cut(_carried(path, file), start, end)
        self._next = next(self._source, None)

    def packets(self, until: float) -> Iterator[Any]:
        """What follows the packets given so far, of those that begin before a time (s)."""
        while self._next is not None and self._next.pts * self._next.time_base < until:
            packet, self._next = self._next, next(self._source, None)
            yield packet

    def close(self) -> None:
        """Close the source."""
        self._source.close()


def _cut(packets: Any, start: float, end: float | None) -> Any:
    """Packets of a segment with their times counted from its start."""
    with closing(packets):
        for packet in packets:
            begin, lasts = packet.pts * packet.time_base, (packet.duration or 0) * packet.time_base
            if end is not None and begin >= end:
                return
            if start and begin + lasts <= start:
                continue
            if start:
                packet.pts = packet.dts = packet.pts - round(start / packet.time_base)
            yield packet


def _carried(path: str | Path, file: Any) -> Any:
    with open_media(path) as container:
        stream = container.streams.best("audio")
        if stream is None:
            return
        if stream.codec_context is None:
            raise MediaError("nothing here decodes its sound", where=str(path), hint="Re-encode it.")
        if stream.codec_context.codec.canonical_name in COPIED:
            yield from _copied(container, stream, file)
        else:
            yield from _transcoded(container, stream, file, str(path))


def _copied(container: Any, stream: Any, file: Any) -> Iterator[Any]:
    """The packets with their times moved to the file's origin, each later than the one before."""
    packets = (packet for packet in container.demux(stream) if packet.size)
    first = next(packets, None)
    if first is None:
        return
    to, last = file.add_stream_from_template(stream), None
    shift, follow = round(origin(container) / stream.time_base), 0
    for packet in chain([first], packets):
        stamp = packet.pts if packet.pts is not None else packet.dts
        at = follow if stamp is None else stamp - shift
        if packet.is_discard and at >= 0:
            continue  # its edit list leaves it out; what stands before the begin is needed to decode what follows
        at = at if last is None else max(at, last + 1)
        last, follow = at, at + (packet.duration or 0)
        packet.pts = packet.dts = at
        packet.stream = to
        yield packet


def _transcoded(container: Any, stream: Any, file: Any, where: str) -> Iterator[Any]:
    """The sound as AAC."""
    from av import AudioFrame

    coder = stream.codec_context
    rate = coder.sample_rate if coder.sample_rate in AAC_RATES else USUAL_RATE
    layout = "mono" if coder.channels == 1 else "stereo"
    blocks = _placed(container, stream, rate, layout, where)
    first = next(blocks, None)
    if first is None:
        return
    to, done = file.add_stream("aac", rate=rate, layout=layout, bit_rate=BITS * len(first)), 0
    for block in chain([first], blocks):
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(block), format="fltp", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, done, Fraction(1, rate)
        done += block.shape[1]
        yield from to.encode(frame)
    yield from to.encode()


def _placed(container: Any, stream: Any, rate: int, layout: str, where: str) -> Iterator[FloatArray]:
    """Blocks float32 [channels, n] that follow each other without holes from the source's origin on."""
    begin, done = origin(container), 0
    for frame in _resampled(container, stream, rate, layout, where):
        block = frame.to_ndarray()
        ahead = 0 if frame.pts is None else round((frame.pts * frame.time_base - begin) * rate) - done
        if done and abs(ahead) <= JITTER * rate:
            ahead = 0
        if ahead > max(LONGEST_GAP, (container.duration or 0) / 1e6) * rate:
            raise MediaError(f"its timestamps jump by {ahead / rate:.0f} s", where=where)
        while ahead > 0:  # second by second, however long the hole
            silence = np.zeros((len(block), min(ahead, rate)), np.float32)
            ahead, done = ahead - silence.shape[1], done + silence.shape[1]
            yield silence
        block = block[:, -ahead:] if ahead else block
        done += block.shape[1]
        if block.shape[1]:
            yield block


def _resampled(container: Any, stream: Any, rate: int, layout: str, where: str) -> Iterator[Any]:
    from av import AudioResampler

    resampler = AudioResampler(format="fltp", layout=layout, rate=rate)
    for frame in container.decode(stream):
        if (frame.sample_rate, len(frame.layout.channels)) != (stream.sample_rate, stream.channels):
            raise MediaError("its sample rate or channels change", where=where, hint="Re-encode it.")
        yield from resampler.resample(frame)
    yield from resampler.resample(None)
