"""Small types that several layers share. They hold arrays and names, and know no stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from pandas import DataFrame

    Table: TypeAlias = DataFrame
else:
    # pandas takes a third of a second to import; Kedro evaluates the annotations of nodes, and this one costs nothing
    Table: TypeAlias = Any

OPTIMISTIC = "_optimistic"
"""Ends the name of a fusion whose weights have seen the labels that it is scored on."""

FloatArray = npt.NDArray[np.float32]
DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
ByteArray = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class File:
    """A file known by its content; where it lies does not count.

    Attributes:
        path: where to read it.
        sha256: hex digest of its content.
    """

    path: str
    sha256: str


@dataclass(frozen=True)
class Waveform:
    """Mono sound.

    Attributes:
        samples: float32 [n_samples], nominally within -1..1.
        rate: samples per second (Hz).
    """

    samples: FloatArray
    rate: int

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate


@dataclass(frozen=True)
class FeatureSequence:
    """Feature vectors over time, each with the span of the clip that it describes.

    Attributes:
        start: float64 [T], seconds from the clip's start.
        end: float64 [T], seconds from the clip's start.
        values: float32 [T, D], finite.
    """

    start: DoubleArray
    end: DoubleArray
    values: FloatArray


@dataclass(frozen=True)
class Picture:
    """One decoded frame of a video.

    Attributes:
        index: which of the file's decoded frames it is, from 0.
        time: seconds from the clip's start, from the container's timestamps.
        pixels: uint8 [height, width, 3], RGB, upright as a player shows it; None for a frame that nobody asked for.
    """

    index: int
    time: float
    pixels: ByteArray | None = None


@dataclass(frozen=True)
class TimedLabels:
    """What a clip is labelled with, over time.

    A clip with one label as a whole has one row, from 0 to its duration.

    Attributes:
        start: float64 [T], seconds from the clip's start, ascending.
        end: float64 [T], seconds from the clip's start.
        values: int64 [T], indexes into the classes; -1: not annotated.
    """

    start: DoubleArray
    end: DoubleArray
    values: IntArray


@dataclass(frozen=True)
class Posteriors:
    """Class probabilities over time of one clip.

    Attributes:
        start: float64 [T], seconds from the clip's start.
        end: float64 [T], seconds from the clip's start.
        values: float32 [T, K], rows sum to 1.
    """

    start: DoubleArray
    end: DoubleArray
    values: FloatArray


@dataclass(frozen=True)
class Examples:
    """Clips as a system sees them.

    Attributes:
        clip_ids: one name a clip.
        subjects: who is heard or seen in each clip.
        classes: names of the K classes, in the order of the posteriors' columns.
        inputs: per input name a sequence with one FeatureSequence (or Waveform) a clip; items may be read
            from disk at each access, so take each once.
        durations: float64 [n_clips], seconds.
        labels: labels over time, one item a clip; None where systems only predict.
    """

    clip_ids: Sequence[str]
    subjects: Sequence[str]
    classes: Sequence[str]
    inputs: Mapping[str, Sequence[Any]]
    durations: DoubleArray
    labels: Sequence[TimedLabels] | None = None

    def __len__(self) -> int:
        """How many clips there are."""
        return len(self.clip_ids)


@dataclass(frozen=True)
class Fitted:
    """A trained system, in a form that is stored without pickle.

    Attributes:
        card: JSON-able facts: classes, input names, settings, epochs run, seed.
        tensors: arrays of a network (stored as safetensors); empty for an estimator.
        estimator: a scikit-learn or XGBoost estimator (stored by skops); None for a network.
    """

    card: Mapping[str, Any]
    tensors: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    estimator: Any = None
