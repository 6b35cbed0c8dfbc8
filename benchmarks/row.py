"""One line of the table: what was done, how long it took here, and how long what one would otherwise do."""

import time
from collections.abc import Callable
from typing import Any

Row = dict[str, Any]


def timed(function: Callable[[], Any]) -> float:
    """Seconds of wall time."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def row(
    what: str, ours: float, other: float | None = None, *, unit: str = "s", against: str = "", limit: str = ""
) -> Row:
    """A line of the table.

    Args:
        what: was measured.
        ours: what this project takes.
        other: what `against` takes.
        unit: of both.
        against: what one would otherwise do.
        limit: what was asked of it, and whether it holds.
    """
    return {
        "what": what,
        "here": round(ours, 4),
        "otherwise": None if other is None else round(other, 4),
        "unit": unit,
        "times": None if other is None else round(other / ours, 2),
        "against": against,
        "limit": limit,
    }


def held(value: float, most: float, text: str) -> str:
    """A limit in words, and whether it holds."""
    return f"{text}: {'holds' if value <= most else 'FAILS'}"
