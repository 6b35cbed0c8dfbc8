"""What a backbone is made of, how it is trained, and what is taken from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from abaw_pipeline.emotions import EMOTIONS
from abaw_pipeline.parts import Part
from abaw_pipeline.training.image_augmentation import ImageAugmentation
from abaw_pipeline.training.options import Weighting
from abaw_pipeline.training.schedule import Cosine, Schedule


class ResidualBackbone(Part):
    """A small residual network on gray faces, trained from scratch (the embedded stand-in for S0's ResNet-50).

    With width 64 and depth 2 it has 2.8 M parameters.
    """

    kind: Literal["residual"] = "residual"
    stills: tuple[str, ...] = Field(min_length=1, description="names of the corpora of images that it is trained on")
    left_out: Mapping[str, tuple[str, ...]] = Field(
        default_factory=dict, description="corpus -> emotions of which its images are not taken"
    )
    side: int = Field(48, ge=16, le=512, description="pixels to which images are brought")
    size: int = Field(44, ge=16, description="pixels of the square cut from them, which the network sees")
    standardize: Literal["corpus", "image"] = Field(
        "corpus", description="pixels by mean and deviation of all training pixels, or of each image"
    )
    width: int = Field(64, ge=1, description="channels of the first of three stages")
    depth: int = Field(2, ge=1, description="blocks a stage")
    embedding: int = Field(128, ge=1, description="units of the dense layer whose output is the embedding")
    dropout: float = Field(0.2, ge=0, lt=1, description="before and after the dense layer")
    noise: float = Field(0.0, ge=0, description="deviation of white noise before the dense layer, in training")
    epochs: int = Field(40, ge=1, description="at most")
    batch_size: int = Field(64, ge=2)
    optimizer: Literal["sgd", "adam", "adamw"] = "sgd"
    learning_rate: float = Field(0.05, gt=0, description="the highest that the schedule reaches")
    momentum: float = Field(0.9, ge=0, lt=1, description="of sgd")
    weight_decay: float = Field(5e-4, ge=0, description="L2; decoupled in adamw")
    schedule: Schedule = Cosine(warmup=0.05)
    class_weights: Weighting = "none"
    mixup: float = Field(0.2, ge=0, description="alpha of the Beta distribution of mixing; 0: none")
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    average: float = Field(0.998, ge=0, lt=1, description="decay of the moving average of weights, a step; 0: none")
    augmentation: ImageAugmentation = ImageAugmentation()
    precision: Literal["float32", "bfloat16"] = Field("bfloat16", description="of products in training")
    aside: float = Field(0.1, ge=0, le=0.5, description="share of the training images that judges when to stop")
    patience: int = Field(0, ge=0, description="epochs without progress on these after which training stops; 0: none")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.size > self.side:
            raise ValueError(f"size {self.size} is larger than side {self.side}")
        if self.patience and not self.aside:
            raise ValueError("patience needs images set aside: give aside, or patience: 0")
        unknown = [name for name in self.left_out if name not in self.stills]
        if unknown:
            raise ValueError(f"left_out names {unknown[0]!r}, which is none of stills: {', '.join(self.stills)}")
        wrong = [label for labels in self.left_out.values() for label in labels if label not in EMOTIONS]
        if wrong:
            raise ValueError(f"left_out names {wrong[0]!r}; emotions are {', '.join(EMOTIONS)}")
        return self


class BackboneEmbedding(Part):
    """What is taken from a trained backbone for each face."""

    kind: Literal["backbone"] = "backbone"
    backbone: str = Field(min_length=1, description="name of the trained backbone")
    layer: Literal["embedding", "posteriors"] = Field("embedding", description="the dense layer, or probabilities")
    share: float = Field(1.0, gt=0, le=1, description="side of the middle square of a crop that is looked at")
