"""Paints marks onto a picture: boxes, tags, bars, legible on light and dark ground alike."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from abaw_pipeline.report import palette
from abaw_pipeline.types import ByteArray, DoubleArray, FloatArray

Color: TypeAlias = tuple[int, int, int]
Place: TypeAlias = tuple[int, int, int, int]
"""Left, top, right and bottom (pixels); right and bottom lie outside."""

WHITE, INK, GRAY = (255, 255, 255), (26, 31, 38), (87, 96, 106)
KEPT = 1024
"""Tags kept for when they are needed again."""


class Brush:
    """Marks for pictures of one size.

    Args:
        height: of the pictures (pixels); text and lines grow with it.
        classes: names of the emotions.
    """

    def __init__(self, height: int, classes: Sequence[str]) -> None:
        numbers = palette.hues(classes)
        self._fills = {name: rgb(palette.LIGHT[f"v{number}"]) for name, number in numbers.items()}
        self._texts = {name: rgb(palette.LIGHT[f"u{number}"]) for name, number in numbers.items()}
        self._classes = tuple(classes)
        self.smallest, self.largest = max(12, round(height / 45)), max(13, round(height / 32))
        self.line = max(3, round(height / 180))
        self._bars = _Bars(self._classes, max(11, round(height / 52)))
        self._chip = lru_cache(KEPT)(self._make_chip)

    @property
    def bars_size(self) -> tuple[int, int]:
        """Width and height of the bars of one person (pixels)."""
        return self._bars.names.shape[1] + self._bars.length + 3 * self._bars.edge, self._bars.names.shape[0]

    def tag(self, text: str, emotion: str, size: int) -> ByteArray:
        """Text on an emotion's color, uint8 [height, width, 3]; do not write to it.

        Args:
            text: one line.
            emotion: one of the classes.
            size: of the text (pixels); see `smallest` and `largest`.
        """
        return self._chip(text, size, self._fills[emotion], self._texts[emotion])

    def note(self, text: str, *, on: bool = False) -> ByteArray:
        """Text on dark ground, or on light ground where something is `on`; uint8 [height, width, 3]."""
        return self._chip(text, self.smallest, *((WHITE, INK) if on else (INK, WHITE)))

    def box(self, pixels: ByteArray, place: Place, emotion: str, *, dashed: bool) -> None:
        """Draw a frame around a place: its emotion's color, and around that a white and a dark line."""
        left, top, right, bottom = place
        for grown, color in ((self.line + 2, INK), (self.line + 1, WHITE), (self.line, self._fills[emotion])):
            outer = (left - grown, top - grown, right + grown, bottom + grown)
            for edge in _edges(outer, grown):
                for part in _dashes(edge, 5 * self.line) if dashed else (edge,):
                    fill(pixels, part, color)

    def bars(self, pixels: ByteArray, left: int, top: int, posteriors: FloatArray) -> None:
        """Draw names of all classes with bars for their probabilities, float32 [n_classes], on pale ground."""
        width, height = self.bars_size
        ground = pixels[top : top + height, left : left + width]
        np.right_shift(ground, 2, out=ground)
        ground += 191
        names, edge, row = self._bars.names, self._bars.edge, self._bars.row
        stain(ground[:, edge : edge + names.shape[1]], names, INK)
        begin = left + 2 * edge + names.shape[1]
        for at, name in enumerate(self._classes):
            first = top + edge + at * row
            end = begin + max(1, round(float(posteriors[at]) * self._bars.length))
            fill(pixels, (begin, first + 1, end, first + row - 1), self._fills[name])

    def _make_chip(self, text: str, size: int, ground: Color, color: Color) -> ByteArray:
        mask = _text_mask(text, size)
        across, down = round(size * 0.4), max(1, round(size * 0.15))
        chip = np.empty((mask.shape[0] + 2 * down, mask.shape[1] + 2 * across, 3), np.uint8)
        chip[:] = WHITE if ground == INK else INK
        chip[1:-1, 1:-1] = ground
        stain(chip[down:-down, across:-across], mask, color)
        return chip


class _Bars:
    """Measures of the bars, and the names beside them, right-aligned: uint8 [height, width] of ink."""

    def __init__(self, classes: Sequence[str], size: int) -> None:
        masks = [_text_mask(name, size) for name in classes]
        self.row, self.edge, self.length = masks[0].shape[0], max(3, size // 3), 5 * size
        width = max(mask.shape[1] for mask in masks)
        self.names = np.zeros((len(masks) * self.row + 2 * self.edge, width), np.uint8)
        for at, mask in enumerate(masks):
            top = self.edge + at * self.row
            self.names[top : top + self.row, width - mask.shape[1] :] = mask


def rgb(color: str) -> Color:
    """The parts 0..255 of "#rrggbb"."""
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue


def fill(pixels: ByteArray, place: Place, color: Color) -> None:
    """Fill what of a place lies in the picture."""
    left, top, right, bottom = (max(side, 0) for side in place)
    pixels[top:bottom, left:right] = color


def paste(pixels: ByteArray, patch: ByteArray, left: int, top: int) -> None:
    """Put a patch onto a picture, less what reaches over its right or lower edge."""
    height, width = pixels.shape[:2]
    pixels[top : top + patch.shape[0], left : left + patch.shape[1]] = patch[: height - top, : width - left]


def stain(pixels: ByteArray, ink: ByteArray, color: Color) -> None:
    """Blend a color into pixels [h, w, 3] where there is ink [h, w], 0..255."""
    share = ink[..., None].astype(np.int32)
    pixels += ((np.array(color, np.int32) - pixels) * share // 255).astype(np.uint8)


def place_of(box: DoubleArray) -> Place:
    """The whole pixels of a box x1, y1, x2, y2."""
    left, top, right, bottom = np.rint(box).astype(int).tolist()
    return left, top, max(right, left + 1), max(bottom, top + 1)


def _edges(outer: Place, thick: int) -> tuple[Place, ...]:
    left, top, right, bottom = outer
    return (
        (left, top, right, top + thick),
        (left, bottom - thick, right, bottom),
        (left, top, left + thick, bottom),
        (right - thick, top, right, bottom),
    )


def _dashes(edge: Place, length: int) -> list[Place]:
    """Every other stretch of an edge, beginning and ending with one."""
    left, top, right, bottom = edge
    across = right - left > bottom - top
    first, last = (left, right) if across else (top, bottom)
    count = max(1, round((last - first) / length / 2))
    marks = np.linspace(first, last, 4 * count).round().astype(int).tolist()
    parts = zip(marks[::2], marks[1::2], strict=True)
    return [(one, top, other, bottom) if across else (left, one, right, other) for one, other in parts]


def _text_mask(text: str, size: int) -> ByteArray:
    """A line of text as ink, uint8 [height, width]; the height hangs on the size alone."""
    from PIL import Image, ImageDraw

    font = _font(size)
    up, down = font.getmetrics()
    picture = Image.new("L", (max(1, round(font.getlength(text)) + 1), up + down))
    ImageDraw.Draw(picture).text((0, up), text, fill=255, font=font, anchor="ls")
    return np.asarray(picture)


@lru_cache(64)
def _font(size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size)
