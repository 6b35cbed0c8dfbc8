"""Eyes, brows, nose and mouth of a drawn face, as their actions move them. Head units throughout."""

from __future__ import annotations

import numpy as np

from abaw_pipeline.demo.colors import Color, mix, scaled
from abaw_pipeline.demo.expressions import Actions
from abaw_pipeline.demo.people import Person
from abaw_pipeline.demo.shapes import curve, ellipse
from abaw_pipeline.demo.views import Pencil
from abaw_pipeline.types import DoubleArray

ACROSS = np.linspace(-1, 1, 13)
"""Places along an eye or the mouth, corner to corner."""

BULGE = (1 - ACROSS**2) ** 0.7
FLAT = (1 - ACROSS**2) ** 0.35

TEETH: Color = (228, 222, 208)
MOUTH: Color = (62, 20, 24)
TONGUE: Color = (158, 72, 76)


def draw_eyes(pencil: Pencil, person: Person, face: Actions, blink: float, gaze: tuple[float, float]) -> None:
    """Both eyes.

    Args:
        pencil: draws on the head.
        person: whose eyes.
        face: what the face does.
        blink: 0 open, 1 closed.
        gaze: where they look, -1 to 1 to the picture's right and down.
    """
    for side in (-1, 1):
        _eye(pencil, person, face, side, blink, gaze)


def _eye(pencil: Pencil, person: Person, face: Actions, side: int, blink: float, gaze: tuple[float, float]) -> None:
    width = person.eye_width
    height = person.eye_height * width
    x = side * person.eye_x + ACROSS * width
    slant = -person.eye_slant * side * ACROSS + 0.015 * max(0.0, -face.lid_upper) * side * ACROSS
    base = person.eye_y + slant
    raised = max(0.15, 1 + 0.62 * face.lid_upper - 0.12 * max(0.0, face.brow_lower))
    lower = base + BULGE * height * max(0.15, 0.72 - 0.42 * face.lid_lower - 0.3 * face.cheek)
    upper = lower + (base - BULGE * height * 1.25 * raised - lower) * (1 - blink)
    upper = np.minimum(upper, lower)
    _lid_fold(pencil, person, x, upper, face, side)
    pencil.fill(_between(x, upper, lower), (233, 229, 225))
    iris_x = side * person.eye_x + 0.3 * width * gaze[0]
    iris_y = person.eye_y - 0.1 * height + 0.3 * height * gaze[1]
    for radius, color in ((0.46, scaled(person.iris, 0.6)), (0.38, person.iris), (0.19, (14, 12, 14))):
        disc = ellipse(iris_x, iris_y, radius * width, radius * width)
        disc[:, 1] = np.clip(disc[:, 1], np.interp(disc[:, 0], x, upper), np.interp(disc[:, 0], x, lower))
        pencil.fill(disc, color)
    if blink < 0.5:
        pencil.fill(
            ellipse(iris_x - 0.12 * width, iris_y - 0.15 * width, 0.08 * width, 0.08 * width, 8), (250, 250, 250)
        )
    dark = mix(person.skin, (20, 12, 12), 0.85)
    pencil.line(np.stack([x, lower], axis=1), mix(person.skin, (60, 24, 20), 0.45), 0.01)
    pencil.line(np.stack([x, upper], axis=1), dark, person.lashes)


def _lid_fold(pencil: Pencil, person: Person, x: DoubleArray, upper: DoubleArray, face: Actions, side: int) -> None:
    """The lid above the eye, its crease, and what age and effort leave below and beside it."""
    crease = upper - 0.03 - 0.012 * FLAT
    pencil.fill(_between(x, crease, upper), scaled(person.skin, 0.84))
    pencil.line(np.stack([x, crease], axis=1), mix(person.skin, (50, 20, 16), 0.45), 0.011)
    bag = person.eye_y + 0.09 + 0.03 * BULGE
    depth = 0.06 + 0.12 * person.age + 0.22 * max(0.0, face.cheek) + 0.2 * max(0.0, face.lid_lower)
    pencil.shade(np.stack([x, bag], axis=1), 1 - min(0.4, depth), "fine", 0.03)
    crow = 0.1 * person.age + 0.4 * max(0.0, face.cheek) * (0.5 + person.age)
    if crow > 0.15:
        outer = side * (person.eye_x + person.eye_width)
        for rise in (-0.06, 0.0, 0.06):
            ray = np.array(
                [[outer + side * 0.03, person.eye_y + 0.3 * rise], [outer + side * 0.12, person.eye_y + rise]]
            )
            pencil.shade(ray, 1 - min(0.35, 0.5 * crow), "fine", 0.014)


