"""What CREMA-D's tables tell: how raters judged each clip, and who its actors are."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from abaw_pipeline.corpora.base import Sex
from abaw_pipeline.corpora.cells import SEXES
from abaw_pipeline.corpora.cremad_names import ACTORS, clip_name
from abaw_pipeline.corpora.folders import is_folder, listed
from abaw_pipeline.corpora.lookup import Lookup, lookup
from abaw_pipeline.corpora.tables import Row
from abaw_pipeline.errors import CorpusError

Rating = Literal["voice", "face", "multimodal"]
"""What raters were given: the sound, the silent video, or both."""

LETTERS: Mapping[str, str] = {
    "A": "anger",
    "D": "disgust",
    "F": "fear",
    "H": "happiness",
    "N": "neutral",
    "S": "sadness",
}
SUMMARY, COUNTS, DEMOGRAPHICS = "summaryTable.csv", "tabulatedVotes.csv", "VideoDemographics.csv"
QUERIES: Mapping[str, Rating] = {"1": "voice", "2": "face", "3": "multimodal"}
"""First digit of the number that begins a row of the votes, before the clip's five; authors' README, queryType."""

DIGITS = 6


@dataclass(frozen=True)
class Ratings:
    """How raters judged the clips.

    Attributes:
        tables: SUMMARY for votes, COUNTS for shares, as far as they were read.
    """

    tables: Mapping[str, Lookup]

    def vote(self, clip: str, by: Rating) -> dict[str, float]:
        """The emotions that most raters chose, several where they tie, each with its mean intensity (0 to 100).

        Raises:
            CorpusError: the table says nothing usable of the clip.
        """
        table = self.tables[SUMMARY]
        row = table.row(clip)
        letters, levels = (row.cells[f"{by}{what}"].split(":") for what in ("vote", "level"))
        values = table.numbers(levels)
        known = set(letters) <= LETTERS.keys() and len(set(letters)) == len(letters) == len(values)
        if not (known and all(0 <= value <= 100 for value in values)):
            raise CorpusError(
                f"{by} vote is {':'.join(letters)!r}, its level {':'.join(levels)!r}.",
                where=table.where(row),
                hint=f"Votes are of {', '.join(LETTERS)}, joined by colons, with as many levels from 0 to 100.",
            )
        return {LETTERS[letter]: value for letter, value in zip(letters, values, strict=True)}

    def shares(self, clip: str, by: Rating) -> dict[str, float]:
        """The share of raters (0 to 1) that chose each emotion.

        Raises:
            CorpusError: the table says nothing usable of the clip.
        """
        table = self.tables[COUNTS]
        row = table.row(f"{by}/{clip}")
        counts = table.numbers([row.cells[letter.lower()] for letter in LETTERS])
        total = sum(counts)
        if not (all(count >= 0 for count in counts) and 0 < total < math.inf):
            raise CorpusError(
                f"its counts of votes are {counts}.",
                where=table.where(row),
                hint="Take the table as the authors hand it out.",
            )
        return {emotion: count / total for emotion, count in zip(LETTERS.values(), counts, strict=True)}

    def notes(self) -> list[str]:
        """Remarks on the tables."""
        return [note for table in self.tables.values() for note in table.notes()]


def read_ratings(root: Path, tables: Collection[str]) -> Ratings:
    """Read raters' judgments.

    Args:
        root: the corpus folder; its tables lie in processedResults/, or in itself.
        tables: which are needed, of SUMMARY and COUNTS.

    Raises:
        CorpusError: a table is not there, or as a whole it cannot be used.
    """
    return Ratings({name: lookup(_find(root, name), *TABLES[name]) for name in tables})


def _find(root: Path, name: str) -> Path:
    inner = _entry(root, "processedResults")
    found = (inner and _entry(inner, name)) or _entry(root, name)
    if found is None:
        above = _entry(root.parent, "processedResults") or _entry(root.parent, name)
        place = f"Set path to {root.parent}" if above else "Put it into processedResults/"
        raise CorpusError(
            f"no {name}, which tells how raters judged.",
            where=str(root),
            hint=f"{place}, or do without labels and filters by raters.",
        )
    return found


def _summed_up(row: Row) -> str:
    return clip_name(row.cells["filename"])


def _counted(row: Row) -> str:
    """What was rated, as `face/<clip>`; the table names it in the number that begins each row."""
    clip, number = clip_name(row.cells["filename"]), next(iter(row.cells.values()))
    query = QUERIES.get(number[:1]) if len(number) == DIGITS else None
    return f"{query}/{clip}" if query and clip else ""


TABLES: Mapping[str, tuple[list[str], Callable[[Row], str]]] = {
    SUMMARY: (["filename", *(f"{by}{what}" for by in QUERIES.values() for what in ("vote", "level"))], _summed_up),
    COUNTS: (["filename", *map(str.lower, LETTERS)], _counted),
}
"""Columns of each table of judgments, and what its rows are about."""


@dataclass(frozen=True)
class Actor:
    """An actor, as far as the table tells.

    Attributes:
        sex: as the actor identified.
        extra: age in years, race, ethnicity.
    """

    sex: Sex | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


def read_actors(root: Path) -> tuple[dict[str, Actor], list[str]]:
    """Actors by their number, and remarks on those of whom nothing is told.

    Raises:
        CorpusError: there is a table, but as a whole it cannot be used.
    """
    path = _entry(root, DEMOGRAPHICS)
    if path is None:
        return {}, [f"no {DEMOGRAPHICS} in the corpus folder: the actors' sexes are unknown"]
    known = {str(actor) for actor in ACTORS}
    table = lookup(path, ["actorid", "sex"], lambda row: row.cells["actorid"] if row.cells["actorid"] in known else "")
    actors: dict[str, Actor] = {}
    notes = table.notes()
    for actor in sorted(known):
        try:
            actors[actor] = _actor(table, table.row(actor))
        except CorpusError as error:
            notes.append(f"the sex of actor {actor} is unknown: {error}")
    return actors, notes


def _actor(table: Lookup, row: Row) -> Actor:
    sex = SEXES.get(row.cells["sex"].casefold())
    if sex is None:
        raise CorpusError(f"sex is {row.cells['sex']!r}.", where=table.where(row), hint="It is Female or Male.")
    told = {key: row.cells.get(key, "") for key in ("age", "race", "ethnicity")}
    return Actor(sex, {key: text for key, text in told.items() if text})


def _entry(folder: Path, name: str) -> Path | None:
    """What bears a name in a folder, in any case."""
    if not is_folder(folder):
        return None
    return next((entry for entry in listed(folder) if entry.name.casefold() == name.casefold()), None)
