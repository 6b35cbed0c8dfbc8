"""What stages that read faces hold at once, and by how much their peak grows with a video."""

import gc
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest
from benchmarks.memory_of_faces import MOST, STAGES, rows
from tests.faces.people import FPS, box, identity

from abaw_pipeline.artifacts import Recipe, Ref
from abaw_pipeline.artifacts.compute import compute_pieces
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.artifacts.manifest import Manifest
from abaw_pipeline.artifacts.store import PieceStore
from abaw_pipeline.backbones.crops import FOLLOWED, MOMENTS, PICTURED, chosen_crops
from abaw_pipeline.faces import sheet
from abaw_pipeline.faces.crops import encode_jpeg
from abaw_pipeline.faces.persons import choose_person
from abaw_pipeline.faces.rows import Face, FaceRows
from abaw_pipeline.faces.seen import KNOWN, SEEN
from abaw_pipeline.faces.settings import Faces
from abaw_pipeline.inference.people import follow_person, list_people

HEAVY, FRAMES, A_PART = 1 << 18, 300, 10
"""Bytes of an image, frames of the piece (75 MB of images), and frames of a part."""


def heavy_faces() -> Iterator[pa.Table]:
    """Somebody in every frame, with images that are far too large."""
    image = encode_jpeg(np.full((32, 32, 3), 90, np.uint8), 90)
    for first in range(0, FRAMES, A_PART):
        made = FaceRows()
        for at in range(first, first + A_PART):
            face = Face(0, box(100, 100), image + bytes(HEAVY), 0.9, 0.8, np.float32(identity(0)))
            made.add(at, at / FPS, True, False, [face])
        yield made.take()


@pytest.fixture(scope="module")
def faces(tmp_path_factory) -> Ref:
    folder = tmp_path_factory.mktemp("faces")
    store = PieceStore(str(folder), "table")
    recipes = {"clip": Recipe(heavy_faces, {})}
    execution = Execution(workers=1, on_error="raise")
    (entry,) = compute_pieces("faces", recipes, store, Manifest([]), execution).entries
    return Ref("faces", "clip", entry.fingerprint, str(store.path(str(entry.path))), "table")


class Watched:
    """Parts of a piece; notes how much pyarrow holds (bytes) whenever another one is asked for."""

    most, start = 0, 0

    def __init__(self, ref: Ref, columns: tuple[str, ...]) -> None:
        self._parts = ref.in_parts(columns)

    def __iter__(self) -> Iterator[pa.Table]:
        for part in self._parts:
            yield part
            del part
            Watched.most = max(Watched.most, pa.total_allocated_bytes() - Watched.start)


def test_no_stage_holds_more_than_a_few_parts(faces):
    """All images are 75 MB; one that reads the column for all frames at once would hold them."""
    chosen = choose_person(faces.in_parts(KNOWN), None, Faces())
    parts = {columns: Watched(faces, columns) for columns in (KNOWN, SEEN, PICTURED, MOMENTS)}
    stages = {
        "choose": lambda: choose_person(parts[KNOWN], None, Faces()),
        "people": lambda: list_people(parts[KNOWN], Faces(), 2),
        "follow": lambda: follow_person(parts[SEEN], [0], Faces()),
        "sheet": lambda: sheet.contact_sheet(parts[SEEN], Watched(faces, sheet.PICTURED), chosen),
        "crops": lambda: sum(1 for _ in chosen_crops(parts[MOMENTS], parts[PICTURED], [chosen.select(FOLLOWED)])),
    }
    for name, run in stages.items():
        gc.collect()
        Watched.start, Watched.most = pa.total_allocated_bytes(), 0
        run()
        assert Watched.most < 3 * A_PART * HEAVY, name


@pytest.mark.long
def test_memory_grows_by_at_most_a_megabyte_a_minute() -> None:
    measured = rows()
    assert len(measured) == len(STAGES)
    assert all(row["here"] <= MOST for row in measured), [row["limit"] for row in measured]
