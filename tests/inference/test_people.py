import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.faces.people import FPS, box, identity, table

from abaw_pipeline.errors import DataError
from abaw_pipeline.faces.crops import encode_jpeg
from abaw_pipeline.faces.persons import LargestFace, MainPerson, choose_person
from abaw_pipeline.faces.rows import Face, FaceRows
from abaw_pipeline.faces.settings import Faces
from abaw_pipeline.inference.people import follow_person, list_people

LEFT, RIGHT = box(100, 100), box(500, 100)
SCHEMA = pa.schema(
    [
        ("person", pa.int32()),
        ("tracks", pa.list_(pa.int32())),
        ("first", pa.float64()),
        ("last", pa.float64()),
        ("faces", pa.int64()),
        ("height", pa.float64()),
        ("judged", pa.bool_()),
    ]
)


def people(faces, least: int = 1, **changes) -> list[dict]:
    found = list_people([faces], Faces().model_copy(update=changes), least)
    assert found.schema == SCHEMA
    return found.to_pylist()


def follow(faces, tracks: list[int], **changes) -> dict[str, list]:
    return follow_person([faces], tracks, Faces().model_copy(update=changes)).to_pydict()


def test_people_are_numbered_by_how_large_and_how_long_they_are_seen():
    far, near = box(100, 100, 50), box(500, 100, 120)
    found = people(table([[(0, 0, far), (1, 1, near)]] * 4))
    assert [(row["person"], row["tracks"], row["height"]) for row in found] == [(1, [1], 120), (2, [0], 50)]
    # Twice as large for a third of the time is less.
    found = people(table([[(0, 0, far), (1, 1, near)], *[[(0, 0, far)]] * 5]))
    assert [(row["tracks"], row["faces"]) for row in found] == [([0], 6), ([1], 1)]


def test_of_equals_the_earlier_is_the_first():
    found = people(table([[(3, 1, RIGHT)], [(5, 0, LEFT)]]))
    assert [row["tracks"] for row in found] == [[3], [5]]


def test_two_people_are_each_one_across_a_cut():
    before, after = [(0, 0, LEFT), (1, 1, RIGHT)], [(2, 1, box(100, 100, 70)), (3, 0, box(500, 100, 70))]
    faces = table([before] * 2 + [after] * 2, cuts=[2])
    found = people(faces)
    assert [(row["tracks"], row["faces"]) for row in found] == [([0, 3], 4), ([1, 2], 4)]
    assert [(row["first"], row["last"], row["height"]) for row in found] == [(0.0, 15 / FPS, 65.0)] * 2
    # A study whose rule links nothing sees four people.
    assert len(people(faces, person=MainPerson(threshold=1.0))) == 4
    assert people(faces, person=LargestFace()) == found


def test_first_and_last_are_times_of_own_faces():
    found = people(table([[], [(0, 0, LEFT)], [(1, 1, RIGHT)], [(0, 0, LEFT)], []]))
    assert [(row["first"], row["last"]) for row in found] == [(5 / FPS, 15 / FPS), (10 / FPS, 10 / FPS)]


def test_nobody_is_a_table_without_rows():
    assert people(table([[], [], []]), least=3) == []


@pytest.mark.parametrize(("seen", "judged"), [(1, False), (2, False), (3, True), (5, True)])
def test_who_is_seen_too_seldom_is_listed_and_not_judged(seen, judged):
    faces = table([[(0, 0, LEFT), *([(1, 1, RIGHT)] if at < seen else [])] for at in range(6)])
    assert [(row["faces"], row["judged"]) for row in people(faces, least=3)][1:] == [(seen, judged)]


def test_in_a_video_of_few_pictures_who_is_in_all_of_them_is_judged():
    alone = people(table([[(0, 0, LEFT)]], every=1), least=3)
    assert [(row["first"], row["last"], row["faces"], row["judged"]) for row in alone] == [(0.0, 0.0, 1, True)]
    found = people(table([[(0, 0, LEFT), (1, 1, RIGHT)], [(0, 0, LEFT)]]), least=3)
    assert [(row["faces"], row["judged"]) for row in found] == [(2, True), (1, False)]


