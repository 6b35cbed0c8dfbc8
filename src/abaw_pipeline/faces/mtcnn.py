"""MTCNN (Zhang et al. 2016) with the weights that facenet-pytorch carries: the detector that needs no download."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from typing import Any, Literal

import numpy as np
from pydantic import Field

from abaw_pipeline.faces.detection import Detect, Detections, no_faces, pixels_of, shrunk, tidy
from abaw_pipeline.parts import Part
from abaw_pipeline.types import ByteArray, File, Picture

SMALLEST_INPUT = 12
"""Side of what the first network looks at (pixels)."""


class MTCNN(Part):
    """The three networks of MTCNN, one picture after the other (S1, Table 2).

    Each picture is looked at by itself, so that its faces do not depend on which others were decoded with it.
    """

    kind: Literal["mtcnn"] = "mtcnn"
    min_face: int = Field(24, ge=10, description="about the smallest face, in pixels of the picture as it is looked at")
    longest_side: int = Field(
        640, ge=0, description="pictures are shrunk until their longer side has this many pixels; 0: as they are"
    )
    threshold: float = Field(0.9, ge=0, le=1, description="least score of a face that is kept")
    proposal_threshold: float = Field(0.6, ge=0, le=1, description="least score in the first network")
    refinement_threshold: float = Field(0.7, ge=0, le=1, description="least score in the second network")
    output_threshold: float = Field(0.7, ge=0, le=1, description="least score in the third network")
    factor: float = Field(0.709, gt=0.1, lt=0.95, description="step between the sizes that are searched")

    def open(self, boxes: File | None = None, device: str = "cpu") -> Detect:
        """The detector, ready for the pictures of a video; `boxes` is not used.

        Raises:
            DataError: while it is used, for pictures without pixels.
        """
        return partial(_detect_all, self, device)


def _detect_all(detector: MTCNN, device: str, pictures: Sequence[Picture]) -> list[Detections]:
    return [_detect(detector, device, pixels_of(picture)) for picture in pictures]


def _detect(detector: MTCNN, device: str, pixels: ByteArray) -> Detections:
    """The faces of one picture."""
    import torch
    from facenet_pytorch.models.utils.detect_face import detect_face

    small, scale = shrunk(pixels, detector.longest_side)
    # The library fails on pictures in which not even the smallest face has room. Its own rounding is repeated here.
    if min(small.shape[:2]) * (float(SMALLEST_INPUT) / detector.min_face) < SMALLEST_INPUT:
        return no_faces()
    thresholds = [detector.proposal_threshold, detector.refinement_threshold, detector.output_threshold]
    with torch.inference_mode():
        found, points = detect_face(
            small, detector.min_face, *_networks(device), thresholds, detector.factor, torch.device(device)
        )
    rows = np.asarray(found[0], np.float32).reshape(-1, 5)
    marks = np.asarray(points[0], np.float32).reshape(-1, 5, 2)
    kept = rows[:, 4] >= detector.threshold
    rows, marks = rows[kept], marks[kept]
    return tidy(rows[:, :4] * np.array(scale * 2), rows[:, 4], marks * np.array(scale), pixels.shape[:2])


@cache
def _networks(device: str) -> tuple[Any, Any, Any]:
    """The networks with the weights of the installed package, loaded once a process."""
    import torch
    from facenet_pytorch.models.mtcnn import ONet, PNet, RNet

    with torch.random.fork_rng(devices=[]):  # they draw random weights before they read their own
        networks = PNet(), RNet(), ONet()
    # On one CPU core this layout makes the pooling, and with it the whole, 1.6 times as fast.
    pnet, rnet, onet = (network.eval().to(device, memory_format=torch.channels_last) for network in networks)
    return pnet, rnet, onet
