"""Crops that come with a corpus, taken as they are instead of finding faces in its videos."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from abaw_pipeline.errors import DataError
from abaw_pipeline.faces.crops import decode_jpeg
from abaw_pipeline.faces.rows import Face, FaceRows
from abaw_pipeline.parts import Part
from abaw_pipeline.types import File

if TYPE_CHECKING:
    import pyarrow as pa

TRACKS: Mapping[str, int] = {"": 0, "left": 1, "right": 2}
"""The track of each person of a video in the table of faces, by side; without one: the video's only person."""

SUFFIXES = {".jpg", ".jpeg"}
NAMED = "<number of the frame, from 1>.jpg"


class Cropped(Part):
    """Ready-made crops (S4, section 3.1: the cropped and aligned faces that the challenge hands out).

    A person's are `<name of the media file without its ending>/00001.jpg` and so on, of one of two people
    `<name>_left/` or `<name>_right/`; the name of a crop is the number of its decoded frame, from 1. Frames without a
    crop have no face. Nothing is detected, told apart or cut out, and JPEG bytes are kept as they are, of any size.
    """

    path: str = Field(min_length=1, description="folder with one folder of crops a person, such as cropped_aligned")
    tolerance: int = Field(
        10, ge=0, description="frames by which crops may go on beyond their video; they are left out"
    )

    def companion(self, media: str, side: str | None) -> str | None:
        """The folder of a person's crops; None where there is none.

        Raises:
            DataError: the folder of all crops is missing.
        """
        root = Path(self.path)
        if not root.is_dir():
            raise DataError("the folder of ready-made crops is not there", where=self.path)
        folder = root / (Path(media).stem + (f"_{side}" if side else ""))
        return str(folder) if folder.is_dir() else None


@dataclass(frozen=True)
class Crops:
    """One person's crops.

    Attributes:
        track: of the person.
        files: by the index of the decoded frame, from 0.
    """

    track: int
    files: Mapping[int, Path]

    def face(self, frame: int) -> Face | None:
        """The face of a frame, with a score of 1; where in the picture it was is not known.

        Raises:
            DataError: the crop is damaged.
        """
        if frame not in self.files:
            return None
        file = self.files[frame]
        try:
            image = file.read_bytes()
            decode_jpeg(image)
        except (OSError, DataError) as error:
            why = error.what if isinstance(error, DataError) else f"cannot be read ({error.strerror})"
            hint = "Replace it, or remove it: a frame without a crop has no face."
            raise DataError(why, where=str(file), hint=hint) from error
        return Face(self.track, np.full(4, np.nan), image, score=1.0)


def read_crops(
    media: File, start: float, end: float, people: Mapping[str, File], fps: float, tolerance: int
) -> Iterator[pa.Table]:
    """Ready-made crops of everybody in a stretch of video, as if their faces had been found.

    Args:
        media: file with moving pictures, which tell when each frame is shown; none is decoded.
        start: seconds from the media's start.
        end: seconds from the media's start.
        people: side ("left", "right", or "" without one) -> folder of crops, known by its content.
        fps: frames looked at a second (Hz), chosen as `media.pictures.decode_pictures` does.
        tolerance: by how many frames crops may go on beyond the video.

    Yields:
        Parts of a table of `rows.face_crops_schema()`: a row a face in a sampled frame, and one a frame without.

    Raises:
        MediaError: the video cannot be read, or has no frame in the stretch.
        DataError: no folder, files that are no crops, crops for another video, damaged ones.
    """
    from abaw_pipeline.media.pictures import frame_times, on_screen
    from abaw_pipeline.media.timeline import read_frames

    if not people:
        hint = f"Put them into {Path(media.path).stem}/ below faces.cropped.path (of two people: ..._left, ..._right)."
        raise DataError("no ready-made crops belong to this video.", where=media.path, hint=hint)
    n_frames = len(frame_times(media.path))
    everybody = [
        Crops(TRACKS[side], crop_files(folder.path, n_frames, tolerance)) for side, folder in sorted(people.items())
    ]
    table = read_frames(media, start, end)
    frames, times = (table.column(name).to_numpy() for name in ("frame", "time"))
    rows = FaceRows()
    for frame, time, sampled in zip(frames.tolist(), times.tolist(), on_screen(times, fps, end - start), strict=True):
        faces = [face for crops in everybody if sampled and (face := crops.face(frame)) is not None]
        rows.add(frame, time, bool(sampled), False, faces)
        if rows.full:
            yield rows.take()
    yield rows.take()


def crop_files(folder: str, n_frames: int, tolerance: int) -> dict[int, Path]:
    """Crops of a folder by the index of their frame, from 0; those beyond the video are left out.

    Args:
        folder: of one person; hidden files in it are passed over.
        n_frames: of the video.
        tolerance: by how many frames crops may go on beyond it.

    Raises:
        DataError: files but no crops, a name that is no frame's number, two crops of one frame, or crops for a
            longer video.
    """
    entries = sorted(entry for entry in Path(folder).iterdir() if not entry.name.startswith("."))
    files = [entry for entry in entries if entry.suffix.lower() in SUFFIXES]
    if entries and not files:
        raise DataError(f"no crops are in it, but {entries[0].name}", where=folder, hint=f"Crops are {NAMED}.")
    found: dict[int, Path] = {}
    for file in files:
        number = int(file.stem) if file.stem.isascii() and file.stem.isdecimal() and len(file.stem) < 10 else 0
        if number < 1:
            raise DataError(f"{file.name} is not {NAMED}", where=folder, hint="Rename or remove it.")
        if number - 1 in found:
            raise DataError(
                f"{found[number - 1].name} and {file.name} are of one frame", where=folder, hint="Keep one."
            )
        found[number - 1] = file
    last = max(found, default=-1) + 1
    if last > n_frames + tolerance:
        raise DataError(
            f"a crop of frame {last} of a video of {n_frames} frames.",
            where=folder,
            hint=f"Check that they belong to this video, or raise faces.cropped.tolerance, which is {tolerance}.",
        )
    return {frame: file for frame, file in found.items() if frame < n_frames}
