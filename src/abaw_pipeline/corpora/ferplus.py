"""FER+: ten raters' votes on FER2013's images, and the labels that they give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import Field, model_validator

from abaw_pipeline.corpora.base import Split, some
from abaw_pipeline.corpora.cells import number
from abaw_pipeline.corpora.lookup import lookup
from abaw_pipeline.corpora.tables import Row
from abaw_pipeline.errors import CorpusError
from abaw_pipeline.parts import Part

USAGES: Mapping[str, Split] = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}

EMOTIONS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
NO_EMOTION = {"unknown": "unknown", "nf": "no face"}
CHOICES = (*EMOTIONS, *NO_EMOTION)
COLUMNS = ("image name", "usage", *CHOICES)
"""Lower-case names."""

MOST = 10_000
"""Votes that a cell may hold."""

TIE = "tied"


@dataclass(frozen=True)
class Ballot:
    """What the raters chose for an image.

    Attributes:
        where: the table and the row.
        image: name of the image file; empty where raters saw no face.
        usage: a key of `USAGES`; empty where the row names none.
        votes: choice of `CHOICES` -> raters; empty where the row is damaged.
        problem: what is wrong with the row; None: nothing.
    """

    where: str
    image: str
    usage: str
    votes: Mapping[str, int]
    problem: CorpusError | None = None

    def verdict(self, min_agreement: float) -> str:
        """The emotion that most raters chose, or why there is none.

        A choice of `unknown` or `no face` is a vote as any other. Shares are of all votes in the row.

        Args:
            min_agreement: share of the raters that must have chosen the emotion.

        Raises:
            CorpusError: the row is damaged.
        """
        if self.problem:
            raise self.problem
        most = max(self.votes.values())
        first, *others = [choice for choice, count in self.votes.items() if count == most]
        if others:
            return TIE
        if first in NO_EMOTION:
            return NO_EMOTION[first]
        return first if most >= min_agreement * sum(self.votes.values()) else below(min_agreement)


def below(min_agreement: float) -> str:
    """How images are called on which too few raters agree."""
    return f"agreement below {min_agreement:.0%}"


class FerPlusVotes(Part):
    """A corpus of FER2013's images that may take its labels from the votes of FER+ (Barsoum et al. 2016)."""

    votes: str = Field("", description="FER+'s fer2013new.csv; its votes tell the labels. Empty: the corpus does")
    min_agreement: float = Field(0.0, ge=0, le=1, description="share of the votes that a label must have")

    @model_validator(mode="after")
    def _votes_for_agreement(self) -> FerPlusVotes:
        if self.min_agreement and not self.votes:
            raise ValueError("min_agreement is a share of votes: set votes, too")
        return self

    def tally(self) -> Tally | None:
        """Read the votes; None: the corpus has none.

        Raises:
            CorpusError: no such table.
        """
        if not self.votes:
            return None
        path = Path(self.votes).absolute()
        return Tally(path, read_ballots(path), self.min_agreement)


def read_ballots(path: Path) -> list[Ballot]:
    """Rows of `fer2013new.csv` in their order.

    Args:
        path: a CSV of any common flavor.

    Raises:
        CorpusError: no such table, or not such columns.
    """
    # The name column may be empty, so that rows are looked up by nothing but their order.
    rows = lookup(path, COLUMNS, lambda _: "all").rows.get("all", [])
    return [_ballot(row, f"{path.name}, row {row.number}") for row in rows]


def _ballot(row: Row, where: str) -> Ballot:
    usage = row.cells["usage"] if row.cells["usage"] in USAGES else ""
    problem = _problem(row, usage)
    if problem:
        error = CorpusError(problem, where=where, hint="Take the table as FER+ hands it out.")
        return Ballot(where, row.cells["image name"], usage, {}, error)
    votes = {choice: int(_count(row.cells[choice])) for choice in CHOICES}
    return Ballot(where, row.cells["image name"], usage, votes)


