"""Emotions in time: who shows what, how it comes and goes, how it is labelled."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abaw_pipeline.demo.people import make_person
from abaw_pipeline.demo.speakers import generator
from abaw_pipeline.demo.speech import openness, say
from abaw_pipeline.demo.stories import FELT, Phase, blinks, deal, labels, shares, tell
from abaw_pipeline.demo.styles import DEMO_EMOTIONS
from abaw_pipeline.demo.voice import RATE


@given(st.integers(1, 30), st.integers(1, 6), st.integers(0, 99))
@settings(deadline=None)
def test_emotions_are_dealt_evenly_and_none_twice_to_one_person(people, each, seed):
    hands = deal(people, each, np.random.default_rng(seed))
    assert all(len(set(hand)) == each for hand in hands)
    counts = Counter(emotion for hand in hands for emotion in hand)
    assert max(counts.values()) - min(counts.get(emotion, 0) for emotion in FELT) <= 1


@given(st.integers(1, 6), st.floats(1.0, 20.0), st.integers(0, 99))
@settings(deadline=None)
def test_phases_follow_one_another_within_the_video(n, seconds, seed):
    phases = tell(FELT[:n], seconds, np.random.default_rng(seed))
    edges = [edge for phase in phases for edge in (phase.start, phase.end)]
    assert edges == sorted(edges)
    assert edges[0] >= 0
    assert edges[-1] <= seconds + 1e-9
    shown = shares(phases, np.linspace(0, seconds, 500))
    assert shown.min() >= 0
    assert (shown.sum(axis=1) <= 1 + 1e-9).all()


def test_labels_say_what_is_shown_and_nothing_in_doubtful_moments():
    times = np.arange(0, 6, 0.01)
    sure = Phase(1.0, 2.0, "fear", 1.0, 0.2, doubtful=False)
    doubtful = Phase(3.0, 5.0, "anger", 1.0, 0.5, doubtful=True)
    values = labels([sure, doubtful], times)
    shown = shares([sure, doubtful], times)
    assert set(values[shown[:, 0] > 0.5]) == {DEMO_EMOTIONS.index("fear")}
    assert set(values[shown[:, 1] > 0.5]) == {DEMO_EMOTIONS.index("anger")}
    assert set(values[shown.max(axis=1) < 0.2]) == {DEMO_EMOTIONS.index("neutral")}
    assert set(values[(shown[:, 1] > 0.21) & (shown[:, 1] < 0.49)]) == {-1}
    assert -1 not in values[times < 2.5]


def test_blinks_are_short_and_come_every_few_seconds():
    closed = blinks(np.arange(0, 60, 0.02), np.random.default_rng(0))
    assert 0.02 < (closed > 0.5).mean() < 0.12
    assert 14 < (np.diff((closed > 0.5).astype(int)) == 1).sum() < 45


@pytest.mark.parametrize("seconds", [1.0, 6.0])
def test_people_speak_in_their_turns_and_their_mouths_move_then(seconds):
    phases = tell(FELT[:3], seconds, np.random.default_rng(0))
    turns = [(0.0, seconds / 2)]
    sound = say(make_person(101, 0), phases, turns, seconds, generator(0, "x"))
    assert len(sound) == round(seconds * RATE)
    assert not sound[round(seconds / 2 * RATE) :].any()
    times = np.arange(0, seconds, 0.02)
    talk = openness(sound, times)
    assert talk.min() >= 0
    assert talk.max() <= 1
    assert not talk[times > seconds / 2 + 0.05].any()
    if seconds > 2:
        assert (talk > 0.3).mean() > 0.1
        loud = np.array([np.abs(sound[round(t * RATE) :][:100]).max(initial=0) for t in times])
        assert np.corrcoef(talk, loud)[0, 1] > 0.6
