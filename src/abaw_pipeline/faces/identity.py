"""Who a face belongs to: vectors that lie close together for one person."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from abaw_pipeline.errors import DataError, PipelineError
from abaw_pipeline.faces.weights import WEIGHTS, require
from abaw_pipeline.parts import Part
from abaw_pipeline.types import ByteArray, FloatArray

DIMENSIONS = 128

CHIP_SIDE = 150
"""Side of the aligned picture that the network takes (pixels)."""

CHIP_PADDING = 0.25
"""Margin around the face in that picture, as the network was trained with."""

AT_ONCE = 32
"""Faces that go through the network together."""

# fmt: off
MEAN = np.array([
    -0.1108, 0.0884, 0.0663, -0.0376, -0.0970, -0.0198, -0.0338, -0.1015, 0.1404, -0.0860, 0.2071, -0.0350,
    -0.2151, -0.0468, -0.0382, 0.1349, -0.1562, -0.1368, -0.0703, -0.0470, 0.0375, 0.0334, 0.0277, 0.0409,
    -0.1224, -0.3321, -0.0738, -0.1036, 0.0470, -0.0820, -0.0126, 0.0450, -0.1695, -0.0344, 0.0242, 0.0693,
    -0.0306, -0.0622, 0.2076, 0.0116, -0.2013, -0.0003, 0.0417, 0.2642, 0.1797, 0.0140, 0.0182, -0.0685,
    0.1075, -0.2420, 0.0538, 0.1467, 0.0984, 0.0571, 0.0574, -0.1408, 0.0173, 0.1079, -0.1803, 0.0562,
    0.0692, -0.0780, -0.0338, -0.0483, 0.1923, 0.1022, -0.1018, -0.1392, 0.1476, -0.1559, -0.0454, 0.0742,
    -0.1157, -0.1659, -0.2530, 0.0268, 0.3843, 0.1286, -0.1709, 0.0214, -0.0665, -0.0137, 0.0612, 0.0789,
    -0.0631, -0.0040, -0.0847, 0.0220, 0.1907, -0.0270, -0.0238, 0.2156, 0.0067, 0.0136, 0.0402, 0.0364,
    -0.0837, -0.0067, -0.1144, -0.0108, 0.0307, -0.0733, 0.0038, 0.0971, -0.1819, 0.1388, -0.0149, -0.0155,
    0.0073, 0.0058, -0.0863, -0.0412, 0.1526, -0.2351, 0.1919, 0.1761, 0.0249, 0.1326, 0.0682, 0.0610,
    -0.0023, -0.0156, -0.1464, -0.0746, 0.0514, -0.0332, 0.0328, 0.0188,
])
# fmt: on
"""Mean of dlib's vectors over the 360 faces at least 32 pixels wide in 27 photos of groups in Linzaer's
Ultra-Light-Fast-Generic-Face-Detector-1MB (MIT, commit dffdddd), found by MTCNN with a score above 0.98 in pictures
of at most 1280 pixels. No photo of it is used to score the identity."""

Identify: TypeAlias = Callable[[ByteArray, FloatArray], FloatArray]
"""A picture (uint8 [height, width, 3], RGB) and boxes (float32 [n, 4], pixels) in, float32 [n, 128] out."""


class DlibIdentity(Part):
    """dlib's face recognition network (King 2017), centered so that a cosine of 0.5 parts people (S0, section 3.2).

    S0 compares VGGFace2 embeddings by their cosine and takes two faces above 0.5 for one person. dlib's vectors all
    lie around one direction (the cosine of two strangers is about 0.85), so a fixed mean vector is subtracted first.
    """

    kind: Literal["dlib"] = "dlib"

    def open(self) -> Identify:
        """The function from faces to vectors of length 1; its rows are in the order of the boxes.

        Raises:
            PipelineError: the package with the weights is not installed.
            WeightsError: it holds other weights than those that the mean vector was made for.
            DataError: while it is used, for pictures that are not uint8 RGB, and boxes that are not finite.
        """
        _models()
        return identify


def similarity(one: FloatArray, other: FloatArray) -> FloatArray:
    """Cosines of two sets of vectors of length 1: float32 [n, 128] and [m, 128] give [n, m]."""
    return np.asarray(np.clip(one @ other.T, -1, 1), np.float32)


def identify(picture: ByteArray, boxes: FloatArray) -> FloatArray:
    """Vectors of the faces in a picture.

    Args:
        picture: uint8 [height, width, 3], RGB.
        boxes: [n, 4], x1, y1, x2, y2 in pixels; they may reach out of the picture, what is outside counts as black.

    Returns:
        float32 [n, 128], each of length 1.

    Raises:
        DataError: the picture is not uint8 RGB, or a box is not finite.
    """
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or 0 in picture.shape:
        raise DataError(f"the picture is {picture.dtype} {list(picture.shape)}, not uint8 [height, width, 3]")
    places = np.asarray(boxes, np.float64).reshape(-1, 4)
    if not np.isfinite(places).all():
        raise DataError("a box of a face is not finite")
    pixels = np.ascontiguousarray(picture)
    raw = np.zeros((0, DIMENSIONS))
    for first in range(0, len(places), AT_ONCE):
        chips = [_chip(pixels, place) for place in places[first : first + AT_ONCE]]
        raw = np.concatenate([raw, np.asarray(_models()[1].compute_face_descriptor(chips))])
    centered = raw - MEAN
    return np.asarray(centered / np.linalg.norm(centered, axis=1, keepdims=True), np.float32)


def _chip(pixels: ByteArray, box: Any) -> Any:
    """The face upright, 150x150: five points are found in a square around it, and turned to where they belong."""
    import dlib

    x1, y1, x2, y2 = box
    # The search for the points was trained on squares. The mean side served best where the border cuts a face.
    half = (x2 - x1 + y2 - y1) / 4
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    around = dlib.rectangle(*(round(float(side)) for side in (x - half, y - half, x + half, y + half)))
    return dlib.get_face_chip(pixels, _models()[0](pixels, around), CHIP_SIDE, CHIP_PADDING)


@cache
def _models() -> tuple[Any, Any]:
    """The search for five points and the network, loaded once a process."""
    import dlib

    # Imported, the package asks for pkg_resources, which setuptools no longer has; its files are all that is needed.
    found = importlib.util.find_spec("face_recognition_models")
    if found is None or not found.submodule_search_locations:
        raise PipelineError(
            "the identity dlib needs the package face_recognition_models, which is not installed",
            hint="Install it by: pip install face_recognition_models",
        )
    folder = Path(found.submodule_search_locations[0]) / "models"
    points, network = (WEIGHTS[name] for name in ("dlib_five_points", "dlib_identity"))
    return (
        dlib.shape_predictor(str(require(str(folder / points.file), "", points))),
        dlib.face_recognition_model_v1(str(require(str(folder / network.file), "", network))),
    )
