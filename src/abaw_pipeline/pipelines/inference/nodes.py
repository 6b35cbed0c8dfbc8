"""Nodes of inference: who is seen and heard, and what the systems of fold `final` say of them."""

from __future__ import annotations

import logging
from typing import Any

from abaw_pipeline.artifacts import PieceMap, Recipe, RecipeMap
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.emotions import ordered
from abaw_pipeline.errors import DataError
from abaw_pipeline.faces.settings import Faces
from abaw_pipeline.pipelines.embedding_extraction.nodes import embed_tracks
from abaw_pipeline.pipelines.files import file_hashes
from abaw_pipeline.pipelines.inference.people import persons
from abaw_pipeline.pipelines.temporal_modeling.modeling import piece_key
from abaw_pipeline.stages import VOCALS, FaceStage, FusionStage, InferenceStage, MediaPaths, SystemsStage
from abaw_pipeline.types import Table

log = logging.getLogger(__name__)

ANYBODY = "clip"
"""Stands for the clip in posteriors of one clip alone."""


def list_media(media: MediaPaths, fusion_fits: Table, execution: Execution) -> tuple[Table, Table]:
    """Files, folders and manifests as clips, and what cannot be one."""
    from abaw_pipeline.corpora.listing import list_corpora
    from abaw_pipeline.corpora.media_files import MediaFiles
    from abaw_pipeline.evaluation.folds import FINAL

    if not media.root:
        raise DataError(
            "no media are named", where="media", hint="kedro infer PATH, or kedro run ... --params media=PATH"
        )
    if FINAL not in set(fusion_fits["fold"]):
        raise DataError(
            "this study has no systems trained on everything",
            where="fold final",
            hint="Make them with cross_validation.final: true and at least one fusion method.",
        )
    listing, refused, notes = list_corpora({"media": MediaFiles(paths=media.root)}, file_hashes(execution))
    for note in notes["note"]:
        log.info(note)
    if listing.empty:
        raise DataError(f"none of {len(refused)} media can be read", hint=f"The first: {refused['message'].iloc[0]}")
    return listing, refused


def find_people(face_crops: PieceMap, faces: Faces, inference: InferenceStage) -> RecipeMap:
    """Who is seen in each video, and who of them for long enough to be judged."""
    from abaw_pipeline.faces.seen import KNOWN
    from abaw_pipeline.inference.people import list_people

    arguments = {"settings": faces, "least": inference.least_faces}
    return RecipeMap(
        "people",
        {
            key: Recipe(list_people, {"faces": face_crops.ref(key).in_parts(KNOWN), **arguments})
            for key in face_crops.asked
        },
    )


def follow_people(face_crops: PieceMap, people: PieceMap, faces: Faces) -> RecipeMap:
    """Where each person is in every frame."""
    from abaw_pipeline.faces.seen import SEEN
    from abaw_pipeline.inference.people import follow_person

    recipes = {}
    for each in persons(people):
        found = face_crops.ref(each.video).in_parts(SEEN)
        recipes[each.clip] = Recipe(follow_person, {"faces": found, "tracks": each.tracks, "settings": faces})
    return RecipeMap("face_tracks", recipes)


def extract_people(
    face_crops: PieceMap,
    people: PieceMap,
    face_tracks: PieceMap,
    backbones: PieceMap,
    face: FaceStage,
    systems: SystemsStage,
    execution: Execution,
) -> RecipeMap:
    """Embeddings of each person's faces, by the extractors that the running systems read."""
    pictured = {each.clip: each.video for each in persons(people)}
    return embed_tracks(pictured, face_crops, face_tracks, backbones, face, systems, execution)


def find_voices(vocals: PieceMap) -> RecipeMap:
    """Where a voice is heard in each video."""
    from abaw_pipeline.audio.voice import find_voice

    return RecipeMap("voice", {key: Recipe(find_voice, {"sound": vocals.ref(key).in_parts()}) for key in vocals.asked})


def judge_faces(
    clips: Table,
    people: PieceMap,
    face_embeddings: PieceMap,
    fitted: PieceMap,
    labels_5hz: Table,
    systems: SystemsStage,
    execution: Execution,
) -> RecipeMap:
    """Posteriors over time of each person, by each system that sees."""
    durations = dict(zip(clips["clip_id"], clips["duration"], strict=True))
    about = [(each.clip, durations[each.video]) for each in persons(people)]
    recipes = _judged(about, {"": face_embeddings}, fitted, labels_5hz, systems.of("face"), execution)
    return RecipeMap("face_posteriors", recipes)


