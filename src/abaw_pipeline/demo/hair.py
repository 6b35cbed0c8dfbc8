"""Hair, beards and hats. Head units throughout."""

from __future__ import annotations

import numpy as np

from abaw_pipeline.demo.colors import Color, mix, scaled
from abaw_pipeline.demo.expressions import Actions
from abaw_pipeline.demo.people import Person
from abaw_pipeline.demo.shapes import curve, ellipse, mirrored
from abaw_pipeline.demo.speakers import generator
from abaw_pipeline.demo.views import Pencil
from abaw_pipeline.types import DoubleArray

LENGTHS = {"long": 1.45, "bob": 0.75, "fringe": 0.95}
"""How far down hair hangs beside the face."""


def draw_back_hair(pencil: Pencil, person: Person) -> None:
    """What is seen of it behind the head."""
    w, off = person.width, person.volume
    dark = scaled(person.hair, 0.8)
    if person.hair_style in LENGTHS:
        end = LENGTHS[person.hair_style]
        right = [
            (0, -1.0 - off),
            (0.8 * w, -0.85 - off),
            (1.1 * w + off, -0.2),
            (1.15 * w + off, 0.5 * end),
            (w + off, end),
            (0, end),
        ]
        pencil.solid(curve(mirrored(right), closed=True, pieces=5), dark)
    elif person.hair_style == "bun":
        pencil.solid(ellipse(0, -1.12 - off, 0.3, 0.24), dark)
        pencil.solid(ellipse(0, -0.35, 1.05 * w, 0.72 + off), dark)
    elif person.hair_style == "curly":
        rng = generator(person.voice.seed, "curls", person.voice.name)
        for angle in np.linspace(-0.25 * np.pi, 1.25 * np.pi, 19):
            reach = 1 + 0.9 * off
            x, y = -np.cos(angle) * w * reach, -np.sin(angle) * 0.9 * reach - 0.1
            size = 0.18 + 0.5 * off + 0.03 * float(rng.normal())
            pencil.solid(
                ellipse(float(x), float(y), size, size, 14), scaled(person.hair, float(rng.uniform(0.75, 0.95)))
            )


def draw_front_hair(pencil: Pencil, person: Person) -> None:
    """What lies on the skull and falls on the forehead."""
    style = person.hair_style
    if style == "bald":
        return
    if style == "hat":
        _cap(pencil, person, person.hat, -0.5, 0.1)
        band = _strip(person.width * 1.06, -0.52, 0.08)
        pencil.solid(band, scaled(person.hat, 0.7))
    elif style == "receding":
        for side in (-1, 1):
            patch = [(0.72, -0.75), (0.95, -0.62), (1.08, -0.25), (1.04, 0.12), (0.95, 0.05), (0.9, -0.3), (0.8, -0.55)]
            pencil.solid(curve(np.array(patch) * (side * person.width, 1), closed=True, pieces=4), person.hair)
    elif style == "parted":
        _swept(pencil, person)
    else:
        line = -0.42 if style == "fringe" else person.hairline
        _cap(pencil, person, person.hair, line, 0.03 if style == "buzz" else person.volume)


def _cap(pencil: Pencil, person: Person, color: Color, line: float, off: float) -> None:
    """Hair (or a hat) from temple to temple, down to a line on the forehead."""
    w = person.width
    temple = -0.12 if person.hair_style in {"short", "buzz", "curly"} else -0.3
    right = [
        (0, -1.02 - off),
        (0.6 * w, -0.95 - off),
        (w + 0.5 * off, -0.6 - 0.3 * off),
        (1.06 * w + 0.3 * off, -0.2),
        (1.0 * w, temple + 0.12),
        (0.93 * w, temple - 0.1),
        (0.82 * w, line + 0.08),
        (0.45 * w, line - 0.02),
        (0, line),
    ]
    pencil.solid(curve(mirrored(right), closed=True, pieces=5), color)
    pencil.shade(_strip(0.5 * w, -0.85 - 0.5 * off, 0.05), 1.3, "wide")
    pencil.shade(_strip(0.6 * w, line + 0.06, 0.03), 0.85, "medium")


def _swept(pencil: Pencil, person: Person) -> None:
    """Parted at one side, falling over the other."""
    w, off, line = person.width, person.volume, person.hairline
    side = 1 if round(person.hairline * 1000) % 2 else -1
    points = [
        (-1.02, -0.1), (-1.08, -0.45), (-0.75, -0.95 - 0.5 * off), (0, -1.06 - off), (0.7, -0.98 - off),
        (1.08 + off, -0.45), (1.04, 0.0), (0.93, -0.15), (0.75, line + 0.25), (0.2, line + 0.1),
        (-0.4, line - 0.12), (-0.8, -0.5), (-0.93, -0.25),
    ]  # fmt: skip
    pencil.solid(curve(np.array(points) * (side * w, 1), closed=True, pieces=4), person.hair)
    parting = np.array([[-0.4, line - 0.1], [-0.3, -1.0]]) * (side * w, 1)
    pencil.shade(parting, 0.75, "fine", 0.03)
    pencil.shade(_strip(0.4 * w, -0.82, 0.05), 1.3, "wide")


def draw_beard(pencil: Pencil, person: Person, face: Actions) -> None:
    """Below the mouth it moves with the jaw."""
    if person.beard == "none":
        return
    drop, w = 0.13 * max(0.0, face.open), person.width
    color = mix(person.skin, person.hair, 0.32) if person.beard == "stubble" else person.hair
    lip = person.mouth_y - person.upper_lip - 0.02
    mustache = mirrored(
        [(0, lip - 0.09), (0.14, lip - 0.08), (0.3, lip + 0.06), (0.22, lip + 0.05), (0.1, lip), (0, lip + 0.01)]
    )
    if person.beard in {"stubble", "full"}:
        pencil.solid(_whiskers(person, w, drop, 0.06 if person.beard == "full" else 0.0), color)
    if person.beard == "goatee":
        pencil.solid(ellipse(0, 0.93 + drop, 0.24, 0.17), color)
    pencil.fill(curve(mustache, closed=True, pieces=4), color, lift=0.03)


def _whiskers(person: Person, w: float, drop: float, longer: float) -> DoubleArray:
    """Along the jaw from ear to ear, up to the corners of the mouth."""
    right = [
        (0, person.mouth_y + 0.1 + drop),
        (0.3, person.mouth_y + 0.08 + 0.5 * drop),
        (0.45 * w + 0.05, person.mouth_y - 0.12),
        (0.84 * w, 0.3),
        (0.97 * person.cheek * w, 0.1),
        (person.cheek * w + 0.5 * longer, 0.25),
        (person.jaw * w + 0.7 * longer, 0.63 + 0.5 * drop),
        (person.chin * w + longer, 0.94 + drop + longer),
        (0, 1.01 + drop + 1.5 * longer),
    ]
    return curve(mirrored(right), closed=True, pieces=4)


def _strip(half: float, y: float, height: float) -> DoubleArray:
    """A band across the head, bent with it."""
    x = np.linspace(-half, half, 9)
    bent = y + 0.1 * (x / half) ** 2 * half
    return np.stack([np.concatenate([x, x[::-1]]), np.concatenate([bent - height, (bent + height)[::-1]])], axis=1)
