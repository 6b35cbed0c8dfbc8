"""What a study's corpora are made of, a row a corpus: clips, hours, people, classes, formats, and what is missing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from abaw_pipeline.emotions import EMOTIONS
from abaw_pipeline.schemas import INSPECTION

TOTAL = "all corpora"
"""The row that counts several corpora together."""

CLIP, FRAME = "clips", "frames"
"""What a class counts: clips that are labelled as a whole, or annotated frames."""

REASONS = 3
"""How many different reasons are told."""

PLACE = re.compile(r"^(?:(?!: ).)*(?:/|\b(?:row|line) \d)(?:(?!: ).)*: ")
"""Where something is wrong, at the start of a message: a path, or a row of a table."""

PARTICULAR = re.compile(r"'[^']*'|\"[^\"]*\"|\d+(?:\.\d+)?")
"""What differs between messages of one kind: names and numbers."""


def inspect(
    corpora: Sequence[str],
    clips: pd.DataFrame,
    annotations: pd.DataFrame,
    refused: pd.DataFrame,
    failed: pd.DataFrame,
    dropped: Mapping[str, Counter[str]] | None = None,
) -> pd.DataFrame:
    """One row a corpus (INSPECTION schema), and one more over all of them if there are several.

    Args:
        corpora: names of all corpora, in the order of the rows; one without any clip has a row, too.
        clips: CLIPS schema, those that can be used.
        annotations: ANNOTATIONS schema.
        refused: QUARANTINE schema, what the corpora name and their layout or files do not allow.
        failed: QUARANTINE schema, media and label files that could not be read.
        dropped: corpus -> frames by class that its parameters leave out; only of corpora that leave out any.
    """
    roots = failed[failed["blocked_by"].isna()]
    tables = (clips, annotations, refused, roots)
    keys = (annotations["clip_id"], refused["key"], roots["key"])
    owners = (clips["corpus"], *(_corpus_of(each, corpora) for each in keys))
    lost = dropped or {}
    rows = [
        _row(name, [table[owner == name] for table, owner in zip(tables, owners, strict=True)], lost.get(name))
        for name in corpora
    ]
    if len(rows) > 1:
        rows.append(_row(TOTAL, tables, _sum(lost.values()) if lost else None))
    return INSPECTION.validate(pd.DataFrame(rows, columns=list(INSPECTION.columns)))


def _row(name: str, tables: Sequence[pd.DataFrame], dropped: Counter[str] | None) -> dict[str, Any]:
    clips, annotations, refused, failed = tables
    known = clips.loc[clips["subject"] != clips["clip_id"], "subject"].nunique()
    unit, classes = _classes(annotations)
    return {
        "corpus": name,
        "clips": len(clips),
        "hours": media_seconds(clips) / 3600,
        "subjects": known or None,
        "unit": unit,
        "classes": classes,
        "dropped_frames": None if dropped is None else class_text(pd.Series(dropped)),
        "fps_min": clips["fps"].min(),
        "fps_max": clips["fps"].max(),
        "no_sound": int((~clips["sound"].astype(bool)).sum()),
        "no_picture": int((~clips["video"].astype(bool)).sum()),
        "no_label": int((~clips["clip_id"].isin(annotations["clip_id"].unique())).sum()),
        "refused": len(refused),
        "failed": failed["key"].nunique(),
        "reasons": common_reasons([*refused["message"], *failed["message"]]),
    }


def _sum(counts: Iterable[Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)  # unlike a sum of counters, it keeps what is there not once
    return total


def media_seconds(clips: pd.DataFrame) -> float:
    """Seconds of media that clips are about; a stretch that several of them are about counts once.

    Args:
        clips: columns media, start, end (seconds).
    """
    stretches = clips.sort_values(["media", "start"])[["media", "start", "end"]]
    reached = stretches.groupby("media")["end"].cummax().groupby(stretches["media"]).shift()
    begin = stretches["start"].where(~(reached > stretches["start"]), reached)
    return float((stretches["end"] - begin).clip(lower=0.0).sum())


def common_reasons(messages: Iterable[str]) -> str:
    """The commonest reasons with how often they occur, such as "the file is empty (0 bytes). (3)".

    Messages that differ in places, names and numbers alone are of one kind; the first speaks for all.

    Args:
        messages: as errors tell them, "where: what hint".
    """
    counts: Counter[str] = Counter()
    first: dict[str, str] = {}
    for message in messages:
        what = PLACE.sub("", message)
        kind = PARTICULAR.sub("#", what)
        counts[kind] += 1
        first.setdefault(kind, what)
    told = [f"{first[kind]} ({number:,})" for kind, number in counts.most_common(REASONS)]
    others = counts.total() - sum(number for _, number in counts.most_common(REASONS))
    return "; ".join([*told, *([f"other reasons ({others:,})"] if others else [])])


def _classes(annotations: pd.DataFrame) -> tuple[str | None, str | None]:
    """What is counted, and how often each class is there; both units by name where there are both."""
    units = annotations["frame"].isna().map({True: CLIP, False: FRAME})
    labels = {unit: annotations.loc[units == unit, "label"] for unit in (CLIP, FRAME)}
    told = {unit: class_text(own.value_counts()) for unit, own in labels.items() if len(own)}
    if len(told) > 1:
        return " and ".join(told), "; ".join(f"{unit}: {text}" for unit, text in told.items())
    return next(iter(told.items()), (None, None))


def class_text(counts: pd.Series) -> str:
    """Numbers by class in the vocabulary's order, as "neutral 96, anger 192".

    Args:
        counts: emotion -> how often it is there.
    """
    return ", ".join(f"{name} {counts[name]:,}" for name in EMOTIONS if name in counts.index)


def _corpus_of(keys: pd.Series, corpora: Sequence[str]) -> pd.Series:
    """The corpus whose name starts each key; of names that begin alike the longest."""
    longest = sorted(corpora, key=len, reverse=True)
    known = {key: next((name for name in longest if key.startswith(f"{name}/")), "") for key in keys.unique()}
    return keys.map(known)
