"""A picture that shows at a glance who was found when in a clip, and who was taken for its person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from abaw_pipeline.faces.crops import decode_jpeg, encode_jpeg
from abaw_pipeline.faces.seen import Seen, read_seen
from abaw_pipeline.types import DoubleArray

if TYPE_CHECKING:
    import pyarrow as pa

COLORS = {"detected": "#1f7fd1", "interpolated": "#f0b400", "nearest": "#c2410c", "missing": "#b9bec6"}
"""Borders and bar, by where a face comes from; they differ in lightness, too."""

PAGE, INK, CHOSEN, CUT = "#ffffff", "#1a1f26", "#dcebfa", "#d4145a"
LABEL, CUT_LABEL, EDGE, GAP, LINE, QUALITY = 118, 50, 3, 8, 16, 88
"""Widths of labels, borders, space between rows and height of a line of text (pixels); quality of the JPEG."""

PICTURED = ("frame", "track", "image")
"""Columns of face_crops by which the images of some faces are found."""


@dataclass(frozen=True)
class _Layout:
    """Where things are (pixels): time runs from left to right over equal columns."""

    columns: int
    cell: int
    rows: int
    length: float

    @property
    def width(self) -> int:
        return LABEL + self.columns * self.cell + GAP

    def top(self, row: int) -> int:
        return LINE + GAP + row * (self.cell + GAP)

    @property
    def axis(self) -> int:
        return self.top(self.rows)

    @property
    def height(self) -> int:
        return self.axis + 4 * LINE + GAP

    def across(self, time: float) -> float:
        return LABEL + time / self.length * self.columns * self.cell

    def span(self, column: int) -> tuple[float, float]:
        return column * self.length / self.columns, (column + 1) * self.length / self.columns


class _Cell(NamedTuple):
    """A face on the sheet: where, where it comes from, and which one it is (frame, track), if there is any."""

    column: int
    row: int
    origin: str
    face: tuple[int, int] | None


def contact_sheet(
    faces: Iterable[pa.Table],
    pictures: Iterable[pa.Table],
    tracks: pa.Table,
    *,
    columns: int = 16,
    rows: int = 8,
    cell: int = 72,
) -> bytes:
    """Crops over time: the chosen person on top, then each track, the most present first.

    Time runs evenly from left to right; a column shows the face nearest to its middle. Borders say where a face
    comes from, the bar at the bottom does so for every frame of the chosen person. Vertical lines are shot cuts;
    rows with a tinted label are tracks that the person was seen on.

    Args:
        faces: parts of a piece of face_crops, with the columns `seen.SEEN` at least.
        pictures: parts of the same piece, with the columns `PICTURED` at least; only images that are shown are kept.
        tracks: what `choose_person` made of it.
        columns: at most so many columns; a clip of fewer sampled frames has one each.
        rows: at most so many tracks; how many more there are is said.
        cell: width and height of a face (pixels).

    Returns:
        JPEG bytes.

    Raises:
        DataError: a table without frames, or images that are no JPEG.
    """
    from PIL import Image, ImageDraw

    seen = read_seen(faces)
    numbers, presence = np.unique(seen.tracks, return_counts=True)
    shown = numbers[np.argsort(-presence, kind="stable")][:rows].tolist()
    sampled = max(int(seen.sampled.sum()), 1)
    layout = _Layout(min(columns, sampled), cell, 1 + len(shown), _length(seen.times))
    cells = [*_person_cells(layout, tracks)]
    for row, track in enumerate(shown, 1):
        cells += _track_cells(layout, row, track, seen)
    sheet = Image.new("RGB", (layout.width, layout.height), PAGE)
    draw = ImageDraw.Draw(sheet)
    _label_rows(draw, layout, tracks, seen, shown)
    images = _images(pictures, {each.face for each in cells if each.face is not None})
    for each in cells:
        _draw_cell(sheet, draw, layout, each, None if each.face is None else images[each.face])
    _draw_cuts(draw, layout, seen)
    _draw_axis(draw, layout, tracks, len(numbers) - len(shown))
    return encode_jpeg(np.asarray(sheet), QUALITY)


def _person_cells(layout: _Layout, tracks: pa.Table) -> Iterator[_Cell]:
    """The chosen person over time; a face that was found in its frame goes before one that stands in."""
    times = tracks.column("time").to_numpy()
    looked_at = tracks.column("crop").fill_null(-1).to_numpy() == tracks.column("frame").to_numpy()
    for column in range(layout.columns):
        own_crop = _nearest(np.where(looked_at, times, np.nan), layout.span(column))
        at = _nearest(times, layout.span(column)) if own_crop is None else own_crop
        if at is not None:
            frame, track, origin = (tracks.column(name)[at].as_py() for name in ("crop", "track", "origin"))
            yield _Cell(column, 0, origin, None if frame is None else (frame, track))


def _track_cells(layout: _Layout, row: int, track: int, seen: Seen) -> Iterator[_Cell]:
    rows = np.flatnonzero(seen.tracks == track)
    times = seen.times[seen.at[rows]]
    for column in range(layout.columns):
        at = _nearest(times, layout.span(column))
        if at is not None:
            origin = "detected" if seen.detected[rows[at]] else "interpolated"
            yield _Cell(column, row, origin, (int(seen.frames[seen.at[rows[at]]]), track))


def _images(pictures: Iterable[pa.Table], wanted: Collection[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    """The encoded images of some faces, by frame and track."""
    found: dict[tuple[int, int], bytes] = {}
    for part in pictures:
        for at, face in enumerate(zip(*_lists(part, "frame", "track"), strict=True)):
            if face in wanted:
                found[face] = part.column("image")[at].as_py()["bytes"]
    return found


def _label_rows(draw: Any, layout: _Layout, tracks: pa.Table, seen: Seen, shown: list[int]) -> None:
    """What is known of the chosen person and of each track."""
    own = sorted(set(tracks.column("track").drop_null().to_pylist()))
    known = f"track{'s' * (len(own) > 1)} {', '.join(map(str, own[:4]))}{' ...' * (len(own) > 4)}" if own else "nobody"
    _label(draw, layout, 0, ["chosen person", known], chosen=True)
    for row, track in enumerate(shown, 1):
        rows = np.flatnonzero(seen.tracks == track)
        times = seen.times[seen.at[rows]]
        size = np.median(seen.boxes[rows, 3] - seen.boxes[rows, 1])
        counted = f"{len(rows)} faces" if np.isnan(size) else f"{len(rows)} faces, {int(size)} px"
        about = [f"track {track}", f"{times[0]:.1f} to {times[-1]:.1f} s", counted]
        _label(draw, layout, row, about, chosen=track in own)


def _label(draw: Any, layout: _Layout, row: int, lines: list[str], *, chosen: bool) -> None:
    top = layout.top(row)
    if chosen:
        draw.rectangle((0, top, LABEL - 6, top + layout.cell - 1), fill=CHOSEN)
    for at, line in enumerate(lines):
        draw.text((6, top + 6 + at * LINE), line, fill=INK, font=_font())


def _draw_cell(sheet: Any, draw: Any, layout: _Layout, cell: _Cell, image: bytes | None) -> None:
    from PIL import Image

    left, top = LABEL + cell.column * layout.cell, layout.top(cell.row)
    draw.rectangle((left, top, left + layout.cell - 1, top + layout.cell - 1), fill=COLORS[cell.origin])
    if image is None:
        draw.rectangle(
            (left + EDGE, top + EDGE, *(edge - EDGE - 1 for edge in (left + layout.cell, top + layout.cell)))
        )
    else:
        side = layout.cell - 2 * EDGE
        face = Image.fromarray(decode_jpeg(image)).resize((side, side), Image.Resampling.BOX)
        sheet.paste(face, (left + EDGE, top + EDGE))


def _draw_cuts(draw: Any, layout: _Layout, seen: Seen) -> None:
    free = 0.0
    for at in np.flatnonzero(np.diff(seen.shots)) + 1:
        x = layout.across(float(seen.times[at]))
        draw.line((x, LINE, x, layout.axis + LINE), fill=CUT, width=2)
        if x >= free:
            draw.text((x + 3, 2), f"cut {seen.times[at]:.1f}", fill=CUT, font=_font())
            free = x + CUT_LABEL


def _draw_axis(draw: Any, layout: _Layout, tracks: pa.Table, hidden: int) -> None:
    """Origins of all frames, seconds, and what the colors mean."""
    times = np.append(tracks.column("time").to_numpy(), layout.length)
    counts: Counter[str] = Counter()
    top = layout.axis
    draw.text((6, top), "all frames", fill=INK, font=_font())
    for at, origin in enumerate(map(str, tracks.column("origin"))):
        counts[origin] += 1
        box = (layout.across(times[at]), top, layout.across(times[at + 1]), top + LINE - 3)
        draw.rectangle(box, fill=COLORS[origin])
    for column in range(layout.columns):
        text = f"{sum(layout.span(column)) / 2:.1f} s"
        draw.text((LABEL + (column + 0.5) * layout.cell, top + LINE), text, fill=INK, font=_font(), anchor="ma")
    x, line = float(LABEL), top + 2 * LINE + GAP
    for origin, color in COLORS.items():
        draw.rectangle((x, line + 2, x + 10, line + 12), fill=color)
        text = f"{origin} {100 * counts[origin] / counts.total():.0f} %"
        draw.text((x + 15, line), text, fill=INK, font=_font())
        x += 130
    if hidden:
        draw.text((6, line + LINE), f"{hidden} more track{'s' * (hidden > 1)}", fill=INK, font=_font())


def _nearest(times: DoubleArray, span: tuple[float, float]) -> int | None:
    """Position of the time nearest to the middle of a span, if one lies in it."""
    inside = np.flatnonzero((times >= span[0]) & (times < span[1]))
    if not len(inside):
        return None
    return int(inside[np.argmin(np.abs(times[inside] - sum(span) / 2))])


def _lists(table: pa.Table, *names: str) -> list[list[Any]]:
    return [table.column(name).to_pylist() for name in names]


def _length(times: DoubleArray) -> float:
    """Seconds from 0 to the end of the last frame, which is shown as long as others are in the mean."""
    step = (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else 0.04
    return float(times[-1] + step)


def _font() -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(12)
