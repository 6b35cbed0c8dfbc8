"""What every system shares: how it is configured, and the card that tells what was fitted."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from abaw_pipeline.errors import DataError
from abaw_pipeline.parts import Part
from abaw_pipeline.types import Examples, Fitted, Posteriors


class System(Part):
    """A model that turns clips into class probabilities over time.

    Attributes:
        inputs: names of the feature sets (keys of `Examples.inputs`) that the system reads, in this order.
    """

    inputs: tuple[str, ...] = Field(min_length=1, description="names of the feature sets that are read")

    @abstractmethod
    def fit(self, examples: Examples, *, seed: int, device: str = "cpu") -> Fitted:
        """Train on all of the given clips that is annotated.

        Args:
            examples: labelled clips of at least two classes.
            seed: the only source of randomness.
            device: where a network is trained, such as "cpu" or "cuda:0".

        Raises:
            DataError: there are no clips, no labels or one class only; an input is missing, is not finite, or is
                not as wide as in the other clips; none of its rows lies where the clips are annotated.
        """

    @abstractmethod
    def predict(self, fitted: Fitted, examples: Examples, *, device: str = "cpu") -> list[Posteriors]:
        """Class probabilities of each clip, in the order of the clips; no rows where a clip's inputs have none.

        Args:
            fitted: what `fit` of a system with the same settings gave.
            examples: clips; labels are not looked at.
            device: where a network runs, such as "cpu" or "cuda:0".

        Raises:
            DataError: the fitted system is of another kind or of other classes; an input is missing, is not
                finite, or is not as wide as in training.
        """


def make_card(
    system: System, examples: Examples, *, seed: int, widths: Mapping[str, int], **facts: Any
) -> dict[str, Any]:
    """The JSON-able facts of a fit: what was trained, on what, and what was chosen.

    Args:
        system: its fields are kept under "settings", its kind under "kind".
        examples: the training clips.
        seed: of the fit.
        widths: columns of each input.
        facts: anything else worth keeping, JSON-able.
    """
    settings = system.model_dump(mode="json")
    return {
        "kind": settings["kind"],
        "settings": settings,
        "classes": list(examples.classes),
        "inputs": list(system.inputs),
        "widths": dict(widths),
        "n_train": len(examples),
        "n_subjects": len(set(examples.subjects)),
        "seed": seed,
        **facts,
    }


def check_card(system: System, card: Mapping[str, Any], classes: Sequence[str]) -> None:
    """Refuse a fitted system that is not this one, or that tells other classes apart.

    Raises:
        DataError: kind, inputs or classes (names or order) differ.
    """
    settings = system.model_dump(mode="json")
    if card["kind"] != settings["kind"] or card["inputs"] != list(system.inputs):
        raise DataError(
            f"a fitted {card['kind']} on {', '.join(card['inputs'])} is not a {settings['kind']} "
            f"on {', '.join(system.inputs)}",
            where="system",
            hint="Predict with the settings that the system was fitted with.",
        )
    if list(classes) != card["classes"]:
        raise DataError(
            f"the system was fitted on the classes {', '.join(card['classes'])}, not {', '.join(classes)}",
            where=card["kind"],
            hint="Give the same classes in the same order as in training.",
        )
