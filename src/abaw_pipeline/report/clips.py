"""Single clips: what was true and decided over time, which faces were found, and where their boxes are from."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from abaw_pipeline.report import numbers
from abaw_pipeline.report.drawing import Figure
from abaw_pipeline.report.inputs import TRUTH
from abaw_pipeline.report.over_time import Runs, Strip, agreement, timeline
from abaw_pipeline.report.results import Results

SYSTEMS_SHOWN = 8
"""Systems in the figure of a clip: the headline and the best others."""
ORIGINS = ("detected", "interpolated", "nearest", "missing")
"""Where the box of a frame is from, the best first."""


@dataclass(frozen=True)
class Clip:
    """What the page shows of one clip.

    Attributes:
        name: its id.
        remark: how much of it the headline decided right, as text; may be empty.
        sheet: data URI of the contact sheet; empty without one.
        alt: what the sheet shows, in words.
        faces: numbers of frames by where their box is from, as text; may be empty.
    """

    name: str
    remark: str
    sheet: str
    alt: str
    faces: str


def shown(results: Results) -> list[Clip]:
    """All clips with a timeline or a contact sheet, in the order given."""
    data = results.data
    names = dict.fromkeys(str(name) for name in [*data.timelines["clip_id"], *data.sheets])
    facts = {str(row["clip_id"]): row for row in data.face_facts.to_dict("records")}
    found = []
    for name in names:
        rows = _rows(results, name)
        share = agreement(rows[TRUTH], rows[results.headline]) if {TRUTH, results.headline} <= rows.keys() else np.nan
        faces = _faces(facts[name]) if name in facts else ""
        found.append(
            Clip(
                name=name,
                remark=f"{numbers.percent(share)} right" if numbers.is_number(share) else "",
                sheet=_uri(data.sheets[name]) if name in data.sheets else "",
                alt=f"Faces found in {name}, in order of time" + (f": {faces}" if faces else ""),
                faces=faces,
            )
        )
    return found


def figure(results: Results, clip_id: str) -> Figure | None:
    """The timeline of one clip: truth, the headline, then the best other systems."""
    rows = _rows(results, clip_id)
    truth = rows.pop(TRUTH, None)
    strips = [] if truth is None else [Strip(TRUTH, truth, strong=True)]
    order = {name: place for place, name in enumerate(results.headline_first)}
    for name in sorted(rows, key=lambda name: order.get(name, len(order)))[:SYSTEMS_SHOWN]:
        share = agreement(truth, rows[name]) if truth is not None else np.nan
        remark = f"{numbers.percent(share)} right" if numbers.is_number(share) else ""
        strips.append(Strip(name, rows[name], remark, strong=name == results.headline))
    if not strips:
        return None
    label = f"Timeline of {clip_id}: {' and '.join(_told(strips))}"
    return timeline(strips, results.data.classes, label)


def faces_table(facts: pd.DataFrame, limit: int) -> pd.DataFrame:
    """Frames and shares by where their box is from: all clips, then those with most missing, as text.

    Args:
        facts: face_facts of a ReportInput.
        limit: clips listed.
    """
    if facts.empty:
        return pd.DataFrame()
    columns = ["frames", *ORIGINS, "people", "crops"]
    clean = facts[["clip_id", *columns]].copy()
    clean[columns] = clean[columns].apply(pd.to_numeric).astype(float)
    missing = (clean["missing"] / clean["frames"]).fillna(1.0)
    clean = clean.loc[missing.sort_values(ascending=False, kind="stable").index].head(limit)
    whole = facts[columns].apply(pd.to_numeric).astype(float).sum(min_count=1)
    whole["people"] = np.nan
    table = pd.concat([pd.DataFrame([{"clip_id": "all clips", **whole}]), clean], ignore_index=True)
    text = pd.DataFrame({"Clip": table["clip_id"], "Frames": table["frames"].map(numbers.count)})
    for name in ORIGINS:
        shares = table[name] / table["frames"].where(table["frames"] > 0)
        text[name.capitalize()] = shares.map(numbers.percent)
    return text.assign(People=table["people"].map(numbers.count), Crops=table["crops"].map(numbers.count))


def _rows(results: Results, clip_id: str) -> dict[str, Runs]:
    """The rows of a clip's timeline, in the order given, each in order of time."""
    table, classes = results.timelines_by_clip.get(clip_id), results.data.classes
    if table is None:
        return {}
    place = {name: index for index, name in enumerate(classes)}
    return {
        str(name): Runs(
            rows["start"].to_numpy(dtype=np.float64),
            rows["end"].to_numpy(dtype=np.float64),
            np.asarray(rows["label"].map(place), dtype=np.int64),
        )
        for name, rows in table.sort_values("start", kind="stable").groupby("row", sort=False)
    }


def _told(strips: list[Strip]) -> list[str]:
    """A figure's rows in words, for readers who do not see it."""
    return [f"{strip.name} ({strip.remark})" if strip.remark else strip.name for strip in strips[:3]]


def _faces(row: Mapping[Any, Any]) -> str:
    frames = row["frames"]
    if not numbers.is_number(frames) or not frames:
        return "no frames"
    shares = [f"{name} {numbers.percent(row[name] / frames)}" for name in ORIGINS]
    text = f"{numbers.count(frames)} frames, box {', '.join(shares)}"
    for name, one in (("people", "person"), ("crops", "crop")):
        if numbers.is_number(row[name]):
            number = float(row[name])
            text += f"; {numbers.count(number)} {one if number == 1 else name}"
    return text


def _uri(picture: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"
