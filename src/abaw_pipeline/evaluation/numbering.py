"""Columns of names as numbers: what is looked up in hundreds of folds costs little then."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from abaw_pipeline.types import IntArray

Names: TypeAlias = npt.NDArray[np.object_]
Flags: TypeAlias = npt.NDArray[np.bool_]


def numbered(column: pd.Series) -> tuple[IntArray, Names]:
    """The place of each row's name among the different names, int64 [n_rows], -1 for null; and these names."""
    codes, names = pd.factorize(column)
    return codes.astype(np.int64), np.asarray(names, dtype=object)


def places(column: pd.Series, names: Names) -> IntArray:
    """The place of each row's name among given names, which differ, int64 [n_rows]; -1 where it is none of them."""
    codes, different = numbered(column)
    return np.append(pd.Index(names).get_indexer(pd.Index(different)), -1).astype(np.int64)[codes]
