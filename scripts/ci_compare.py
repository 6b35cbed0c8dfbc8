"""What a run has computed anew, told from the versioned manifests before and after, and whether results have moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from abaw_pipeline.artifacts.manifest import DONE, Entry, read_manifest

Versions = dict[Path, Path]
"""Newest file of each versioned table, by the table's folder."""

KEYS_TOLD = 20
"""Keys of computed pieces that a summary lists of an artifact."""
MEASURED = {"value", "lo", "hi", "interval", "n"}
"""Columns of the metrics that are results; the others say of what."""


def newest(data: Path) -> Versions:
    """The newest version of each versioned table: data/LAYER/STUDY/NAME.parquet/VERSION/NAME.parquet."""
    found: Versions = {}
    for path in sorted(data.glob("*/*/*.parquet/*/*.parquet")):
        found[path.parents[1]] = path  # versions are times, so the last one in order is the newest
    return found


def entries(path: Path | None) -> list[Entry] | None:
    """The rows of a manifest of pieces; None where the table is another one, or not there."""
    import pyarrow.parquet as pq

    if path is None or b"abaw_pipeline.manifest" not in (pq.read_schema(path).metadata or {}):
        return None
    return read_manifest(path).entries


def computed(before: Sequence[Entry], after: Sequence[Entry]) -> list[tuple[Entry, str]]:
    """Rows of the newer manifest that the run itself has computed, or tried to, each with the reason.

    A piece that is found again keeps its row, and with it the seconds that it once took; one that lay there without
    a row has none. What failed before and fails again is tried at each run, and is no news.
    """
    by_path = {entry.path: entry for entry in before if entry.path is not None}
    by_key = {entry.key: entry for entry in before}
    found = []
    for entry in after:
        same = None if entry.path is None else by_path.get(entry.path)
        last = by_key.get(entry.key)
        lay_there = entry.seconds is None or (same is not None and same.seconds == entry.seconds)
        if not lay_there and not _fails_again(last, entry):
            found.append((entry, _reason(last, entry)))
    return found


def _fails_again(last: Entry | None, entry: Entry) -> bool:
    failing = last is not None and DONE not in {last.status, entry.status}
    return failing and last is not None and last.fingerprint == entry.fingerprint


def _reason(last: Entry | None, entry: Entry) -> str:
    if last is None:
        return "new"
    parts = last.components.keys() | entry.components.keys()
    changed = sorted(part for part in parts if last.components.get(part) != entry.components.get(part))
    if changed:
        return f"{', '.join(changed)} changed"
    return "failed last time" if last.status != DONE else "the stored file was gone or damaged"


def compare(before: Versions, after: Versions) -> dict[str, dict[str, Any]]:
    """What became of each artifact that a run has saved: pieces computed, found and failed, reasons, and some keys."""
    told = {}
    for folder, path in after.items():
        rows = entries(path) if before.get(folder) != path else None
        if rows is not None:
            again = computed(entries(before.get(folder)) or [], rows)
            failed = sum(row.status != DONE for row in rows)
            done = sum(row.status == DONE for row, _ in again)
            told[folder.stem] = {
                "computed": len(again),
                "found": len(rows) - failed - done,
                "failed": failed,
                "reasons": dict(Counter(reason for _, reason in again).most_common()),
                "keys": [", ".join([row.key] if isinstance(row.key, str) else row.key) for row, _ in again[:KEYS_TOLD]],
            }
    return told


def results(before: Versions, after: Versions) -> dict[str, Any]:
    """How many measures differ from those of the stored run, and by how much at most.

    Keys: compared; where it is true also measures, changed and largest.
    """
    import pandas as pd

    now = fresh(before, after, "metrics")
    if now is None or now not in before:
        return {"compared": False}
    old, new = (pd.read_parquet(path, partitioning=None) for path in (before[now], after[now]))
    names = [name for name in old if name not in MEASURED]
    both = old.merge(new, on=names, how="outer", suffixes=("_old", "_new"), indicator=True)
    shift = (both["value_old"] - both["value_new"]).abs().fillna(0.0)
    changed = int(((both["_merge"] != "both") | (shift > 0)).sum())
    return {"compared": True, "measures": len(both), "changed": changed, "largest": float(shift.max())}


def fresh(before: Versions, after: Versions, name: str) -> Path | None:
    """The folder of the table of that name which a run has saved."""
    return next((at for at, path in after.items() if at.stem == name and before.get(at) != path), None)
