"""Backbone training as a recipe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from abaw_pipeline.artifacts import Recipe, Ref
from abaw_pipeline.backbones.settings import ResidualBackbone
from abaw_pipeline.errors import DataError
from abaw_pipeline.training.stills import Stills, load_stills, middle, set_aside
from abaw_pipeline.types import Fitted

if TYPE_CHECKING:
    from abaw_pipeline.backbones.loop import Progress

ONNX = "onnx"
"""Name of the tensor that holds the graph's bytes."""

WEIGHTS = "network."
"""What the names of the weights begin with."""


def train_backbone(
    settings: ResidualBackbone,
    stills: Sequence[Any],
    classes: Sequence[str],
    seed: int,
    *,
    device: str = "cpu",
    scratch: str | None = None,
) -> Fitted:
    """Train a backbone on the training images of still-image corpora.

    Only images of the split `train` train, stop, or normalize anything. A part of them, by subject where subjects
    are known, judges each epoch; the weights of the best epoch are kept. The split `validation` is scored once, at
    the end, for the card alone.

    Args:
        settings: of network and training.
        stills: pieces of the artifact `stills`, read one at a time.
        classes: names of the K classes.
        seed: of everything drawn at random.
        device: where to train; leaves the result as it is but for rounding.
        scratch: a folder for this training alone, where a killed one goes on, and which is removed at the end; None:
            a killed training starts anew.

    Returns:
        tensors `network.*` (weights, running statistics, mean and deviation of the pixels) and `onnx` (bytes of
        the graph); a card with data counts, settings, curve and measures.

    Raises:
        DataError: no training images, one class only, one subject only, or a loss that is no longer finite.
    """
    from abaw_pipeline.backbones.graph import to_onnx
    from abaw_pipeline.backbones.loop import train_epochs
    from abaw_pipeline.models.state import to_arrays
    from abaw_pipeline.training.checkpoint import remove_checkpoint
    from abaw_pipeline.training.loop import seeded

    images = load_stills(stills, classes, settings.side, settings.left_out)
    fit, aside = _parted(images.of_split("train"), settings, classes, seed)
    pixels = middle(fit.images, settings.size)
    with seeded(seed, device):
        network = make_backbone(settings, len(classes), float(pixels.mean()), max(1.0, float(pixels.std())))
        state = train_epochs(network, settings, fit, aside, seed=seed, device=device, scratch=scratch)
    card = {
        "kind": "backbone",
        "settings": settings.model_dump(mode="json"),
        "classes": list(classes),
        **_data_facts(images, fit, aside, classes),
        "seed": seed,
        **_training_facts(state, images, aside, settings.size, device),
    }
    tensors = {**to_arrays(state.average, WEIGHTS), ONNX: to_onnx(state.average, settings.size)}
    if scratch is not None:
        remove_checkpoint(scratch)
    return Fitted(card, tensors)


def backbone_recipe(
    settings: ResidualBackbone,
    stills: Sequence[Ref],
    classes: Sequence[str],
    seed: int,
    *,
    device: str = "cpu",
    scratch: str | None = None,
) -> Recipe:
    """The recipe of a backbone; its checkpoints lie in a folder of their own below `scratch`.

    The folder is named by the recipe's fingerprint, so that another training never goes on from them.

    Args:
        settings: of network and training.
        stills: references to the pieces of the corpora that the settings name.
        classes: names of the K classes.
        seed: of everything drawn at random.
        device: where to train.
        scratch: a folder for checkpoints; None: a killed training starts anew.
    """
    arguments = {"settings": settings, "stills": list(stills), "classes": list(classes), "seed": seed}
    execution: dict[str, Any] = {"device": device}
    recipe = Recipe(train_backbone, arguments)
    if scratch is not None:
        execution["scratch"] = str(Path(scratch) / recipe.fingerprint)
    return Recipe(train_backbone, arguments, execution)


def make_backbone(settings: ResidualBackbone, n_classes: int, mean: float = 0.0, scale: float = 1.0) -> Any:
    """A fresh network.

    Args:
        settings: of the network.
        n_classes: K.
        mean: of the training pixels.
        scale: deviation of the training pixels.
    """
    from abaw_pipeline.models.backbone import Backbone

    return Backbone(
        n_classes,
        width=settings.width,
        depth=settings.depth,
        embedding=settings.embedding,
        dropout=settings.dropout,
        noise=settings.noise,
        mean=mean,
        scale=scale,
        per_image=settings.standardize == "image",
    )


def _parted(train: Stills, settings: ResidualBackbone, classes: Sequence[str], seed: int) -> tuple[Stills, Stills]:
    """Images that are learnt, and those set aside to judge each epoch."""
    _check(train, classes)
    judged = set_aside(train, settings.aside, seed)
    fit, aside = train.take(~judged), train.take(judged)
    _check(fit, classes)
    return fit, aside


def _training_facts(state: Progress, images: Stills, aside: Stills, size: int, device: str) -> dict[str, Any]:
    """How training went, and how well the kept weights do."""
    import torch

    train, validation = images.of_split("train"), images.of_split("validation")
    return {
        "curve": state.curve,
        "epoch": state.found.epoch + 1,
        "aside": _score(state.average, aside, size, device),
        "validation": _score(state.average, validation, size, device),
        "validation_without_copies": _score(state.average, validation.take(_fresh(validation, train)), size, device),
        "n_parameters": sum(parameter.numel() for parameter in state.network.parameters()),
        "libraries": {"torch": torch.__version__, "numpy": np.__version__},
    }


def _score(network: Any, part: Stills, size: int, device: str) -> dict[str, float] | None:
    """Accuracy and mean recall on images; None where there are none."""
    from abaw_pipeline.backbones.loop import measures, predict

    return measures(predict(network, part.images, size, device), part.labels) if len(part) else None


def _data_facts(images: Stills, fit: Stills, aside: Stills, classes: Sequence[str]) -> dict[str, Any]:
    """What was learnt from, by class."""
    train, validation = images.of_split("train"), images.of_split("validation")
    return {
        "n_train": _counts(fit, classes),
        "n_aside": _counts(aside, classes),
        "n_validation": _counts(validation, classes),
        "n_copies": len(validation) - int(_fresh(validation, train).sum()),
        "n_left_out": dict(images.left_out),
        "n_subjects": len({subject for subject in train.subjects if subject is not None}),
        "aside_by": "subject" if any(train.subjects) else "image",
    }


def _fresh(validation: Stills, train: Stills) -> Any:
    """Which images are not among the training images, pixel by pixel: bool [n]."""
    seen = set(train.contents())
    return np.array([content not in seen for content in validation.contents()], dtype=bool)


def _counts(stills: Stills, classes: Sequence[str]) -> dict[str, int]:
    found = Counter(stills.labels.tolist())
    return {name: found[index] for index, name in enumerate(classes)}


def _check(stills: Stills, classes: Sequence[str]) -> None:
    present = np.unique(stills.labels)
    if len(present) >= 2:
        return
    problem = f"all {len(stills)} training images show {classes[present[0]]}" if len(present) else "no training images"
    raise DataError(
        problem, where="stills", hint="A backbone needs images of two classes at least, in the split 'train'."
    )
