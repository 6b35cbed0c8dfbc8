"""Windows as vectors: statistics of the feature rows in each, for classifiers that know no time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field

from abaw_pipeline.evaluation.resampling import TOLERANCE
from abaw_pipeline.systems.reading import check_inputs, check_labels, read_features
from abaw_pipeline.systems.windows import WindowedSystem, Windows, cut, gather, label_windows
from abaw_pipeline.types import DoubleArray, Examples, FeatureSequence, FloatArray, IntArray

Statistics = Literal["mean", "mean_std"]


@dataclass(frozen=True)
class Vectors:
    """One vector a window.

    Attributes:
        values: float32 [n_windows, D].
        windows: where they lie; windows without a row of some input are not among them.
        widths: columns of each input.
    """

    values: FloatArray
    windows: Windows
    widths: dict[str, int]


class VectorSystem(WindowedSystem):
    """A classifier of one vector a window: the mean, or mean and deviation, of the feature rows in it, side by side.

    A row belongs to the windows that its middle lies in. A window without a row of each input (no face was found,
    say) is not trained on and gets no posterior.
    """

    statistics: Statistics = Field(default="mean", description="of each column of the rows in a window")

    def vectors(self, examples: Examples, widths: Mapping[str, int] | None = None) -> Vectors:
        """Vectors of all windows of clips.

        Args:
            examples: clips.
            widths: columns that each input must have; None takes those of the first clip that has rows.

        Raises:
            DataError: as `reading.read_features` and `reading.check_inputs`.
        """
        check_inputs(examples, self.inputs)
        seen: dict[str, int] = dict(widths or {})
        rows: list[FloatArray] = []
        times: list[tuple[DoubleArray, DoubleArray]] = []
        for index, duration in enumerate(examples.durations):
            sequences = [read_features(examples, name, index, seen.get(name)) for name in self.inputs]
            seen |= {n: s.values.shape[1] for n, s in zip(self.inputs, sequences, strict=True) if len(s.values)}
            start, end = cut(float(duration), self.window_s, self.shift)
            parts = [_statistics(sequence, start, end, self.statistics) for sequence in sequences]
            there = [i for i in range(len(start)) if all(part[i] is not None for part in parts)]
            rows += [np.concatenate([part[i] for part in parts]).astype(np.float32) for i in there]
            times.append((start[there], end[there]))
        width = sum(seen.values()) * (2 if self.statistics == "mean_std" else 1)
        values = np.stack(rows) if rows else np.zeros((0, width), np.float32)
        return Vectors(values, gather(times), seen)

    def training_vectors(self, examples: Examples) -> tuple[Vectors, IntArray]:
        """Vectors of the windows that are annotated, and their labels.

        Raises:
            DataError: as `vectors` and `windows.label_windows`.
        """
        check_labels(examples)
        every = self.vectors(examples)
        kept, labels = label_windows(examples, every.windows, self.min_annotated)
        return Vectors(every.values[kept], every.windows.take(kept), every.widths), labels


def _statistics(
    sequence: FeatureSequence, start: DoubleArray, end: DoubleArray, statistics: Statistics
) -> list[DoubleArray | FloatArray | None]:
    """One vector a window, None where it has no row; rows outside the clip count for its first or last window."""
    values, middle = sequence.values, (sequence.start + sequence.end) / 2
    if (np.diff(middle) < 0).any():
        order = np.argsort(middle, kind="stable")
        values, middle = values[order], middle[order]
    first, last = np.searchsorted(middle, start - TOLERANCE), np.searchsorted(middle, end - TOLERANCE)
    first[0], last[-1] = 0, len(values)
    return [_summary(values[a:b], statistics) if b > a else None for a, b in zip(first, last, strict=True)]


def _summary(rows: FloatArray, statistics: Statistics) -> DoubleArray | FloatArray:
    mean = rows[0] if len(rows) == 1 else rows.mean(axis=0, dtype=np.float64)
    return mean if statistics == "mean" else np.concatenate([mean, rows.std(axis=0, dtype=np.float64)])
