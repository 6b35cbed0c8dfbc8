import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abaw_pipeline.errors import DataError
from abaw_pipeline.evaluation.resampling import labels_at, window_labels
from abaw_pipeline.evaluation.training_labels import label_runs
from abaw_pipeline.systems.labels import timed_labels

CLASSES = ("neutral", "anger", "fear")


@given(st.lists(st.integers(-1, 2), min_size=1, max_size=40))
def test_stretches_say_what_the_steps_said(values):
    k = np.arange(len(values))
    steps = pd.DataFrame({"clip_id": "a", "start": k / 5, "end": (k + 1) / 5, "label": [CLASSES[v] for v in values]})
    runs = label_runs(steps[np.array(values) >= 0])
    labels = timed_labels(runs.get("a", {"start": [], "end": [], "label": []}), CLASSES, len(values) / 5)
    np.testing.assert_array_equal(labels_at(labels, (k + 0.5) / 5), values)


def test_one_name_holds_for_the_clip():
    labels = timed_labels("anger", CLASSES, 3.5)
    assert (labels.start.tolist(), labels.end.tolist(), labels.values.tolist()) == ([0], [3.5], [1])


def test_no_name_is_not_annotated():
    part = timed_labels({"start": [0, 1], "end": [1, 2], "label": [None, "fear"]}, CLASSES, 2.0)
    assert part.values.tolist() == [-1, 2]
    nothing = timed_labels({"start": [], "end": [], "label": []}, CLASSES, 2.0)
    assert window_labels(nothing, np.zeros(1), np.ones(1), 3).tolist() == [-1]


def test_strange_labels_are_refused():
    with pytest.raises(DataError, match="joy"):
        timed_labels("joy", CLASSES, 1.0)
