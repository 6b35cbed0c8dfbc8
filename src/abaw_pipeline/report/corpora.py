"""The table of corpora as a reader sees it, in the terminal and on the page."""

from __future__ import annotations

import pandas as pd

from abaw_pipeline.report import numbers

LACKING = ("no_sound", "no_picture", "no_label")
"""Columns that are left out where no clip lacks it."""

LAST = ("reasons", "unit", "classes", "dropped_frames")
"""Columns of running text, after those of numbers."""


RUNNING = ("Classes", "Dropped frames", "Why")
"""Their headings, less the one that is a word."""


def corpora_table(inspection: pd.DataFrame) -> pd.DataFrame:
    """One row a corpus: numbers first, frame rates in one column, no column of which nothing is to be told.

    Args:
        inspection: INSPECTION schema; columns may be missing, and others are shown as they are.
    """
    table = inspection.drop(columns=[name for name in LACKING if name in inspection and not inspection[name].any()])
    if {"fps_min", "fps_max"} <= set(table.columns):
        rates = [fps_text(lo, hi) for lo, hi in zip(table.pop("fps_min"), table.pop("fps_max"), strict=True)]
        names = list(table.columns)
        table.insert(names.index("subjects") + 1 if "subjects" in names else len(names), "fps", rates)
    if "hours" in table:
        table["hours"] = [hours_text(value) for value in table["hours"]]
    known = table.notna().any() & (table != "").any()
    names = [name for name in table.columns if known[name] or name == "corpus"]
    ordered = [*(name for name in names if name not in LAST), *(name for name in LAST if name in names)]
    return table[ordered].rename(columns={"reasons": "why"})


def fps_text(lo: float, hi: float) -> str | None:
    """Frames a second, such as "25" or "23.98 to 30"; None where there are no pictures."""
    if not numbers.is_number(lo) or not numbers.is_number(hi):
        return None
    first, last = f"{lo:.2f}".rstrip("0").rstrip("."), f"{hi:.2f}".rstrip("0").rstrip(".")
    return first if first == last else f"{first} to {last}"


def hours_text(hours: float) -> str | None:
    """Hours with as many decimals as tell something: "12.3", "1.48", "0.015"."""
    if not numbers.is_number(hours):
        return None
    return f"{hours:,.1f}" if hours >= 10 else f"{hours:.2f}" if hours >= 0.1 else f"{hours:.3f}"
