"""Nodes of face preprocessing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from abaw_pipeline.artifacts import PieceMap, Recipe, RecipeMap
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.faces.cropped import Cropped
from abaw_pipeline.faces.settings import Faces
from abaw_pipeline.pipelines.files import file_hashes, folder_hashes
from abaw_pipeline.pipelines.segments import segments
from abaw_pipeline.stages import SystemsStage
from abaw_pipeline.types import File, Table


def find_faces(clips: Table, faces: Faces, systems: SystemsStage, execution: Execution) -> RecipeMap:
    """Everybody in each video: detected, told apart, tracked and cropped in one pass over its pictures.

    People annotated in one stretch of one video share a piece. Ready-made crops are taken instead where the study
    names them. Without a system that looks at faces, nothing is asked for.
    """
    from abaw_pipeline.faces import Provided
    from abaw_pipeline.faces.recipes import find_faces as find

    recipes = {}
    stretches = segments(clips) if systems.looks else {}
    if faces.cropped is not None:
        return RecipeMap("face_crops", _ready_made(stretches, faces.cropped, faces.fps, execution))
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


def _ready_made(
    stretches: Mapping[str, list[dict[str, Any]]], cropped: Cropped, fps: float, execution: Execution
) -> dict[str, Recipe]:
    """The crops that come with the corpus, instead of faces that are found.

    Raises:
        OSError: a folder of crops cannot be read.
    """
    from abaw_pipeline.faces.cropped import read_crops

    folders = {key: _folders_of_crops(members, cropped) for key, members in stretches.items()}
    known = _digests(folder_hashes(execution).of(path for paths in folders.values() for path in paths.values()))
    return {
        key: Recipe(
            read_crops,
            {
                "media": File(members[0]["media"], members[0]["sha256"]),
                "start": members[0]["start"],
                "end": members[0]["end"],
                "people": {side: File(path, known[path]) for side, path in folders[key].items()},
                "fps": fps,
                "tolerance": cropped.tolerance,
            },
        )
        for key, members in stretches.items()
    }


def _folders_of_crops(members: Iterable[Mapping[str, Any]], cropped: Cropped) -> dict[str, str]:
    """Side ("" without one) -> folder; of copies of a video under other names, the first that has crops."""
    folders: dict[str, str] = {}
    for clip in members:
        side = clip["side"] if isinstance(clip["side"], str) else ""
        path = cropped.companion(clip["media"], side)
        if path is not None:
            folders.setdefault(side, path)
    return folders


def _digests(hashes: Mapping[str, str | OSError]) -> dict[str, str]:
    """Digests, once all are there."""
    for found in hashes.values():
        if isinstance(found, OSError):
            raise found
    return {path: str(found) for path, found in hashes.items()}


def _provided_boxes(faces: Faces, media: Iterable[str], execution: Execution) -> Mapping[str, File]:
    """The table of boxes that belongs to each video, where the detector reads them instead of looking.

    Raises:
        OSError: a table cannot be read.
    """
    from abaw_pipeline.faces import Provided

    if not isinstance(faces.detector, Provided):
        return {}
    tables = {video: table for video in media if (table := faces.detector.companion(video)) is not None}
    known = _digests(file_hashes(execution).of(tables.values()))
    return {video: File(table, known[table]) for video, table in tables.items()}
