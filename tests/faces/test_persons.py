import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from tests.faces.people import box, table

from abaw_pipeline.errors import DataError
from abaw_pipeline.faces.persons import LargestFace, MainPerson, PersonRule, choose_person
from abaw_pipeline.faces.rows import face_crops_schema
from abaw_pipeline.faces.settings import Faces

LEFT, MIDDLE, RIGHT = (box(x, 100) for x in (100, 300, 500))


def choose(faces, side=None, **changes) -> dict[str, list]:
    chosen = choose_person([faces], side, Faces().model_copy(update=changes))
    assert chosen.schema.names == ["frame", "time", "x1", "y1", "x2", "y2", "origin", "track", "score", "crop"]
    return chosen.to_pydict()


def origins(chosen) -> str:
    """One letter a frame."""
    return "".join(origin[0] for origin in chosen["origin"])


def test_the_main_person_is_seen_larger_and_longer():
    near, far = box(100, 100, 120), box(500, 100, 50)
    assert set(choose(table([[(0, 0, far), (1, 1, near)]] * 4))["track"]) == {1}
    # Twice as large for a third of the time is less.
    assert set(choose(table([[(0, 0, far), (1, 1, near)], *[[(0, 0, far)]] * 5]))["track"]) == {0}


def test_of_equals_the_earlier_is_the_main_person():
    assert set(choose(table([[(0, 0, LEFT)], [(0, 0, LEFT)], [(1, 1, LEFT)], [(1, 1, LEFT)]]))["track"]) == {0}


def test_a_person_is_all_tracks_with_one_identity():
    """Alone neither track of person 0 outweighs person 1."""
    frames = [*[[(0, 0, LEFT)]] * 3, *[[(1, 1, RIGHT)]] * 4, *[[(2, 0, LEFT)]] * 3]
    assert set(choose(table(frames))["track"]) == {0, 2}
    assert set(choose(table(frames), person=MainPerson(threshold=1.0))["track"]) == {1}


@pytest.mark.parametrize(("side", "track"), [("left", 1), ("right", 0), (None, 2)])
def test_of_two_annotated_people_the_one_on_the_side_is_taken(side, track):
    """Track 2 is only for a moment even further left, track 3 on the right."""
    big = box(450, 100, 90)
    frames = [[(0, 0, big), (1, 1, MIDDLE)]] * 4 + [[(2, 2, LEFT), (3, 3, RIGHT)]]
    if side is None:
        frames = [[(2, 2, box(100, 100, 99)), *frame] for frame in frames[:4]]
    assert set(choose(table(frames), side)["track"]) == {track}


def test_the_only_person_is_taken_for_either_side():
    assert choose(table([[(0, 0, LEFT)]] * 2), "left") == choose(table([[(0, 0, LEFT)]] * 2), "right")


def test_a_side_that_is_none_is_refused():
    with pytest.raises(DataError, match="'middle'"):
        choose(table([[(0, 0, LEFT)]]), "middle")


def test_every_frame_has_a_row_and_boxes_move_straight_in_between():
    chosen = choose(table([[(0, 0, box(100, 100))], [(0, 0, box(150, 120))]]))
    assert chosen["frame"] == list(range(10))
    assert origins(chosen) == "diiiidnnnn"
    assert np.allclose(chosen["x1"][:6], 76 + np.arange(6) * 10) and np.allclose(
        chosen["y2"][:6], 130 + np.arange(6) * 4
    )
    assert chosen["x1"][6:] == [None] * 4
    assert chosen["score"] == pytest.approx([0.9, *[None] * 4, 0.9, *[None] * 4])


def test_the_crop_nearest_in_time_stands_for_a_frame():
    chosen = choose(table([[], [(0, 0, LEFT)], [], [(1, 1, RIGHT)], [(0, 0, LEFT)]]))
    assert chosen["crop"][:13] == [5] * 13 and chosen["crop"][13:] == [20] * 12
    assert set(chosen["track"]) == {0}


