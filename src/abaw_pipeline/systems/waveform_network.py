"""A network on raw sound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
from pydantic import Field

from abaw_pipeline.systems.members import member_posteriors, train_members
from abaw_pipeline.systems.reading import check_inputs, check_labels, read_waveform
from abaw_pipeline.systems.system import check_card, make_card
from abaw_pipeline.systems.windows import WindowedSystem, Windows, by_clip, label_windows, window_starts
from abaw_pipeline.training.augmentation import WaveformAugmentation
from abaw_pipeline.training.options import TrainingOptions
from abaw_pipeline.types import Examples, Fitted, FloatArray, IntArray, Posteriors

if TYPE_CHECKING:
    from torch import nn

RATE = 16_000
"""Samples a second that the network's strides are made for."""


class WaveformNetwork(WindowedSystem, TrainingOptions):
    """1D CNN and two LSTM layers on windows of 16 kHz sound (S0, sections 3.2.3 and 4.3.1).

    Windows of 4 s (64,000 samples; the paper prints 48,000, which would be 3 s) follow each other by 2/5 of their
    length, and each is trained with the mode of its labels.
    A clip shorter than a window is one window of its own length; padding is masked in every layer.
    Each window is brought to mean 0 and deviation 1, so the level of a recording does not count (ours: the paper
    does not say).
    The sound of all training clips is held in memory (4 bytes a sample); windows are cut when they are used.
    """

    kind: Literal["cnn_lstm"] = "cnn_lstm"
    inputs: tuple[str, ...] = Field(default=("vocals",), min_length=1, max_length=1)
    window_s: float | None = Field(default=4.0, gt=0, description="seconds in a window; null: the clip as a whole")
    width: int = Field(default=64, ge=1, description="channels of the first convolution")
    dropout: float = Field(default=0.3, ge=0, lt=1, description="after each convolution")
    learning_rate: float = Field(default=2.5e-4, gt=0, description="Adam's, the highest that is reached")
    weight_decay: float = Field(default=0.0, ge=0)
    precision: Literal["float32", "bfloat16"] = "bfloat16"
    augmentation: WaveformAugmentation = WaveformAugmentation()

    def fit(self, examples: Examples, *, seed: int, device: str = "cpu") -> Fitted:
        """Train `members` networks; see `System.fit`."""
        check_labels(examples)
        windows, parts = self._windows(examples)
        kept, labels = label_windows(examples, windows, self.min_annotated)
        n_classes = len(examples.classes)
        tensors, facts = train_members(
            lambda: self._network(n_classes),
            parts.take(kept),
            labels,
            n_classes,
            self,
            self.augmentation,
            seed=seed,
            device=device,
        )
        return Fitted(make_card(self, examples, seed=seed, widths={self.inputs[0]: 1}, **facts), tensors=tensors)

    def predict(self, fitted: Fitted, examples: Examples, *, device: str = "cpu") -> list[Posteriors]:
        """One row a window; see `System.predict`."""
        check_card(self, fitted.card, examples.classes)
        windows, parts = self._windows(examples)
        if not len(parts):
            return []
        n_classes = len(examples.classes)
        values = member_posteriors(lambda: self._network(n_classes), fitted.tensors, parts, self, device)
        return by_clip(values, windows, len(examples))

    def _network(self, n_classes: int) -> nn.Module:
        from abaw_pipeline.models.waveform import WaveformModel

        return WaveformModel(n_classes, self.width, self.dropout)

    def _windows(self, examples: Examples) -> tuple[Windows, SoundWindows]:
        check_inputs(examples, self.inputs)
        sounds = [read_waveform(examples, self.inputs[0], index, RATE) for index in range(len(examples))]
        clip, first = [], []
        for index, samples in enumerate(sounds):
            size = len(samples) if self.window_s is None else round(self.window_s * RATE)
            starts = window_starts(len(samples), size, max(1, round(size * self.shift)))
            clip += [index] * len(starts)
            first += starts
        owner, begin = np.array(clip, dtype=np.int64), np.array(first, dtype=np.int64)
        lengths = np.array([len(samples) for samples in sounds], dtype=np.int64)[owner]
        finish = lengths if self.window_s is None else np.minimum(begin + round(self.window_s * RATE), lengths)
        start = begin / RATE
        windows = Windows(owner, start, start + (finish - begin) / RATE)
        return windows, SoundWindows(sounds, owner, begin, finish)


class SoundWindows(Sequence[FloatArray]):
    """Windows of sounds, each brought to mean 0 and deviation 1 when it is taken: float32 [n_samples, 1].

    Args:
        sounds: float32 [n_samples] each.
        owner: int64 [n], which sound each window lies in.
        first: int64 [n], its first sample.
        last: int64 [n], the sample after its last.
    """

    def __init__(self, sounds: Sequence[FloatArray], owner: IntArray, first: IntArray, last: IntArray) -> None:
        self._sounds, self._owner, self._first, self._last = sounds, owner, first, last

    def __len__(self) -> int:
        """How many windows there are."""
        return len(self._owner)

    @overload
    def __getitem__(self, index: int) -> FloatArray: ...
    @overload
    def __getitem__(self, index: slice) -> SoundWindows: ...
    def __getitem__(self, index: Any) -> Any:
        """A window, or the windows of a slice."""
        if isinstance(index, slice):
            return self.take(np.arange(len(self))[index])
        return _standardized(self._sounds[self._owner[index]][self._first[index] : self._last[index]])

    def take(self, rows: IntArray) -> SoundWindows:
        """Some of the windows."""
        return SoundWindows(self._sounds, self._owner[rows], self._first[rows], self._last[rows])


def _standardized(samples: FloatArray) -> FloatArray:
    centered = samples - samples.mean(dtype=np.float64)
    deviation = centered.std()
    return np.asarray(centered / (deviation if deviation > 1e-8 else 1.0), dtype=np.float32)[:, None]
