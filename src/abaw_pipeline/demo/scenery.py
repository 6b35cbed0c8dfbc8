"""What is seen behind and before the people of a demo video."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from abaw_pipeline.demo.colors import Color, scaled
from abaw_pipeline.demo.layers import Layer
from abaw_pipeline.demo.shapes import curve, ellipse
from abaw_pipeline.types import DoubleArray

if TYPE_CHECKING:
    from PIL.Image import Image

NOISE = 2.0
"""Standard deviation of a camera's noise, of 255."""


def room(size: tuple[int, int], rng: np.random.Generator) -> Image:
    """A wall with things on it, out of focus.

    Args:
        size: width and height, pixels.
        rng: makes each one different.
    """
    from PIL import Image, ImageDraw, ImageFilter

    width, height = size
    wall = np.mean([rng.uniform(70, 210, 3), np.full(3, rng.uniform(60, 220))], axis=0)
    slope = rng.uniform(-0.3, 0.3, 2)
    across, down = np.linspace(-1, 1, width)[None, :, None], np.linspace(-1, 1, height)[:, None, None]
    picture = Image.fromarray(np.clip(wall * (1 + slope[0] * across + slope[1] * down), 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(2, 8))):
        color = tuple(int(value) for value in 0.5 * wall + 0.5 * rng.uniform(20, 240, 3))
        x, y = float(rng.uniform(-0.1, 1.0) * width), float(rng.uniform(-0.1, 0.9) * height)
        wide, high = float(rng.uniform(0.04, 0.3) * width), float(rng.uniform(0.1, 0.6) * height)
        draw.rectangle((x, y, x + wide, y + high), fill=color)
    return picture.filter(ImageFilter.GaussianBlur(float(rng.uniform(2, 7))))


class Camera:
    """Adds noise to pictures of one size, different from picture to picture."""

    def __init__(self, size: tuple[int, int], rng: np.random.Generator) -> None:
        from PIL import Image

        self.size, self.rng = size, rng
        shape = (size[1] + 64, size[0] + 64, 3)
        values = 128 + NOISE * rng.standard_normal(shape, dtype=np.float32)
        self._noise = Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))

    def take(self, picture: Image) -> Image:
        """The picture as this camera sees it."""
        from PIL import ImageChops

        left, top = (int(value) for value in self.rng.integers(0, 64, 2))
        noise = self._noise.crop((left, top, left + self.size[0], top + self.size[1]))
        return ImageChops.add(picture, noise, scale=1, offset=-128)


def draw_hand(picture: Image, x: float, y: float, size: float, skin: Color) -> None:
    """A hand with its sleeve, as wide as a face, reaching up from below.

    Args:
        picture: RGB, changed in place.
        x: middle of the palm, pixels.
        y: middle of the palm, pixels.
        size: pixels of a head unit of the person whom it covers.
        skin: its color.
    """
    layer = Layer((0, 0, *picture.size), 1, skin)
    at = np.array([x, y])
    layer.fill(
        at + size * curve([(-0.3, 0.2), (0.3, 0.2), (0.42, 3.5), (-0.3, 3.5)], closed=True),
        scaled(skin, 0.9),
        solid=True,
    )
    for place, reach in ((-0.42, 0.62), (-0.15, 0.8), (0.13, 0.78), (0.4, 0.6)):
        layer.fill(at + size * _finger(place, reach), scaled(skin, 0.94 if reach > 0.7 else 0.9), solid=True)
    layer.fill(at + size * ellipse(0, 0.1, 0.55, 0.5), scaled(skin, 0.97), solid=True)
    sleeve = size * np.array([(-0.42, 1.2), (0.42, 1.2), (0.55, 4), (-0.45, 4)])
    layer.fill(at + sleeve, (60, 62, 82), solid=True)
    _paste(picture, layer)


def draw_post(picture: Image, x: float, width: float, color: Color) -> None:
    """Something upright that passes in front, from the picture's top to its bottom."""
    from PIL import ImageDraw

    ImageDraw.Draw(picture).rectangle((x - width / 2, 0, x + width / 2, picture.size[1]), fill=color)


def _finger(place: float, reach: float) -> DoubleArray:
    return curve([(place - 0.1, 0), (place - 0.1, -reach), (place + 0.1, -reach), (place + 0.1, 0)], closed=True)


def _paste(picture: Image, layer: Layer) -> None:
    from PIL import Image

    lit, mask = layer.flatten()
    picture.paste(Image.fromarray(lit), (0, 0), mask)
