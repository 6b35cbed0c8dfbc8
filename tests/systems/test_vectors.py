import dataclasses

import numpy as np
import pytest

from abaw_pipeline.systems import LinearSVM
from abaw_pipeline.types import FeatureSequence

from .examples import make_examples, make_timed, take


def test_a_window_has_the_statistics_of_the_rows_in_it():
    examples = make_timed(2)
    rows = examples.inputs["faces"][0]
    found = LinearSVM(inputs=("faces",), window_s=0.5, shift=1.0, statistics="mean_std").vectors(examples)
    assert found.widths == {"faces": 5}
    assert found.windows.start.tolist() == [0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5]
    for vector, start in zip(found.values, found.windows.start, strict=True):
        inside = rows.values[(rows.start >= start - 1e-9) & (rows.start < start + 0.49)]
        np.testing.assert_allclose(vector, np.concatenate([inside.mean(axis=0), inside.std(axis=0)]), rtol=1e-5)


def test_windows_without_a_row_are_left_out():
    examples = make_timed(2)
    found = LinearSVM(inputs=("faces",), window_s=0.2, shift=1.0).vectors(examples)
    assert found.windows.start[:5] == pytest.approx([0, 0.2, 0.4, 1.0, 1.2])
    np.testing.assert_array_equal(found.windows.clip, 0)


def test_order_of_rows_does_not_matter():
    examples = make_timed(2)
    svm = LinearSVM(inputs=("faces",), window_s=0.5)
    rows, order = examples.inputs["faces"][0], np.random.default_rng(0).permutation(35)
    shuffled = FeatureSequence(rows.start[order], rows.end[order], rows.values[order])
    other = dataclasses.replace(take(examples, [0]), inputs={"faces": [shuffled]})
    np.testing.assert_allclose(svm.vectors(other).values, svm.vectors(examples).values, rtol=1e-6)


def test_without_window_each_row_of_the_clip_counts():
    examples = make_examples(3)
    found = LinearSVM(inputs=("logmel", "functionals")).vectors(examples)
    rows = examples.inputs["logmel"][1].values
    np.testing.assert_array_equal(found.values[1, :6], rows.mean(axis=0, dtype=np.float64).astype(np.float32))
    np.testing.assert_array_equal(found.values[1, 6:], examples.inputs["functionals"][1].values[0])
    np.testing.assert_array_equal(found.windows.end, examples.durations)
