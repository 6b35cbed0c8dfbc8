"""Segments against the length of their media, as far as headers tell it."""

from __future__ import annotations

from abaw_pipeline.errors import CorpusError, MediaError


def media_length(path: str) -> float | None:
    """Seconds that a media file says it lasts; None where it cannot be told before it is decoded.

    A file that cannot be read is no error here: it is one for each of its clips when its media are looked at.
    """
    from abaw_pipeline.media.probe import probe

    try:
        return probe(path).duration
    except MediaError:
        return None


def end_within(start: float, end: float, length: float | None, where: str) -> float:
    """The end of a segment, at most the media's.

    Args:
        start: seconds from the media's start.
        end: seconds from the media's start; it may lie a little behind the media's, since annotations and
            containers round.
        length: seconds that the media last; None: not known, nothing is checked.
        where: file and row, for the error.

    Raises:
        CorpusError: the segment is empty, or not all of it lies within the media.
    """
    from abaw_pipeline.media.decode import END_TOLERANCE

    if not start < end:
        raise CorpusError(f"start {start:g} s is not before end {end:g} s.", where=where, hint="Correct the times.")
    if length is not None and (start >= length or end > length + END_TOLERANCE):
        raise CorpusError(
            f"{start:g} s to {end:g} s goes beyond the media, which last {length:g} s.",
            where=where,
            hint="Correct the times, or replace the media file if it is cut short.",
        )
    return end if length is None else min(end, length)
