"""How numbers are written: a missing one is a dash, never NaN."""

from __future__ import annotations

import math

MISSING = "–"


def is_number(value: object) -> bool:
    """Whether a value is a finite number."""
    try:
        return value is not None and math.isfinite(float(value))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False


def percent(share: float) -> str:
    """A fraction as a percentage with one decimal, such as "67.3%"."""
    return f"{100 * share:.1f}%" if is_number(share) else MISSING


def points(share: float) -> str:
    """A fraction in percent without the sign, such as "67.3"."""
    return f"{100 * share:.1f}" if is_number(share) else MISSING


def interval(lo: float, hi: float) -> str:
    """An interval of fractions in percent, such as "[64.9, 69.7]"; empty where a bound is unknown."""
    return f"[{points(lo)}, {points(hi)}]" if is_number(lo) and is_number(hi) else ""


def count(number: float) -> str:
    """A whole number with separators, such as "1,440"."""
    return f"{round(number):,}" if is_number(number) else MISSING


def compact(number: float) -> str:
    """A count in at most five characters, such as "960", "2,880" or "123k"."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if number >= size:
            unit = min(size, 1e3) if letter == "k" else size
            return f"{number / unit:.0f}{letter}"
    return count(number)


def duration(seconds: float) -> str:
    """Seconds for people: "0.42 s", "12 s", "3 min 20 s", "2 h 5 min"."""
    if not is_number(seconds):
        return MISSING
    if seconds < 10:
        return f"{seconds:.2f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60:,} h {minutes % 60} min"


def size(number: float) -> str:
    """Bytes for people, such as "1.2 MB" (powers of 1000)."""
    if not is_number(number):
        return MISSING
    for unit, name in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if number >= unit:
            return f"{number / unit:.1f} {name}"
    return f"{round(number)} B"


def shorten(text: str, limit: int) -> str:
    """Text of at most `limit` characters (4 or more), cut in its middle: long names often differ at their ends."""
    if len(text) <= limit:
        return text
    tail = (limit - 1) * 2 // 5
    return f"{text[: limit - 1 - tail].rstrip()}…{text[-tail:].lstrip()}"
