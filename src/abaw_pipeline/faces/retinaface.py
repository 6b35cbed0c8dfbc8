"""RetinaFace ResNet-50 (Deng et al. 2020) by the network of retinaface-pytorch, with weights that the user fetches."""

from __future__ import annotations

import io
import pickle
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field

from abaw_pipeline.errors import PipelineError
from abaw_pipeline.faces.detection import Detect, Detections, pixels_of, tidy
from abaw_pipeline.faces.weights import WEIGHTS, WeightsError, require
from abaw_pipeline.parts import Part
from abaw_pipeline.types import ByteArray, File, FloatArray, Picture

FACTS = WEIGHTS["retinaface_resnet50"]

AT_ONCE = 4
"""Pictures that go through the network together; 960x960 of them take about 1 GB."""

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)
"""Channel means and deviations of ImageNet, which the network was trained with."""

VARIANCES = [0.1, 0.2]
"""Scales of the network's offsets to centers and to sizes."""


class RetinaFace(Part):
    """RetinaFace as retinaface-pytorch 0.0.7 runs it, on several pictures at once (S0, section 3.2; S1, Table 2).

    A picture is scaled (up as well) until its longer side has `longest_side` pixels and padded to a square. Unlike
    the package, coordinates are not rounded down to whole pixels on the way, and boxes are clipped.

    S1 takes a `longest_side` of 300 and a threshold of 0.7, and finds that 0.9 removes the false faces.
    """

    kind: Literal["retinaface"] = "retinaface"
    weights: str = Field(FACTS.path, min_length=1, description="file with the network's weights")
    sha256: str = Field(FACTS.sha256, pattern=r"^([0-9a-fA-F]{64})?$", description="hex digest of that file")
    longest_side: int = Field(960, ge=64, le=4096, description="longer side of a picture as it is looked at (pixels)")
    threshold: float = Field(0.9, ge=0, le=1, description="least score of a face that is kept")
    overlap: float = Field(0.4, gt=0, le=1, description="of two boxes with a larger IoU only the surer one is kept")
    precision: Literal["float32", "bfloat16"] = Field("float32", description="of the network's sums")

    def open(self, boxes: File | None = None, device: str = "cpu") -> Detect:
        """The detector with its weights, ready for the pictures of a video; `boxes` is not used.

        Raises:
            WeightsError: the weights are missing, are not what they should be, or do not fit.
            PipelineError: the extra `retinaface` is not installed.
            DataError: while it is used, for pictures without pixels.
        """
        network = _network(self.weights, self.sha256, device)
        return partial(_detect_all, self, network, device)


def _detect_all(detector: RetinaFace, network: Any, device: str, pictures: Sequence[Picture]) -> list[Detections]:
    return [
        found
        for first in range(0, len(pictures), AT_ONCE)
        for found in _detect(detector, network, device, pictures[first : first + AT_ONCE])
    ]


def _detect(detector: RetinaFace, network: Any, device: str, pictures: Sequence[Picture]) -> Iterator[Detections]:
    """The faces of a few pictures."""
    import torch

    images = [pixels_of(picture) for picture in pictures]
    squares = np.stack([square(pixels, detector.longest_side) for pixels in images])
    inputs = torch.from_numpy(squares).to(device).permute(0, 3, 1, 2)  # channels last, as the memory lies
    halved = detector.precision == "bfloat16"
    with torch.inference_mode(), torch.autocast(torch.device(device).type, torch.bfloat16, enabled=halved):
        outputs = network(inputs)
    offsets, logits, marks = (output.float() for output in outputs)
    anchors = _anchors(detector.longest_side).to(device)
    for at, pixels in enumerate(images):
        yield _faces(detector, anchors, (offsets[at], logits[at], marks[at]), pixels.shape[:2])


