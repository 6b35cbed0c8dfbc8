"""How a network is trained: the fields that every trained system shares."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from abaw_pipeline.parts import Part

Weighting = Literal["none", "inverse", "balanced", "logarithmic"]


class TrainingOptions(Part):
    """Fields of the training loop. The number of epochs is fixed: no clip is set aside to stop early on.

    The optimizer is AdamW, which without weight decay is Adam.
    """

    epochs: int = Field(default=40, ge=1)
    batch_size: int = Field(default=32, ge=1, description="clips or windows in each step")
    learning_rate: float = Field(default=2e-3, gt=0, description="the highest that the schedule reaches")
    schedule: Literal["cosine", "constant"] = "cosine"
    warmup: float = Field(default=0.1, ge=0, lt=1, description="share of steps that the rate takes to rise")
    weight_decay: float = Field(default=1e-2, ge=0)
    clip_norm: float = Field(default=1.0, gt=0, description="largest norm of a step's gradient")
    label_smoothing: float = Field(default=0.1, ge=0, lt=1)
    mixup: float = Field(default=0.0, ge=0, description="alpha of the Beta distribution of mixing; 0: none")
    class_weights: Weighting = "none"
    precision: Literal["float32", "bfloat16"] = Field(default="bfloat16", description="of matrix products")
    members: int = Field(default=1, ge=1, description="networks of different seeds whose outputs are averaged")
