import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.faces.people import identity

from abaw_pipeline.faces.linking import link_tracks


def link(spans: list[tuple[int, int, int]], threshold: float = 0.5, noise: float = 0.3) -> list[int]:
    """The person of each track, given (person, first moment, moments)."""
    tracks = np.concatenate([[track] * count for track, (_, _, count) in enumerate(spans)]).astype(np.int64)
    moments = np.concatenate([np.arange(first, first + count) for _, first, count in spans])
    vectors = np.array([identity(spans[t][0], noise, seed=int(m)) for t, m in zip(tracks, moments, strict=True)])
    sums = np.stack([vectors[tracks == track].sum(0) for track in range(len(spans))])
    linked = link_tracks(tracks, moments, np.arange(len(spans)), sums, threshold)
    return [linked[track] for track in range(len(spans))]


def test_tracks_of_one_person_are_put_together():
    assert link([(0, 0, 5), (1, 2, 5), (0, 8, 3), (1, 9, 3), (2, 20, 1), (0, 30, 2)]) == [0, 1, 0, 1, 4, 0]


def test_tracks_seen_at_once_are_two_people_however_alike():
    assert link([(0, 0, 5), (0, 4, 5)]) == [0, 1]


def test_a_third_track_does_not_bring_two_together_that_were_seen_at_once():
    assert link([(0, 0, 5), (0, 4, 5), (0, 20, 5)]) in ([0, 1, 0], [0, 1, 1])


def test_a_group_is_known_by_its_common_mean():
    """The second and third are nearest; the first is near the second alone (0.8), less so both together (0.75)."""
    between = [identity(0), 0.8 * identity(0) + 0.6 * identity(1), 0.7 * identity(0) + 0.714 * identity(1)]
    tracks = np.arange(3)
    assert link_tracks(tracks, tracks, tracks, np.array(between), 0.78) == {0: 0, 1: 1, 2: 1}
    assert link_tracks(tracks, tracks, tracks, np.array(between), 0.72) == {0: 0, 1: 0, 2: 0}


def test_strangers_stay_strangers():
    assert link([(0, 0, 5), (1, 8, 5)]) == [0, 1]
    assert link([(0, 0, 5), (0, 8, 5)], threshold=1.0) == [0, 1]


def test_nobody_and_one():
    assert (
        link_tracks(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 128)), 0.5) == {}
    )
    assert link([(0, 0, 1)]) == [0]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 30), st.integers(1, 6)), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_persons_are_groups_of_tracks_never_seen_at_once(spans):
    persons = link(spans)
    for track, (who, first, count) in enumerate(spans):
        assert persons[persons[track]] == persons[track] <= track
        for other, (whom, later, more) in enumerate(spans):
            if other != track and persons[other] == persons[track]:
                assert who == whom
                assert first + count <= later or later + more <= first


@given(st.lists(st.integers(0, 3), min_size=1, max_size=8))
@settings(max_examples=30, deadline=None)
def test_people_who_never_meet_themselves_are_found_whole(people):
    spans = [(person, 10 * at, 3) for at, person in enumerate(people)]
    assert link(spans) == [people.index(person) for person in people]
