"""Nodes of face preprocessing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from abaw_pipeline.artifacts import PieceMap, Recipe, RecipeMap
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.faces.settings import Faces
from abaw_pipeline.pipelines.files import file_hashes
from abaw_pipeline.pipelines.segments import segments
from abaw_pipeline.stages import SystemsStage
from abaw_pipeline.types import File, Table


def find_faces(clips: Table, faces: Faces, systems: SystemsStage, execution: Execution) -> RecipeMap:
    """Everybody in each video: detected, told apart, tracked and cropped in one pass over its pictures.

    People annotated in one stretch of one video share a piece. Without a system that looks at faces, nothing is
    asked for.
    """
    from abaw_pipeline.faces import Provided
    from abaw_pipeline.faces.recipes import find_faces as find

    recipes = {}
    stretches = segments(clips) if systems.looks else {}
    if stretches and not isinstance(faces.detector, Provided):
        faces.detector.open()  # what is missing is told once, before any video is decoded
    boxes = _provided_boxes(faces, [members[0]["media"] for members in stretches.values()], execution)
    for key, members in stretches.items():
        clip = members[0]
        recipes[key] = Recipe(
            find,
            {
                "media": File(clip["media"], clip["sha256"]),
                "start": clip["start"],
                "end": clip["end"],
                "settings": faces.finding(),
                "boxes": boxes.get(clip["media"]),
            },
            execution={"device": execution.place},
        )
    return RecipeMap("face_crops", recipes)


def choose_people(clips: Table, face_crops: PieceMap, faces: Faces) -> RecipeMap:
    """The annotated person of each clip, frame by frame."""
    from abaw_pipeline.faces.persons import choose_person
    from abaw_pipeline.faces.seen import KNOWN

    recipes = {}
    for key, clip in _looked_at(clips, face_crops):
        side = clip["side"] if isinstance(clip["side"], str) else None
        arguments = {"faces": face_crops.ref(key).in_parts(KNOWN), "side": side, "settings": faces}
        recipes[clip["clip_id"]] = Recipe(choose_person, arguments)
    return RecipeMap("face_tracks", recipes)


def draw_sheets(clips: Table, face_crops: PieceMap, face_tracks: PieceMap) -> RecipeMap:
    """A contact sheet of each clip: who was found when, and who was taken for the annotated person."""
    from abaw_pipeline.faces.seen import SEEN
    from abaw_pipeline.faces.sheet import PICTURED, contact_sheet

    recipes = {}
    for key, clip in _looked_at(clips, face_crops):
        found = face_crops.ref(key)
        arguments = {
            "faces": found.in_parts(SEEN),
            "pictures": found.in_parts(PICTURED),
            "tracks": face_tracks.ref(clip["clip_id"]),
        }
        recipes[clip["clip_id"]] = Recipe(contact_sheet, arguments)
    return RecipeMap("contact_sheets", recipes)


def _looked_at(clips: Table, face_crops: PieceMap) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each clip whose stretch of video was searched for faces, after the stretch's key."""
    asked = set(face_crops.asked)
    for key, members in segments(clips).items():
        yield from ((key, clip) for clip in members if key in asked)


def _provided_boxes(faces: Faces, media: Iterable[str], execution: Execution) -> Mapping[str, File]:
    """The table of boxes that belongs to each video, where the detector reads them instead of looking.

    Raises:
        OSError: a table cannot be read.
    """
    from abaw_pipeline.faces import Provided

    if not isinstance(faces.detector, Provided):
        return {}
    tables = {video: table for video in media if (table := faces.detector.companion(video)) is not None}
    hashes = file_hashes(execution).of(tables.values())
    found = {}
    for video, table in tables.items():
        sha256 = hashes[table]
        if isinstance(sha256, OSError):
            raise sha256
        found[video] = File(table, sha256)
    return found
