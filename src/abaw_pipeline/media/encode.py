"""Writes a movie that any player shows: pictures at their own times, with the sound of the file that they come from."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from abaw_pipeline.errors import MediaError
from abaw_pipeline.media.container import reason
from abaw_pipeline.media.soundtrack import Soundtrack
from abaw_pipeline.threads import allowed_threads
from abaw_pipeline.types import ByteArray, Picture

TICKS = 90_000
"""Times are counted in this many ticks a second: 25, 30, 50 and 60 Hz are whole numbers of them."""

LONGEST = 1280
"""Width or height, whichever is larger, of a movie's pictures (pixels)."""

USUAL_STEP = TICKS // 25
"""How long the only picture of a movie is shown (ticks)."""

H264 = {"preset": "veryfast", "crf": "21", "g": "60"}
"""For screens: hardly a difference to be seen; a player finds any moment within 60 pictures."""

THREADS = 2
"""Of the encoder at most, which are enough. It has another one that looks ahead, but for a single thread."""

BT709, STUDIO = 1, 1
"""FFmpeg's numbers for the color matrix, primaries and curve of high definition, and for luma from 16 to 235."""


@dataclass(frozen=True)
class Place:
    """Where a picture lies on a screen: pixel x of it at left + scale * x, and y likewise.

    Attributes:
        scale: pixels of the screen a pixel of the picture.
        left: pixels left of it.
        top: pixels above it.
        width: of the scaled picture (pixels).
        height: of the scaled picture (pixels).
    """

    scale: float
    left: int
    top: int
    width: int
    height: int


class Screen:
    """The size that all pictures of a movie share, and how each is brought to it.

    The first picture sets it: scaled down to `longest`, with a black row or column more where a side is odd. It
    lies at the top left; pictures of another size are scaled to fit, black around them.

    Args:
        width: of the first picture (pixels).
        height: of the first picture (pixels).
        longest: of the screen's width and height (pixels, 2 at least; an odd number counts as the one below).
    """

    def __init__(self, width: int, height: int, longest: int = LONGEST) -> None:
        from av.video.reformatter import VideoReformatter

        self._reformatter = VideoReformatter()
        scale = min(1.0, (longest - longest % 2) / max(width, height))
        self._first = width, height
        self._inner = Place(scale, 0, 0, max(1, round(width * scale)), max(1, round(height * scale)))
        self.width, self.height = (side + side % 2 for side in (self._inner.width, self._inner.height))

    def place(self, width: int, height: int) -> Place:
        """Where a picture of a size (pixels) lies."""
        if (width, height) == self._first:
            return self._inner
        scale = min(self.width / width, self.height / height)
        across, down = max(1, round(width * scale)), max(1, round(height * scale))
        return Place(scale, (self.width - across) // 2, (self.height - down) // 2, across, down)

    def show(self, pixels: ByteArray) -> ByteArray:
        """A picture as the screen shows it.

        Args:
            pixels: uint8 [H, W, 3], RGB.

        Returns:
            uint8 [height, width, 3]: the same array where there is nothing to do.
        """
        place = self.place(pixels.shape[1], pixels.shape[0])
        if pixels.shape[:2] != (place.height, place.width):
            pixels = self._scaled(pixels, place)
        if pixels.shape[:2] == (self.height, self.width):
            return pixels
        screen = np.zeros((self.height, self.width, 3), np.uint8)
        screen[place.top : place.top + place.height, place.left : place.left + place.width] = pixels
        return screen

    def _scaled(self, pixels: ByteArray, place: Place) -> ByteArray:
        from av import VideoFrame
        from av.video.reformatter import Interpolation

        way = Interpolation.AREA if place.scale < 1 else Interpolation.BILINEAR
        frame = VideoFrame.from_numpy_buffer(np.ascontiguousarray(pixels), "rgb24")
        done: Any = self._reformatter.reformat(
            frame, width=place.width, height=place.height, interpolation=way, threads=1
        )
        scaled: ByteArray = done.to_ndarray()
        return scaled


def encode_movie(
    pictures: Iterable[Picture],
    path: str | Path,
    *,
    sound: str | Path | None = None,
    start: float = 0.0,
    end: float | None = None,
    longest: int = LONGEST,
) -> None:
    """Write an mp4 with H.264 pictures (yuv420p, BT.709, its index in front) and another file's sound.

    Each picture keeps its time to a ninety-thousandth of a second, so variable frame rates stay what they are;
    one that does not come after the one before it is put a tick behind it. Sound is copied packet by packet
    where mp4 holds its kind, else made AAC (media.soundtrack), and counts from its file's origin, as pictures of
    `decode_pictures` do. The bytes may differ between two runs by a hair: x264's fast routines are not exact to the
    bit. At no time are more than a few pictures held. The file appears whole or not at all.

    Args:
        pictures: with pixels, upright, in the order of their times; see `Screen` for sizes that are odd or change.
        path: of the mp4; a file that is there is replaced.
        sound: file whose sound goes with the pictures, if it has any.
        start: where in that file the pictures begin (s).
        end: where they end (s); None: with the sound.
        longest: larger pictures are scaled down to this width or height (pixels).

    Raises:
        MediaError: no picture, sound that cannot be read, or a file that cannot be written.
    """
    target = Path(path)
    aside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    segment = None if sound is None else (sound, start, end)
    try:
        with closing(_Movie(aside, target.name, longest)) as movie:
            for picture in pictures:
                if picture.pixels is not None:
                    movie.add(picture.pixels, picture.time, segment)
            movie.finish()
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)


