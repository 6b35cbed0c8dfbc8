"""A compact network over feature frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from abaw_pipeline.systems.calibration import softmax
from abaw_pipeline.systems.reading import training_labels
from abaw_pipeline.systems.system import System, check_card, make_card, whole_clips
from abaw_pipeline.systems.timeline import clip_sequences
from abaw_pipeline.training.augmentation import SequenceAugmentation
from abaw_pipeline.training.options import TrainingOptions
from abaw_pipeline.types import Examples, Fitted, FloatArray, Posteriors


class SequenceNetwork(System, TrainingOptions):
    """Convolutions, a bidirectional LSTM and attention on frames of one or several extractors.

    Inputs meet on a grid of `step_s`; each column is z-scored by the training clips.
    All training clips are held in memory on that grid (4 bytes a value).
    """

    kind: Literal["sequence_network"] = "sequence_network"
    step_s: float = Field(default=0.02, gt=0, description="seconds between frames of the grid")
    width: int = Field(default=96, ge=1, description="channels of convolutions and of each LSTM direction")
    dropout: float = Field(default=0.2, ge=0, lt=1)
    augmentation: SequenceAugmentation = SequenceAugmentation()

    def fit(self, examples: Examples, *, seed: int, device: str = "cpu") -> Fitted:
        """Train `members` networks; see `System.fit`."""
        from abaw_pipeline.models.sequence import SequenceModel
        from abaw_pipeline.models.state import to_arrays
        from abaw_pipeline.training.loop import seeded, train

        labels = training_labels(examples)
        sequences, widths = clip_sequences(examples, self.inputs, self.step_s)
        mean, scale = column_scale(sequences)
        sequences = [tamed(sequence, mean, scale) for sequence in sequences]
        tensors, curves, n_classes = {"mean": mean, "scale": scale}, [], len(examples.classes)
        for member in range(self.members):
            with seeded(own := seed + 1000 * member, device):
                network = SequenceModel(len(mean), n_classes, self.width, self.dropout).to(device)
                curve = train(network, sequences, labels, n_classes, self, self.augmentation, seed=own, device=device)
            curves.append(curve)
            tensors |= to_arrays(network, f"{member}.")
        n_parameters = sum(p.numel() for p in network.parameters())
        card = make_card(self, examples, seed=seed, widths=widths, curves=curves, n_parameters=n_parameters)
        return Fitted(card, tensors=tensors)

    def predict(self, fitted: Fitted, examples: Examples, *, device: str = "cpu") -> list[Posteriors]:
        """One row a clip; see `System.predict`."""
        from abaw_pipeline.models.sequence import SequenceModel
        from abaw_pipeline.models.state import load_arrays
        from abaw_pipeline.training.loop import predict_logits

        check_card(self, fitted.card, examples.classes)
        sequences, _ = clip_sequences(examples, self.inputs, self.step_s, fitted.card["widths"])
        if not sequences:
            return []
        mean, scale = fitted.tensors["mean"], fitted.tensors["scale"]
        sequences = [tamed(sequence, mean, scale) for sequence in sequences]
        outputs = []
        for member in range(self.members):
            network = SequenceModel(len(mean), len(examples.classes), self.width, self.dropout)
            load_arrays(network, fitted.tensors, f"{member}.")
            logits = predict_logits(network.to(device).eval(), sequences, batch_size=self.batch_size, device=device)
            outputs.append(softmax(logits))
        return whole_clips(np.mean(outputs, axis=0), examples.durations)


def column_scale(sequences: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Mean and deviation of each column over all frames, deviation 1 for a constant column: float32 [D] each."""
    n = sum(len(sequence) for sequence in sequences)
    mean = sum(sequence.sum(axis=0, dtype=np.float64) for sequence in sequences) / n
    variance = sum(((sequence - mean) ** 2).sum(axis=0) for sequence in sequences) / n
    scale = np.sqrt(variance)
    scale[scale <= 1e-6 * np.maximum(np.abs(mean), 1e-6)] = 1.0
    return mean.astype(np.float32), scale.astype(np.float32)


def tamed(sequence: FloatArray, mean: FloatArray, scale: FloatArray) -> FloatArray:
    """Z-scores whose tails are drawn in (inverse hyperbolic sine): float32 [T, D].

    Descriptors of loudness and voice quality reach 70 deviations, which batch norm cannot use.
    """
    return np.asarray(np.arcsinh((sequence - mean) / scale), dtype=np.float32)
