import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from tests.faces.people import box, identity

from abaw_pipeline.faces.tracking import ContinuityTracker, CosineTracker, Tracker

SIZE = (480, 640)
BOTH = pytest.mark.parametrize("tracker", [CosineTracker(), ContinuityTracker()], ids=lambda tracker: tracker.kind)


def follow(tracker, pictures, step: float = 0.2, cuts=()):
    """Per picture a list of (person, x, y), or (person, x, y, identity); the tracks of each picture's faces."""
    state, tracks = tracker.start(), []
    for at, faces in enumerate(pictures):
        vectors = [face[3] if len(face) > 3 else identity(face[0], 0.3, seed=at) for face in faces]
        boxes = [box(*face[1:3]) for face in faces]
        numbers, similarities = state.update(at * step, boxes, vectors, at in cuts, SIZE)
        assert numbers.dtype == np.int64 and similarities.dtype == np.float32
        assert numbers.shape == similarities.shape == (len(faces),)
        tracks.append(numbers.tolist())
    return tracks


@pytest.mark.parametrize("kind", ["cosine", "continuity"])
def test_a_tracker_is_named_by_its_kind(kind):
    assert TypeAdapter(Tracker).validate_python({"kind": kind}).kind == kind


@BOTH
def test_people_who_cross_keep_their_tracks(tracker):
    pictures = [[(0, 100 + 40 * at, 200), (1, 500 - 40 * at, 200 + at)] for at in range(11)]
    assert follow(tracker, pictures) == [[0, 1]] * 11


@BOTH
@given(
    ends=st.lists(st.tuples(*[st.integers(0, 640)] * 2, *[st.integers(0, 480)] * 2), min_size=1, max_size=4),
    gone=st.sets(st.tuples(st.integers(0, 3), st.integers(1, 9)), max_size=6),
    seed=st.integers(0, 999),
)
@settings(max_examples=30, deadline=None)
def test_whatever_paths_people_take_no_track_has_two_people(tracker, ends, gone, seed):
    """Also where paths cross, faces are missed, and faces are listed in any order."""
    rng = np.random.default_rng(seed)
    pictures = [
        [
            (person, x0 + (x1 - x0) * at / 20, y0 + (y1 - y0) * at / 20)
            for person, (x0, x1, y0, y1) in enumerate(ends)
            if (person, at) not in gone
        ]
        for at in range(10)
    ]
    pictures = [[faces[k] for k in rng.permutation(len(faces))] for faces in pictures]
    seen: dict[int, int] = {}
    for faces, tracks in zip(pictures, follow(tracker, pictures), strict=True):
        assert len(set(tracks)) == len(tracks)
        for face, track in zip(faces, tracks, strict=True):
            assert seen.setdefault(track, face[0]) == face[0]
    assert sorted(seen) == list(range(len(seen)))


@BOTH
@given(st.data())
@settings(max_examples=30, deadline=None)
def test_the_order_of_faces_makes_no_difference(tracker, data):
    """Identities are so similar here that much hangs on ties and near ties."""
    places = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 8), st.integers(0, 3)), max_size=5)
    pictures = data.draw(st.lists(places, min_size=1, max_size=6))
    one, other = tracker.start(), tracker.start()
    for at, faces in enumerate(pictures):
        vectors = np.array([identity(person, 1.0, seed=at) for person, _, _ in faces]).reshape(-1, 128)
        boxes = np.array([box(40 * x, 60 * y) for _, x, y in faces]).reshape(-1, 4)
        order = np.array(data.draw(st.permutations(range(len(faces)))), dtype=int)
        first, similar = one.update(at * 0.2, boxes, vectors, False, SIZE)
        second, alike = other.update(at * 0.2, boxes[order], vectors[order], False, SIZE)
        told_apart = len({tuple(row) for row in np.concatenate([boxes, vectors], axis=1)}) == len(faces)
        if told_apart:
            assert first[order].tolist() == second.tolist()
            assert np.array_equal(similar[order], alike, equal_nan=True)
        else:
            assert sorted(first) == sorted(second)


@BOTH
@given(st.lists(st.lists(st.integers(0, 5), max_size=4), max_size=8), st.booleans())
@settings(max_examples=30, deadline=None)
def test_no_picture_has_a_track_twice_and_new_tracks_have_new_numbers(tracker, pictures, cutting):
    """The same person may be seen several times at once: a mirror, a photo."""
    faces = [[(person, 100 * at, 100) for at, person in enumerate(people)] for people in pictures]
    known: set[int] = set()
    for tracks in follow(tracker, faces, cuts=range(9) if cutting else ()):
        assert len(set(tracks)) == len(tracks)
        fresh = sorted(set(tracks) - known)
        assert fresh == list(range(len(known), len(known) + len(fresh)))
        known |= set(tracks)


@given(st.floats(0.05, 6))
@settings(max_examples=25, deadline=None)
def test_a_track_waits_for_a_face_as_long_as_it_should(gap):
    state = ContinuityTracker(max_gap=2.0).start()
    first, _ = state.update(0.0, [box(100, 100)], [identity(0)], False, SIZE)
    state.update(gap / 2, np.zeros((0, 4)), np.zeros((0, 128)), False, SIZE)
    again, _ = state.update(gap, [box(100, 100)], [identity(0)], False, SIZE)
    assert (first[0] == again[0]) == (gap <= 2.0)