def filled(count: int) -> pa.Table:
    """One face found in the first and the last of some sampled pictures, and filled in between them."""
    rows, image = FaceRows(), encode_jpeg(np.full((32, 32, 3), 90, np.uint8), 90)
    for at in range(count):
        found = (0.9, 0.8, np.float32(identity(0))) if at in {0, count - 1} else (None, None, None)
        rows.add(at, at / FPS, True, False, [Face(4, LEFT, image, *found)])
    return rows.take()


def test_faces_that_were_filled_in_do_not_count():
    assert [(row["faces"], row["judged"]) for row in people(filled(6), least=3)] == [(2, False)]
    assert follow(filled(6), [4])["origin"] == ["detected", *["interpolated"] * 4, "detected"]


def test_a_person_is_followed_over_all_own_tracks_and_no_others():
    near = box(300, 100, 200)
    faces = table([[(0, 0, LEFT)], [(1, 1, near)], [(2, 0, RIGHT), (1, 1, near)]], cuts=[2])
    chosen = follow(faces, [0, 2], max_gap_s=10.0)
    boxed = {at: chosen["x1"][at] for at in range(15) if chosen["x1"][at] is not None}
    assert boxed == {0: LEFT[0], 10: RIGHT[0]}  # never across the cut, and never the other's
    assert set(chosen["track"]) == {0, 2}
    assert chosen["frame"] == list(range(15))


def test_the_rule_of_the_largest_face_does_not_keep_boxes_from_being_bridged():
    """Who is told apart by identity has a way between two faces, whatever a study's own clips go by."""
    faces = table([[(0, 0, LEFT)], [(0, 0, RIGHT)]])
    assert follow(faces, [0], person=LargestFace())["origin"][:6] == ["detected", *["interpolated"] * 4, "detected"]


@pytest.mark.parametrize("tracks", [[], [7]])
def test_tracks_that_are_not_there_are_an_error(tracks):
    with pytest.raises(DataError, match="no face on the tracks"):
        follow(table([[(0, 0, LEFT)]]), tracks)


TRACKS = {0: 0, 1: 1, 2: 0, 3: 1, 4: 2}
"""Whose each track is; two of one person in one picture must stay apart."""


@given(
    st.lists(st.dictionaries(st.sampled_from(sorted(TRACKS)), st.integers(0, 3), max_size=4), min_size=1, max_size=8),
    st.sets(st.integers(1, 7)),
    st.integers(1, 4),
)
@settings(max_examples=60, deadline=None)
def test_everybody_is_somebody_once(frames, cuts, least):
    seen = [
        [(track, TRACKS[track], box(100 + 90 * x, 100, 40 + 9 * x)) for track, x in each.items()] for each in frames
    ]
    faces = table(seen, cuts=sorted(cuts))
    found = people(faces, least)
    assert sorted(track for row in found for track in row["tracks"]) == sorted(
        {track for each in frames for track in each}
    )
    assert [row["person"] for row in found] == list(range(1, len(found) + 1))
    counts = [sum(each.keys() & set(row["tracks"]) != set() for each in frames) for row in found]
    assert [row["faces"] for row in found] == counts  # so no two tracks of a person share a picture
    presence = [sum(40 + 9 * x for each in frames for t, x in each.items() if t in row["tracks"]) for row in found]
    assert presence == sorted(presence, reverse=True)
    assert [row["judged"] for row in found] == [count >= min(least, len(frames)) for count in counts]
    for row in found:
        chosen = follow(faces, row["tracks"])
        own = [at for at, origin in enumerate(chosen["origin"]) if origin in {"detected", "interpolated"}]
        assert (chosen["time"][own[0]], chosen["time"][own[-1]]) == (row["first"], row["last"])
    if found:
        assert follow(faces, found[0]["tracks"]) == choose_person([faces], None, Faces()).to_pydict()
