"""A copy of a video in which every face shows what a system made of it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from abaw_pipeline.errors import DataError
from abaw_pipeline.inference.drawing import Brush, paste, place_of
from abaw_pipeline.inference.placing import Placing
from abaw_pipeline.media.encode import LONGEST, Screen, encode_movie
from abaw_pipeline.media.pictures import decode_pictures
from abaw_pipeline.types import ByteArray, DoubleArray, File, FloatArray, IntArray, Picture

if TYPE_CHECKING:
    import pyarrow as pa

CORNERS = ("x1", "y1", "x2", "y2")

TAG_SHARE = 0.13
"""Size of a tag's text as a share of its box's height, as far as the picture allows."""

MOST_BARS = 4
"""Where more people are to be seen at once, only so many have bars: those seen most."""

LEAST_FACE = 0.5
"""A face has bars if it is at least this share of them high."""


def annotate_video(
    media: File,
    judged: pa.Table,
    shown: str,
    classes: Sequence[str],
    *,
    scratch: str,
    start: float = 0.0,
    end: float | None = None,
    longest: int = LONGEST,
) -> Path:
    """Draw what one system says onto every picture of a video, and keep its sound.

    A face has a box (dashed where it is interpolated) and a tag with person, emotion and probability, and bars of
    all probabilities where there is room. The lower edge says what was judged by sound alone (person 0), that no
    face is seen, and whether a voice is heard. Colors are those of emotions in reports.

    Args:
        media: file with moving pictures.
        judged: rows in time by person and system; boxes are pixels of the upright pictures.
        shown: the system whose rows are drawn; others are left out.
        classes: emotions whose columns p_<emotion> there are.
        scratch: folder for the file; made if it is not there.
        start: where the judged segment begins in the file (s).
        end: where it ends (s); None: with the video.
        longest: larger pictures are scaled down to this width or height (pixels).

    Returns:
        Path of a new mp4 below `scratch`, for the caller to move away.

    Raises:
        MediaError: the file has no pictures, is damaged, or the movie cannot be written.
        DataError: the table lacks a column.
    """
    rows = _read_rows(judged, shown, classes)
    folder = Path(scratch)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{secrets.token_hex(12)}.mp4"
    pictures = _drawn(decode_pictures(media.path, start=start, end=end), rows, classes, longest)
    encode_movie(pictures, target, sound=media.path, start=start, end=end, longest=longest)
    return target


@dataclass(frozen=True)
class _Rows:
    """One system's rows that belong to a frame, in the order of frames and then persons.

    Attributes:
        frames: int64 [n], ascending.
        persons: int64 [n].
        boxes: float64 [n, 4], NaN where there is none.
        interpolated: bool [n].
        voices: float64 [n], 1 heard, 0 not heard, NaN not known.
        predicted: int64 [n], index of the emotion that the tag names.
        values: float32 [n, n_classes].
    """

    frames: IntArray
    persons: IntArray
    boxes: DoubleArray
    interpolated: npt.NDArray[np.bool_]
    voices: DoubleArray
    predicted: IntArray
    values: FloatArray

    def at(self, frame: int) -> range:
        """Which rows belong to a frame."""
        first, last = np.searchsorted(self.frames, [frame, frame + 1]).tolist()
        return range(first, last)


def _read_rows(judged: pa.Table, shown: str, classes: Sequence[str]) -> _Rows:
    import pyarrow.compute as pc

    needed = {"person", "frame", *CORNERS, "face", "voice", "system", *(f"p_{name}" for name in classes)}
    if missing := needed - {*judged.column_names}:
        raise DataError(f"the table of judgements lacks {', '.join(sorted(missing))}")
    table = judged.filter(pc.and_(pc.equal(judged["system"], shown), pc.is_valid(judged["frame"])))
    table = table.sort_by([("frame", "ascending"), ("person", "ascending")])
    values = np.stack([table[f"p_{name}"].to_numpy() for name in classes], axis=1).astype(np.float32)
    return _Rows(
        frames=table["frame"].to_numpy().astype(np.int64),
        persons=table["person"].to_numpy().astype(np.int64),
        boxes=np.stack([table[name].to_numpy().astype(np.float64) for name in CORNERS], axis=1),
        interpolated=np.array([face == "interpolated" for face in table["face"].to_pylist()], bool),
        voices=np.array(table["voice"].to_pylist(), np.float64),
        predicted=values.argmax(axis=1),
        values=values,
    )


def _drawn(pictures: Iterable[Picture], rows: _Rows, classes: Sequence[str], longest: int) -> Iterator[Picture]:
    """The pictures as the movie shows them; scaled first, so that marks are as large in every movie."""
    screen: Screen | None = None
    for picture in pictures:
        if picture.pixels is None:
            continue
        height, width = picture.pixels.shape[:2]
        if screen is None:
            screen = Screen(width, height, longest)
            artist = _Artist(rows, classes, screen)
        place = screen.place(width, height)
        pixels = screen.show(picture.pixels)
        if not pixels.flags.writeable:
            pixels = pixels.copy()
        artist.draw(pixels, picture.index, place.scale, (place.left, place.top))
        yield Picture(picture.index, picture.time, pixels)


class _Artist:
    """Draws onto pictures in their order; where marks were on one helps to place them on the next."""

    def __init__(self, rows: _Rows, classes: Sequence[str], screen: Screen) -> None:
        self._rows, self._classes = rows, classes
        self._size = screen.width, screen.height
        self._brush = Brush(screen.height, classes)
        self._placing = Placing(screen.width, screen.height)

    def draw(self, pixels: ByteArray, frame: int, scale: float, shift: tuple[int, int]) -> None:
        """Mark a picture, uint8 [H, W, 3], in place; its boxes lie at shift + scale * corner."""
        here = self._rows.at(frame)
        boxes = self._rows.boxes[here.start : here.stop] * scale + (*shift, *shift)
        faces = {row: place_of(box) for row, box in zip(here, boxes, strict=True) if self._visible(box)}
        persons = {row: int(self._rows.persons[row]) for row in faces}
        self._placing.begin({persons[row]: place for row, place in faces.items()})
        self._draw_edge(pixels, here, nobody=not faces)
        for row, place in faces.items():
            dashed = bool(self._rows.interpolated[row])
            self._brush.box(pixels, place, self._emotion(row), dashed=dashed)
        for row, place in faces.items():
            size = round(TAG_SHARE * (place[3] - place[1]))
            size = max(self._brush.smallest, min(self._brush.largest, size))
            self._draw_tag(pixels, row, persons[row], size)
        large = [row for row, place in faces.items() if self._is_large(persons[row], place[3] - place[1])]
        for row in large[:MOST_BARS]:
            spot = self._placing.bars(persons[row], *self._brush.bars_size, 2 * self._brush.line + 2)
            if spot is not None:
                self._brush.bars(pixels, spot[0], spot[1], self._rows.values[row])

    def _is_large(self, person: int, height: int) -> bool:
        """Whether a face is large enough for bars; less is enough to keep them, so that they do not blink."""
        least = LEAST_FACE * self._brush.bars_size[1]
        return height >= (0.8 * least if self._placing.had_bars(person) else least)

    def _draw_tag(self, pixels: ByteArray, row: int, person: int, size: int) -> None:
        tag = self._brush.tag(f"{person} {self._says(row)}", self._emotion(row), size)
        place = self._placing.tag(person, tag.shape[1], tag.shape[0], self._brush.line + 2)
        paste(pixels, tag, place[0], place[1])

    def _draw_edge(self, pixels: ByteArray, here: range, *, nobody: bool) -> None:
        """What concerns nobody's face, at the lower edge: on the left what is judged, on the right the voice."""
        size = self._brush.smallest
        notes = [self._brush.note("no face")] if nobody else []
        for row in here:
            if self._rows.persons[row] == 0:
                notes.append(self._brush.tag(f"by sound: {self._says(row)}", self._emotion(row), size))
        after = None
        for note in notes:
            after = self._placing.corner(note.shape[1], note.shape[0], after=after)
            paste(pixels, note, after[0], after[1])
        voices = self._rows.voices[here.start : here.stop]
        known = voices[~np.isnan(voices)]
        if len(known):
            heard = bool(known.any())
            note = self._brush.note("voice" if heard else "no voice", on=heard)
            place = self._placing.corner(note.shape[1], note.shape[0], right=True)
            paste(pixels, note, place[0], place[1])

    def _emotion(self, row: int) -> str:
        return self._classes[int(self._rows.predicted[row])]

    def _says(self, row: int) -> str:
        return f"{self._emotion(row)} {100 * self._rows.values[row].max():.0f} %"

    def _visible(self, box: DoubleArray) -> bool:
        width, height = self._size
        x1, y1, x2, y2 = box.tolist()
        return bool(np.isfinite(box).all()) and x1 < width and y1 < height and x2 > 0 and y2 > 0
