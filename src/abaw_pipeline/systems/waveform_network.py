"""A network on raw sound."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from abaw_pipeline.systems.calibration import softmax
from abaw_pipeline.systems.reading import check_inputs, read_waveform, training_labels
from abaw_pipeline.systems.system import System, check_card, make_card
from abaw_pipeline.training.augmentation import WaveformAugmentation
from abaw_pipeline.training.options import TrainingOptions
from abaw_pipeline.types import DoubleArray, Examples, Fitted, FloatArray, IntArray, Posteriors

RATE = 16_000
"""Samples a second that the network's strides are made for."""


class WaveformNetwork(System, TrainingOptions):
    """1D CNN and two LSTM layers on windows of 16 kHz sound (S0, sections 3.2.3 and 4.3.1).

    Windows of 4 s (64,000 samples; the paper prints 48,000, which would be 3 s) follow each other by 2/5 of their
    length, and each carries the clip's label: the mode of its labels, which are all alike.
    A clip shorter than a window is one window of its own length; padding is masked in every layer.
    Each window is brought to mean 0 and deviation 1, so the level of a recording does not count (ours: the paper
    does not say).
    All training windows are held in memory (4 bytes a sample).
    """

    kind: Literal["cnn_lstm"] = "cnn_lstm"
    inputs: tuple[str, ...] = Field(default=("vocals",), min_length=1, max_length=1)
    window_s: float = Field(default=4.0, gt=0, description="seconds in a window")
    shift: float = Field(default=0.4, gt=0, le=1, description="step between windows, as a share of a window")
    width: int = Field(default=64, ge=1, description="channels of the first convolution")
    dropout: float = Field(default=0.3, ge=0, lt=1, description="after each convolution")
    learning_rate: float = Field(default=2.5e-4, gt=0, description="Adam's, the highest that is reached")
    weight_decay: float = Field(default=0.0, ge=0)
    precision: Literal["float32", "bfloat16"] = "bfloat16"
    augmentation: WaveformAugmentation = WaveformAugmentation()

    def fit(self, examples: Examples, *, seed: int, device: str = "cpu") -> Fitted:
        """Train `members` networks; see `System.fit`."""
        from abaw_pipeline.models.state import to_arrays
        from abaw_pipeline.models.waveform import WaveformModel
        from abaw_pipeline.training.loop import seeded, train

        labels = training_labels(examples)
        windows, owner, _ = self._windows(examples)
        tensors: dict[str, npt.NDArray[Any]] = {}
        curves, n_classes = [], len(examples.classes)
        for member in range(self.members):
            with seeded(own := seed + 1000 * member, device):
                network = WaveformModel(n_classes, self.width, self.dropout).to(device)
                curve = train(
                    network, windows, labels[owner], n_classes, self, self.augmentation, seed=own, device=device
                )
            curves.append(curve)
            tensors |= to_arrays(network, f"{member}.")
        card = make_card(
            self,
            examples,
            seed=seed,
            widths={self.inputs[0]: 1},
            curves=curves,
            n_windows=len(windows),
            n_parameters=sum(p.numel() for p in network.parameters()),
        )
        return Fitted(card, tensors=tensors)

    def predict(self, fitted: Fitted, examples: Examples, *, device: str = "cpu") -> list[Posteriors]:
        """One row a window; see `System.predict`."""
        from abaw_pipeline.models.state import load_arrays
        from abaw_pipeline.models.waveform import WaveformModel
        from abaw_pipeline.training.loop import predict_logits

        check_card(self, fitted.card, examples.classes)
        windows, owner, start = self._windows(examples)
        if not windows:
            return []
        outputs = []
        for member in range(self.members):
            network = WaveformModel(len(examples.classes), self.width, self.dropout)
            load_arrays(network, fitted.tensors, f"{member}.")
            logits = predict_logits(network.to(device).eval(), windows, batch_size=self.batch_size, device=device)
            outputs.append(softmax(logits))
        values = np.mean(outputs, axis=0).astype(np.float32)
        end = start + np.array([len(window) for window in windows]) / RATE
        rows = (owner == index for index in range(len(examples)))
        return [Posteriors(start[r], end[r], values[r]) for r in rows]

    def _windows(self, examples: Examples) -> tuple[list[FloatArray], IntArray, DoubleArray]:
        check_inputs(examples, self.inputs)
        size = round(self.window_s * RATE)
        windows, owner, starts = [], [], []
        for index in range(len(examples)):
            samples = read_waveform(examples, self.inputs[0], index, RATE)
            for first in window_starts(len(samples), size, round(size * self.shift)):
                windows.append(_standardized(samples[first : first + size]))
                owner.append(index)
                starts.append(first / RATE)
        return windows, np.array(owner, dtype=np.int64), np.array(starts, dtype=np.float64)


def window_starts(n_samples: int, size: int, shift: int) -> list[int]:
    """First samples of the windows of a clip; the last window ends with the clip.

    Args:
        n_samples: of the clip, at least 1; a clip not longer than a window is one window.
        size: samples in a window.
        shift: samples from one window to the next, at least 1.
    """
    last = max(0, n_samples - size)
    return [*range(0, last, shift), last]


def _standardized(samples: FloatArray) -> FloatArray:
    centered = samples - samples.mean(dtype=np.float64)
    deviation = centered.std()
    return np.asarray(centered / (deviation if deviation > 1e-8 else 1.0), dtype=np.float32)[:, None]
