"""Face embeddings as a chunked recipe: many clips' faces go through a backbone together."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from abaw_pipeline.backbones.settings import BackboneEmbedding, ResidualBackbone
from abaw_pipeline.backbones.training import ONNX, WEIGHTS, make_backbone
from abaw_pipeline.errors import DataError
from abaw_pipeline.training.stills import gray_square, middle
from abaw_pipeline.types import ByteArray, DoubleArray, FeatureSequence, Fitted, FloatArray, IntArray

Run = Callable[[ByteArray], tuple[FloatArray, FloatArray]]
"""uint8 [n, size, size] -> float32 [n, D] embeddings and float32 [n, K] logits."""

SHORTEST = 0.04
"""Seconds that a face stands for in a clip of a single frame, whose length cannot be told."""


@dataclass(frozen=True)
class Crops:
    """Chosen faces of a clip.

    Attributes:
        start: float64 [n], seconds from the clip's start.
        end: float64 [n], when the next frame was looked at.
        images: n encoded images.
    """

    start: DoubleArray
    end: DoubleArray
    images: list[bytes]


def embed_faces(
    clips: Sequence[Mapping[str, Any]], *, device: str = "cpu", threads: int = 1, batch: int = 128
) -> list[FeatureSequence | Exception]:
    """Embeddings of each clip's chosen person, one row a sampled frame in which the face was found.

    Args:
        clips: per clip `faces` (piece of face_crops), `tracks` (piece of face_tracks), `backbone` (Fitted of
            `train_backbone`) and `extractor` (BackboneEmbedding).
        device: "cpu" runs ONNX Runtime, any other, such as "cuda", torch.
        threads: of ONNX Runtime.
        batch: faces at once.

    Returns:
        per clip a FeatureSequence, or the DataError of a clip that has no face or whose images are damaged. A clip's
        embeddings do not depend on the other clips but for rounding (within 1e-5 of their scale).
    """
    results: list[FeatureSequence | Exception] = [DataError("not reached")] * len(clips)
    groups: dict[str, list[tuple[int, Crops, ByteArray]]] = {}
    for index, clip in enumerate(clips):
        try:
            crops = chosen_crops(clip["faces"], clip["tracks"])
            images = _decode(crops, _settings(clip["backbone"]), clip["extractor"])
        except DataError as error:
            results[index] = error
            continue
        groups.setdefault(_digest(clip["backbone"]), []).append((index, crops, images))
    for members in groups.values():
        run = open_backbone(clips[members[0][0]]["backbone"], device=device, threads=threads)
        stacked = np.concatenate([images for _, _, images in members])
        outputs = [run(stacked[first : first + batch]) for first in range(0, len(stacked), batch)]
        embeddings, logits = (np.concatenate(parts) for parts in zip(*outputs, strict=True))
        last = 0
        for index, crops, images in members:
            first, last = last, last + len(images)
            wanted = clips[index]["extractor"].layer
            values = embeddings[first:last] if wanted == "embedding" else _softmax(logits[first:last])
            results[index] = FeatureSequence(crops.start, crops.end, values)
    return results


def chosen_crops(faces: pa.Table, tracks: pa.Table) -> Crops:
    """Pictures of the chosen person's face, in the order of time.

    Frames whose face is borrowed from another frame, or missing, have none. Each stands until the next sampled frame,
    the last until the segment's last frame ends.

    Args:
        faces: piece of face_crops: every frame of the segment, all people.
        tracks: piece of face_tracks: every frame, the clip's person.

    Raises:
        DataError: no frame has the person's face.
    """
    import pyarrow.compute as pc

    own = pc.and_(pc.is_in(tracks["origin"], pa.array(["detected", "interpolated"])), pc.is_valid(tracks["track"]))
    own = pc.fill_null(pc.and_(own, pc.equal(tracks["crop"], tracks["frame"])), False)
    mine = tracks.filter(own)
    wanted = set(zip(mine["frame"].to_pylist(), mine["track"].to_pylist(), strict=True))
    moments, ends = _spans(faces)
    found: dict[int, bytes] = {}
    pictured = faces.filter(pc.is_valid(faces["image"])).select(["frame", "track", "image"])
    for frame, track, image in zip(*(pictured[name] for name in ("frame", "track", "image")), strict=True):
        if (frame.as_py(), track.as_py()) in wanted and frame.as_py() in moments:
            found.setdefault(frame.as_py(), image["bytes"].as_py())
    if not found:
        raise DataError(
            "no face found in the clip", where="face embeddings", hint="Its row in face_tracks says what was seen."
        )
    frames = sorted(found)
    start = np.array([moments[frame] for frame in frames], dtype=np.float64)
    end = np.array([ends[frame] for frame in frames], dtype=np.float64)
    return Crops(start, end, [found[frame] for frame in frames])


def _spans(faces: pa.Table) -> tuple[dict[int, float], dict[int, float]]:
    """Each sampled frame's time, and when the next one comes."""
    frame, first = np.unique(faces["frame"].to_numpy(), return_index=True)
    time = faces["time"].to_numpy()[first]
    sampled = faces["sampled"].to_numpy(zero_copy_only=False)[first].astype(bool)
    interval = float(np.median(np.diff(time))) if len(time) > 1 else SHORTEST
    if not sampled.any():
        return {}, {}
    names: IntArray = frame[sampled]
    starts = time[sampled]
    ends = np.append(starts[1:], time[-1] + interval)
    keys = names.tolist()
    return dict(zip(keys, starts.tolist(), strict=True)), dict(zip(keys, ends.tolist(), strict=True))


