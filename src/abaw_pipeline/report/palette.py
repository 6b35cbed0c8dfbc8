"""Colors for light and dark pages, told apart by readers with any color vision (blue against vermilion)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from abaw_pipeline.emotions import EMOTIONS

STEPS = 20
"""Heat maps have colors 0..STEPS."""

_LIGHT = {
    "page": "#f5f6f8",
    "card": "#ffffff",
    "ink": "#1a1f26",
    "muted": "#57606a",
    "line": "#d8dde3",
    "blue": "#0b5cad",
    "red": "#b34700",
    "none": "#f3f4f6",
    "warn": "#fff3df",
}
_DARK = {
    "page": "#0e1013",
    "card": "#171a1f",
    "ink": "#e8eaed",
    "muted": "#a3acb7",
    "line": "#343a42",
    "blue": "#78b8ff",
    "red": "#ffab66",
    "none": "#1c2026",
    "warn": "#2e2314",
}
# From nothing to full, evenly spaced; between them colors are mixed.
_LIGHT_HIT = ("#eef5fc", "#c3dcf3", "#7fb9e8", "#2f7fc6", "#0a4a94", "#062f66")
_LIGHT_MISS = ("#fdf3ea", "#fdd3b0", "#f9a66c", "#e8702a", "#b44a0d", "#7a2e00")
_DARK_HIT = ("#1b2633", "#1d3e61", "#22609b", "#3f8fdc", "#82bdff", "#d3e8ff")
_DARK_MISS = ("#2b221b", "#583218", "#8f4c14", "#d4741f", "#ffab66", "#ffe2c8")
# One color a class, by the order of the vocabulary. Any two of them, and each and what it lies on, differ by 27 or
# more in CIELAB, also as protanopes, deuteranopes and tritanopes see them.
_LIGHT_CLASSES = (
    *("#9eacc7", "#56adff", "#961c03", "#286d70", "#9453ff", "#ffd321"),
    *("#0d13a4", "#de7a2f", "#610d71", "#a17e5d", "#271f29"),
)
_DARK_CLASSES = (
    *("#8ab1af", "#1dd2ff", "#a81f0e", "#07705a", "#c658ff", "#f5eb1b"),
    *("#1121b0", "#e59634", "#b92da0", "#a59761", "#e4ffff"),
)
HUES = len(_LIGHT_CLASSES)
"""Classes have colors 0..HUES-1."""


def hues(classes: Sequence[str]) -> dict[str, int]:
    """The color number of each class: emotions keep theirs in every report, other names take what is left."""
    own = {name: EMOTIONS.index(name) for name in classes if name in EMOTIONS[:HUES]}
    left = [number for number in range(HUES) if number not in own.values()] or [*range(HUES)]
    others = [name for name in classes if name not in own]
    return own | {name: left[place % len(left)] for place, name in enumerate(others)}


def variables(colors: dict[str, str]) -> str:
    """The palette as CSS custom properties, such as "--ink:#1a1f26;"."""
    return "".join(f"--{name}:{value};" for name, value in colors.items())


def resolved(css: str, colors: dict[str, str]) -> str:
    """CSS with each `var(--name)` replaced by its color, for programs that know no custom properties."""
    return re.sub(r"var\(--(\w+)\)", lambda match: colors[match[1]], css)


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colors "#rrggbb", 1..21 (WCAG 2.2, relative luminance)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def step(strength: float) -> int:
    """The heat map color of a strength 0..1."""
    return round(STEPS * min(1.0, max(0.0, strength)))


def _luminance(color: str) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (x / 255 for x in _rgb(color))]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _rgb(color: str) -> list[int]:
    return [int(color[place : place + 2], 16) for place in (1, 3, 5)]


def _ramp(stops: tuple[str, ...], fill: str, text: str) -> dict[str, str]:
    """Colors of all steps, and of the two possible texts the one with more contrast on each (4.5 at least)."""
    found = {}
    for number in range(STEPS + 1):
        place = number / STEPS * (len(stops) - 1)
        left = min(int(place), len(stops) - 2)
        pairs = zip(_rgb(stops[left]), _rgb(stops[left + 1]), strict=True)
        color = "#" + "".join(f"{round(a + (b - a) * (place - left)):02x}" for a, b in pairs)
        found[f"{fill}{number}"] = color
        found[f"{text}{number}"] = _text_on(color)
    return found


def _classes(colors: tuple[str, ...]) -> dict[str, str]:
    fills = {f"v{number}": color for number, color in enumerate(colors)}
    return fills | {f"u{number}": _text_on(color) for number, color in enumerate(colors)}


def _text_on(color: str) -> str:
    return max("#000000", "#ffffff", key=lambda text: contrast(text, color))


LIGHT: dict[str, str] = _LIGHT | _ramp(_LIGHT_HIT, "h", "i") | _ramp(_LIGHT_MISS, "m", "n") | _classes(_LIGHT_CLASSES)
DARK: dict[str, str] = _DARK | _ramp(_DARK_HIT, "h", "i") | _ramp(_DARK_MISS, "m", "n") | _classes(_DARK_CLASSES)
