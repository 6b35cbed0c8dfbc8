"""What all systems, and all fusions of them, say of everybody in a video, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from abaw_pipeline.errors import DataError
from abaw_pipeline.fusion.align import align, fuse, members_of
from abaw_pipeline.types import DoubleArray

if TYPE_CHECKING:
    import pyarrow as pa

    from abaw_pipeline.fusion.contract import FusionMethod

RATE = 5.0
"""Moments a second at which a file without pictures is judged (Hz)."""

CORNERS = ["x1", "y1", "x2", "y2"]
WEIGHTS = ["system", "class", "source_class", "weight"]
NOBODY = "0"
"""Stands for a person where nobody is seen, and sound alone decides."""


def judge_video(
    frames: pa.Table | None,
    duration: float,
    tracks: Mapping[str, pa.Table],
    seen: Mapping[str, Mapping[str, pa.Table]],
    heard: Mapping[str, pa.Table],
    voice: pa.Table | None,
    methods: Mapping[str, FusionMethod],
    weights: Mapping[str, Sequence[Sequence[Any]]],
    fits: Mapping[str, Mapping[str, Any]],
    classes: Sequence[str],
) -> Iterator[pa.Table]:
    """Posteriors of each system and each fusion for each person, from the first frame with their face to the last.

    Sound belongs to the video, not to one of those seen in it: what systems hear is the same for all persons. A
    system that says nothing of a person counts as undecided in a fusion, as `fusion.align.align` has it.

    Args:
        frames: columns frame, time (seconds); None: no pictures, so every fifth of a second is judged.
        duration: seconds.
        tracks: person -> as `people.follow_person` gives it; empty: nobody is seen.
        seen: person -> system -> posteriors over time (start, end, p_<class>).
        heard: system -> posteriors over time.
        voice: columns start, end (seconds) of stretches with a voice; None: not known.
        methods: fusions by name.
        weights: fusion -> rows of system, class, source_class, weight; none where it is a model.
        fits: fusion -> its row of FUSION_FITS, as far as fusing needs it: members, classes, info, model.
        classes: the K classes.

    Yields:
        A part a system and person, in the order of system, person, time: columns person, frame, time, x1 to y2, face,
        voice, system, p_<class>, predicted; see docs/inference.md.

    Raises:
        DataError: no system says anything.
    """
    judged: dict[str, dict[int, pa.Table]] = {}
    for person, followed in (tracks or {NOBODY: None}).items():
        moments = _moments(followed, frames, duration)
        moments = moments.assign(person=int(person), voice=_voiced(moments["time"].to_numpy(), voice))
        said = {**seen.get(person, {}), **heard}
        for name, values in _posteriors(said, moments, methods, weights, fits, classes).items():
            judged.setdefault(name, {})[int(person)] = _table(moments.assign(system=name, **values), classes)
    if not judged:
        raise DataError(
            "no system could judge it", hint="The failures of faces and sound say why; a silent video shows no face."
        )
    for persons in judged.values():
        yield from (persons[number] for number in sorted(persons))


def _moments(followed: pa.Table | None, frames: pa.Table | None, duration: float) -> pd.DataFrame:
    """What is judged of a person: frame, time, box, face."""
    if followed is not None:
        table = followed.to_pandas()
        own = np.flatnonzero(table["origin"].isin(["detected", "interpolated"]))
        span = table.iloc[own[0] : own[-1] + 1].rename(columns={"origin": "face"})
        return pd.DataFrame(span[["frame", "time", *CORNERS, "face"]].reset_index(drop=True))
    if frames is None:
        time = np.arange(int(np.ceil(duration * RATE))) / RATE
        moments = pd.DataFrame({"frame": pd.array([None] * len(time), dtype="Int64"), "time": time})
    else:
        moments = frames.to_pandas()[["frame", "time"]]
    return moments.assign(**dict.fromkeys(CORNERS, np.nan), face=None)


def _posteriors(
    said: Mapping[str, pa.Table],
    moments: pd.DataFrame,
    methods: Mapping[str, FusionMethod],
    weights: Mapping[str, Sequence[Sequence[Any]]],
    fits: Mapping[str, Mapping[str, Any]],
    classes: Sequence[str],
) -> dict[str, dict[str, DoubleArray]]:
    """System or fusion -> p_<class> at each moment."""
    columns = [f"p_{name}" for name in classes]
    units = moments[["frame", "time"]].assign(clip_id="", frame=np.arange(len(moments)))
    tables = {name: table.to_pandas().assign(clip_id="") for name, table in said.items() if table.num_rows}
    if not tables:
        return {}
    aligned = align(tables, units, classes)
    found = {name: dict(zip(columns, aligned.values[:, at].T, strict=True)) for at, name in enumerate(aligned.systems)}
    nothing = next(iter(tables.values())).iloc[:0]
    for name, method in methods.items():
        learned = pd.DataFrame(weights.get(name, ()), columns=WEIGHTS).astype({"weight": "float64"})
        members = members_of(fits[name])
        if not set(members) & set(tables):
            continue
        together = align({member: tables.get(member, nothing) for member in members}, units, classes)
        fused = fuse(method, learned, fits[name], together, classes)
        found[name] = {column: fused[column].to_numpy(dtype=np.float64) for column in columns}
    return found


def _voiced(times: DoubleArray, voice: pa.Table | None) -> Any:
    if voice is None:
        return pd.array([None] * len(times), dtype="boolean")
    start, end = (voice.column(side).to_numpy() for side in ("start", "end"))
    return pd.array(np.searchsorted(start, times, side="right") > np.searchsorted(end, times, side="right"), "boolean")


def judged_schema(classes: Sequence[str]) -> pa.Schema:
    """Columns of what `judge_video` returns."""
    import pyarrow as pa

    real, text = pa.float32(), pa.string()
    return pa.schema(
        [
            ("person", pa.int32()),
            ("frame", pa.int64()),
            ("time", pa.float64()),
            *((name, real) for name in CORNERS),
            ("face", text),
            ("voice", pa.bool_()),
            ("system", text),
            *((f"p_{name}", real) for name in classes),
            ("predicted", text),
        ]
    )


def _table(judged: pd.DataFrame, classes: Sequence[str]) -> pa.Table:
    import pyarrow as pa

    schema = judged_schema(classes)
    ranked = judged.sort_values("time", kind="stable")
    decided = ranked[[f"p_{name}" for name in classes]].to_numpy().argmax(axis=1)
    ranked["predicted"] = np.array(classes)[decided]
    return pa.Table.from_pandas(ranked[schema.names], schema=schema, preserve_index=False)
