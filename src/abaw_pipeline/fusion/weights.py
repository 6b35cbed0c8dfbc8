"""What a fusion has learned, and its form as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from abaw_pipeline.errors import DataError
from abaw_pipeline.types import DoubleArray, Table

COLUMNS = ["system", "class", "source_class", "weight"]


@dataclass(frozen=True)
class FusionWeights:
    """Learned weights of L systems and K classes.

    Attributes:
        values: either `weights` [L, K] (weight of system l for class k), or `coef` [K, L*K] (row: class;
            column l*K + j: probability that system l gives to class j) and `intercept` [K]; float64, finite; or
            nothing, where a model was learned.
        info: JSON-able facts about the fit (chosen C, measure reached, convergence).
        model: a learned estimator (skops, or XGBoost's binary JSON); `info` holds the `classes` that it knows.
    """

    values: Mapping[str, DoubleArray]
    info: Mapping[str, Any] = field(default_factory=dict)
    model: bytes | None = None

    def table(self, systems: Sequence[str], classes: Sequence[str]) -> Table:
        """The weights as rows.

        Args:
            systems: names of the L systems, in the order in which they were fitted.
            classes: names of the K classes.

        Returns:
            Columns system (null: the intercept of a stacking), class (whose fused score the weight enters),
            source_class (whose probability it multiplies, for a stacking; else null), weight (float64); no rows
            for a model.

        Raises:
            DataError: names that do not fit the weights, or a name twice.
        """
        _check_names(systems, classes)
        if "coef" in self.values:
            parts = self._stacking_parts(systems, classes)
        elif self.model is not None:
            parts = [_cells(np.zeros(0), [], [], [])]
        else:
            _check_shape(self.values["weights"], (len(systems), len(classes)))
            parts = [_cells(self.values["weights"], systems, classes, [None])]
        import pandas as pd

        table = pd.concat(parts, ignore_index=True)[COLUMNS]
        return table.astype({"system": "string", "class": "string", "source_class": "string", "weight": "float64"})

    def _stacking_parts(self, systems: Sequence[str], classes: Sequence[str]) -> list[Table]:
        n_systems, n_classes = len(systems), len(classes)
        _check_shape(self.values["coef"], (n_classes, n_systems * n_classes))
        _check_shape(self.values["intercept"], (n_classes,))
        by_system = self.values["coef"].reshape(n_classes, n_systems, n_classes).transpose(1, 0, 2)
        return [
            _cells(by_system, systems, classes, classes),
            _cells(self.values["intercept"], [None], classes, [None]),
        ]

    @classmethod
    def from_table(
        cls,
        table: Table,
        systems: Sequence[str],
        classes: Sequence[str],
        info: Mapping[str, Any] | None = None,
        model: bytes | None = None,
    ) -> FusionWeights:
        """Rebuild the weights for systems and classes in a given order, whatever the order of the rows.

        Args:
            table: as `table` returns it (of one fit).
            systems: in the order of the posteriors that will be fused.
            classes: in the order of the posteriors that will be fused.
            info: facts about the fit, which the table does not hold.
            model: a learned estimator, where there is one; its systems and classes must be in the order of the fit.

        Raises:
            DataError: the table lacks a weight, names others, holds one twice, or one that is not finite.
        """
        _check_names(systems, classes)
        if model is not None:
            return cls({}, dict(info or {}), model)
        intercept = table["system"].isna()
        if not intercept.any():
            return cls({"weights": _grid(table, systems, classes, [None])}, dict(info or {}))
        coef = _grid(table[~intercept], systems, classes, classes).reshape(len(systems), len(classes), -1)
        values = {
            "coef": np.ascontiguousarray(coef.transpose(1, 0, 2).reshape(len(classes), -1)),
            "intercept": _grid(table[intercept], [None], classes, [None])[0],
        }
        return cls(values, dict(info or {}))


def _cells(
    values: DoubleArray, systems: Sequence[str | None], classes: Sequence[str], sources: Sequence[str | None]
) -> Table:
    names = [(system, label, source) for system in systems for label in classes for source in sources]
    import pandas as pd

    return pd.DataFrame(names, columns=COLUMNS[:3], dtype=object).assign(weight=values.ravel())


def _grid(
    table: Table, systems: Sequence[str | None], classes: Sequence[str], sources: Sequence[str | None]
) -> DoubleArray:
    keys = table[COLUMNS[:3]].astype(object)
    rows = [tuple(row) for row in keys.where(keys.notna(), None).to_numpy()]
    weight = dict(zip(rows, table["weight"].to_numpy(dtype=np.float64), strict=True))
    wanted = [(system, label, source) for system in systems for label in classes for source in sources]
    if len(weight) < len(rows):
        raise DataError("a weight is there twice", where="fusion weights", hint="Take the rows of one fit.")
    if set(weight) != set(wanted):
        name = next(iter(set(weight) ^ set(wanted)))
        state = "is missing" if name in set(wanted) else "is of a system or class that is not fused"
        raise DataError(
            f"the weight of {' / '.join(str(part) for part in name if part)} {state}", where="fusion weights"
        )
    values = np.array([weight[name] for name in wanted])
    if not np.all(np.isfinite(values)):
        raise DataError("a weight is not finite", where="fusion weights")
    return values.reshape(len(systems), -1)


def _check_names(systems: Sequence[str], classes: Sequence[str]) -> None:
    for what, names in (("system", systems), ("class", classes)):
        if not names or len(set(names)) < len(names):
            raise DataError(f"each {what} needs a name of its own", where=f"{what} names {list(names)}")


def _check_shape(values: DoubleArray, shape: tuple[int, ...]) -> None:
    if values.shape != shape:
        raise DataError(f"weights have shape {values.shape}, the names ask for {shape}", where="fusion weights")