def _faces(detector: RetinaFace, anchors: Any, outputs: tuple[Any, Any, Any], size: tuple[int, int]) -> Detections:
    """What the network's outputs for one picture say, in pixels of that picture."""
    from retinaface.box_utils import decode, decode_landm
    from torchvision.ops import nms

    offsets, logits, marks = outputs
    scores = logits.softmax(dim=-1)[:, 1]
    sure = scores >= detector.threshold
    boxes = decode(offsets[sure], anchors[sure], VARIANCES) * detector.longest_side
    points = decode_landm(marks[sure], anchors[sure], VARIANCES) * detector.longest_side
    kept = nms(boxes, scores[sure], detector.overlap)
    top, left = _margins(size, detector.longest_side)
    scale = max(size) / detector.longest_side
    corners = (boxes[kept].cpu().numpy() - np.array([left, top] * 2, np.float32)) * scale
    places = (points[kept].reshape(-1, 5, 2).cpu().numpy() - np.array([left, top], np.float32)) * scale
    return tidy(corners, scores[sure][kept].cpu().numpy(), places, size)


def square(pixels: ByteArray, side: int) -> FloatArray:
    """A picture as the network sees it: float32 [side, side, 3], scaled, normalized, padded with zeros around it."""
    import cv2

    height, width = _scaled_size(pixels.shape[:2], side)
    scaled = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR)  # a copy where the size is right
    top, left = _margins(pixels.shape[:2], side)
    whole = np.zeros((side, side, 3), np.float32)
    whole[top : top + height, left : left + width] = (scaled.astype(np.float32) / 255 - MEAN) / STD
    return whole


def _scaled_size(size: tuple[int, ...], side: int) -> tuple[int, int]:
    scale = side / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _margins(size: tuple[int, ...], side: int) -> tuple[int, int]:
    """Rows above and columns left of the scaled picture within the square."""
    height, width = _scaled_size(size, side)
    return (side - height) // 2, (side - width) // 2


@cache
def _anchors(side: int) -> Any:
    """float32 [n, 4]: centers and sizes of the boxes that the network's offsets count from, in parts of the side."""
    from retinaface.prior_box import priorbox

    return priorbox(min_sizes=[[16, 32], [64, 128], [256, 512]], steps=[8, 16, 32], clip=False, image_size=(side, side))


@cache
def _network(weights: str, sha256: str, device: str) -> Any:
    """The network with its weights, read once a process."""
    import torch

    try:
        from retinaface.network import RetinaFace as Network
    except ModuleNotFoundError as error:
        raise PipelineError(
            "the detector retinaface needs retinaface-pytorch, which is not installed",
            hint='Install it by: uv pip install "abaw_pipeline[retinaface]"; the detector mtcnn does without it.',
        ) from error
    path = require(weights, sha256, FACTS)
    with torch.device("meta"), warnings.catch_warnings():  # no memory, and no random numbers, for what is replaced
        warnings.filterwarnings("ignore", category=UserWarning, module=r"torchvision\.models\._utils")
        network = Network(
            name="Resnet50",
            pretrained=False,
            in_channels=256,
            return_layers={"layer2": 1, "layer3": 2, "layer4": 3},
            out_channels=256,
        )
    try:
        network.load_state_dict(read_state(path), assign=True)
    except RuntimeError as error:
        raise WeightsError(f"these weights do not fit {FACTS.what}: {error}", where=weights) from error
    return network.eval().to(device).to(memory_format=torch.channels_last)


def read_state(path: Path) -> dict[str, Any]:
    """The tensors of a file by name: safetensors, or torch's own format, by itself or alone in a zip archive.

    Raises:
        WeightsError: the file is none of these, or holds other things than tensors.
    """
    import torch

    if path.suffix == ".safetensors":
        return _read_safetensors(path)
    data = path.read_bytes()
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.namelist()
            if len(members) == 1:  # torch's own format is an archive, too, but of many members
                data = archive.read(members[0])
    try:
        state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise WeightsError(f"this is no file of tensors by names: {error}", where=str(path)) from error
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise WeightsError("the file holds other things than tensors by names", where=str(path))
    return state


def _read_safetensors(path: Path) -> dict[str, Any]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return dict(load_file(path))
    except SafetensorError as error:
        raise WeightsError(f"this is no safetensors file: {error}", where=str(path)) from error
