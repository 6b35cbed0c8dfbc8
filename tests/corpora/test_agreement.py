"""Raters' intervals become segments: single cases, and what holds of all."""

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abaw_pipeline.corpora.agreement import Judgement, Segment, agree

SAD, ANGRY = {"sadness": 1.0}, {"anger": 1.0}


def says(rater: str, start: float, end: float, *labels: str) -> Judgement:
    return Judgement(start, end, rater, dict.fromkeys(labels, 1.0))


def test_where_three_of_five_agree_there_is_a_label():
    marked = [
        says("1", 0, 4, "sadness"),
        says("2", 1, 5, "sadness"),
        says("3", 2, 6, "sadness"),
        says("4", 2, 3, "fear"),
    ]
    found = agree(marked, 0.6, raters=5)
    assert found.segments == [Segment(2, 4, "sadness", 0.6)]
    assert (found.disputed, found.tied) == (4, 0)


def test_without_a_number_of_raters_those_who_mark_the_part_are_asked():
    found = agree([says("1", 0, 4, "sadness"), says("2", 2, 6, "anger")], 0.6)
    assert found.segments == [Segment(0, 2, "sadness", 1.0), Segment(4, 6, "anger", 1.0)]
    assert found.disputed == 2


def test_neighboring_parts_of_one_label_are_joined_with_their_smallest_share_and_gaps_stay():
    marked = [
        says("1", 0, 9, "sadness"),
        says("2", 1, 3, "anger"),
        says("3", 1, 3, "sadness"),
        says("1", 10, 12, "sadness"),
    ]
    assert agree(marked, 0.6).segments == [Segment(0, 9, "sadness", 2 / 3), Segment(10, 12, "sadness", 1.0)]


def test_a_rater_counts_once_whatever_his_intervals():
    marked = [says("1", 0, 4, "sadness"), says("1", 1, 4, "sadness"), says("2", 0, 4, "anger")]
    assert agree(marked, 0.6).segments == []


def test_two_classes_that_are_level_are_no_label_and_the_larger_one_is():
    marked = [says("1", 0, 4, "sadness", "fear"), says("2", 0, 4, "sadness", "fear"), says("3", 3, 4, "fear")]
    found = agree(marked, 0.6)
    assert found.segments == [Segment(3, 4, "fear", 1.0)]
    assert found.tied == 3


def test_too_few_raters_are_none():
    found = agree([says("1", 0, 4, "sadness"), says("2", 2, 4, "sadness")], 0.6, min_raters=2)
    assert (found.segments, found.few) == ([Segment(2, 4, "sadness", 1.0)], 2)


def test_a_rater_may_mark_an_interval_in_which_no_class_is():
    found = agree([says("1", 0, 4, "sadness"), says("2", 0, 4)], 0.6)
    assert (found.segments, found.disputed) == ([], 4)
    assert agree([says("1", 0, 4)], 0.6).disputed == 4


@pytest.mark.parametrize("n", range(1, 30))
def test_a_share_that_is_just_reached_is_reached(n):
    marked = [Judgement(0, 1, str(k), SAD if k < n else ANGRY) for k in range(n + n // 2)]
    share = n / len(marked)
    assert len(agree(marked, share).segments) == 1


times = st.integers(0, 20).map(lambda tenth: tenth / 10) | st.floats(0, 5)
intervals = st.tuples(times, times).filter(lambda pair: pair[0] != pair[1]).map(sorted)
votes = st.dictionaries(st.sampled_from(["anger", "fear", "sadness"]), st.sampled_from([0.0, 0.25, 0.5, 1.0]))
judgements = st.lists(
    st.builds(lambda span, rater, vote: Judgement(*span, rater, vote), intervals, st.sampled_from("abcd"), votes),
    max_size=12,
)
confidences = st.sampled_from([0.25, 0.5, 0.6, 1.0]) | st.floats(0.01, 1)
counts = st.none() | st.integers(4, 6)


@given(judgements, confidences, counts)
def test_segments_lie_apart_within_what_was_marked(marked, confidence, raters):
    found = agree(marked, confidence, raters=raters).segments
    for first, second in pairwise(found):
        assert first.end <= second.start
        assert first.end < second.start or first.label != second.label
    for segment in found:
        assert segment.start < segment.end
        edges = sorted({segment.start, *(time for one in marked for time in (one.start, one.end))})
        for time in (edge for edge in edges if segment.start <= edge < segment.end):
            assert any(one.start <= time < one.end for one in marked)


def share_at(marked, time, label, raters):
    """The share of raters by its definition."""
    there = [one for one in marked if one.start <= time < one.end]
    names = {one.rater for one in there}
    best = [max(one.votes.get(label, 0.0) for one in there if one.rater == name) for name in names]
    return sum(best) / (raters or len(names)) if names else 0.0


@given(judgements, confidences, counts, st.data())
def test_at_any_time_the_label_is_the_one_class_ahead_that_reaches_the_share(marked, confidence, raters, data):
    time = data.draw(st.sampled_from([one.start for one in marked]) if marked else times)
    shares = {label: share_at(marked, time, label, raters) for label in ("anger", "fear", "sadness")}
    most = max(shares.values())
    ahead = [label for label, share in shares.items() if share >= most - 1e-9]
    expected = ahead if most >= confidence - 1e-9 and len(ahead) == 1 else []
    segments = agree(marked, confidence, raters=raters).segments
    found = [segment for segment in segments if segment.start <= time < segment.end]
    assert [segment.label for segment in found] == expected
    assert all(segment.share <= most + 1e-9 and segment.share >= confidence - 1e-9 for segment in found)


@given(judgements, confidences, counts, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(marked, confidence, raters, shuffler: random.Random):
    mixed = list(marked)
    shuffler.shuffle(mixed)
    assert agree(mixed, confidence, raters=raters) == agree(marked, confidence, raters=raters)


@given(judgements, confidences, counts)
def test_all_time_that_was_marked_is_accounted_for(marked, confidence, raters):
    found = agree(marked, confidence, raters=raters, min_raters=2)
    edges = sorted({time for one in marked for time in (one.start, one.end)})
    union = math.fsum(
        end - start for start, end in pairwise(edges) if any(one.start <= start < one.end for one in marked)
    )
    labelled = math.fsum(segment.end - segment.start for segment in found.segments)
    assert labelled + found.disputed + found.tied + found.few == pytest.approx(union)
