"""Names of CREMA-D's clips: actor, sentence, emotion and level, such as 1001_DFA_ANG_XX."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import PureWindowsPath
from typing import NamedTuple

ACTORS = range(1001, 1092)
SENTENCES = ("DFA", "IEO", "IOM", "ITH", "ITS", "IWL", "IWW", "MTI", "TAI", "TIE", "TSI", "WSI")
GRADED = "IEO"
"""The sentence whose emotions, neutral apart, were acted at three levels; all others at none in particular."""

EMOTION_CODES: Mapping[str, str] = {
    "ANG": "anger",
    "DIS": "disgust",
    "FEA": "fear",
    "HAP": "happiness",
    "NEU": "neutral",
    "SAD": "sadness",
}
LEVELS: Mapping[str, str] = {"LO": "low", "MD": "medium", "HI": "high", "XX": "unspecified"}

NOT_HANDED_OUT = ("1002_TIE_NEU", "1008_WSI", "1009_MTI", "1019_ITH", "1076_ITS_NEU")
"""What clips' names begin with that the corpus lacks."""


class Name(NamedTuple):
    """The parts of a clip's name."""

    actor: str
    sentence: str
    emotion: str
    level: str

    @property
    def intended(self) -> str:
        """The emotion that the actor was to show, in the vocabulary's word."""
        return EMOTION_CODES[self.emotion]


@cache
def published() -> Mapping[str, Name]:
    """All 7442 clips: name without suffix -> its parts."""
    names = (
        Name(str(actor), sentence, emotion, level)
        for actor in ACTORS
        for sentence in SENTENCES
        for emotion in EMOTION_CODES
        for level in (("LO", "MD", "HI") if sentence == GRADED and emotion != "NEU" else ("XX",))
    )
    return {stem: name for name in names if not (stem := "_".join(name)).startswith(NOT_HANDED_OUT)}


def clip_name(text: str) -> str:
    """The clip that a file or a cell names, in any case, with or without folders and suffix; empty: none."""
    stem = PureWindowsPath(text.strip()).stem.upper()
    return stem if stem in published() else ""
