"""Reads the judgement of a video.

A judgement ("judged") is a table with a row for each person, moment and system: person (int32; 0: nobody was found,
the row goes by sound alone), frame (int64; null without pictures), time (float64, seconds from the file's start),
x1, y1, x2, y2 (float32 pixels; null without a box), face (detected, interpolated, nearest, missing; null for person
0), voice (bool; null: not known), system, one p_<emotion> (float32) a class, and predicted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from abaw_pipeline.errors import DataError
from abaw_pipeline.report.over_time import Runs
from abaw_pipeline.types import DoubleArray, FloatArray, IntArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

FACES = ("detected", "interpolated", "nearest", "missing")
"""Where a face is from; numbers in `Rows.face` are places here, -1 where it is null."""
HELD = 0.5
"""Rows without a frame that are further apart (s) do not join."""
ALONE = 0.2
"""How long a single row without neighbours lasts (s)."""


@dataclass(frozen=True)
class Rows:
    """What one system says of one person over time.

    Attributes:
        person: number; 0: nobody was found.
        system: name of the system or fusion.
        start: float64 [n], seconds from the file's start, ascending.
        end: float64 [n], when the next row begins, or about when the picture ends.
        joined: bool [n], whether the next row follows at once.
        predicted: int64 [n], places in the classes.
        face: int64 [n], places in FACES, -1: not known.
        voice: int64 [n], 1 a voice, 0 none, -1 not known.
        values: float32 [n, K], posteriors; [0, K] where they were not asked for.
    """

    person: int
    system: str
    start: DoubleArray
    end: DoubleArray
    joined: npt.NDArray[np.bool_]
    predicted: IntArray
    face: IntArray
    voice: IntArray
    values: FloatArray

    @property
    def seconds(self) -> DoubleArray:
        """How long each row lasts, float64 [n]."""
        return self.end - self.start

    def runs(self, labels: IntArray) -> Runs:
        """Stretches of equal labels; rows labelled -1 are left out."""
        if not len(labels):
            return Runs(self.start, self.end, labels)
        broken = np.append((labels[1:] != labels[:-1]) | ~self.joined[:-1], True)
        last = np.flatnonzero(broken)
        first = np.append(0, last[:-1] + 1)
        known = labels[first] >= 0
        return Runs(self.start[first][known], self.end[last][known], labels[first][known])


def classes_of(judged: pa.Table) -> tuple[str, ...]:
    """The classes that a judgement has posteriors for, in its order."""
    return tuple(name[2:] for name in judged.column_names if name.startswith("p_"))


def shown_system(judged: pa.Table, shown: str) -> str:
    """The shown system, or the first that has rows where it has none."""
    there = judged.column("system").unique().to_pylist()
    return shown if shown in there or not there else str(there[0])


def read_rows(judged: pa.Table, classes: Sequence[str], shown: str | None = None) -> dict[int, dict[str, Rows]]:
    """All rows by person and system: persons ascending with 0 at the end, systems as they come.

    Args:
        judged: the judgement.
        classes: names of the K classes.
        shown: the only system whose posteriors are read; None: those of all.

    Raises:
        DataError: a column is missing, or a class is predicted that is not among the classes.
    """
    needed = ["person", "frame", "time", "face", "voice", "system", "predicted", *(f"p_{name}" for name in classes)]
    missing = [name for name in needed if name not in judged.column_names]
    if missing:
        raise DataError(f"the judgement lacks columns: {', '.join(missing)}")
    reader = _Reader(judged, classes, shown)
    found = [reader.rows(at) for at in reader.groups()]
    persons = sorted({rows.person for rows in found}, key=lambda person: (person == 0, person))
    return {person: {rows.system: rows for rows in found if rows.person == person} for person in persons}


class _Reader:
    """The columns of a judgement as arrays."""

    def __init__(self, judged: pa.Table, classes: Sequence[str], shown: str | None) -> None:
        self._shown, self._width = shown, len(classes)
        self._person = judged.column("person").to_numpy()
        self._time = judged.column("time").to_numpy()
        self._frame = judged.column("frame").fill_null(-1).to_numpy()
        self._voice = judged.column("voice").cast("int8").fill_null(-1).to_numpy().astype(np.int64)
        self._systems, self._system = _encoded(judged, "system")
        self._face = _places(judged, "face", FACES)
        self._predicted = _places(judged, "predicted", classes)
        if len(self._predicted) and int(self._predicted.min()) < 0:
            raise DataError("the judgement predicts a class that is not among the given ones")
        self._values = [judged.column(f"p_{name}") for name in classes]

    def groups(self) -> list[IntArray]:
        """Places of the rows of each system and person, in order of time."""
        if not len(self._person):
            return []
        key = self._system * (int(self._person.max()) + 1) + self._person
        order = np.lexsort((self._time, key))
        return list(np.split(order, np.flatnonzero(np.diff(key[order])) + 1))

    def rows(self, at: IntArray) -> Rows:
        """The rows at some places."""
        start, frame = self._time[at], self._frame[at]
        gaps = np.diff(start)
        step = float(np.median(gaps)) if len(gaps) else ALONE
        close = np.where(frame[1:] >= 0, np.diff(frame) == 1, gaps <= max(HELD, 3 * step))
        end = np.append(np.where(close, start[1:], start[:-1] + step), start[-1] + step)
        system = self._systems[int(self._system[at[0]])]
        return Rows(
            person=int(self._person[at[0]]),
            system=system,
            start=start,
            end=end,
            joined=np.append(close, False),
            predicted=self._predicted[at],
            face=self._face[at],
            voice=self._voice[at],
            values=self._posteriors(at) if self._shown in (None, system) else np.zeros((0, self._width), np.float32),
        )

    def _posteriors(self, at: IntArray) -> FloatArray:
        return np.stack([column.take(at).to_numpy() for column in self._values], axis=1).astype(np.float32)


def _encoded(judged: pa.Table, column: str) -> tuple[list[str], IntArray]:
    """Different texts of a column, and the place among them of each row's; -1: null."""
    encoded = judged.column(column).combine_chunks().dictionary_encode()
    if hasattr(encoded, "chunks"):  # combine_chunks leaves a chunked array in some versions
        encoded = encoded.unify_dictionaries().combine_chunks()
    names = [str(name) for name in encoded.dictionary.to_pylist()]
    return names, np.asarray(encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)


def _places(judged: pa.Table, column: str, names: Sequence[str]) -> IntArray:
    """Place of each row's text among some names; -1: null or none of them."""
    texts, codes = _encoded(judged, column)
    place = {name: number for number, name in enumerate(names)}
    return np.append([place.get(text, -1) for text in texts], -1).astype(np.int64)[codes]
