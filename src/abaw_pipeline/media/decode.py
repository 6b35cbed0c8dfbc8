"""Sound of any media file as mono samples on the file's own clock, whole or part by part."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from abaw_pipeline.errors import MediaError
from abaw_pipeline.media.container import open_media, origin, sound_stream
from abaw_pipeline.media.declared import check_wav_size, sound_end, tolerance
from abaw_pipeline.types import FloatArray, Waveform

JITTER = 0.01
"""Timestamps may differ from the count of samples by this much (s): containers round to milliseconds."""

LONGEST_GAP = 3600.0
"""A hole in the timestamps longer than the file and than this (s) is damage, not silence."""

PART = 10.0
"""Seconds of sound that `decode_parts` gives at once."""

FILTER = 128
"""Samples of the lower rate that are more than enough for a resampler to forget what was before."""

END_TOLERANCE = 0.1
"""A segment may end this much (s) after its file: annotations and containers round."""


def decode_audio(path: str | Path, *, rate: int = 16_000, start: float = 0.0, end: float | None = None) -> Waveform:
    """Sound of a file, or of its segment [start, end), mixed to one channel and resampled.

    Time counts from the container's start, as for pictures: sound that starts late is preceded by zeros, and
    holes in it are zeros. Sample n of the file lies at n / rate; a segment is samples round(start * rate) to
    round(end * rate) of the whole file's, bit for bit, because decoding always begins where the file does; only
    what is decoded before the segment is not converted.
    Channels are averaged. A stream that ends before the pictures do is followed by zeros as far as `end` asks
    for them.

    A file is damaged if a decoder refuses a packet, if a FLAC file lacks a block or a block's checksum is
    wrong, or if the sound ends earlier than its header says: by any byte for wav, 2 ms for other lossless
    sound, 0.1 s for lossy sound. Ogg, raw AAC and mp3 without a count of frames promise no length, so a
    missing end goes unseen there, as does damage that a lossy decoder conceals. Of a segment only the part up
    to its end is read and checked.

    Args:
        path: any file that FFmpeg reads; of several sound streams the one that a player would choose.
        rate: samples per second (Hz) of the result.
        start: where the segment begins, in seconds from the file's start.
        end: where the segment ends, in seconds from the file's start; None is the end of the sound.

    Returns:
        float32 samples, finite; round(end * rate) - round(start * rate) of them if `end` is given.

    Raises:
        MediaError: missing, empty, damaged or truncated file, no sound stream, no samples, a segment that is
            empty, holds no sound or ends more than 0.1 s after the file.
    """
    return Waveform(
        np.concatenate([part.samples for part in decode_parts(path, rate=rate, start=start, end=end)]), rate
    )


def decode_parts(
    path: str | Path, *, rate: int = 16_000, start: float = 0.0, end: float | None = None
) -> Iterator[Waveform]:
    """The same sound in parts of `PART` seconds (the last is what remains), decoded as they are asked for.

    The file stays open until the last part was taken or the generator is closed.

    Raises:
        MediaError: as `decode_audio`, once the sound is decoded up to where the error shows.
    """
    size, held, count = round(PART * rate), [], 0
    for samples in _finite(_segment(path, rate, start, end), str(path)):
        held.append(samples)
        count += len(samples)
        if count >= size:
            joined = np.concatenate(held)
            whole = count - count % size
            yield from (Waveform(joined[at : at + size], rate) for at in range(0, whole, size))
            held, count = [joined[whole:].copy()], count - whole
    if count:
        yield Waveform(np.concatenate(held), rate)


def _segment(path: str | Path, rate: int, start: float, end: float | None) -> Iterator[FloatArray]:
    """Blocks of a segment's samples as they come from the decoder, then silence where the sound ends sooner."""
    _check_segment(path, rate, start, end)
    check = Path(path)
    seconds = _passed_over(start, rate)
    with open_media(path) as container:
        check_wav_size(check)
        stream = sound_stream(container, str(path))
        first, last, reached = round(start * rate), None if end is None else round(end * rate), seconds * rate
        for block in _resampled(_placed(container, stream, seconds, str(path)), rate):
            yield block[max(first - reached, 0) : None if last is None else max(last - reached, 0)]
            reached += len(block)
            if last is not None and reached >= last:
                return  # the rest is not read
        if seconds and reached == seconds * rate:
            reached = _count(path, rate)
        _check_end(container, stream, reached / rate, str(path))
        if reached <= first:
            raise MediaError(
                f"no sound after {start:g} s: it ends at {reached / rate:.3f} s" if reached else "no sound samples",
                where=str(path),
            )
        if last is not None:
            _check_reach(container, last, reached, rate, str(path))
            yield from _silence(last - reached, rate)


def _passed_over(start: float, rate: int) -> int:
    """Whole seconds before a segment of which no sample matters to it: they are decoded, but not converted.

    Resampling repeats its steps with every second, and looks at some 32 samples of the lower rate on each side.
    """
    return max(int(start) - math.ceil(1 + FILTER / rate), 0)


def _count(path: str | Path, rate: int) -> int:
    """How many samples the whole sound has."""
    with open_media(path) as container:
        stream = sound_stream(container, str(path))
        return sum(len(block) for block in _resampled(_placed(container, stream, 0, str(path)), rate))


