import numpy as np
import pytest

from abaw_pipeline.faces.boxes import between, centers, iou, sizes


def test_overlap_counts_the_shared_area_over_the_joint_one():
    half = iou(np.array([[0, 0, 10, 10]]), np.array([[5, 0, 15, 10], [0, 0, 10, 10], [10, 0, 20, 10]]))
    assert half == pytest.approx(np.array([[1 / 3, 1, 0]]))


def test_empty_boxes_overlap_nothing():
    assert iou(np.array([[3, 3, 3, 3]]), np.array([[3, 3, 3, 3], [0, 0, 9, 9]])).tolist() == [[0, 0]]
    assert iou(np.zeros((0, 4)), np.zeros((2, 4))).shape == (0, 2)


def test_geometry():
    boxes = np.array([[0, 0, 4, 9], [2, 2, 2, 5]])
    assert centers(boxes).tolist() == [[2, 4.5], [2, 3.5]]
    assert sizes(boxes).tolist() == [6, 0]
    assert between(boxes[0], boxes[1], 0.25).tolist() == [0.5, 0.5, 3.5, 8]