def draw_brows(pencil: Pencil, person: Person, face: Actions) -> None:
    """Both brows, and the wrinkles of the forehead that go with them."""
    rise = 0.5 * (face.brow_inner + face.brow_outer)
    for side in (-1, 1):
        inner = (
            person.eye_x - 0.19 - 0.045 * face.brow_lower,
            person.brow_y - 0.115 * face.brow_inner + 0.1 * face.brow_lower,
        )
        middle = (
            person.eye_x + 0.02,
            person.brow_y - person.brow_arch - 0.095 * rise + 0.055 * face.brow_lower,
        )
        outer = (
            person.eye_x + 0.2,
            person.brow_y + 0.035 - 0.09 * face.brow_outer + 0.02 * face.brow_lower,
        )
        thick = person.brow_thickness * np.array([0.75, 1.0, 0.25])
        line = np.array([inner, middle, outer])
        edge = np.concatenate(
            [line - np.stack([0 * thick, thick / 2], 1), (line + np.stack([0 * thick, thick / 2], 1))[::-1]]
        )
        top, bottom = curve(edge[:3], pieces=5), curve(edge[3:], pieces=5)
        pencil.fill(np.concatenate([top, bottom]) * (side, 1), person.brow_color, lift=0.02)
    _forehead(pencil, person, face, rise)


def _forehead(pencil: Pencil, person: Person, face: Actions, rise: float) -> None:
    depth = min(0.45, 0.2 * person.age**2 + 0.36 * max(0.0, rise) * (0.5 + person.age))
    if depth > 0.05:
        for y in (-0.4, -0.47, -0.54):
            span = np.linspace(-0.6, 0.6, 7) * person.width
            bent = y - 0.02 * np.cos(span / person.width * 4) - 0.03 * rise
            pencil.shade(np.stack([span, bent], axis=1), 1 - depth, "fine", 0.016)
    frown = max(0.0, face.brow_lower)
    if frown > 0.1:
        for side in (-1, 1):
            furrow = np.array([[0.045 * side, person.brow_y + 0.12], [0.055 * side, person.brow_y - 0.05]])
            pencil.shade(furrow, 1 - 0.45 * min(1.0, frown), "fine", 0.03)


def draw_nose(pencil: Pencil, person: Person, face: Actions) -> None:
    """The nose; wrinkled, it is shorter and wider, with lines across its bridge."""
    wrinkle = max(0.0, face.nose)
    y = person.nose_y - 0.045 * wrinkle
    width = person.nose_width + 0.025 * wrinkle
    dark = mix(person.skin, (48, 18, 14), 0.5)
    bridge = np.array([[0.45 * width, person.eye_y], [0.4 * width, 0.5 * (y + person.eye_y)], [0.8 * width, y - 0.08]])
    for side in (-1, 1):
        pencil.shade(bridge * (side, 1), 0.86, "medium", 0.05)
        wing = np.array([[0.75 * width, y - 0.1], [width, y - 0.03], [0.85 * width, y + 0.02], [0.6 * width, y + 0.01]])
        pencil.line(curve(wing * (side, 1), pieces=4), dark, 0.014, lift=0.06)
        pencil.fill(ellipse(side * 0.45 * width, y + 0.01, 0.24 * width, 0.022, 12), scaled(dark, 0.55), lift=0.08)
        if wrinkle > 0.1:
            fold = np.array([[0.02, person.eye_y + 0.1], [0.11, person.eye_y + 0.02]]) * (side, 1)
            for shift in (0.0, 0.06):
                pencil.shade(fold + np.array([0, shift]), 1 - 0.4 * min(1.0, wrinkle), "fine", 0.022)
    pencil.shade(np.array([[0, person.eye_y], [0, y - 0.1]]), 1.1, "medium", 0.05)
    pencil.shade(ellipse(0, y - 0.05, 0.45 * width, 0.05, 12), 1.14, "medium", lift=0.1)
    pencil.shade(ellipse(0, y + 0.06, 0.9 * width, 0.03, 12), 0.84, "medium")


