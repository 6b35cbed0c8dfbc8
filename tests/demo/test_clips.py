"""Nothing but the voice tells the emotion, and the voice tells it across people."""

from collections import Counter

import numpy as np
import pytest

from abaw_pipeline.demo.clips import plan, render
from abaw_pipeline.demo.styles import DEMO_EMOTIONS

from .listening import functionals


def test_speakers_times_takes_times_emotions():
    clips = list(plan(0, speakers=12, takes=2, lossy=True))
    assert len({clip.name for clip in clips}) == len({clip.file for clip in clips}) == 168
    assert {clip.container for clip in clips} == {"wav", "flac", "m4a", "mp3"}
    assert {clip.background for clip in clips} == {"none", "noise", "music"}


@pytest.mark.parametrize("trait", ["text", "background", "container", "rate", "channels", "speaker", "take"])
def test_whatever_is_not_the_voice_is_the_same_for_each_emotion(trait):
    clips = list(plan(0, speakers=5, takes=2, lossy=True))
    counts = [Counter(getattr(c, trait) for c in clips if c.emotion == name) for name in DEMO_EMOTIONS]
    assert all(count == counts[0] for count in counts)


def test_a_clip_does_not_depend_on_how_many_others_there_are():
    few, many = (list(plan(3, speakers, takes=1, lossy=True)) for speakers in (2, 4))
    assert few == many[: len(few)]


def test_without_lossy_codecs_nothing_else_changes():
    lossy, plain = (list(plan(3, 6, 1, lossy)) for lossy in (True, False))
    assert {clip.container for clip in plain} == {"wav", "flac"}
    assert [(c.name, c.text, c.rate) for c in lossy] == [(c.name, c.text, c.rate) for c in plain]


def test_clips_are_whole_sounds_of_their_format():
    for clip in list(plan(0, speakers=5, takes=1, lossy=True))[::3]:
        sound = render(clip)
        assert sound.shape[0] == clip.channels
        assert 0.8 < sound.shape[1] / clip.rate < 3.5
        assert np.abs(sound).max() < 1
        assert 0.003 < np.sqrt(np.mean(sound**2)) < 0.5


@pytest.fixture(scope="module")
def heard():
    """Functionals, labels and speakers of 84 clips, all brought to 24 kHz mono as they are."""
    clips = list(plan(2020, speakers=12, takes=1, lossy=False))
    X = [functionals(*_at_one_rate(render(clip).mean(axis=0), clip.rate)) for clip in clips]
    return np.array(X), np.array([clip.emotion for clip in clips]), [clip.speaker.name for clip in clips]


def _at_one_rate(samples, rate):
    from abaw_pipeline.demo.encode import resample

    return resample(samples, rate, 24000), 24000


def accuracy(X, y, speakers):
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.05, max_iter=1000))
    return (cross_val_predict(model, X, y, groups=speakers, cv=GroupKFold(4)) == y).mean()


def test_a_linear_classifier_hears_the_emotion_of_unknown_people_but_not_always(heard):
    assert 0.4 < accuracy(*heard) < 0.95


def test_with_permuted_labels_it_hears_nothing(heard):
    X, y, speakers = heard
    chance = [accuracy(X, np.random.default_rng(seed).permutation(y), speakers) for seed in range(5)]
    assert 0.05 < np.mean(chance) < 0.25