def _finite(blocks: Iterator[FloatArray], where: str) -> Iterator[FloatArray]:
    for block in blocks:
        if not np.isfinite(block).all():
            raise MediaError("the sound has samples that are not finite numbers", where=where)
        yield block


def _check_segment(path: str | Path, rate: int, start: float, end: float | None) -> None:
    if rate <= 0:
        raise MediaError(f"a rate of {rate} Hz is not possible", where=str(path))
    if not 0 <= start < float("inf") or (end is not None and not start < end < float("inf")):
        raise MediaError(f"the segment from {start} to {end} s is empty or lies outside the file", where=str(path))
    if end is not None and round(end * rate) == round(start * rate):
        raise MediaError(f"the segment from {start} to {end} s is shorter than a sample", where=str(path))


def _placed(container: Any, stream: Any, seconds: int, where: str) -> Iterator[tuple[int, FloatArray]]:
    """Mono blocks at the stream's own rate that follow each other without holes from a second of the file on."""
    stream.codec_context.thread_count = 1
    if stream.codec_context.name == "flac":
        # A block with a wrong checksum is dropped, and then missed below.
        stream.codec_context.options = {"err_detect": "crccheck+explode"}
    begin, done, source, whole = origin(container), 0, 0, container.format.name == "flac"
    for frame in container.decode(stream):
        if source and frame.sample_rate != source:
            raise MediaError(f"its rate changes from {source} to {frame.sample_rate} Hz", where=where)
        source = frame.sample_rate
        ahead = _samples_ahead(frame, begin, source, done)
        if ahead > 0 and done and whole:
            raise MediaError(f"the data are damaged at {done / source:.3f} s: a block is lost", where=where)
        if ahead > max(LONGEST_GAP, (container.duration or 0) / 1e6) * source:
            raise MediaError(f"its timestamps jump by {ahead / source:.0f} s", where=where)
        wanted = seconds * source
        yield from ((source, silence) for silence in _silence(ahead - max(wanted - done, 0), source))
        begins, done = done + ahead, max(done, done + ahead + frame.samples)
        if done > wanted:
            yield source, _mono(frame)[max(-ahead, wanted - begins, 0) :]


def _samples_ahead(frame: Any, begin: Fraction, source: int, done: int) -> int:
    """Samples missing before a frame (negative: already there) by its timestamp; 0 for mere rounding."""
    if frame.pts is None:
        return 0
    ahead = round((frame.pts * frame.time_base - begin) * source) - done
    return 0 if done and abs(ahead) <= JITTER * source else ahead


def _mono(frame: Any) -> FloatArray:
    """Mean of a frame's channels, float32 [n_samples] within -1..1."""
    values = frame.to_ndarray()
    channels = frame.layout.nb_channels
    if not frame.format.is_planar:
        values = values.reshape(-1, channels).T
    if values.dtype == np.uint8:
        values = (values.astype(np.float64) - 128) / 128
    elif np.issubdtype(values.dtype, np.integer):
        values = values / -float(np.iinfo(values.dtype).min)
    if channels == 1:
        return np.ascontiguousarray(values[0], dtype=np.float32)
    mean: FloatArray = values.mean(axis=0, dtype=np.float64).astype(np.float32)
    return mean


def _resampled(blocks: Iterator[tuple[int, FloatArray]], rate: int) -> Iterator[FloatArray]:
    """The blocks at another rate: ceil(n * rate / source) samples for n."""
    from av import AudioFrame, AudioResampler

    resampler = AudioResampler(format="flt", layout="mono", rate=rate)
    taken, given, source = 0, 0, rate
    for source, block in blocks:
        if source == rate:
            yield block
            continue
        frame = AudioFrame.from_ndarray(block[None], format="flt", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = source, taken, Fraction(1, source)
        taken += len(block)
        for out in resampler.resample(frame) if len(block) else []:
            given += out.samples
            yield out.to_ndarray()[0]
    # The filter's delay comes out last, with a sample or so more than the source's length is worth.
    rest = -(-taken * rate // source) - given
    for out in resampler.resample(None) if taken else []:
        yield out.to_ndarray()[0][: max(rest, 0)]
        rest -= out.samples


def _check_end(container: Any, stream: Any, ended: float, where: str) -> None:
    promised = sound_end(container, stream)
    if promised is not None and ended < float(promised) - tolerance(stream):
        raise MediaError(
            f"the sound is cut short: it ends at {ended:.3f} s, its header says {float(promised):.3f} s",
            where=where,
            hint="Copy or download the file again.",
        )


def _check_reach(container: Any, last: int, reached: int, rate: int, where: str) -> None:
    """Refuse a segment that ends well after the file; before that, sound that is missing is silence."""
    file_end = max((container.duration or 0) / 1e6, reached / rate)
    if last / rate > file_end + END_TOLERANCE:
        raise MediaError(
            f"the segment ends at {last / rate:.3f} s, after the file's end at {file_end:.3f} s",
            where=where,
            hint="Check the annotation's times.",
        )


def _silence(count: int, rate: int) -> Iterator[FloatArray]:
    """That many zeros, a second at a time: a hole may be an hour long."""
    for at in range(0, count, rate):
        yield np.zeros(min(rate, count - at), np.float32)
