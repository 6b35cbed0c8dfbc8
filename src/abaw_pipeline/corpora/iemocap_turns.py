"""Turns of an IEMOCAP dialogue with what raters chose, from a file of dialog/EmoEvaluation.

A turn is a line `[6.2901 - 8.2357] <turn> <code> [<valence>, <activation>, <dominance>]` and the lines of its raters:
`C-E2: Neutral; (<comment>)` from one who watched it, `C-F1:` or `C-M1:` from the speaker, `A-...` about attributes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from abaw_pipeline.corpora.base import some
from abaw_pipeline.corpora.folders import readable
from abaw_pipeline.errors import CorpusError

CHOICES: Mapping[str, str] = {
    "anger": "ang",
    "disgust": "dis",
    "excited": "exc",
    "fear": "fea",
    "frustration": "fru",
    "happiness": "hap",
    "neutral": "neu",
    "neutral state": "neu",
    "other": "oth",
    "sadness": "sad",
    "surprise": "sur",
}
"""What a rater may choose -> the code of a turn that this means."""

UNDECIDED = "xxx"
"""The code of turns on which raters do not agree."""

OVERLAP = 0.1
"""How much (s) of a speaker's turn may lie in that speaker's turn before: more cannot be one voice."""

DIALOGUE = re.compile(r"Ses0([1-5])[FM]_(?:impro|script)\w+", re.ASCII)
TURN = re.compile(
    r"\[\s*(\d+(?:\.\d+)?)\s*-\s*(\d+(?:\.\d+)?)\s*\]\s+(\S+)\s+([A-Za-z]{3})\s+\[[^\[\]]*\]\s*", re.ASCII
)
RATER = re.compile(r"C-([A-Z]+\d*):([^(]*)(?:\(.*)?", re.ASCII)


@dataclass(frozen=True)
class Turn:
    """What one speaker says in one go.

    Attributes:
        name: `<dialogue>_F000`, where F or M is the speaker.
        line: of the file, from 1.
        start: seconds from the dialogue's start.
        end: seconds from the dialogue's start.
        code: the label that the authors give, one of the codes of CHOICES or UNDECIDED.
        choices: codes that each of those who watched the turn chose, one or more, by rater.
    """

    name: str
    line: int
    start: float
    end: float
    code: str
    choices: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def speaker(self) -> str:
        """F or M."""
        return self.name.rpartition("_")[2][0]


@dataclass(frozen=True)
class Evaluation:
    """A file of turns.

    Attributes:
        turns: in the file's order.
        damaged: what is wrong, by the number of the line.
    """

    turns: list[Turn] = field(default_factory=list)
    damaged: dict[int, str] = field(default_factory=dict)


def read_evaluation(file: Path) -> Evaluation:
    """Read a file of dialog/EmoEvaluation; its name is the dialogue's.

    Raises:
        CorpusError: the file cannot be read, or it has no turn.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise CorpusError(
            f"the evaluation cannot be read ({error.strerror}).", where=file.name, hint="Check its permissions."
        ) from error
    # Only comments hold other letters than ASCII, in whatever encoding the rater's computer had.
    found = parse_evaluation(data.decode("utf-8-sig", errors="replace"), file.stem)
    if not found.turns and not found.damaged:
        raise CorpusError("the evaluation has no turns.", where=file.name, hint="Restore the file.")
    return found


def parse_evaluation(text: str, dialogue: str) -> Evaluation:
    """Turns of the text of such a file, and lines that cannot be understood.

    Args:
        text: with any line ends.
        dialogue: such as Ses01F_impro01; each turn's name begins with it.
    """
    found = Evaluation()
    turn: Turn | None = None
    astray = True  # whether raters' lines would belong to no turn at all, rather than to a damaged one
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        if line.startswith("["):
            turn, astray = None, False
            try:
                turn = _turn(line, number, dialogue)
                found.turns.append(turn)
            except CorpusError as error:
                found.damaged[number] = error.what
        elif line.startswith("C-"):
            _add_choices(line, number, turn, found, astray=astray)
        elif line.strip() and not line.startswith(("%", "A-")):
            found.damaged[number] = f"{line[:40]!r} is neither a turn nor a rater's line."
    return found


def _turn(line: str, number: int, dialogue: str) -> Turn:
    match = TURN.fullmatch(line)
    if not match:
        raise CorpusError("the line is no turn: [start - end] name code [valence, activation, dominance].")
    start, end, name, code = match.groups()
    if not re.fullmatch(re.escape(dialogue) + r"_[FM][A-Za-z0-9]+", name, re.ASCII):
        raise CorpusError(f"{name!r} is no turn of {dialogue}.")
    if code.lower() not in {*CHOICES.values(), UNDECIDED}:
        raise CorpusError(f"the label {code!r} is none that IEMOCAP has.")
    return Turn(name, number, float(start), float(end), code.lower())


def _add_choices(line: str, number: int, turn: Turn | None, found: Evaluation, *, astray: bool) -> None:
    """Note what somebody who watched the turn chose; a speaker's view of himself is passed over."""
    match = RATER.fullmatch(line)
    words = [] if match is None else [word.strip().casefold() for word in match[2].split(";") if word.strip()]
    unknown = [word for word in words if word not in CHOICES]
    if match is None or unknown:
        found.damaged[number] = f"{line[:40]!r} is no rater's choice of classes that IEMOCAP has; it is not counted."
    elif astray:
        found.damaged[number] = "a rater's line before the first turn."
    elif turn is not None and words and match[1].startswith("E"):
        turn.choices[match[1]] = turn.choices.get(match[1], frozenset()) | {CHOICES[word] for word in words}


def check_dialogue(stem: str, session: str) -> None:
    """Refuse a file that is named like no dialogue of the session.

    Raises:
        CorpusError: the name, without the suffix, is another one.
    """
    match = DIALOGUE.fullmatch(stem)
    if not match:
        raise CorpusError(
            "the name is no dialogue's.", where=readable(f"{stem}.txt"), hint="It is such as Ses01F_impro01."
        )
    if match[1] != session[-1]:
        raise CorpusError(f"the name says session {match[1]}.", where=f"{session}/{stem}.txt", hint="Move the file.")


def by_name(turns: list[Turn]) -> dict[str, list[Turn]]:
    """Turns in order of time, those of one name together."""
    named: dict[str, list[Turn]] = {}
    for turn in sorted(turns, key=lambda turn: (turn.start, turn.end, turn.name, turn.line)):
        named.setdefault(turn.name, []).append(turn)
    return named


def check_alone(turns: list[Turn], file: str) -> None:
    """Refuse turns of one name: which of them is meant cannot be known.

    Raises:
        CorpusError: there is more than one.
    """
    if len(turns) > 1:
        lines = some([str(turn.line) for turn in sorted(turns, key=lambda turn: turn.line)])
        raise CorpusError(f"lines {lines} are one turn; none is taken.", where=file, hint="Keep one of them.")


def check_overlap(turn: Turn, taken: list[Turn], where: str) -> None:
    """Refuse a turn that lies in an earlier one of the same speaker.

    Raises:
        CorpusError: it begins more than OVERLAP before the other's end.
    """
    for other in taken:
        if turn.speaker == other.speaker and turn.start < other.end - OVERLAP:
            raise CorpusError(
                f"the turn begins before the speaker's turn {other.name} ends ({turn.start:g} s, {other.end:g} s).",
                where=where,
                hint="Correct the times.",
            )


def meet(turn: Turn, other: Turn) -> bool:
    """Whether two turns share a stretch of time."""
    return turn.start < other.end and other.start < turn.end
