"""Arrays of a table that comes in parts."""

from dataclasses import fields

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.faces.people import box, parts, table

from abaw_pipeline.errors import DataError
from abaw_pipeline.faces.persons import LargestFace, MainPerson, choose_person
from abaw_pipeline.faces.seen import KNOWN, SEEN, read_identities, read_seen, sum_identities
from abaw_pipeline.faces.settings import Faces
from abaw_pipeline.faces.sheet import PICTURED, contact_sheet
from abaw_pipeline.inference.people import follow_person, list_people

VIDEOS = st.lists(st.dictionaries(st.integers(0, 3), st.integers(0, 4), max_size=3), min_size=1, max_size=7)


def faces_of(frames, cuts=()):
    """Tracks 0 to 3 of two people; every face has another vector, so that sums are rounded."""
    seen = [[(track, track % 2, box(100 + 90 * x, 100)) for track, x in each.items()] for each in frames]
    made, rng = table(seen, cuts=sorted(cuts)), np.random.default_rng(1)
    rows = [row | {"identity": rng.normal(size=128).tolist()} if row["identity"] else row for row in made.to_pylist()]
    return pa.Table.from_pylist(rows, schema=made.schema)


@given(VIDEOS, st.sets(st.integers(1, 6)), st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_parts_of_any_size_give_the_same_arrays(frames, cuts, size):
    faces = faces_of(frames, cuts)
    one, other = read_seen([faces]), read_seen(parts(faces.select(SEEN), size))
    for each in fields(one):
        expected, given = getattr(one, each.name), getattr(other, each.name)
        assert expected.dtype == given.dtype
        np.testing.assert_array_equal(expected, given)


@given(VIDEOS, st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_sums_of_identities_are_the_same_to_the_bit_wherever_parts_begin(frames, size):
    """Sums of sums would be rounded otherwise, and a cosine at the threshold might fall to the other side."""
    faces = faces_of(frames)
    tracks, sums = sum_identities(parts(faces, size))
    numbers, vectors = read_identities(faces)
    expected = np.zeros((len(tracks), 128))
    for track, vector in zip(numbers, vectors, strict=True):
        expected[tracks.tolist().index(track)] += vector
    assert set(tracks.tolist()) == set(numbers.tolist())
    assert sums.tobytes() == expected.tobytes()


@given(VIDEOS, st.sets(st.integers(1, 6)), st.integers(1, 40), st.sampled_from([MainPerson(), LargestFace()]))
@settings(max_examples=25, deadline=None)
def test_everything_made_of_faces_is_the_same_wherever_parts_begin(frames, cuts, size, person):
    """Each reads no other columns than the pipelines hand over."""
    faces, rule = faces_of(frames, cuts), Faces(person=person)
    cut = {names: parts(faces.select(names), size) for names in (KNOWN, SEEN, PICTURED)}
    chosen = choose_person([faces], None, rule)
    assert choose_person(cut[KNOWN], None, rule).equals(chosen)
    assert contact_sheet(cut[SEEN], cut[PICTURED], chosen) == contact_sheet([faces], [faces], chosen)
    people = list_people([faces], rule, 2)
    assert list_people(cut[KNOWN], rule, 2).equals(people)
    for own in people.column("tracks").to_pylist():
        assert follow_person(cut[SEEN], own, rule).equals(follow_person([faces], own, rule))


def test_tables_that_are_empty_or_out_of_order_are_refused():
    faces = table([[(0, 0, box(100, 100))], [(0, 0, box(100, 100))]])
    for wrong in ([], [faces.slice(0, 0)], [faces.slice(3), faces.slice(0, 3)]):
        with pytest.raises(DataError, match="order of frames"):
            read_seen(wrong)
