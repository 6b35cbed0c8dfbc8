"""Who is judged by what was learned of whom."""

from collections import Counter

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abaw_pipeline.errors import ProtocolError
from abaw_pipeline.evaluation.cross_fitting import check_others, deal_validation


def side(subjects: list[str], **more: list) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A fold that validates these people, and their clips, one each."""
    clips = pd.DataFrame({"clip_id": [f"{each}/clip" for each in subjects], "subject": subjects, **more})
    other = pd.DataFrame({"clip_id": ["x/clip"], "subject": ["x"], "role": ["train"]})
    folds = pd.concat([clips[["clip_id", "subject"]].assign(role="validation"), other], ignore_index=True)
    return folds.assign(fold="0", parent=None), clips


@given(people=st.sets(st.text(min_size=1, max_size=3), min_size=2, max_size=12), parts=st.integers(2, 6))
def test_people_are_dealt_evenly_whatever_their_number(people, parts):
    folds, clips = side(sorted(people))
    dealt = deal_validation(folds, "0", clips, parts, seed=0)
    assert set(dealt) == people
    sizes = Counter(dealt.values())
    assert set(sizes) == set(range(min(parts, len(people))))
    assert max(sizes.values()) - min(sizes.values()) <= 1
    assert dealt == deal_validation(folds.iloc[::-1], "0", clips.iloc[::-1], parts, seed=0)


def test_another_seed_deals_otherwise():
    folds, clips = side([f"s{number}" for number in range(20)])
    assert deal_validation(folds, "0", clips, 4, seed=0) != deal_validation(folds, "0", clips, 4, seed=1)


def test_who_is_in_one_recording_at_once_is_in_one_part():
    media = ["one", "one", "two", "two", "three"]
    times = {"start": [0.0, 1.0, 0.0, 1.0, 0.0], "end": [2.0, 3.0, 1.0, 2.0, 1.0]}  # those of two take turns
    folds, clips = side(list("abcde"), media=media, sha256=[None] * 5, **times)
    for seed in range(8):
        dealt = deal_validation(folds, "0", clips, 4, seed=seed)
        assert dealt["a"] == dealt["b"]
        assert len(set(dealt.values())) == 4


def test_two_who_are_always_together_count_as_one():
    folds, clips = side(list("ab"), media=["one", "one"], sha256=[None] * 2, start=[0.0, 0.5], end=[1.0, 2.0])
    with pytest.raises(ProtocolError, match=r"fold 0: a single person validates.*count as one.*inner_folds=2"):
        check_others(folds, clips, 5, seed=0)
