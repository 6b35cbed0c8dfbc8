"""What networks over feature rows share: a time grid, scaled columns, windows of whole steps."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from abaw_pipeline.systems.members import member_posteriors, train_members
from abaw_pipeline.systems.reading import check_labels
from abaw_pipeline.systems.system import check_card, make_card
from abaw_pipeline.systems.timeline import clip_sequences, column_scale, grid_windows, tamed
from abaw_pipeline.systems.windows import WindowedSystem, by_clip, label_windows
from abaw_pipeline.training.augmentation import Augment
from abaw_pipeline.training.options import TrainingOptions
from abaw_pipeline.types import Examples, Fitted, Posteriors

if TYPE_CHECKING:
    from torch import nn


class GridNetwork(WindowedSystem, TrainingOptions):
    """A network over the rows of one or several inputs, which meet on a grid of `step_s`.

    Each column is z-scored by the training clips, its tails drawn in. Steps at which an input has nothing to say
    (no face was found) are left out, as if the window were shorter; a window without any step is not trained on
    and gets no posterior. All clips are held in memory on the grid (4 bytes a value); windows are views of it.

    Attributes:
        filled_steps: a gap up to so many steps is filled with its nearest row instead.
    """

    filled_steps: ClassVar[float] = 1.0
    step_s: float = Field(gt=0, description="seconds between steps of the grid")

    @abstractmethod
    def network(self, n_features: int, n_classes: int) -> nn.Module:
        """A network with fresh weights, as `training.loop.train` takes it."""

    @abstractmethod
    def augment(self) -> Augment:
        """What changes training sequences."""

    def fit(self, examples: Examples, *, seed: int, device: str = "cpu") -> Fitted:
        """Train `members` networks; see `System.fit`."""
        check_labels(examples)
        raw = clip_sequences(examples, self.inputs, self.step_s, self.filled_steps * self.step_s)
        mean, scale = column_scale(raw.values)
        sequences, n_classes = tamed(raw, mean, scale), len(examples.classes)
        windows, parts = grid_windows(sequences, examples.durations, self.step_s, self.window_s, self.shift)
        kept, labels = label_windows(examples, windows, self.min_annotated)
        tensors, facts = train_members(
            lambda: self.network(len(mean), n_classes),
            [parts[row] for row in kept],
            labels,
            n_classes,
            self,
            self.augment(),
            seed=seed,
            device=device,
        )
        card = make_card(self, examples, seed=seed, widths=raw.widths, **facts)
        return Fitted(card, tensors={"mean": mean, "scale": scale, **tensors})

    def predict(self, fitted: Fitted, examples: Examples, *, device: str = "cpu") -> list[Posteriors]:
        """One row a window; see `System.predict`."""
        check_card(self, fitted.card, examples.classes)
        longest = self.filled_steps * self.step_s
        raw = clip_sequences(examples, self.inputs, self.step_s, longest, fitted.card["widths"])
        mean, scale = fitted.tensors["mean"], fitted.tensors["scale"]
        sequences, n_classes = tamed(raw, mean, scale), len(examples.classes)
        windows, parts = grid_windows(sequences, examples.durations, self.step_s, self.window_s, self.shift)
        if not parts:
            return by_clip(np.zeros((0, n_classes)), windows, len(examples))
        values = member_posteriors(lambda: self.network(len(mean), n_classes), fitted.tensors, parts, self, device)
        return by_clip(values, windows, len(examples))
