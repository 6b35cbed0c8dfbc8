"""When to stop a training, and which epoch to keep, judged on training data set aside."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Best:
    """The best epoch so far.

    Attributes:
        epoch: its number, from 0; -1 before the first.
        score: what it reached, the higher the better; compared item by item.
    """

    epoch: int = -1
    score: tuple[float, ...] = ()

    def after(self, epoch: int, score: tuple[float, ...]) -> Best:
        """The best so far once another epoch has been scored; of equal ones the earlier.

        Raises:
            ValueError: a score that is not a number, of which none is better.
        """
        if any(value != value for value in score):  # noqa: PLR0124 - only NaN differs from itself
            raise ValueError(f"epoch {epoch} scored {score}")
        return Best(epoch, score) if self.epoch < 0 or score > self.score else self

    def exhausted(self, epoch: int, patience: int) -> bool:
        """Whether `patience` epochs, this one the last, have brought nothing better; 0: never."""
        return bool(patience) and epoch - self.epoch >= patience
