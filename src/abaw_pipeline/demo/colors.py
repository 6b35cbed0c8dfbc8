"""Colors of drawn things."""

from __future__ import annotations

from typing import TypeAlias

Color: TypeAlias = tuple[int, int, int]


def mix(first: Color, second: Color, part: float) -> Color:
    """The first color with a part (0 to 1) of the second."""
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(first, second, strict=True))
    return red, green, blue


def scaled(color: Color, factor: float) -> Color:
    """Darker (below 1) or lighter."""
    red, green, blue = (min(255, round(value * factor)) for value in color)
    return red, green, blue