def judge_sound(
    clips: Table,
    vocals: PieceMap,
    sound_embeddings: PieceMap,
    fitted: PieceMap,
    labels_5hz: Table,
    systems: SystemsStage,
    execution: Execution,
) -> RecipeMap:
    """Posteriors over time of each video's sound, by each system that hears."""
    heard = clips[clips["clip_id"].isin(vocals.asked)]
    about = list(zip(heard["clip_id"], heard["duration"], strict=True))
    sources = {"": sound_embeddings, VOCALS: vocals}
    recipes = _judged(about, sources, fitted, labels_5hz, systems.of("sound"), execution)
    return RecipeMap("sound_posteriors", recipes)


def judge_videos(
    clips: Table,
    frames: PieceMap,
    people: PieceMap,
    face_tracks: PieceMap,
    voice: PieceMap,
    face_posteriors: PieceMap,
    sound_posteriors: PieceMap,
    fusion_weights: Table,
    fusion_fits: Table,
    labels_5hz: Table,
    fusion: FusionStage,
    systems: SystemsStage,
) -> RecipeMap:
    """What all systems and fusions say of everybody in each video, frame by frame."""
    from abaw_pipeline.evaluation.folds import FINAL
    from abaw_pipeline.inference.judge import WEIGHTS, judge_video

    final = fusion_weights[fusion_weights["fold"] == FINAL]
    plain = final.astype(object).where(final.notna(), None)
    weights = {str(name): part[WEIGHTS].to_numpy(object).tolist() for name, part in plain.groupby("method", sort=False)}
    fits = {
        str(fit["method"]): {name: fit[name] for name in ("members", "classes", "info", "model")}
        for fit in fusion_fits[fusion_fits["fold"] == FINAL].to_dict("records")
    }
    shared = {
        "methods": {name: fusion.methods[name] for name in fits},
        "weights": weights,
        "fits": fits,
        "classes": list(ordered(labels_5hz["label"].unique())),
    }
    seen = {video: [each for each in persons(people) if each.video == video] for video in people}
    recipes = {}
    for video, duration in zip(clips["clip_id"], clips["duration"], strict=True):
        there = [each for each in seen.get(video, []) if each.clip in face_tracks]
        recipes[video] = Recipe(
            judge_video,
            {
                "frames": frames.ref(video) if video in frames else None,
                "duration": duration,
                "tracks": {each.number: face_tracks.ref(each.clip) for each in there},
                "seen": {each.number: _refs(face_posteriors, systems.of("face"), each.clip) for each in there},
                "heard": _refs(sound_posteriors, systems.of("sound"), video),
                "voice": voice.ref(video) if video in voice else None,
                **shared,
            },
        )
    return RecipeMap("judged", recipes)


def _refs(posteriors: PieceMap, systems: dict[str, Any], clip_id: str) -> dict[str, Any]:
    return {name: posteriors.ref((name, clip_id)) for name in systems if (name, clip_id) in posteriors}


def _judged(
    about: list[tuple[str, float]],
    sources: dict[str, PieceMap],
    fitted: PieceMap,
    labels_5hz: Table,
    systems: dict[str, Any],
    execution: Execution,
) -> dict[tuple[str, str], Recipe]:
    """How each system of fold `final` judges each clip; a clip whose input failed is told by that failure."""
    from abaw_pipeline.evaluation.folds import FINAL
    from abaw_pipeline.systems.recipes import predict_system

    classes = list(ordered(labels_5hz["label"].unique()))
    recipes = {}
    for name, system in systems.items():
        for clip_id, duration in about:
            inputs = {each: (sources.get(each, sources[""]), piece_key(each, clip_id)) for each in system.inputs}
            if not all(key in source for source, key in inputs.values()):
                continue
            arguments = {
                "system": system,
                "fitted": fitted.ref((name, FINAL)),
                "clip_ids": [ANYBODY],  # a file that gets another name is still the same
                "subjects": [ANYBODY],
                "durations": [duration],
                "classes": classes,
                "inputs": {each: [source.ref(key)] for each, (source, key) in inputs.items()},
            }
            recipes[name, clip_id] = Recipe(predict_system, arguments, execution={"device": execution.place})
    return recipes