def _problem(row: Row, usage: str) -> str:
    if row.problem:
        return row.problem
    if not usage:
        return f"Usage is {row.cells['usage']!r}; it is one of {', '.join(USAGES)}."
    counts = {choice: _count(row.cells[choice]) for choice in CHOICES}
    wrong = [choice for choice, count in counts.items() if not (0 <= count <= MOST and count.is_integer())]
    if wrong:
        return f"votes for {wrong[0]} are {row.cells[wrong[0]]!r}, no whole number from 0 to {MOST}."
    return "" if any(counts.values()) else "nobody has voted."


def _count(text: str) -> float:
    return number(text, decimal_comma=False)


@dataclass
class Tally:
    """Votes, and what has come of them so far.

    Attributes:
        path: of the table.
        ballots: its rows in their order.
        min_agreement: share of the votes that a label must have.
        left_out: why images have no label -> how many.
        labelled: how many images have a label by votes.
        known: how many of these had one in the corpus, too.
        same: how many of these had the same.
    """

    path: Path
    ballots: list[Ballot]
    min_agreement: float
    left_out: Counter[str] = field(default_factory=Counter)
    labelled: int = 0
    known: int = 0
    same: int = 0

    def label(self, ballot: Ballot, own: str | None) -> str | None:
        """The emotion that the votes give an image; None: it is left out, and counted.

        Args:
            ballot: the image's.
            own: what the corpus itself says; None: nothing.

        Raises:
            CorpusError: the row is damaged.
        """
        verdict = ballot.verdict(self.min_agreement)
        if verdict not in EMOTIONS:
            self.left_out[verdict] += 1
            return None
        self.labelled += 1
        self.known += own is not None
        self.same += own == verdict
        return verdict

    def notes(self) -> list[str]:
        """How many images the votes leave out and why, and how often they say what the corpus says."""
        lost = self.left_out.total()
        order = (TIE, *NO_EMOTION.values(), below(self.min_agreement))
        reasons = ", ".join(f"{why} {self.left_out[why]}" for why in order if why in self.left_out)
        notes = [f"votes leave out {lost} of {lost + self.labelled} images: {reasons}"] if lost else []
        if self.known:
            notes.append(f"votes say what the corpus says of {self.same} of {self.known} images")
        return notes

    def in_order(self, usages: Mapping[int, str], count: int, where: str) -> list[Ballot]:
        """The ballots of a table of images, row by row.

        Args:
            usages: number of a row, from 0 -> its Usage; damaged rows are not in it.
            count: of all its rows.
            where: the table of images.

        Raises:
            CorpusError: the two tables differ in their number of rows, or in the Usage of any row.
        """
        hint = "Both are needed as their authors hand them out: rows belong together by their order."
        if count != len(self.ballots):
            raise CorpusError(
                f"{count} images, but {self.path.name} has votes on {len(self.ballots)}.", where=where, hint=hint
            )
        for index, usage in usages.items():
            ballot = self.ballots[index]
            if ballot.usage and ballot.usage != usage:
                raise CorpusError(
                    f"row {index} is of {usage}, but {ballot.where}, is of {ballot.usage}.", where=where, hint=hint
                )
        return self.ballots

    def by_name(self) -> dict[str, list[Ballot]]:
        """Ballots by `stem` of their image's name; rows that say the same once."""
        found: dict[str, list[Ballot]] = {}
        for ballot in self.ballots:
            if ballot.image:
                same_name = found.setdefault(stem(ballot.image), [])
                if all((each.usage, each.votes) != (ballot.usage, ballot.votes) for each in same_name):
                    same_name.append(ballot)
        return found


def the_one(ballots: list[Ballot], file: str) -> Ballot:
    """The ballot of an image.

    Args:
        ballots: those that bear its name.
        file: as errors name it.

    Raises:
        CorpusError: there is none, or there are some that differ.
    """
    if len(ballots) == 1:
        return ballots[0]
    rows = some([ballot.where for ballot in ballots])
    what = f"{rows} bear its name and differ." if ballots else "no row of the votes bears its name."
    raise CorpusError(what, where=file, hint="Take fer2013.csv itself, whose rows have the votes' order.")


def stem(file: str) -> str:
    """What the name of an image is without its suffix, in lower case: copies may be in another format."""
    return Path(file).stem.casefold()
