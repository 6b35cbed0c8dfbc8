"""Opens media files, and says in one voice what is wrong with those that do not open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

from abaw_pipeline.errors import MediaError


@contextmanager
def open_media(path: str | Path) -> Iterator[Any]:
    """An open PyAV container; errors of the libraries below, also while it is read, become MediaError.

    Raises:
        MediaError: no such file, an empty file, not a media file, or data that a decoder refuses.
    """
    import av

    file = Path(path)
    if not file.is_file():
        hint = "Give the name of a file." if file.is_dir() else ""
        raise MediaError("is a folder" if file.is_dir() else "no such file", where=str(path), hint=hint)
    if file.stat().st_size == 0:
        raise MediaError("the file is empty (0 bytes)", where=str(path), hint="Copy or download it again.")
    # The prefix keeps a name with a colon from being read as a protocol; tags may be in any encoding.
    try:
        container = av.open(f"file:{file}", metadata_errors="replace")
    except (av.FFmpegError, OSError) as error:
        raise MediaError(f"not a media file that FFmpeg can open ({reason(error)})", where=str(path)) from error
    with container:
        try:
            yield container
        except av.FFmpegError as error:
            raise MediaError(
                f"the data are damaged: a decoder refused them ({reason(error)})",
                where=str(path),
                hint="Copy or download the file again, or re-encode it.",
            ) from error


def reason(error: BaseException) -> str:
    """The library's message, without its numbers and the path, which the caller names."""
    return str(getattr(error, "strerror", None) or error)


def origin(container: Any) -> Fraction:
    """Where the clock of a file starts: its container's start time (seconds).

    All times of the package count from there, for pictures and sound alike.
    """
    return Fraction(container.start_time or 0, 1_000_000)


def sound_stream(container: Any, where: str) -> Any:
    """The sound stream that a player would choose.

    Raises:
        MediaError: the file has none.
    """
    stream = container.streams.best("audio")
    if stream is None:
        raise MediaError("the file has no sound stream", where=where)
    return stream


def picture_stream(container: Any) -> Any | None:
    """The video stream that a player would choose; cover pictures of songs are none."""
    from av.stream import Disposition

    moving = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    best = container.streams.best("video")
    return best if best in moving else next(iter(moving), None)
