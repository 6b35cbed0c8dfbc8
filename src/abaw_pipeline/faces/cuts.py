"""Shot cuts, found while pictures stream by."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from abaw_pipeline.parts import Part
from abaw_pipeline.types import ByteArray, FloatArray

WIDTH, HEIGHT, BLOCK, REACH = 64, 40, 8, 6
"""Size of the thumbnail, side of its square blocks, and how far a block is looked for (thumbnail's pixels)."""

NOISE, BLACK = 0.02, 0.1
"""Deviation and level of brightness (0..1) that count as noise: flat blocks look alike, and so do black ones."""

STRUCTURE = 0.8
"""Share of the structure in the score; color has the rest."""


class ShotCuts(Part):
    """Says where a picture does not continue the one before it.

    Pictures are compared as thumbnails. Each block of one is looked for near its place in the other (structural
    similarity, Wang et al. 2004), so that moving people and cameras are no cut; blocks count by how much there is
    to see in them. The histogram of colors counts besides. Measured at 5 pictures a second on twelve real videos
    with 7 cuts: 0.42 and more at cuts, 0.33 where someone close to a shaking camera turns away fast, 0.25 and less
    elsewhere; between pictures of different videos 0.49 and more.
    """

    threshold: float = Field(0.36, gt=0, lt=1, description="change between two pictures from which on it is a cut")

    def start(self) -> CutState:
        """Begin a video."""
        return CutState(self.threshold)


class CutState:
    """The thumbnail of the latest picture of one video."""

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._last: _Thumbnail | None = None

    def update(self, pixels: ByteArray) -> bool:
        """Whether a cut lies between the previous picture and this one; never at the first.

        Args:
            pixels: uint8 [H, W, 3], RGB.
        """
        last, self._last = self._last, _Thumbnail(pixels)
        return last is not None and change(last, self._last) >= self._threshold


class _Thumbnail:
    """A small picture: its brightness in blocks, and its colors.

    The square root spreads dark tones, in which films hide half of what they show.
    """

    def __init__(self, pixels: ByteArray) -> None:
        from PIL import Image

        small = np.asarray(Image.fromarray(pixels).resize((WIDTH, HEIGHT), Image.Resampling.BOX), np.float32)
        small = np.sqrt(small / 255)
        bins = np.minimum((small * 8).astype(np.int64), 7) @ np.array([64, 8, 1])
        self.colors: FloatArray = (np.bincount(bins.ravel(), minlength=512) / bins.size).astype(np.float32)
        self.brightness: FloatArray = small @ np.array([0.299, 0.587, 0.114], np.float32)


def change(first: _Thumbnail, second: _Thumbnail) -> float:
    """How much differs between two pictures: 0 (nothing) to 1."""
    structure = (_lost(first.brightness, second.brightness) + _lost(second.brightness, first.brightness)) / 2
    color = float(np.abs(first.colors - second.colors).sum()) / 2
    return STRUCTURE * structure + (1 - STRUCTURE) * color


def _lost(source: FloatArray, target: FloatArray) -> float:
    """Mean over the blocks of one picture of 1 - their best similarity with the other one nearby."""
    from numpy.lib.stride_tricks import sliding_window_view

    blocks = source.reshape(HEIGHT // BLOCK, BLOCK, WIDTH // BLOCK, BLOCK).swapaxes(1, 2)
    wanted = blocks.reshape(*blocks.shape[:2], 1, BLOCK * BLOCK)
    near = sliding_window_view(np.pad(target, REACH, mode="edge"), (BLOCK + 2 * REACH,) * 2)[::BLOCK, ::BLOCK]
    found = sliding_window_view(near, (BLOCK, BLOCK), axis=(2, 3)).reshape(*blocks.shape[:2], -1, BLOCK * BLOCK)
    level, levels = wanted.mean(-1), found.mean(-1)
    shared = np.einsum("...k,...jk->...j", wanted[..., 0, :], found) / BLOCK**2 - level * levels
    power = np.square(wanted).mean(-1) - level**2 + NOISE**2
    powers = np.einsum("...jk,...jk->...j", found, found) / BLOCK**2 - levels**2 + NOISE**2
    structure = 2 * (shared + NOISE**2) / (power + powers)
    light = (2 * level * levels + BLACK**2) / (level**2 + levels**2 + BLACK**2)
    lost = 1 - np.max(structure * light, axis=-1)
    return float(np.average(lost, weights=np.sqrt(power[..., 0])))
