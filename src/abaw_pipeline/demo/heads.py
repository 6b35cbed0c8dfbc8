"""A drawn person from hair to shoulders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from abaw_pipeline.demo.colors import mix, scaled
from abaw_pipeline.demo.expressions import Actions
from abaw_pipeline.demo.features import draw_brows, draw_eyes, draw_mouth, draw_nose
from abaw_pipeline.demo.hair import draw_back_hair, draw_beard, draw_front_hair
from abaw_pipeline.demo.layers import Box, Layer
from abaw_pipeline.demo.people import Person
from abaw_pipeline.demo.shapes import curve, ellipse, mirrored
from abaw_pipeline.demo.speakers import generator
from abaw_pipeline.demo.views import Pencil, View
from abaw_pipeline.types import ByteArray, DoubleArray, FloatArray

if TYPE_CHECKING:
    from PIL.Image import Image


COARSE = 4
"""Light changes slowly: it is reckoned for every so many pixels."""

LOW = 8.0
"""Where people end, if the picture does not end before, head units."""


def draw_person(
    picture: Image,
    person: Person,
    view: View,
    face: Actions,
    *,
    blink: float = 0.0,
    gaze: tuple[float, float] = (0.0, 0.0),
    light: tuple[float, float, float] = (-0.4, -0.5, 0.4),
    finer: int = 2,
) -> None:
    """Draw a person over a picture.

    Args:
        picture: RGB, changed in place; a person outside it leaves no trace.
        person: who.
        view: where the head is and how it is turned.
        face: what the face does.
        blink: 0 for open eyes, 1 for closed ones.
        gaze: where the eyes look, -1 to 1 to the picture's right and down.
        light: where it comes from (right, down, front), and by its length how hard it is.
        finer: pixels drawn for each pixel of the picture, in each direction.
    """
    box = _box(view, picture.size, (2.0, 1.6, LOW))
    if box is None:
        return
    face_box = _box(view, picture.size, (1.1, 1.25, 1.25))
    layer = Layer(box, finer, mix(person.hair, person.clothes, 0.5), face_box or (0, 0, 1, 1), view.size)
    pencil = Pencil(layer, view, person.width)
    draw_back_hair(pencil, person)
    _draw_body(layer, person, view)
    _draw_head(pencil, person, face)
    draw_beard(pencil, person, face)
    draw_nose(pencil, person, face)
    draw_eyes(pencil, person, face, blink, gaze)
    draw_brows(pencil, person, face)
    draw_mouth(pencil, person, face)
    draw_front_hair(pencil, person)
    _draw_glasses(pencil, person)
    lit, mask = layer.flatten(_light(layer, view, person.width, light))
    _paste(picture, lit, mask, box)


def outline(person: Person, face: Actions) -> DoubleArray:
    """The head without its hair [n, 2]; a dropped jaw makes it longer."""
    drop, w = 0.13 * max(0.0, face.open), person.width
    right = [
        (0, -1.0),
        (0.55 * w, -0.93),
        (0.88 * w, -0.66),
        (w, -0.2),
        (person.cheek * w, 0.22),
        (person.jaw * w, 0.62 + 0.5 * drop),
        (person.chin * w, 0.93 + drop),
        (0, 1.0 + drop),
    ]
    return curve(mirrored(right), closed=True, pieces=5)


def _draw_head(pencil: Pencil, person: Person, face: Actions) -> None:
    skin = person.skin
    for side in (-1, 1):
        ear = ellipse(side * person.width * 1.01, 0.1, 0.45 * person.ears, person.ears)
        pencil.solid(ear, scaled(skin, 0.88))
        inner = ellipse(side * person.width * 1.03, 0.1, 0.22 * person.ears, 0.6 * person.ears)
        pencil.solid(inner, scaled(skin, 0.72))
        if person.earrings:
            pencil.solid(ellipse(side * person.width * 1.03, 0.14 + person.ears, 0.035, 0.05, 10), (226, 190, 90))
    pencil.solid(outline(person, face), skin)
    _model(pencil, person, face)
    rng = generator(person.voice.seed, "freckles", person.voice.name)
    for _ in range(person.freckles):
        x, y = float(rng.normal(0, 0.3)), float(rng.normal(0.2, 0.09))
        pencil.fill(ellipse(x, y, 0.012, 0.012, 6), mix(skin, (120, 60, 30), 0.5))


def _model(pencil: Pencil, person: Person, face: Actions) -> None:
    """The relief: sockets, cheeks, forehead, chin."""
    raised = 0.06 * max(0.0, face.cheek) + 0.04 * max(0.0, face.corner)
    for side in (-1, 1):
        pencil.shade(ellipse(side * person.eye_x, person.eye_y - 0.06, 0.2, 0.12), 0.88, "wide")
        pencil.shade(ellipse(side * 0.55 * person.width, 0.26 - raised, 0.14, 0.1), 1.07 + 1.2 * raised, "wide")
        pencil.shade(ellipse(side * 0.78 * person.width, 0.52, 0.08, 0.16), 0.9 - 0.5 * (0.95 - person.cheek), "wide")
    pencil.shade(ellipse(0, -0.45, 0.3, 0.14), 1.06, "wide")
    pencil.shade(ellipse(0, 0.87 + 0.1 * max(0.0, face.open), 0.14, 0.07), 1.08, "wide")


def _draw_body(layer: Layer, person: Person, view: View) -> None:
    """Neck and shoulders; they stay upright, whatever the head does."""
    neck, size = person.neck * person.width, view.size
    middle = np.array([view.x - 0.35 * size * np.sin(view.roll), view.y])
    broad = 1.75 if person.voice.sex == "m" else 1.5
    right = [
        (0, 1.22),
        (neck * 1.2, 1.22),
        (0.7 * broad, 1.38),
        (broad, 1.7),
        (broad * 1.06, 2.6),
        (broad, LOW),
        (0, LOW),
    ]
    layer.fill(middle + size * curve(mirrored(right), closed=True, pieces=5), person.clothes, solid=True)
    throat = mirrored([(0, 0.5), (neck, 0.5), (neck, 1.1), (neck * 1.2, 1.26), (0.5 * neck, 1.46), (0, 1.52)])
    layer.fill(middle + size * throat, scaled(person.skin, 0.78), solid=True)
    layer.line(middle + size * throat[3:-3], scaled(person.clothes, 0.75), 0.04 * size)


def _draw_glasses(pencil: Pencil, person: Person) -> None:
    if person.glasses == "none":
        return
    frame = (32, 28, 30) if person.glasses == "square" else (120, 92, 50)
    thick = 0.035 if person.glasses == "square" else 0.022
    reach = person.eye_x - 0.07
    for side in (-1, 1):
        x, y = side * person.eye_x, person.eye_y + 0.02
        if person.glasses == "round":
            glass = ellipse(x, y, reach, reach * 0.9, 24)
        else:
            glass = np.array(
                [
                    [x - reach, y - 0.14],
                    [x + reach, y - 0.14],
                    [x + 0.85 * reach, y + 0.16],
                    [x - 0.85 * reach, y + 0.16],
                ]
            )
        pencil.line(np.concatenate([glass, glass[:2]]), frame, thick, lift=0.06)
        temple = np.array([[side * (person.eye_x + reach), y - 0.04], [side * person.width, y - 0.02]])
        pencil.line(temple, frame, thick)
    bridge = np.array([[-0.07, person.eye_y - 0.02], [0, person.eye_y - 0.05], [0.07, person.eye_y - 0.02]])
    pencil.line(bridge, frame, thick, lift=0.08)


def _box(view: View, size: tuple[int, int], reach: tuple[float, float, float]) -> Box | None:
    """The part of the picture that is near: head units to both sides, up and down; None where there is none."""
    aside, above, below = (view.size * way for way in reach)
    left, right = max(0, int(view.x - aside)), min(size[0], int(view.x + aside) + 1)
    top, bottom = max(0, int(view.y - above)), min(size[1], int(view.y + below) + 1)
    return (left, top, right, bottom) if right > left and bottom > top else None


def _light(layer: Layer, view: View, width: float, light: tuple[float, float, float]) -> FloatArray:
    """How bright each pixel is: that of an ellipsoid in a soft light; what is beside it is lit as its rim."""
    from PIL import Image

    columns, rows = layer.grid(COARSE)
    cos, sin = np.float32(np.cos(view.roll) / view.size), np.float32(np.sin(view.roll) / view.size)
    right, down = columns - np.float32(view.x), rows - np.float32(view.y)
    x, y = (right * cos + down * sin) / np.float32(1.15 * width), (down * cos - right * sin) / np.float32(1.2)
    square = x * x + y * y
    front = np.sqrt(np.clip(1 - square, 0, 1))
    rim = np.sqrt(np.maximum(square, 1))
    coarse = 0.82 + (light[0] * x + light[1] * y) / rim * 0.5 + light[2] * front * 0.6
    smooth = Image.fromarray(coarse.astype(np.float32)).resize((layer.width, layer.height), Image.Resampling.BILINEAR)
    return np.array(smooth, dtype=np.float32)


def _paste(picture: Image, lit: ByteArray, mask: Image, box: Box) -> None:
    from PIL import Image

    picture.paste(Image.fromarray(lit), box[:2], mask)
