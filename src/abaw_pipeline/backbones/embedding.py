"""Face embeddings as a chunked recipe: many clips' faces go through a backbone together."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np

from abaw_pipeline.backbones.crops import chosen_crops
from abaw_pipeline.backbones.settings import BackboneEmbedding, ResidualBackbone
from abaw_pipeline.backbones.stream import Face, Stream
from abaw_pipeline.backbones.training import ONNX, WEIGHTS, make_backbone
from abaw_pipeline.training.stills import gray_square, middle
from abaw_pipeline.types import ByteArray, FeatureSequence, Fitted, FloatArray

Run = Callable[[ByteArray], tuple[FloatArray, FloatArray]]
"""uint8 [n, size, size] -> float32 [n, D] embeddings and float32 [n, K] logits."""


def embed_faces(
    clips: Sequence[Mapping[str, Any]], *, device: str = "cpu", threads: int = 1, batch: int = 128
) -> list[Iterator[FeatureSequence]]:
    """Embeddings of each clip's chosen person, one row a sampled frame in which the face was found.

    Args:
        clips: per clip `moments`, `faces` and `tracks` (parts of face_crops and face_tracks, see
            `crops.chosen_crops`), `backbone` (Fitted of `train_backbone`) and `extractor` (BackboneEmbedding).
        device: "cpu" runs ONNX Runtime, any other, such as "cuda", torch.
        threads: of ONNX Runtime.
        batch: faces at once.

    Returns:
        per clip a generator of its features in parts; it raises the DataError of a clip that has no face or whose
        images are damaged. Faces are read as parts are taken, and clips share batches: taken one clip after the
        other, no more than a few batches are held. A clip's embeddings do not depend on the other clips but for
        rounding (within 1e-5 of their scale).
    """
    groups: dict[_Model, list[int]] = {}
    for index, clip in enumerate(clips):
        groups.setdefault(_Model.of(clip["backbone"]), []).append(index)
    results: dict[int, Iterator[FeatureSequence]] = {}
    for model, members in groups.items():
        own = [clips[index] for index in members]
        faces = [_faces(at, clip, model.settings) for at, clip in enumerate(own)]
        layers = [clip["extractor"].layer for clip in own]
        embed = functools.partial(_embed, _opened(model, device, threads), layers, model.settings.size)
        stream = Stream(faces, embed, batch)
        results |= {index: stream.parts(at) for at, index in enumerate(members)}
    return [results[index] for index in range(len(clips))]


def _faces(number: int, clip: Mapping[str, Any], settings: ResidualBackbone) -> Iterator[Face]:
    """Decoded faces of a clip, which has this number among those of its backbone."""
    extractor: BackboneEmbedding = clip["extractor"]
    for crop in chosen_crops(clip["moments"], clip["faces"], clip["tracks"]):
        pixels = gray_square(crop.image, settings.side, f"face at {crop.start:.3f} s", extractor.share)
        yield Face(number, crop.start, crop.end, pixels)


def _embed(run: Run, layers: Sequence[str], size: int, batch: Sequence[Face]) -> Iterator[tuple[int, FeatureSequence]]:
    """Features of a batch, clip by clip; `layers` says for each clip what is taken."""
    embeddings, logits = run(middle(np.stack([face.pixels for face in batch]), size))
    first = 0
    for clip, faces in groupby(batch, key=lambda face: face.clip):
        start, end = np.array([(face.start, face.end) for face in faces], np.float64).T.copy()
        rows = slice(first, first + len(start))
        values = embeddings[rows] if layers[clip] == "embedding" else _softmax(logits[rows])
        yield clip, FeatureSequence(start, end, values)
        first = rows.stop


def open_backbone(fitted: Fitted, *, device: str = "cpu", threads: int = 1) -> Run:
    """A trained backbone, ready to run: uint8 [n, size, size] -> embeddings [n, D] and logits [n, K].

    Args:
        fitted: of `train_backbone`.
        device: "cpu" runs ONNX Runtime, any other torch.
        threads: of ONNX Runtime.
    """
    return _opened(_Model.of(fitted), device, threads)


@dataclass(frozen=True)
class _Model:
    """A backbone that is known by its graph, which holds the weights."""

    digest: str
    fitted: Fitted = field(compare=False)

    @classmethod
    def of(cls, fitted: Fitted) -> _Model:
        return cls(hashlib.sha256(fitted.tensors[ONNX].tobytes()).hexdigest(), fitted)

    @property
    def settings(self) -> ResidualBackbone:
        return ResidualBackbone.model_validate(self.fitted.card["settings"])


@functools.lru_cache(maxsize=4)
def _opened(model: _Model, device: str, threads: int) -> Run:
    """The backbone, loaded once: a worker meets the same one many times."""
    if device == "cpu":
        return functools.partial(_run_onnx, _session(model.fitted.tensors[ONNX].tobytes(), threads))
    return functools.partial(_run_torch, _network(model, device), device)


def _session(model: bytes, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _run_onnx(session: Any, images: ByteArray) -> tuple[FloatArray, FloatArray]:
    embedding, logits = session.run(["embedding", "logits"], {"pixels": images[:, None].astype(np.float32)})
    return embedding, logits


def _network(model: _Model, device: str) -> Any:
    from abaw_pipeline.models.state import load_arrays

    network = make_backbone(model.settings, len(model.fitted.card["classes"]))
    load_arrays(network, model.fitted.tensors, WEIGHTS)
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