def test_the_paper_s_rule_waits_without_end():
    pictures = [[(0, 100, 100)], *[[]] * 500, [(0, 600, 400)]]
    assert follow(CosineTracker(), pictures)[-1] == [0]


def test_the_paper_s_rule_compares_with_the_face_before():
    """A face that turns keeps its track by small steps, though the last is unlike the first."""
    turned = [np.cos(angle) * identity(0) + np.sin(angle) * identity(1) for angle in np.linspace(0, 1.5, 6)]
    assert follow(CosineTracker(), [[(0, 100, 100, vector)] for vector in turned]) == [[0]] * 6
    assert follow(CosineTracker(), [[(0, 100, 100, turned[0])], [(0, 100, 100, turned[5])]]) == [[0], [1]]


def test_the_paper_s_threshold_is_exclusive_and_the_best_pair_goes_first():
    half = 0.5 * identity(0) + np.sqrt(0.75) * identity(1)
    assert follow(CosineTracker(threshold=0.5), [[(0, 0, 0, identity(0))], [(0, 0, 0, half)]]) == [[0], [1]]
    close = np.sqrt(0.5) * (identity(0) + identity(1))
    pictures = [[(0, 0, 0, identity(0)), (1, 300, 0, identity(1))], [(0, 0, 0, close), (1, 300, 0, identity(0))]]
    assert follow(CosineTracker(), pictures) == [[0, 1], [1, 0]]


def test_place_carries_a_face_whose_identity_is_hardly_known():
    """Profiles in the dark: successive vectors of one person have cosines near 0.3."""
    faces = [[(0, 100 + 5 * at, 100, identity(0, 1.6, seed=at))] for at in range(12)]
    assert follow(ContinuityTracker(), faces) == [[0]] * 12
    assert len({track for tracks in follow(CosineTracker(), faces) for track in tracks}) > 6


def test_place_does_not_make_two_people_one():
    pictures = [[(0, 100, 100, identity(0))], [(1, 100, 100, identity(1))]]
    assert follow(ContinuityTracker(), pictures) == [[0], [1]]


def test_identity_does_not_jump_through_a_shot():
    """Someone much like the one who left appears at the other end of the picture at once."""
    assert follow(ContinuityTracker(), [[(0, 50, 100)], [(0, 600, 100)]]) == [[0], [1]]


def test_across_a_cut_identity_alone_counts():
    pictures = [[(0, 100, 100), (1, 400, 100)], [(1, 100, 100), (2, 400, 100)]]
    assert follow(ContinuityTracker(), pictures, cuts=[1]) == [[0, 1], [1, 2]]
    hardly = [[(0, 100, 100, identity(0))], [(0, 100, 100, 0.4 * identity(0) + 0.917 * identity(1))]]
    assert follow(ContinuityTracker(), hardly, cuts=[1]) == [[0], [1]]
    assert follow(ContinuityTracker(), hardly) == [[0], [0]]


def test_a_cut_without_faces_is_a_cut():
    pictures = [[(0, 100, 100)], [], [(0, 600, 400)]]
    assert follow(ContinuityTracker(), pictures) == [[0], [], [1]]
    assert follow(ContinuityTracker(), pictures, cuts=[1]) == [[0], [], [0]]


def test_a_fast_face_is_expected_where_it_heads():
    """More than its own size a picture: only motion says which of two look-alikes is which."""
    same = identity(0)
    pictures = [[(0, 100 + 70 * at, 100, same), (1, 555 - 70 * at, 110, same)] for at in range(7)]
    pictures[0] = [(0, 100, 100, same), (1, 555, 110, same)]
    assert follow(ContinuityTracker(), pictures) == [[0, 1]] * 7


@BOTH
def test_similarity_is_nan_where_a_track_begins_and_a_cosine_after(tracker):
    state = tracker.start()
    _, begun = state.update(0.0, [box(100, 100)], [identity(0)], False, SIZE)
    mixed = 0.8 * identity(0) + 0.6 * identity(1)
    _, gone_on = state.update(0.2, [box(100, 100)], [mixed], False, SIZE)
    assert np.isnan(begun).all() and gone_on == pytest.approx([0.8])


@BOTH
def test_boxes_of_no_size_do_no_harm(tracker):
    state = tracker.start()
    for at in range(2):
        tracks, _ = state.update(at * 0.2, [[5, 5, 5, 5]], [identity(0)], False, SIZE)
        assert tracks.tolist() == [0]


def test_one_face_behind_a_hand_does_not_make_a_track_forget():
    unlike = 0.3 * identity(0) + 0.954 * identity(1)
    pictures = [*[[(0, 100, 100, identity(0))]] * 5, [(0, 100, 100, unlike)], [(0, 500, 300, identity(0))]]
    assert follow(ContinuityTracker(memory=25), pictures, cuts=[6]) == [[0]] * 7
