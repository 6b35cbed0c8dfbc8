"""Nodes of inference: what users get to see."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from abaw_pipeline.artifacts import PieceMap, Recipe, RecipeMap, StoredMap
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.emotions import ordered
from abaw_pipeline.stages import Corpora, DemoStage, EvaluationStage, FusionStage, InferenceStage, SystemsStage
from abaw_pipeline.types import File, Table

log = logging.getLogger(__name__)

STAGES = {
    "face_crops": "find and track faces",
    "people": "tell people apart",
    "face_tracks": "follow each person",
    "face_embeddings": "describe faces",
    "vocals": "separate voices",
    "voice": "find voices",
    "sound_embeddings": "describe sound",
    "face_posteriors": "judge faces",
    "sound_posteriors": "judge sound",
    "judged": "fuse, frame by frame",
    "movies": "draw the annotated video",
    "strips": "cut the film strip",
}
"""Work on a video in words, by the artifact that it makes."""

OF_PERSONS = {"face_tracks", "face_embeddings", "face_posteriors"}
"""Artifacts whose keys end with a person, as `people.Person` names them."""


def draw_movies(
    clips: Table,
    judged: PieceMap,
    labels_5hz: Table,
    inference: InferenceStage,
    evaluation: EvaluationStage,
    fusion: FusionStage,
    systems: SystemsStage,
    execution: Execution,
) -> RecipeMap:
    """A copy of each video with boxes, names and emotions drawn in."""
    from abaw_pipeline.inference.results import draw_movie

    recipes = {}
    for clip in _pictured(clips, judged) if inference.movie else []:
        arguments = {
            **_shown(clip, judged, evaluation, fusion, systems),
            "classes": list(ordered(labels_5hz["label"].unique())),
            "longest": inference.longest,
        }
        scratch = {"scratch": str(Path(execution.scratch).absolute())}
        recipes[clip["clip_id"]] = Recipe(draw_movie, arguments, execution=scratch)
    return RecipeMap("movies", recipes)


def cut_strips(
    clips: Table, judged: PieceMap, evaluation: EvaluationStage, fusion: FusionStage, systems: SystemsStage
) -> RecipeMap:
    """Pictures of each video in the order of time."""
    from abaw_pipeline.inference.results import cut_strip

    return RecipeMap(
        "strips",
        {
            clip["clip_id"]: Recipe(cut_strip, _shown(clip, judged, evaluation, fusion, systems))
            for clip in _pictured(clips, judged)
        },
    )


def write_tables(
    judged: PieceMap, evaluation: EvaluationStage, fusion: FusionStage, systems: SystemsStage
) -> RecipeMap:
    """The decision for each frame of each video, as text."""
    from abaw_pipeline.inference.results import write_table

    preferred = _preferred(evaluation, fusion, systems)
    return RecipeMap(
        "tables",
        {key: Recipe(write_table, {"judged": judged.ref(key).in_parts(), "preferred": preferred}) for key in judged},
    )


def time_stages(**artifacts: StoredMap) -> Table:
    """Seconds of work on each video by stage, as measured when each piece was computed."""
    import pandas as pd

    from abaw_pipeline.artifacts.manifest import DONE

    rows = [
        (_video(name, key), stage, entry.seconds)
        for name, stage in STAGES.items()
        for key, entry in artifacts[name].entries.items()
        if entry.status == DONE and entry.seconds is not None
    ]
    table = pd.DataFrame(rows, columns=["video", "stage", "seconds"])
    return table.groupby(["video", "stage"], sort=False)["seconds"].sum().reset_index()


def collect_failures(quarantine: Table, **artifacts: StoredMap) -> Table:
    """Everything that failed, one row a key, with the video that it is about."""
    import pandas as pd

    from abaw_pipeline.artifacts.keys import key_text
    from abaw_pipeline.artifacts.manifest import FAILED

    rows = [
        (_video(name, key), name, key_text(key), entry.stage, entry.error, entry.message, entry.blocked_by)
        for name, pieces in artifacts.items()
        for key, entry in pieces.entries.items()
        if entry.status == FAILED
    ]
    table = pd.DataFrame(rows, columns=["video", *quarantine.columns], dtype="string")
    return pd.concat([quarantine.assign(video=quarantine["key"]), table], ignore_index=True)[table.columns]


def write_pages(
    clips: Table,
    judged: PieceMap,
    people: PieceMap,
    strips: PieceMap,
    movies: PieceMap,
    stages: Table,
    failures: Table,
    folds: Table,
    labels_5hz: Table,
    study: str,
    demo: DemoStage,
    corpora: Corpora,
    inference: InferenceStage,
    evaluation: EvaluationStage,
    fusion: FusionStage,
    systems: SystemsStage,
) -> tuple[RecipeMap, RecipeMap]:
    """A page for each video, and its place in the list of all."""
    from abaw_pipeline.inference.folders import folder_names
    from abaw_pipeline.inference.pages import look
    from abaw_pipeline.inference.results import write_card, write_page

    about = {
        "systems": {
            **{name: "face" if name in systems.face else "sound" for name in systems.chosen},
            **dict.fromkeys(fusion.methods, "fusion"),
        },
        "classes": list(ordered(labels_5hz["label"].unique())),
        "preferred": _preferred(evaluation, fusion, systems),
        "trained_on": trained_on(study, folds, labels_5hz),
        "notes": list(warnings(demo, corpora)),
    }
    pages, cards = {}, {}
    folders = folder_names(clips["clip_id"])
    rows: list[Any] = clips.astype(object).where(clips.notna(), None).to_dict("records")
    for clip in rows:
        video = clip["clip_id"]
        page = {
            "title": video,
            **{
                name: pieces.ref(video) if video in pieces else None
                for name, pieces in {"judged": judged, "people": people, "strip": strips, "movie": movies}.items()
            },
            "facts": _facts(clip),
            "stages": dict(stages.loc[stages["video"] == video, ["stage", "seconds"]].itertuples(index=False)),
            "failures": _told(failures[failures["video"] == video]),
            **about,
        }
        pages[video] = Recipe(write_page, {"page": page, "embed_mb": inference.embed_mb, "look": look()})
        cards[video] = Recipe(write_card, {"page": page, "folder": folders[video]})
    return RecipeMap("pages", pages), RecipeMap("cards", cards)


def lay_out(
    clips: Table,
    judged: PieceMap,
    movies: PieceMap,
    tables: PieceMap,
    pages: PieceMap,
    cards: PieceMap,
    failures: Table,
    folds: Table,
    labels_5hz: Table,
    study: str,
    demo: DemoStage,
    corpora: Corpora,
) -> dict[str, str | Path]:
    """All results under the names of their videos, and the page that lists them."""
    from abaw_pipeline.inference.folders import folder_names
    from abaw_pipeline.inference.index import render_index
    from abaw_pipeline.inference.page import MOVIE
    from abaw_pipeline.inference.results import INDEX, PAGE, POSTERIORS, TABLE, read_card

    files: dict[str, str | Path] = {}
    named = {PAGE: pages, TABLE: tables, POSTERIORS: judged, MOVIE: movies}
    for video, folder in folder_names(clips["clip_id"]).items():
        for name, pieces in named.items():
            path = pieces.ref(video).path if video in pieces else None
            if path is not None:
                files[f"{folder}/{name}"] = Path(path)
    shown = [video for video in clips["clip_id"] if video in pages and video in cards]
    refused = failures[~failures["video"].isin(shown)]
    files[INDEX] = render_index(
        [read_card(cards[video]) for video in shown],
        _told(refused),
        trained_on(study, folds, labels_5hz),
        classes=list(ordered(labels_5hz["label"].unique())),
        notes=list(warnings(demo, corpora)),
    )
    return files


def warnings(demo: DemoStage, corpora: Corpora) -> Iterator[str]:
    """What a reader must know of a study before believing it."""
    folder = Path(demo.path).absolute()
    if any(Path(corpus.path).absolute().is_relative_to(folder) for corpus in corpora.root.values()):
        yield "These systems have learned from the drawn people of the demo: of real people they know nothing."


def trained_on(study: str, folds: Table, labels_5hz: Table) -> str:
    """What the systems of fold `final` learned from, in words."""
    from abaw_pipeline.evaluation.folds import FINAL

    final = folds[folds["fold"] == FINAL]
    people = final["subject"].drop_duplicates()
    corpora = ", ".join(dict.fromkeys(people.str.partition("/")[0]))
    classes = len(set(labels_5hz["label"]))
    return (
        f"The systems have learned from all {len(final)} labelled clips of {corpora} that study {study} may learn from "
        f"({len(people)} people, {classes} emotions; fold final)."
    )


def _facts(clip: dict[str, Any]) -> dict[str, Any]:
    """What a page says of a file, in plain types: a column of counts is one of floats where another clip has none."""
    sizes = {name: None if clip[name] is None else int(clip[name]) for name in ("width", "height")}
    fps = None if clip["fps"] is None else float(clip["fps"])
    return {"duration": float(clip["duration"]), "fps": fps, **sizes, "sound": bool(clip["sound"])}


def _pictured(clips: Table, judged: PieceMap) -> list[dict[str, Any]]:
    rows: list[Any] = clips[clips["video"] & clips["clip_id"].isin(list(judged))].to_dict("records")
    return rows


def _shown(
    clip: dict[str, Any], judged: PieceMap, evaluation: EvaluationStage, fusion: FusionStage, systems: SystemsStage
) -> dict[str, Any]:
    return {
        "media": File(clip["media"], clip["sha256"]),
        "start": clip["start"],
        "end": clip["end"],
        "judged": judged.ref(clip["clip_id"]).in_parts(),
        "preferred": _preferred(evaluation, fusion, systems),
    }


def _preferred(evaluation: EvaluationStage, fusion: FusionStage, systems: SystemsStage) -> list[str]:
    """Which system is shown: the headline of the study, else a fusion, else whatever there is."""
    return list(dict.fromkeys(name for name in (evaluation.headline, *fusion.methods, *systems.chosen) if name))


def _video(artifact: str, key: str | tuple[str, ...]) -> str:
    """The video that a piece is about: its key ends with the video, or with one of its persons."""
    last = key if isinstance(key, str) else key[-1]
    return last.rpartition(" #")[0] if artifact in OF_PERSONS else last


def _told(failures: Table) -> list[tuple[str, str, str, str]]:
    columns = [failures[name].fillna("").astype(str) for name in ("artifact", "key", "message", "blocked_by")]
    return list(zip(*columns, strict=True))
