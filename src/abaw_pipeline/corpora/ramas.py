"""RAMAS: Russian speech and faces, acted in pairs, with the intervals that raters marked (Perepelkina et al. 2018).

A table has a row an interval: `file`, `start`, `end` (s) and a column a class, such as Angry, Sad, Disgusted, Happy,
Scared, Surprised, Neutral. Raters of a recording mark intervals of their own, which overlap and contradict each other;
segments with one label are made of them by `agreement.agree`. How recordings are called (`10dec_O11_1_mic.wav`, their
annotations `10dec_O11_1_ann.csv`) is taken from published programs that read the release.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from abaw_pipeline.corpora.agreement import SLACK, Agreed, Segment, agree
from abaw_pipeline.corpora.base import ClipEntry, Corpus, CorpusListing, Quarantined, Sex, some
from abaw_pipeline.corpora.folders import Medium
from abaw_pipeline.corpora.labels import DropsClasses, UserLabels
from abaw_pipeline.corpora.media_files import MOVING, SOUNDING
from abaw_pipeline.corpora.ramas_media import MediaFolder
from abaw_pipeline.corpora.ramas_rows import RATERS, Marked, Rows, find_columns
from abaw_pipeline.corpora.tables import read_table
from abaw_pipeline.errors import CorpusError


class Ramas(DropsClasses, UserLabels, Corpus):
    """A table of raters' intervals, and the folder of the recordings.

    - Time is cut at every start and end of a recording's intervals. A part gets the class that most raters see in it,
      if they are at least `confidence` of them (S1, section 4.1: 60 %) and no other class has as many; parts that
      touch and have one label are one segment. What is left is no clip; a note says how much that is.
    - With a column for raters, a share is taken of all raters of the recording: who marks nothing at a time sees no
      emotion. Without one each row is a rater of its own, and a share is taken of the rows that cover the time.
      Where these are few, `min_raters` asks for more: a row that nothing contradicts has a share of 1.
    - A class's cell is 1 or 0, or a number between that says how much of it the rater sees; empty is 0.
    - Whom a recording shows is told by the column `subject`; each person's intervals are looked at by themselves.
      Without it the recording day, with which names begin (`10dec_...`), is the session and stands for its people.
    """

    kind: Literal["ramas"] = "ramas"
    path: str = Field(min_length=1, description="the table")
    media: str = Field("", description="folder of the recordings, in any depth; from the table's folder")
    modality: Medium = "video"
    tail: str = Field("_mic", description="what a recording's file may have behind the name that the table gives")
    rater: str | None = Field(None, description=f"column that names the rater; null: {' or '.join(RATERS)}, if any")
    confidence: float = Field(0.6, gt=0, le=1, description="share of raters that a label needs at least")
    min_raters: int = Field(1, ge=1, description="raters who must have marked something at a time")
    min_length: float = Field(0.2, ge=0, description="seconds that a segment must last; 0.2 is a step at 5 Hz")

    def entries(self, name: str) -> CorpusListing:
        """List segments by recording and time.

        Args:
            name: what the study calls this corpus.

        Returns:
            A clip a segment; rows that cannot be read or lie beyond their recording, recordings that are not there;
            how much of what was marked is left out, and why.

        Raises:
            CorpusError: no readable table with these columns and a class, or no media.
        """
        path = Path(self.path).absolute()
        table = read_table(path, required="file")
        columns = find_columns(path, table, self.labels, self.rater)
        media = MediaFolder(path.parent / self.media, MOVING if self.modality == "video" else SOUNDING, self.tail)
        listing = CorpusListing()
        if columns.unused:
            listing.notes.append(f"columns that are no class and not used: {some(columns.unused)}")
        reader = Rows(name, path, table, columns, media, listing)
        totals = _Totals()
        for (file, subject), rows in sorted(reader.by_person().items()):
            key = _key(name, file, subject, media.folder)
            try:
                person = _person(name, file, subject, rows, path)
            except CorpusError as error:
                listing.failures.append(Quarantined.because(key, error))
                continue
            agreed = self._agree(rows, reader.raters[file, subject])
            kept = [segment for segment in agreed.segments if segment.end - segment.start >= self.min_length - SLACK]
            totals.add(agreed, kept)
            listing.clips.extend(_clip(key, name, file, person, segment) for segment in kept)
        listing.notes.extend(totals.notes(self))
        return self.without_dropped(listing, path)

    def _agree(self, rows: list[Marked], raters: set[str]) -> Agreed:
        return agree(
            (row.judgement for row in rows),
            self.confidence,
            raters=len(raters) or None,
            min_raters=self.min_raters,
        )


@dataclass(frozen=True)
class _Person:
    subject: str
    sex: Sex | None
    session: str | None


def _person(name: str, file: Path, subject: str, rows: list[Marked], table: Path) -> _Person:
    """Who a recording's person is, as all of their rows say."""
    sexes, sessions = {row.sex for row in rows if row.sex}, {row.session for row in rows if row.session}
    for column, values in (("sex", list[str](sexes)), ("session", list(sessions))):
        if len(values) > 1:
            raise CorpusError(
                f"rows of {file.name} give more than one {column}: {some(sorted(values))}.",
                where=table.name,
                hint="Correct the table.",
            )
    day, _, rest = file.stem.partition("_")
    session = next(iter(sessions), day if rest else "")
    if not subject:
        subject = f"session/{session}" if session else f"file/{file.stem}"
    return _Person(f"{name}/{subject}", next(iter(sexes), None), session or None)


def _key(name: str, file: Path, subject: str, folder: Path) -> str:
    """The recording's path below its folder, and the person where the table tells one."""
    place = file.relative_to(folder) if file.is_relative_to(folder) else file.relative_to(file.anchor)
    return f"{name}/{place.as_posix()}/{subject}" if subject else f"{name}/{place.as_posix()}"


def _clip(key: str, name: str, file: Path, person: _Person, segment: Segment) -> ClipEntry:
    # The shortest text of a float that gives it back: segments that differ have ids that do.
    start, end = (repr(time).removesuffix(".0") for time in (segment.start, segment.end))
    return ClipEntry(
        clip_id=f"{key}#{start}-{end}",
        corpus=name,
        media=str(file),
        label=segment.label,
        subject=person.subject,
        start=segment.start,
        end=segment.end,
        sex=person.sex,
        session=person.session,
        extra={"share": f"{segment.share:.3f}"},
    )


class _Totals:
    """Seconds of all recordings, by what became of them."""

    def __init__(self) -> None:
        self.labelled = self.disputed = self.tied = self.few = self.short = 0.0

    def add(self, agreed: Agreed, kept: list[Segment]) -> None:
        """Count one person's segments."""
        whole, used = (sum(each.end - each.start for each in segments) for segments in (agreed.segments, kept))
        self.labelled += used
        self.short += whole - used
        self.disputed += agreed.disputed
        self.tied += agreed.tied
        self.few += agreed.few

    def notes(self, asked: Ramas) -> list[str]:
        """What is left out of the segments, if anything."""
        reasons = {
            f"no class has {asked.confidence:.0%} of the raters": self.disputed,
            "several classes are level": self.tied,
            f"fewer than {asked.min_raters} raters marked something": self.few,
            f"the segment is shorter than {asked.min_length:g} s": self.short,
        }
        left = [f"{value:.1f} s, as {reason}" for reason, value in reasons.items() if value > 0]
        marked = self.labelled + sum(reasons.values())
        return [f"of {marked:.1f} s that raters marked are left out: {'; '.join(left)}"] if left else []
