"""Windows: the stretches of a clip that a system judges one by one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from pydantic import Field

from abaw_pipeline.errors import DataError
from abaw_pipeline.evaluation.resampling import TOLERANCE, window_labels
from abaw_pipeline.systems.reading import check_labels
from abaw_pipeline.systems.system import System
from abaw_pipeline.types import DoubleArray, Examples, FloatArray, IntArray, Posteriors


class WindowedSystem(System):
    """A system that gives one posterior a window.

    Windows of `window_s` follow each other by a share of their length, and the last one ends with the clip; a
    clip that is not longer than a window is one window. A window is trained with the mode of its labels
    (`evaluation.resampling.window_labels`), and not at all where too little of it is annotated.
    """

    window_s: float | None = Field(default=None, gt=0, description="seconds in a window; null: the clip as a whole")
    shift: float = Field(default=0.4, gt=0, le=1, description="step between windows, as a share of a window")
    min_annotated: float = Field(
        default=0.5, ge=0, le=1, description="least annotated share of a window that is trained on"
    )


@dataclass(frozen=True)
class Windows:
    """Stretches of clips, those of a clip one after the other.

    Attributes:
        clip: int64 [n], ascending, which clip each window lies in.
        start: float64 [n], seconds from the clip's start.
        end: float64 [n], seconds from the clip's start.
    """

    clip: IntArray
    start: DoubleArray
    end: DoubleArray

    def __len__(self) -> int:
        """How many windows there are."""
        return len(self.clip)

    def take(self, rows: IntArray) -> Windows:
        """Some of the windows."""
        return Windows(self.clip[rows], self.start[rows], self.end[rows])


def gather(times: Sequence[tuple[DoubleArray, DoubleArray]]) -> Windows:
    """Windows from each clip's starts and ends."""
    counts = [len(start) for start, _ in times]
    none = np.zeros(0)
    return Windows(
        np.repeat(np.arange(len(counts)), counts),
        np.concatenate([none, *(start for start, _ in times)]),
        np.concatenate([none, *(end for _, end in times)]),
    )


def window_starts(n: int, size: int, shift: int) -> list[int]:
    """First samples, or steps, of the windows of a clip; the last window ends with the clip.

    Args:
        n: samples of the clip, at least 1; a clip not longer than a window is one window.
        size: samples in a window.
        shift: samples from one window to the next, at least 1.
    """
    last = max(0, n - size)
    return [*range(0, last, shift), last]


def cut(duration: float, window_s: float | None, shift: float) -> tuple[DoubleArray, DoubleArray]:
    """Starts and ends of a clip's windows, in seconds: float64 [n] each.

    Args:
        duration: of the clip, seconds.
        window_s: seconds in a window; None: the whole clip.
        shift: from one window to the next, as a share of a window.
    """
    if window_s is None or duration <= window_s + TOLERANCE:
        return np.zeros(1), np.full(1, duration)
    last = duration - window_s
    start = np.append(np.arange(math.ceil((last - TOLERANCE) / (window_s * shift))) * (window_s * shift), last)
    return start, np.append(start[:-1] + window_s, duration)


def label_windows(examples: Examples, windows: Windows, min_annotated: float) -> tuple[IntArray, IntArray]:
    """Which windows can be trained on, and with which label.

    Returns:
        int64 [m], indexes of windows, and int64 [m], their labels.

    Raises:
        DataError: as `reading.check_labels`; no window is annotated, or all have one label.
    """
    labels = check_labels(examples)
    found = np.full(len(windows), -1, dtype=np.int64)
    bounds = np.searchsorted(windows.clip, np.arange(len(examples) + 1))
    for item, first, last in zip(labels, bounds[:-1], bounds[1:], strict=True):
        part = slice(first, last)
        found[part] = window_labels(item, windows.start[part], windows.end[part], len(examples.classes), min_annotated)
    kept = np.flatnonzero(found >= 0)
    two_classes(found[kept], examples)
    return kept, found[kept]


def two_classes(labels: IntArray, examples: Examples) -> None:
    """Refuse labels that teach nothing.

    Raises:
        DataError: there are none, or they are all alike.
    """
    present = np.unique(labels)
    if not len(present):
        raise DataError(
            f"nothing of the {len(examples)} clips is both annotated and there to be read",
            where="training examples",
        )
    if len(present) == 1:
        raise DataError(
            f"all {len(labels)} examples are labelled {examples.classes[present[0]]}",
            where="training examples",
            hint="A system needs examples of two classes at least.",
        )


def strangers(examples: Examples, windows: Windows) -> Sequence[str] | IntArray:
    """Who must not be on both sides when windows are split: the subject of each; its clip where there is but one."""
    subjects = np.asarray(examples.subjects)
    return windows.clip if len(np.unique(subjects)) == 1 else [str(name) for name in subjects[windows.clip]]


def by_clip(values: DoubleArray | FloatArray, windows: Windows, n_clips: int) -> list[Posteriors]:
    """Posteriors of windows as those of clips, without rows for a clip that has no window.

    Args:
        values: [n_windows, K], rows sum to 1.
        windows: as many.
        n_clips: how many clips there are.
    """
    bounds = np.searchsorted(windows.clip, np.arange(n_clips + 1))
    return [
        Posteriors(windows.start[first:last], windows.end[first:last], values[first:last].astype(np.float32))
        for first, last in pairwise(bounds)
    ]
