"""Names that corpora and users give the emotions, mapped onto the vocabulary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from pydantic import Field, field_validator

from abaw_pipeline.corpora.base import CorpusListing
from abaw_pipeline.emotions import EMOTIONS
from abaw_pipeline.errors import CorpusError
from abaw_pipeline.parts import Part, unknown_name

SYNONYMS: Mapping[str, str] = {
    "angry": "anger",
    "disgusted": "disgust",
    "afraid": "fear",
    "fearful": "fear",
    "scared": "fear",
    "happy": "happiness",
    "sad": "sadness",
    "surprised": "surprise",
    "contemptuous": "contempt",
    "frustrated": "frustration",
}
"""Adjectives that corpora use where the vocabulary has a noun."""


def plain(name: str) -> str:
    """A name without what users vary: case and surrounding blanks."""
    return name.strip().casefold()


def check_mapping(labels: Mapping[str, str]) -> None:
    """Refuse a user's mapping that names something else than the vocabulary, or says two things at once.

    Raises:
        ValueError: a target that is no emotion, or two sources that differ in case alone.
    """
    for source, target in labels.items():
        if target not in EMOTIONS:
            raise ValueError(f"'{source}: {target}' maps to no emotion; emotions are {', '.join(EMOTIONS)}")
    if len({plain(source) for source in labels}) < len(labels):
        raise ValueError("two of the label names differ only in case or blanks")


class UserLabels(Part):
    """A corpus whose classes a user may name in words of their own."""

    labels: Mapping[str, str] = Field(
        default_factory=dict, description="the corpus's own names of classes, in any case -> emotion"
    )

    @field_validator("labels")
    @classmethod
    def _labels_name_emotions(cls, labels: Mapping[str, str]) -> Mapping[str, str]:
        check_mapping(labels)
        return labels


class FrameLabels(UserLabels):
    """A corpus that has files with one label a frame, see `corpora.frame_labels`."""

    label_tolerance: int = Field(
        10, ge=0, description="frames by which a label file may be longer or shorter than its video"
    )


class DropsClasses(Part):
    """A corpus of which whole classes may be left out."""

    drop_classes: tuple[str, ...] = Field(
        (), description="emotions that are left out, such as [calm]: clips of them, and labels of single frames"
    )

    @field_validator("drop_classes")
    @classmethod
    def _emotions(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in EMOTIONS:
                raise ValueError(unknown_name(name, list(EMOTIONS), "emotion"))
        return names

    def without_dropped(self, listing: CorpusListing, where: Path) -> CorpusListing:
        """The listing without clips of the dropped classes, and a note of how many each has lost.

        Raises:
            CorpusError: no clip is left of those that were there.
        """
        kept = [clip for clip in listing.clips if clip.label not in self.drop_classes]
        if listing.clips and not kept:
            raise CorpusError(
                f"drop_classes leaves out all {len(listing.clips)} clips.", where=str(where), hint="Drop fewer classes."
            )
        lost = Counter(clip.label for clip in listing.clips if clip.label in self.drop_classes)
        notes = [
            f"{lost[name]} of {len(listing.clips)} clips are left out by drop_classes: {name}"
            for name in dict.fromkeys(self.drop_classes)
        ]
        return replace(listing, clips=kept, notes=[*listing.notes, *notes])


def dropped_classes(corpora: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    """Which classes each corpus leaves out; corpora that leave out none are not named.

    Args:
        corpora: by the name that the study gives each.
    """
    found = {name: corpus.drop_classes for name, corpus in corpora.items() if isinstance(corpus, DropsClasses)}
    return {name: classes for name, classes in found.items() if classes}


def emotion(label: str, labels: Mapping[str, str], where: str) -> str:
    """The emotion that a label means.

    Args:
        label: as it is written in the corpus.
        labels: the user's own names; they come before the vocabulary and the synonyms.
        where: file and row, for the error.

    Raises:
        CorpusError: the label is unknown.
    """
    known = {name: name for name in EMOTIONS} | dict(SYNONYMS) | {plain(k): v for k, v in labels.items()}
    name = plain(label)
    if name in known:
        return known[name]
    near = get_close_matches(name, list(known), n=1)
    guess = known[near[0]] if near else "<emotion>"
    raise CorpusError(
        f"label {label!r} is no known emotion.",
        where=where,
        hint=f"Map it in the corpus's parameters, labels: {{{label!r}: {guess}}}; emotions are {', '.join(EMOTIONS)}.",
    )
