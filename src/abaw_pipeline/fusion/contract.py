"""What every fusion promises, and the checks that all of them share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
from pydantic import Field

from abaw_pipeline.errors import DataError
from abaw_pipeline.evaluation.posteriors import SUM_TOLERANCE
from abaw_pipeline.fusion.weights import FusionWeights
from abaw_pipeline.parts import NameList, Part
from abaw_pipeline.types import DoubleArray, IntArray


class FusionPart(Part):
    """What all fusions of the project can be told."""

    learns: ClassVar[bool] = True
    """Whether labels matter to a fit."""

    members: NameList | None = Field(
        default=None, min_length=1, description="Systems that this one fuses; none: those of fusion.members."
    )


class FusionMethod(Protocol):
    """Many systems' posteriors into one, as all parts of `fusion` do.

    One may also say `learns`: whether labels matter to a fit. They do where nothing is said; see `learns`.
    """

    def fit(self, posteriors: DoubleArray, labels: IntArray, groups: Sequence[str], *, seed: int) -> FusionWeights:
        """Learn weights from decisions that the systems made on clips they were not trained on.

        Args:
            posteriors: float64 [N, L, K], systems along the second axis, rows sum to 1.
            labels: int64 [N], 0..K-1.
            groups: the subject of each row.
            seed: of everything random.

        Raises:
            DataError: see `check_fitting`.
        """
        ...

    def fuse(self, weights: FusionWeights, posteriors: DoubleArray) -> DoubleArray:
        """Fused posteriors.

        Args:
            weights: as `fit` returned them, for the same systems in the same order.
            posteriors: float64 [N, L, K], rows sum to 1; N may be 0.

        Returns:
            float64 [N, K], rows sum to 1.

        Raises:
            DataError: see `check_posteriors`; or weights for other numbers of systems or classes.
        """
        ...


class NoClipError(DataError):
    """A class has no clip to be fitted on.

    Attributes:
        label: the class, by number.
    """

    def __init__(self, what: str, *, where: str = "", hint: str = "", label: int = -1) -> None:
        super().__init__(what, where=where, hint=hint)
        self.label = label


def learns(method: FusionMethod) -> bool:
    """Whether labels matter to a fit of a method."""
    return bool(getattr(method, "learns", True))


def check_posteriors(posteriors: DoubleArray) -> DoubleArray:
    """The posteriors as float64, if they are some.

    Raises:
        DataError: not [N, L, K] with L >= 1 and K >= 2, not finite, negative, or rows that do not sum to 1.
    """
    values = np.asarray(posteriors, dtype=np.float64)
    if values.ndim != 3 or values.shape[1] < 1 or values.shape[2] < 2:
        raise DataError(
            "posteriors must be [clips, systems, classes], one system and two classes at least",
            where=f"shape {values.shape}",
        )
    finite = np.isfinite(values).all(axis=2)
    if not finite.all():
        raise DataError("a probability is not finite", where=_place(~finite))
    negative = (values < 0).any(axis=2)
    if negative.any():
        raise DataError("a probability is negative", where=_place(negative), hint="Fuse posteriors, not scores.")
    off = np.abs(values.sum(axis=2) - 1) > SUM_TOLERANCE
    if off.any():
        raise DataError("probabilities do not sum to 1", where=_place(off), hint="Fuse posteriors, not scores.")
    return values


def check_fitting(posteriors: DoubleArray, labels: IntArray, groups: Sequence[str]) -> tuple[DoubleArray, IntArray]:
    """The posteriors as float64 and the labels as int64, if a fusion can be fitted to them.

    Raises:
        DataError: as `check_posteriors`; no rows; other numbers of labels or groups; a label out of range.
    """
    values = check_posteriors(posteriors)
    n, _, n_classes = values.shape
    truth = np.asarray(labels)
    if n == 0:
        raise DataError("no clip to fit the fusion on", where="fusion")
    if truth.shape != (n,) or len(groups) != n:
        raise DataError(
            f"{n} clips need as many labels and subjects",
            where=f"labels {truth.shape}, groups ({len(groups)},)",
        )
    if not np.issubdtype(truth.dtype, np.integer) or truth.min() < 0 or truth.max() >= n_classes:
        raise DataError(f"labels must be integers in 0..{n_classes - 1}", where="fusion labels")
    return values, truth.astype(np.int64)


def system_weights(weights: FusionWeights, posteriors: DoubleArray) -> DoubleArray:
    """The L x K weights, if they fit the posteriors [N, L, K].

    Raises:
        DataError: weights of another kind of fusion, or another number of systems or classes.
    """
    if "weights" not in weights.values:
        raise DataError("these weights are of another kind of fusion", where=f"values {sorted(weights.values)}")
    values = weights.values["weights"]
    if values.shape != posteriors.shape[1:]:
        raise DataError(
            f"weights are for {values.shape} systems and classes, posteriors have {posteriors.shape[1:]}",
            where="fusion",
        )
    return values


def _place(wrong: Any) -> str:
    row, system = np.argwhere(wrong)[0]
    return f"row {row}, system {system}"
