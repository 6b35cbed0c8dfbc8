"""Made-up judgements of videos, smooth over time and the same each time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from abaw_pipeline.inference.page import VideoPage

CLASSES = ("neutral", "calm", "anger", "disgust", "fear", "happiness", "sadness", "surprise")
SYSTEMS = {"fused": "fusion", "ee_lstm": "face", "framewise": "face", "compare_lda": "sound"}
NASTY = '<b>&"ä,b.mp4'
FACE = ["detected", "interpolated", "nearest", "missing"]


def posteriors(rng: np.random.Generator, times: np.ndarray, classes: int, scale: float) -> np.ndarray:
    """Smooth random posteriors, float32 [n, classes]."""
    logits = np.zeros((len(times), classes))
    for period in (scale, scale / 3):
        phase = rng.uniform(0, 2 * np.pi, classes)
        speed = rng.uniform(0.6, 1.5, classes) * 2 * np.pi / period
        logits += rng.uniform(0.6, 1.5, classes) * np.sin(times[:, None] * speed + phase)
    raised = np.exp(logits + rng.normal(0, 0.05, logits.shape))
    return (raised / raised.sum(axis=1, keepdims=True)).astype(np.float32)


def person_rows(
    rng: np.random.Generator,
    person: int,
    frames: np.ndarray,
    fps: float,
    systems: Sequence[str],
    classes: Sequence[str],
    *,
    voice: bool | None = True,
    pictures: bool = True,
    scale: float = 6.0,
    size: tuple[int, int] = (640, 360),
) -> pa.Table:
    """All systems' rows of one person, who has no face in the third quarter."""
    n, share = len(frames), np.linspace(0, 1, len(frames))
    times = frames / fps
    face = np.where((share > 0.5) & (share < 0.62), 2, np.where((share > 0.62) & (share < 0.7), 3, frames % 3 > 0))
    boxed = face < 2
    x = size[0] * (0.12 + 0.17 * ((person - 1) % 5)) + size[0] * 0.03 * np.sin(times)
    box = {"x1": x, "y1": 0.25 + 0 * x, "x2": x + 0.13 * size[0], "y2": 0.55 + 0 * x}
    parts = []
    for system in systems:
        values = posteriors(rng, times, len(classes), scale)
        heard = pa.array(np.sin(times * 1.7) > -0.3) if voice else pa.nulls(n, pa.bool_())
        columns = {
            "person": pa.array(np.full(n, person, np.int32)),
            "frame": pa.array(frames, pa.int64()) if pictures else pa.nulls(n, pa.int64()),
            "time": pa.array(times),
            **{
                name: pa.array(
                    (value * (size[1] if name[0] == "y" else 1)).astype(np.float32), mask=~(boxed & (person > 0))
                )
                for name, value in box.items()
            },
            "face": pa.array(np.array(FACE, object)[face.astype(int)], pa.string())
            if person
            else pa.nulls(n, pa.string()),
            "voice": heard,
            "system": pa.array([system] * n, pa.string()),
            **{f"p_{name}": pa.array(values[:, at]) for at, name in enumerate(classes)},
            "predicted": pa.array(np.array(classes, object)[values.argmax(axis=1)], pa.string()),
        }
        parts.append(pa.table(columns))
    return pa.concat_tables(parts)


def fabricate_judged(
    people: Sequence[tuple[float, float]] = ((0.0, 10.0),),
    *,
    fps: float = 30.0,
    systems: Sequence[str] = tuple(SYSTEMS),
    classes: Sequence[str] = CLASSES,
    nobody: Sequence[tuple[float, float]] = (),
    voice: bool | None = True,
    pictures: bool = True,
    seed: int = 3,
    scale: float = 6.0,
    size: tuple[int, int] = (640, 360),
) -> pa.Table:
    """A judgement of people seen for some stretches (s), and of stretches (s) with nobody."""
    rng = np.random.default_rng(seed)
    spans = [*((place + 1, *span) for place, span in enumerate(people)), *((0, *span) for span in nobody)]
    parts = []
    for person, start, end in spans:
        frames = np.arange(round(start * fps), max(round(end * fps), round(start * fps) + 1))
        own = [name for name in systems if person or SYSTEMS.get(name) == "sound"]
        parts.append(
            person_rows(rng, person, frames, fps, own, classes, voice=voice, pictures=pictures, scale=scale, size=size)
        )
    table = pa.concat_tables(parts) if parts else fabricate_judged(voice=voice, classes=classes).slice(0, 0)
    return table.sort_by([("system", "ascending"), ("person", "ascending"), ("time", "ascending")])


def fabricate_page(judged: pa.Table | None = None, **changes: object) -> VideoPage:
    """A page's input: ten seconds with one person, or what is given instead."""
    given: dict[str, object] = {
        "title": "clip.mp4",
        "judged": fabricate_judged() if judged is None else judged,
        "shown": "fused",
        "systems": SYSTEMS,
        "classes": CLASSES,
        "duration": 10.0,
        "fps": 30.0,
        "size": (640, 360),
        "sound": True,
        "stages": (("find_faces", 21.4), ("face_embeddings", 6.3), ("sound_embeddings", 1.25), ("fusion", 0.02)),
        "persons": ((1, 0.0, 10.0, 275, True), (2, 4.0, 4.4, 3, False)),
        "trained_on": "Fold final of study demo: systems learned from 120 clips of 12 made-up speakers.",
        "tables": (("All judgements of this video", "data/07_model_output/judged/clip.parquet"),),
    }
    return VideoPage(**(given | changes))  # type: ignore[arg-type]
