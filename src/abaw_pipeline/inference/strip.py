"""Evenly spaced pictures of a video with the people found on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from abaw_pipeline.faces.crops import encode_jpeg
from abaw_pipeline.inference.reading import classes_of, shown_system
from abaw_pipeline.media.frames import frame_times
from abaw_pipeline.media.pictures import decode_pictures, first_moment
from abaw_pipeline.report import palette
from abaw_pipeline.types import ByteArray, File, Picture

if TYPE_CHECKING:
    import pyarrow as pa

QUALITY, TEXT, LINE = 80, 13, 2
"""Quality of the JPEG, height of a person's number and width of a box's lines (pixels)."""


def film_strip(
    media: File,
    judged: pa.Table,
    shown: str,
    *,
    start: float = 0.0,
    end: float | None = None,
    pictures: int = 24,
    height: int = 120,
) -> pa.Table:
    """Pictures from the middles of equal stretches of a video, each found face boxed and numbered.

    A box has the color of the emotion that the shown system sees in it. One pass converts no more than two
    pictures for each one kept, and holds one; before it the timestamps are read (media.frames.frame_times).

    Args:
        media: file with moving pictures.
        judged: the judgement of that file; see `inference.reading`.
        shown: the system whose emotions color the boxes; another one stands in where it has no rows.
        start: where the judged segment begins, in seconds from the file's start.
        end: where it ends; None: with the video.
        pictures: at most so many; a video of fewer frames has each once.
        height: of the pictures (pixels).

    Returns:
        A table with a row a picture, in order of time: time float64 (s from `start`), frame int64,
        image struct of bytes (JPEG) and path (null).

    Raises:
        MediaError: the pictures cannot be decoded, or the file has none.
    """
    import pyarrow as pa

    faces = _Faces(judged, shown)
    rows: list[tuple[float, int, dict[str, bytes | None]]] = []
    for picture, pixels in _middles(media.path, start, end, pictures):
        drawn = faces.draw(picture.index, pixels, height)
        rows.append((picture.time, picture.index, {"bytes": encode_jpeg(drawn, QUALITY), "path": None}))
    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    kinds = {"time": pa.float64(), "frame": pa.int64(), "image": image}
    return pa.table({name: pa.array([row[at] for row in rows], kind) for at, (name, kind) in enumerate(kinds.items())})


def _middles(path: str, start: float, end: float | None, count: int) -> Iterator[tuple[Picture, ByteArray]]:
    """The pictures on screen in the middles of `count` equal stretches of a segment, each once.

    Twice as many moments are asked for: the even ones are the edges of the stretches, the odd ones their middles.
    """
    times = frame_times(path)
    times = times[(times >= start) & (times < (np.inf if end is None else end))]
    begin, step = start, 0.04
    if len(times):  # else decoding says what is wrong
        begin, step = float(times[0]), float(times[-1] - times[0]) / max(len(times) - 1, 1) or step
    rate = 2 * count / (float(times.max(initial=begin)) - begin + step)
    held: tuple[Picture, ByteArray, int] | None = None
    for picture in decode_pictures(path, rate=rate, start=begin, end=end):
        if picture.pixels is None:
            continue
        first = first_moment(picture.time, rate)
        if held is not None and _has_middle(held[2], first):
            yield held[0], held[1]
        held = (Picture(picture.index, begin - start + picture.time), picture.pixels, first)
    if held is not None and _has_middle(held[2], 2 * count):
        yield held[0], held[1]


def _has_middle(first: int, until: int) -> bool:
    """Whether an odd number lies in [first, until)."""
    return until - first > 1 or (until - first == 1 and first % 2 == 1)


class _Faces:
    """Boxes of the shown system by frame."""

    def __init__(self, judged: pa.Table, shown: str) -> None:
        import pyarrow.compute as pc

        system = shown_system(judged, shown)
        boxed = pc.and_(pc.is_valid(judged.column("x1")), pc.is_valid(judged.column("frame")))
        own = judged.filter(pc.and_(boxed, pc.equal(judged.column("system"), system)))
        order = np.argsort(own.column("frame").to_numpy(), kind="stable")
        self._frames = own.column("frame").to_numpy()[order]
        self._persons = own.column("person").to_numpy()[order]
        self._boxes = np.stack([own.column(name).to_numpy()[order] for name in ("x1", "y1", "x2", "y2")], axis=1)
        self._emotions = np.array(own.column("predicted").to_pylist(), object)[order]
        self._hues = palette.hues(classes_of(judged))

    def draw(self, frame: int, pixels: ByteArray, height: int) -> ByteArray:
        """The picture at a height, with its boxes: uint8 [height, width, 3]."""
        from PIL import Image, ImageDraw

        scale = height / pixels.shape[0]
        size = (max(1, round(pixels.shape[1] * scale)), height)
        picture = Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
        draw = ImageDraw.Draw(picture)
        first, last = np.searchsorted(self._frames, [frame, frame + 1])
        for at in range(last - 1, first - 1, -1):  # who is seen most is drawn last, on top
            hue = self._hues.get(str(self._emotions[at]), 0)
            colors = palette.LIGHT[f"v{hue}"], palette.LIGHT[f"u{hue}"]
            _box(draw, [float(v) for v in self._boxes[at] * scale], str(self._persons[at]), colors, size)
        return np.asarray(picture)


def _box(draw: Any, box: list[float], number: str, colors: tuple[str, str], size: tuple[int, int]) -> None:
    """A box with a number on its upper left corner, all of it inside the picture."""
    from PIL import ImageFont

    left, top, right, bottom = box[0], box[1], max(box[2], box[0] + 1), max(box[3], box[1] + 1)
    draw.rectangle((left - 1, top - 1, right + 1, bottom + 1), outline="#000000", width=LINE + 2)
    draw.rectangle((left, top, right, bottom), outline=colors[0], width=LINE)
    font = ImageFont.load_default(TEXT)
    wide, high = draw.textlength(number, font=font) + 6, TEXT + 2
    x = min(max(left, 0), max(0, size[0] - wide))
    y = min(max(top - high, 0), max(0, size[1] - high))
    draw.rectangle((x, y, x + wide - 1, y + high - 1), fill=colors[0])
    draw.text((x + 3, y + high / 2), number, fill=colors[1], font=font, anchor="lm")
