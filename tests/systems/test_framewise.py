import numpy as np
import pytest
from pydantic import ValidationError

from abaw_pipeline.systems import Framewise
from abaw_pipeline.types import Examples, FeatureSequence, TimedLabels

from .examples import CLASSES, make_examples, make_timed

PAPER = {"neutral": 10, "anger": 2, "disgust": 2, "fear": 2, "surprise": 2, "happiness": 5, "sadness": 5}


def clips(*labels):
    """Clips with a row a second, each row with its own label."""
    sequences, items = [], []
    for own in labels:
        start = np.arange(len(own), dtype=np.float64)
        values = np.random.default_rng(len(own)).normal(size=(len(own), 2)).astype(np.float32)
        sequences.append(FeatureSequence(start, start + 1, values))
        items.append(TimedLabels(start, start + 1, np.array(own)))
    names = [f"c{i}" for i in range(len(labels))]
    durations = np.array([float(len(own)) for own in labels])
    return Examples(names, names, CLASSES, {"faces": sequences}, durations, items)


def test_steps_count_rows_of_a_class_in_a_clip():
    examples = clips([0] * 21 + [1] * 5 + [-1] * 9, [0] * 9 + [2] * 6)
    card = Framewise(inputs=("faces",), frame_steps=PAPER).fit(examples, seed=0).card
    assert card["n_rows"] == (3 + 3) + (1 + 2)
    assert Framewise(inputs=("faces",)).fit(examples, seed=0).card["n_rows"] == 41


def test_each_row_is_judged_at_its_own_time():
    system, examples = Framewise(inputs=("faces",)), make_timed(4)
    posteriors = system.predict(system.fit(examples, seed=0), examples)
    for each, rows in zip(posteriors, examples.inputs["faces"], strict=True):
        np.testing.assert_array_equal(each.start, rows.start)
        np.testing.assert_array_equal(each.end, rows.end)


def test_a_solver_that_is_stopped_tells_so_in_the_card():
    card = Framewise(inputs=("logmel",), max_iterations=1).fit(make_examples(), seed=0).card
    assert card["iterations"] == 1


@pytest.mark.parametrize(("steps", "match"), [({"neutrl": 2}, "neutral"), ({"neutral": 0}, "at least 1")])
def test_misspelt_emotions_and_impossible_steps_are_refused(steps, match):
    with pytest.raises(ValidationError, match=match):
        Framewise(inputs=("faces",), frame_steps=steps)