def _decode(crops: Crops, settings: ResidualBackbone, extractor: BackboneEmbedding) -> ByteArray:
    decoded = [
        gray_square(content, settings.side, f"face at {time:.3f} s", extractor.share)
        for time, content in zip(crops.start, crops.images, strict=True)
    ]
    return middle(np.stack(decoded), settings.size)


def open_backbone(fitted: Fitted, *, device: str = "cpu", threads: int = 1) -> Run:
    """A trained backbone, ready to run: uint8 [n, size, size] -> embeddings [n, D] and logits [n, K].

    Args:
        fitted: of `train_backbone`.
        device: "cpu" runs ONNX Runtime, any other torch.
        threads: of ONNX Runtime.
    """
    if device == "cpu":
        session = _session(fitted.tensors[ONNX].tobytes(), threads)
        return functools.partial(_run_onnx, session)
    return functools.partial(_run_torch, _network(fitted, device), device)


def _settings(fitted: Fitted) -> ResidualBackbone:
    return ResidualBackbone.model_validate(fitted.card["settings"])


def _digest(fitted: Fitted) -> str:
    return hashlib.sha256(fitted.tensors[ONNX].tobytes()).hexdigest()


@functools.lru_cache(maxsize=4)
def _session(model: bytes, threads: int) -> Any:
    """A session of ONNX Runtime; kept, since a worker meets the same backbone many times."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _run_onnx(session: Any, images: ByteArray) -> tuple[FloatArray, FloatArray]:
    embedding, logits = session.run(["embedding", "logits"], {"pixels": images[:, None].astype(np.float32)})
    return embedding, logits


def _network(fitted: Fitted, device: str) -> Any:
    from abaw_pipeline.models.state import load_arrays

    network = make_backbone(_settings(fitted), len(fitted.card["classes"]))
    load_arrays(network, fitted.tensors, WEIGHTS)
    return network.to(device).eval()


def _run_torch(network: Any, device: str, images: ByteArray) -> tuple[FloatArray, FloatArray]:
    import torch

    with torch.inference_mode():
        pixels = torch.from_numpy(images).to(device)[:, None].float()
        embedding, logits = (output.cpu().numpy() for output in network(pixels))
    return embedding, logits


def _softmax(logits: FloatArray) -> FloatArray:
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)