def test_gaps_are_bridged_as_long_as_asked_and_never_over_a_cut():
    frames = [[(0, 0, LEFT)], [], [(0, 0, LEFT)], [(0, 0, LEFT)]]
    assert origins(choose(table(frames), max_gap_s=0.4)) == "diiiiiiiiidiiiidnnnn"
    assert origins(choose(table(frames), max_gap_s=0.39)) == "dnnnnnnnnndiiiidnnnn"
    assert origins(choose(table(frames, cuts=[1]), max_gap_s=1.0)) == "dnnnnnnnnndiiiidnnnn"
    assert origins(choose(table(frames, cuts=[3]), max_gap_s=1.0)) == "diiiiiiiiidnnnndnnnn"


def test_frames_too_far_from_a_face_are_missing():
    chosen = choose(table([[], [], [(0, 0, LEFT)], [], []]), nearest_s=0.2)
    assert origins(chosen) == "mmmmmnnnnndnnnnnmmmmmmmmm"
    assert chosen["crop"][:5] == [None] * 5 and chosen["track"][-1] is None and chosen["crop"][5] == 10


def test_a_clip_without_faces_is_all_missing():
    chosen = choose(table([[], []]))
    assert origins(chosen) == "m" * 10
    assert set(chosen["crop"]) == set(chosen["track"]) == set(chosen["score"]) == {None}
    assert origins(choose(table([[], []]), person=LargestFace())) == "m" * 10


def test_without_a_tracker_each_frame_has_its_largest_face():
    frames = [[(0, 0, box(100, 100, 50)), (1, 1, box(500, 100, height))] for height in (40, 60, 70)]
    chosen = choose(table(frames), person=LargestFace())
    assert [chosen["track"][at] for at in (0, 5, 10)] == [0, 1, 1]
    assert origins(chosen) == "dnnnndnnnndnnnn"


def test_without_a_tracker_sides_are_taken_in_each_frame():
    frames = [[(0, 0, box(100, 100, 50)), (1, 1, box(500, 100, 60)), (2, 2, box(10, 90, 20))]] * 2
    assert choose(table(frames), "left", person=LargestFace())["track"][0] == 0
    assert choose(table(frames), "right", person=LargestFace())["track"][0] == 1


@given(
    st.lists(st.dictionaries(st.integers(0, 2), st.integers(0, 3), max_size=3), min_size=1, max_size=8),
    st.sets(st.integers(1, 7)),
    st.sampled_from([None, "left", "right"]),
    st.sampled_from([MainPerson(), LargestFace()]),
    st.sampled_from([None, 0.0, 0.3]),
)
@settings(max_examples=60, deadline=None)
def test_what_stands_for_a_frame_is_a_row_with_an_image(frames, cuts, side, person, nearest):
    """Tracks 0 to 2; the person of a track is its number, so that none is linked."""
    seen = [[(track, track, box(100 + 90 * x, 100)) for track, x in faces.items()] for faces in frames]
    faces = table(seen, cuts=sorted(cuts))
    chosen = choose(faces, side, person=person, nearest_s=nearest)
    images = {(row["frame"], row["track"]) for row in faces.to_pylist() if row["image"]}
    times = dict(zip(chosen["frame"], chosen["time"], strict=True))
    assert chosen["frame"] == list(range(5 * len(frames)))
    for at, origin in enumerate(chosen["origin"]):
        assert (chosen["x1"][at] is not None) == (origin in {"detected", "interpolated"})
        assert (chosen["crop"][at] is None) == (chosen["track"][at] is None) == (origin == "missing")
        assert (chosen["score"][at] is not None) == (origin == "detected")
        if origin != "missing":
            assert (chosen["crop"][at], chosen["track"][at]) in images
        if origin == "nearest" and nearest is not None:
            assert abs(times[chosen["crop"][at]] - chosen["time"][at]) <= nearest + 1e-6


def test_a_rule_is_named_by_its_kind():
    assert TypeAdapter(PersonRule).validate_python({"kind": "largest"}) == LargestFace()
    with pytest.raises(ValidationError, match="tallest"):
        TypeAdapter(PersonRule).validate_python({"kind": "tallest"})


def test_a_table_without_frames_is_refused():
    with pytest.raises(DataError, match="empty"):
        choose_person([face_crops_schema().empty_table()], None, Faces())
