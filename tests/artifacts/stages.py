"""Functions for recipes; in a module of their own, where worker processes find them."""

from __future__ import annotations

import enum
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from abaw_pipeline.parts import Part
from abaw_pipeline.types import FeatureSequence, Waveform


class StageError(Exception):
    """A stage's own exception, with two arguments that are no message."""

    def __init__(self, what: str, code: int) -> None:
        self.what, self.code = what, code
        super().__init__(what, code)


class UnportableError(Exception):
    """An exception that pickle cannot make again."""

    def __init__(self, *, what: str) -> None:
        super().__init__(f"about {what}")


class Gain(Part):
    """A part with a field."""

    kind: Literal["gain"] = "gain"
    factor: float = Field(1.0, gt=0)

    def apply(self, value: float) -> float:
        return value * self.factor


class Gain2(Part):
    """Another part with the same fields."""

    kind: Literal["gain"] = "gain"
    factor: float = Field(1.0, gt=0)


class Color(enum.Enum):
    RED = 1
    BLUE = 2


@dataclass(frozen=True)
class Pair:
    left: Any
    right: Any


def value(x: Any) -> Any:
    return x


def double(x: float) -> float:
    return x * 2


def order_of(**numbers: int) -> list[str]:
    return list(numbers)


def sorts(numbers: Any, x: int) -> int:
    numbers.sort()
    return int(numbers[x])


def add(left: float, right: float) -> float:
    return left + right


def total(parts: Sequence[float]) -> float:
    return sum(parts)


def first_of(parts: Sequence[float]) -> float:
    return parts[0]


def scaled(x: float, gain: Gain) -> float:
    return gain.apply(x)


def logged(x: float, log: str) -> float:
    """Leaves a line in a file a call, to count calls across processes. `log` goes in as an execution argument."""
    with Path(log).open("a") as file:
        file.write(f"{x} {os.getpid()}\n")
    return x * 10


def slow(x: float, seconds: float) -> float:
    time.sleep(seconds)
    return x


def slow_logged(x: float, log: str) -> float:
    time.sleep(0.02)
    return logged(x, log)


def fail(x: Any) -> Any:
    raise StageError(f"cannot do {x}", 7)


def fail_unportable(x: Any) -> Any:
    raise UnportableError(what=str(x))


def fail_if_odd(x: int) -> int:
    if x % 2:
        raise ValueError(f"{x} is odd")
    return x


def leave(x: int) -> int:
    raise SystemExit(x)


def die_if_odd(x: int) -> int:
    if x % 2:
        os._exit(3)
    return x


def fail_oddly_named(x: str) -> Any:
    raise ValueError(f"cannot open b\udce9b\udce9 {x}")


def features(steps: int, width: int = 3) -> FeatureSequence:
    start = np.arange(steps, dtype=np.float64)
    values = np.arange(steps * width, dtype=np.float32).reshape(steps, width)
    return FeatureSequence(start, start + 1, values)


def chunk_double(items: list[dict[str, Any]], log: str = os.devnull) -> list[Any]:
    with Path(log).open("a") as file:
        file.write(f"{len(items)}\n")
    return [item["x"] * 2 for item in items]


def chunk_marks_odd(items: list[dict[str, Any]]) -> list[Any]:
    return [ValueError(f"{item['x']} is odd") if item["x"] % 2 else item["x"] for item in items]


def chunk_raises_on_odd(items: list[dict[str, Any]]) -> list[Any]:
    return [fail_if_odd(item["x"]) for item in items]


def chunk_loses_one(items: list[dict[str, Any]]) -> list[Any]:
    return [item["x"] for item in items][: max(1, len(items) - 1)]


def chunk_gives_none(items: list[dict[str, Any]]) -> list[Any]:
    return []


def chunk_dies_on_odd(items: list[dict[str, Any]]) -> list[Any]:
    return [die_if_odd(item["x"]) for item in items]


def table_in_parts(rows: int, size: int) -> Iterator[pa.Table]:
    for first in range(0, max(rows, 1), size):
        numbers = range(first, min(first + size, rows))
        yield pa.table({"x": pa.array(numbers, pa.int64()), "y": pa.array(["é"] * len(numbers), pa.string())})


def no_parts() -> Iterator[Any]:
    yield from ()


def breaks_after(parts: int) -> Iterator[pa.Table]:
    yield from table_in_parts(parts, 1)
    raise OSError(28, "the disk of somebody else is full")


def longest_part(table: Iterable[pa.Table]) -> list[int]:
    """Rows of the longest part, of all parts, and of all parts when they are read once more."""
    rows = [part.num_rows for part in table]
    return [max(rows), sum(rows), sum(part["x"].length() for part in table)]


def noise(seed: int, rows: int) -> pa.Table:
    return pa.table({"x": np.random.default_rng(seed).random(rows)})


def half_scale(rate: int) -> Waveform:
    return Waveform(np.full(rate, 0.5, np.float32), rate)
