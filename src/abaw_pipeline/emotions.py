"""The one vocabulary of emotions; each corpus maps its own label names onto it."""

from __future__ import annotations

from collections.abc import Iterable

EMOTIONS: tuple[str, ...] = (
    "neutral",
    "calm",
    "anger",
    "disgust",
    "fear",
    "happiness",
    "sadness",
    "surprise",
    "contempt",
    "frustration",
    "other",
)
"""All emotions a label may name, in the order in which classes are listed everywhere."""


def ordered(emotions: Iterable[str]) -> tuple[str, ...]:
    """The given emotions in vocabulary order.

    Raises:
        ValueError: one of them is not in the vocabulary.
    """
    given = set(emotions)
    unknown = given - set(EMOTIONS)
    if unknown:
        raise ValueError(f"not in the vocabulary of emotions: {', '.join(sorted(unknown))}")
    return tuple(name for name in EMOTIONS if name in given)
