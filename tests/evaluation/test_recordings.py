"""Recordings: who is in a stretch of one with whom."""

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from abaw_pipeline.evaluation.recordings import talking_together

stretch = st.tuples(st.sampled_from("abcdef"), st.sampled_from("xy"), st.integers(0, 12), st.integers(1, 4))


def table(stretches):
    rows = [(f"c{n}", who, f"{file}.avi", file, s, s + length) for n, (who, file, s, length) in enumerate(stretches)]
    return pd.DataFrame(rows, columns=["clip_id", "subject", "media", "sha256", "start", "end"])


def joined(stretches):
    """The same by trying every pair until nothing changes."""
    name = {who: who for who, *_ in stretches}
    for _ in name:
        for one, file, start, length in stretches:
            for other, of, begin, lasts in stretches:
                if file == of and start < begin + lasts and begin < start + length:
                    name[one] = name[other] = min(name[one], name[other])
    return name


@settings(max_examples=60, deadline=None)
@given(st.lists(stretch, min_size=1, max_size=9), st.randoms(use_true_random=False))
def test_who_overlap_in_a_recording_are_one_whatever_the_order(stretches, shuffler):
    shuffled = shuffler.sample(stretches, len(stretches))
    assert talking_together(table(shuffled)) == joined(stretches)


def test_what_is_not_known_reaches_to_the_ends_and_copies_are_one_recording():
    clips = table([("a", "x", 0, 1), ("b", "x", 5, 1), ("c", "y", 0, 1)])
    assert talking_together(clips) == {"a": "a", "b": "b", "c": "c"}
    whole = clips.assign(start=None, end=None)
    assert talking_together(whole) == {"a": "a", "b": "a", "c": "c"}
    assert talking_together(whole.assign(sha256="same"))["c"] == "a"
    assert talking_together(clips[["clip_id", "subject"]]) == {"a": "a", "b": "b", "c": "c"}
