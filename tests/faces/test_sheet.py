import io

import numpy as np
import pytest
from PIL import Image, ImageColor
from tests.faces.people import box, table

from abaw_pipeline.errors import DataError
from abaw_pipeline.faces.persons import choose_person
from abaw_pipeline.faces.rows import face_crops_schema
from abaw_pipeline.faces.settings import Faces
from abaw_pipeline.faces.sheet import CHOSEN, COLORS, CUT, EDGE, GAP, LABEL, LINE, contact_sheet

CELL = 72


def sheet(faces, **options) -> np.ndarray:
    data = contact_sheet([faces], [faces], choose_person([faces], None, Faces(nearest_s=0.4)), **options)
    assert data.startswith(b"\xff\xd8\xff")
    return np.array(Image.open(io.BytesIO(data)))


def is_color(pixels: np.ndarray, name: str, near: float = 40) -> bool:
    """JPEG keeps colors about."""
    return bool(np.abs(pixels.reshape(-1, 3).mean(0) - ImageColor.getrgb(name)).max() < near)


def border(picture: np.ndarray, column: int, row: int) -> np.ndarray:
    left, top = LABEL + column * CELL, LINE + GAP + row * (CELL + GAP)
    return picture[top + 10 : top + 60, left : left + EDGE - 1]


FRAMES = [
    [(0, 0, box(100, 100, 90)), (1, 1, box(400, 100))],
    [(0, 0, box(100, 100, 90))],
    [],
    [],
    [(1, 1, box(400, 100))],
]


def test_people_have_a_row_each_and_borders_say_where_faces_come_from():
    picture = sheet(table(FRAMES))
    assert is_color(border(picture, 0, 0), COLORS["detected"])
    assert is_color(border(picture, 2, 0), COLORS["nearest"]) and is_color(border(picture, 4, 0), COLORS["missing"])
    assert is_color(border(picture, 0, 2), COLORS["detected"]) and is_color(border(picture, 4, 2), COLORS["detected"])
    assert is_color(border(picture, 1, 2), "#ffffff") and is_color(border(picture, 2, 1), "#ffffff")


def test_the_chosen_person_s_track_is_marked():
    picture = sheet(table(FRAMES))
    tops = [LINE + GAP + row * (CELL + GAP) + 60 for row in range(3)]
    assert [is_color(picture[top : top + 8, 60:100], CHOSEN, 10) for top in tops] == [True, True, False]


def test_cuts_are_lines_at_their_time():
    picture = sheet(table(FRAMES, cuts=[2]))
    at = LABEL + 2 * CELL
    assert is_color(picture[LINE + 2 : LINE + 6, at : at + 2], CUT)
    assert not is_color(sheet(table(FRAMES))[LINE + 2 : LINE + 6, at : at + 2], CUT)


def test_the_bar_shows_every_frame():
    """Frames 0 to 5 have boxes, to 15 the nearest crop, then none."""
    picture = sheet(table(FRAMES))
    top = LINE + GAP + 3 * (CELL + GAP) + 4
    at = [picture[top : top + 4, LABEL + round((frame + 0.5) / 25 * 5 * CELL)] for frame in (0, 3, 8, 20)]
    assert [is_color(pixels, color) for pixels, color in zip(at, COLORS.values(), strict=True)] == [True] * 4


def test_its_size_is_bounded():
    many = [[(track, track, box(60 * track, 100)) for track in range(12)]] * 40
    picture = sheet(table(many), columns=10, rows=5)
    assert picture.shape[1] == LABEL + 10 * CELL + GAP
    assert picture.shape[0] < LINE + GAP + 6 * (CELL + GAP) + 5 * LINE


@pytest.mark.parametrize("frames", [[[]], [[], []], [[(0, 0, box(100, 100))]]])
def test_a_clip_of_no_face_or_one_frame_has_a_sheet(frames):
    assert sheet(table(frames)).shape[2] == 3
    assert sheet(table(frames, every=1)).shape[2] == 3


def test_a_table_without_frames_is_refused():
    empty = face_crops_schema().empty_table()
    with pytest.raises(DataError, match="empty"):
        contact_sheet([empty], [empty], empty)