def draw_mouth(pencil: Pencil, person: Person, face: Actions) -> None:
    """Lips, teeth and tongue, and the folds around them."""
    up, drop = max(0.0, face.corner), max(0.0, face.open)
    width = person.mouth_width * (1 + 0.28 * up + 0.25 * face.stretch - 0.05 * drop)
    x = ACROSS * width
    bend = 0.1 * face.corner + 0.02 * face.stretch
    # The corners go one way, the middle less far the other.
    line = person.mouth_y - 0.02 * face.chin - bend * ACROSS**2 + 0.35 * bend * (1 - ACROSS**2)
    lift = 0.075 * max(0.0, face.lip_upper) * np.exp(-(((np.abs(ACROSS) - 0.3) / 0.5) ** 2)) * FLAT
    bare = 0.035 * max(0.0, face.teeth) * FLAT
    top = line - (0.02 + 0.05 * up) * drop * BULGE - lift - 0.4 * bare
    bottom = line + 0.25 * drop * (BULGE if face.stretch < 0.3 else FLAT) + 0.3 * lift + bare
    thin = max(0.25, 1 - 0.6 * face.press)
    bow = 1 - 0.25 * np.exp(-((ACROSS / 0.18) ** 2))
    upper = top - person.upper_lip * thin * BULGE * bow
    lower = bottom + person.lower_lip * thin * (1 - 0.25 * min(1.0, drop) - 0.2 * up) * BULGE
    _folds(pencil, person, face, x, lower)
    pencil.fill(_between(x, upper, lower), person.lips, lift=0.02)
    pencil.fill(_between(x, line, lower), scaled(person.lips, 1.1), lift=0.02)
    _inside(pencil, x, top, bottom, drop)
    pencil.line(np.stack([x, top], axis=1), mix(person.lips, (40, 8, 12), 0.65), 0.016, lift=0.02)
    if drop > 0.15:
        pencil.line(np.stack([x, bottom], axis=1), mix(person.lips, (40, 8, 12), 0.5), 0.01, lift=0.02)


def _inside(pencil: Pencil, x: DoubleArray, top: DoubleArray, bottom: DoubleArray, drop: float) -> None:
    """What an open mouth shows."""
    gap = float((bottom - top).max())
    if gap < 0.015:
        return
    pencil.fill(_between(x, top, bottom), MOUTH, lift=0.02)
    if gap > 0.12:
        tongue = np.maximum(bottom - 0.35 * gap * BULGE, top)
        pencil.fill(_between(x, tongue, bottom), TONGUE, lift=0.02)
    middle = slice(1, -1)
    upper_teeth = np.minimum(top + 0.055 * FLAT, bottom)
    pencil.fill(_between(x[middle], top[middle], upper_teeth[middle]), TEETH, lift=0.02)
    if 0.03 < gap < 0.2 and drop < 0.7:
        lower_teeth = np.maximum(bottom - 0.03 * FLAT, top)
        pencil.fill(_between(x[middle], lower_teeth[middle], bottom[middle]), scaled(TEETH, 0.9), lift=0.02)


def _folds(pencil: Pencil, person: Person, face: Actions, x: DoubleArray, lower: DoubleArray) -> None:
    """From the nose to the corners of the mouth, below the lip, on the chin."""
    lifted = max(0.0, face.lip_upper) + 0.6 * max(0.0, face.nose)
    depth = 0.08 + 0.16 * person.age + 0.26 * max(0.0, face.corner) + 0.3 * lifted + 0.1 * max(0.0, -face.corner)
    y = person.nose_y - 0.04 * max(0.0, face.nose)
    edge = person.mouth_width * (1.2 + 0.25 * max(0.0, face.corner)) + 0.05
    for side in (-1, 1):
        fold = [[person.nose_width + 0.03, y - 0.06], [0.8 * edge, y + 0.1], [edge, person.mouth_y - 0.02]]
        pencil.shade(curve(np.array(fold) * (side, 1), pieces=4), 1 - min(0.42, depth), "fine", 0.032)
        if face.corner < -0.3:
            line = np.array([[x[-1] + 0.01, person.mouth_y + 0.08], [x[-1] + 0.05, person.mouth_y + 0.2]])
            pencil.shade(line * (side, 1), 1 + 0.3 * max(-1.0, face.corner), "fine", 0.03)
    under = float(lower.max()) + 0.045
    pencil.shade(ellipse(0, under, 0.7 * person.mouth_width, 0.03, 12), 0.84, "medium")
    if face.chin > 0.2:
        pencil.shade(ellipse(0, under + 0.06, 0.12, 0.045, 12), 1 - 0.22 * face.chin, "fine")


def _between(x: DoubleArray, upper: DoubleArray, lower: DoubleArray) -> DoubleArray:
    """The outline of what lies between two curves over the same places."""
    return np.stack([np.concatenate([x, x[::-1]]), np.concatenate([upper, lower[::-1]])], axis=1)
