"""How the learning rate moves over the steps of a training."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from abaw_pipeline.parts import Part


def rate_factor(step: int, n_steps: int, *, warmup: float, schedule: str) -> float:
    """Share of the highest learning rate that a step uses, above 0 and at most 1.

    Args:
        step: from 0 to n_steps - 1.
        n_steps: steps in the whole training.
        warmup: share of the steps over which the rate rises in a line.
        schedule: "cosine" falls along half a cosine after the rise; "constant" stays.
    """
    rising = math.ceil(warmup * n_steps)
    if step < rising:
        return (step + 1) / (rising + 1)
    if schedule == "constant":
        return 1.0
    done = (step - rising) / (n_steps - rising)
    return 0.5 * (1 + math.cos(math.pi * done))


class Rates(Part):
    """A schedule with parameters of its own: the rate rises in a line, then follows the schedule.

    Attributes:
        warmup: share of the steps over which the rate rises.
    """

    warmup: float = Field(0.0, ge=0, lt=1, description="share of steps that the rate takes to rise")

    def factor(self, step: int, n_steps: int) -> float:
        """Share of the highest learning rate that a step uses, above 0 and at most 1.

        Args:
            step: from 0 to n_steps - 1.
            n_steps: steps in the whole training.
        """
        rising = math.ceil(self.warmup * n_steps)
        if step < rising:
            return (step + 1) / (rising + 1)
        return self.after((step - rising) / (n_steps - rising))

    @abstractmethod
    def after(self, done: float) -> float:
        """Share of the highest rate once a share of the steps after the rise is done, 0 to below 1."""


class Constant(Rates):
    """The highest rate throughout."""

    kind: Literal["constant"] = "constant"

    def after(self, done: float) -> float:
        """Always 1."""
        return 1.0


class Piecewise(Rates):
    """The rate is multiplied by `drop` at each of the moments `at`."""

    kind: Literal["piecewise"] = "piecewise"
    at: tuple[float, ...] = Field((0.5, 0.75), min_length=1, description="shares of the training, ascending")
    drop: float = Field(0.1, gt=0, lt=1, description="factor at each of them")

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if list(self.at) != sorted(set(self.at)) or not 0 < self.at[0] <= self.at[-1] < 1:
            raise ValueError(f"at must ascend between 0 and 1, not {list(self.at)}")
        return self

    def after(self, done: float) -> float:
        """`drop` to the power of the moments that have passed."""
        return math.prod(self.drop for moment in self.at if done >= moment)


class TimeBased(Rates):
    """The rate falls as 1 / (1 + decay t), t from 0 to 1 over the training."""

    kind: Literal["time_based"] = "time_based"
    decay: float = Field(9.0, gt=0, description="at the end the rate is the highest / (1 + decay)")

    def after(self, done: float) -> float:
        """1 / (1 + decay done)."""
        return 1 / (1 + self.decay * done)


class Cosine(Rates):
    """The rate falls along half a cosine, once or in several cycles that start anew (Loshchilov and Hutter 2017).

    S0's extractors: 5 cycles of 6 epochs, from 1e-4 to 1e-5 (`cycles: 5, least: 0.1`, 30 epochs).
    """

    kind: Literal["cosine"] = "cosine"
    cycles: int = Field(1, ge=1, description="equally long falls")
    least: float = Field(0.0, ge=0, lt=1, description="where each ends, as a share of the highest rate")

    def after(self, done: float) -> float:
        """Where the running cycle is."""
        within = done * self.cycles % 1
        return self.least + (1 - self.least) * 0.5 * (1 + math.cos(math.pi * within))


Schedule: TypeAlias = Annotated[Constant | Piecewise | TimeBased | Cosine, Field(discriminator="kind")]
"""Any schedule with parameters of its own, told apart by its `kind`."""