class _Movie:
    """An mp4 as it is written. A picture waits until the next one tells how long it is shown."""

    def __init__(self, path: Path, where: str, longest: int) -> None:
        self._path, self._where, self._longest = path, where, longest
        self._screen: Screen | None = None
        self._soundtrack: Soundtrack | None = None
        self._file: Any = None
        self._waiting: Any = None
        self._step = USUAL_STEP

    def add(self, pixels: ByteArray, time: float, sound: tuple[str | Path, float, float | None] | None) -> None:
        """Add a picture; the first one also says which sound goes along."""
        if self._screen is None:
            self._screen = Screen(pixels.shape[1], pixels.shape[0], self._longest)
            self._open(self._screen)
            self._soundtrack = None if sound is None else Soundtrack(*sound, file=self._file)
        frame = self._converted(self._screen.show(pixels))
        frame.pts, frame.time_base = round(time * TICKS), Fraction(1, TICKS)
        if self._waiting is not None:
            frame.pts = max(frame.pts, self._waiting.pts + 1)
            self._step = frame.pts - self._waiting.pts
            self._encode()
        self._waiting = frame

    def finish(self) -> None:
        """Write what is left of pictures and sound."""
        if self._waiting is None:
            raise MediaError("there is no picture to write", where=self._where)
        self._encode()
        self._write(until=float("inf"))
        with _refusals(self._where):
            self._file.mux(self._stream.encode())
            self._file.close()

    def close(self) -> None:
        """Let go of both files."""
        if self._soundtrack is not None:
            self._soundtrack.close()
        if self._file is not None:
            with _refusals(self._where):
                self._file.close()

    def _open(self, screen: Screen) -> None:
        import av
        from av.codec.context import Flags

        # times in an edit list, such as that of a late start, would else be rounded to milliseconds
        options = {"movflags": "+faststart", "movie_timescale": str(TICKS)}
        with _refusals(self._where):
            self._file = av.open(f"file:{self._path}", "w", format="mp4", options=options)
            self._stream = self._file.add_stream("libx264", rate=30, options=H264)
        coder = self._stream.codec_context
        coder.width, coder.height, coder.pix_fmt = screen.width, screen.height, "yuv420p"
        coder.time_base, coder.thread_count = Fraction(1, TICKS), max(1, min(THREADS, allowed_threads() - 2))
        coder.colorspace = coder.color_primaries = coder.color_trc = BT709
        coder.color_range = STUDIO
        coder.flags |= Flags.frame_duration  # else the last picture is shown for a thirtieth of a second
        self._reformatter = av.video.reformatter.VideoReformatter()

    def _converted(self, pixels: ByteArray) -> Any:
        from av import VideoFrame
        from av.video.reformatter import ColorRange, Colorspace

        frame = VideoFrame.from_numpy_buffer(np.ascontiguousarray(pixels), "rgb24")
        return self._reformatter.reformat(
            frame,
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )

    def _encode(self) -> None:
        """Write the waiting picture, and before it the sound up to its time."""
        self._write(until=float(self._waiting.pts / TICKS))
        self._waiting.duration = self._step
        with _refusals(self._where):
            self._file.mux(self._stream.encode(self._waiting))

    def _write(self, until: float) -> None:
        for packet in self._soundtrack.packets(until) if self._soundtrack is not None else ():
            with _refusals(self._where):
                self._file.mux(packet)


@contextmanager
def _refusals(where: str) -> Iterator[None]:
    import av

    try:
        yield
    except (av.FFmpegError, OSError) as error:
        raise MediaError(
            f"the movie cannot be written ({reason(error)})", where=where, hint="Look for room and rights there."
        ) from error
