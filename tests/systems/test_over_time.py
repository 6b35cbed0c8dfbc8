"""Every kind of system on clips whose label changes, with stretches without label and without face."""

import dataclasses

import numpy as np
import pytest

from abaw_pipeline.evaluation.resampling import at_times, labels_at
from abaw_pipeline.systems import LinearSVM
from abaw_pipeline.types import FeatureSequence, TimedLabels

from .examples import WINDOWED, make_timed, take

TRAIN, TEST = make_timed(), make_timed(6, seed=1)
FRAMES = np.arange(200) / 50  # 50 frames a second, so several fall into each row
SEED = 2


@pytest.fixture(scope="module", params=list(WINDOWED))
def system(request):
    return WINDOWED[request.param]


@pytest.fixture(scope="module")
def posteriors(system):
    return system.predict(system.fit(TRAIN, seed=SEED), TEST)


def test_emotions_are_followed_over_time(posteriors):
    right, n = 0, 0
    for each, labels in list(zip(posteriors, TEST.labels, strict=True))[:-1]:  # the last clip shows no face
        truth = labels_at(labels, FRAMES)
        right += (at_times(each, FRAMES).argmax(axis=1) == truth)[truth >= 0].sum()
        n += (truth >= 0).sum()
    assert right / n > 0.7


def test_windows_span_the_clip_and_start_where_they_should(system, posteriors):
    first = posteriors[0]
    assert first.start[0] == 0
    assert first.end[-1] == pytest.approx(4.0)
    if system.kind != "framewise":
        ends = np.minimum(first.start + system.window_s, 4)
        np.testing.assert_allclose(first.end, ends)


def test_a_clip_without_face_is_not_judged(system, posteriors):
    assert bool(len(posteriors[-1].start)) == (system.inputs == ("vocals",))


def test_what_is_not_annotated_does_not_train(system):
    quick = system.model_copy(update={"epochs": 1, "shift": 1.0, "window_s": 0.4, "min_annotated": 1})
    before = quick.predict(quick.fit(TRAIN, seed=SEED), TEST)
    changed = dataclasses.replace(
        TRAIN,
        inputs={
            "faces": [FeatureSequence(s.start, s.end, wild(s.values, s.start)) for s in TRAIN.inputs["faces"]],
            "vocals": [
                dataclasses.replace(w, samples=wild(w.samples, np.arange(64_000) / 16_000))
                for w in TRAIN.inputs["vocals"]
            ],
        },
    )
    after = quick.predict(quick.fit(changed, seed=SEED), TEST)
    for one, other in zip(before, after, strict=True):
        np.testing.assert_allclose(one.values, other.values, atol=1e-5)


def wild(values, time):
    """Other values from 2 s to 3 s, of the same mean and deviation, so that scaling alone hides nothing."""
    turned = values.copy()
    third = (time >= 2 - 1e-9) & (time < 3 - 1e-9)
    turned[third] = values[third][::-1]
    return turned


def test_labels_decide_not_their_grid(system):
    quick = system.model_copy(update={"epochs": 1})
    fine = [TimedLabels(np.arange(20) / 5, np.arange(1, 21) / 5, item.values.repeat(5)) for item in TRAIN.labels]
    one, other = quick.fit(TRAIN, seed=SEED), quick.fit(dataclasses.replace(TRAIN, labels=fine), seed=SEED)
    for a, b in zip(quick.predict(one, TEST), quick.predict(other, TEST), strict=True):
        np.testing.assert_array_equal(a.values, b.values)


def test_company_of_clips_does_not_matter(system, posteriors):
    alone = system.predict(system.fit(TRAIN, seed=SEED), take(TEST, [3]))[0]
    np.testing.assert_allclose(alone.values, posteriors[3].values, atol=1e-4)


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_class_weights_move_decisions_to_the_rare_class(kernel):
    rng = np.random.default_rng(0)
    labels = np.array([0] * 54 + [1] * 6)
    values = (rng.normal(size=(60, 2)) + 1.5 * labels[:, None]).astype(np.float32)
    rows = FeatureSequence(np.arange(60.0), np.arange(60.0) + 1, values)
    clip = TimedLabels(rows.start, rows.end, labels)
    examples = dataclasses.replace(
        take(TRAIN, [0, 1]), inputs={"faces": [rows, rows]}, durations=np.array([60.0, 60.0]), labels=[clip, clip]
    )
    said = []
    for weighting in ("none", "logarithmic", "balanced"):
        svm = LinearSVM(inputs=("faces",), C=1, window_s=1, shift=1, kernel=kernel, class_weights=weighting)
        posteriors = svm.predict(svm.fit(examples, seed=0), examples)
        said.append(int(sum((each.values.argmax(axis=1) == 1).sum() for each in posteriors)))
    assert said[0] < said[1] < said[2]
