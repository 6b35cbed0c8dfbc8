"""Pieces in parts: written and read part by part, so that memory stays flat however long a piece is."""

from __future__ import annotations

from collections.abc import Iterable
from inspect import isgenerator
from typing import Any

import numpy as np

from abaw_pipeline.types import FeatureSequence, Waveform


def whole(value: Any) -> Any:
    """The value itself, or what a generator's parts make together.

    Raises:
        ValueError: a generator without parts.
        TypeError: parts of a kind that cannot be joined.
    """
    return join(value) if isgenerator(value) else value


def join(parts: Iterable[Any]) -> Any:
    """One piece of successive parts: tables, sounds of one rate, or feature sequences; errors as of `whole`."""
    import pyarrow as pa

    every = list(parts)
    if not every:
        raise ValueError("a piece in parts needs at least one part, also where it has no rows")
    first = every[0]
    if isinstance(first, pa.Table):
        return pa.concat_tables(every)
    if isinstance(first, Waveform):
        check_rates(every)
        return Waveform(np.concatenate([part.samples for part in every]), first.rate)
    if isinstance(first, FeatureSequence):
        return FeatureSequence(*(np.concatenate([getattr(part, name) for part in every]) for name in _CURVES))
    raise TypeError(f"parts of type {type(first).__name__} cannot be joined; there are tables, sounds and features")


def check_rates(parts: list[Waveform]) -> None:
    """Refuse sounds that do not go on at the rate of the first."""
    rates = {part.rate for part in parts}
    if len(rates) > 1:
        raise ValueError(f"parts of one sound have several rates: {sorted(rates)} Hz")


_CURVES = ("start", "end", "values")
