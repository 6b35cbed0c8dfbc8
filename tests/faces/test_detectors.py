"""One suite for all detectors, and what is particular to MTCNN and to provided boxes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydantic import TypeAdapter, ValidationError
from scipy.optimize import linear_sum_assignment
from tests.faces.portraits import overlap, portrait, truth
from tests.faces.random_weights import random_retinaface

from abaw_pipeline.errors import DataError
from abaw_pipeline.faces import MTCNN, Detections, Detector, Provided, RetinaFace
from abaw_pipeline.faces.detection import Detect, shrunk, tidy
from abaw_pipeline.types import File, Picture

HEADS = ((180, 170, 60), (460, 190, 40))
SIZE = (360, 640)
TOLERANCE = 0.05
"""Pixels; sums in another order may differ in the last digits."""


@dataclass(frozen=True)
class Case:
    detector: MTCNN | Provided | RetinaFace
    boxes: File | None = None
    finds_faces: bool = True

    def open(self) -> Detect:
        return self.detector.open(self.boxes)


def table_of_truth(folder: Path) -> File:
    rows = ["frame,x1,y1,x2,y2,score"]
    for frame in (0, 1, 2):
        for score, head in zip((0.5, 0.75), HEADS, strict=True):
            rows.append(",".join(map(str, [frame, *truth(*head), score])))
    rows.append("5,-20,-30,100.5,9000,1")
    (folder / "video.csv").write_text("\n".join(rows))
    return File(str(folder / "video.csv"), "0" * 64)


@pytest.fixture(scope="module", params=["mtcnn", "provided", "retinaface"])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    if request.param == "mtcnn":
        return Case(MTCNN())
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "provided":
        return Case(Provided(path=str(folder)), table_of_truth(folder))
    # Random weights find "faces" everywhere: shapes, order and batches are tested with them, not what is found.
    path, digest = random_retinaface(folder)
    return Case(RetinaFace(weights=path, sha256=digest, longest_side=160, threshold=0.5), finds_faces=False)


@pytest.fixture(scope="module")
def detect(case: Case) -> Detect:
    return case.open()


def pictures(*many: np.ndarray, start: int = 0) -> list[Picture]:
    return [Picture(start + index, index / 5, pixels) for index, pixels in enumerate(many)]


def check(found: Detections, size: tuple[int, int]) -> None:
    count = len(found)
    assert (found.boxes.dtype, found.scores.dtype, found.landmarks.dtype) == (np.float32,) * 3
    assert (found.boxes.shape, found.scores.shape, found.landmarks.shape) == ((count, 4), (count,), (count, 5, 2))
    assert np.isfinite(found.boxes).all() and np.isfinite(found.scores).all()
    assert (found.boxes[:, 2:] > found.boxes[:, :2]).all()
    assert (found.boxes >= 0).all() and (found.boxes <= np.array([*size[::-1]] * 2)).all()
    assert (np.diff(found.scores) <= 0).all() and ((found.scores >= 0) & (found.scores <= 1)).all()


def same(one: Sequence[Detections], other: Sequence[Detections], tolerance: float = 0) -> None:
    assert len(one) == len(other)
    for left, right in zip(one, other, strict=True):
        assert len(left) == len(right)
        if tolerance and len(left):  # scores that differ in the last digit may change places
            rows = [
                np.concatenate([one.boxes, np.nan_to_num(one.landmarks).reshape(-1, 10)], 1) for one in (left, right)
            ]
            near = linear_sum_assignment(np.abs(rows[0][:, None] - rows[1][None]).max(axis=2))[1]
            np.testing.assert_allclose(left.scores, right.scores, rtol=0, atol=tolerance / 100)
            right = Detections(right.boxes[near], right.scores[near], right.landmarks[near])
        np.testing.assert_allclose(left.boxes, right.boxes, rtol=0, atol=tolerance)
        np.testing.assert_allclose(left.scores, right.scores, rtol=0, atol=tolerance / 100)
        np.testing.assert_allclose(left.landmarks, right.landmarks, rtol=0, atol=tolerance)


def test_faces_are_found_where_they_are(case: Case, detect: Detect) -> None:
    found = detect(pictures(portrait(*HEADS)))[0]
    check(found, SIZE)
    if case.finds_faces:
        assert len(found) == len(HEADS)
        for head in HEADS:
            assert max(overlap(box.astype(float), truth(*head)) for box in found.boxes) > 0.75
    else:
        assert len(found)


def test_the_same_twice_and_after_opening_again(case: Case, detect: Detect) -> None:
    shown = pictures(portrait(*HEADS, seed=3))
    same(detect(shown), detect(shown))
    same(detect(shown), case.open()(shown))


def test_many_pictures_give_what_each_gives_alone(detect: Detect) -> None:
    shown = pictures(
        portrait(*HEADS),
        portrait(seed=1),
        portrait(HEADS[1], seed=2),
        *(portrait((99, 99, 50), seed=s) for s in (3, 4)),
    )
    same(detect(shown), [detect([one])[0] for one in shown], TOLERANCE)


def test_pictures_of_different_sizes(detect: Detect) -> None:
    small = Picture(9, 1.0, portrait((60, 60, 40), size=(120, 120)))  # a frame without a provided box
    shown = [*pictures(portrait(*HEADS)), small, *pictures(portrait(*HEADS), start=2)]
    found = detect(shown)
    for one, picture in zip(found, shown, strict=True):
        check(one, picture.pixels.shape[:2])
    same(found, [detect([one])[0] for one in shown], TOLERANCE)


def test_no_pictures_give_no_detections(detect: Detect) -> None:
    assert detect([]) == []


@pytest.mark.parametrize("size", [(360, 640), (8, 8), (1, 1000), (1000, 1), (1, 1), (24, 24), (25, 400)])
@pytest.mark.parametrize("fill", ["black", "white", "noise"])
def test_pictures_without_a_face(case: Case, detect: Detect, size: tuple[int, int], fill: str) -> None:
    rng = np.random.default_rng(5)
    pixels = {
        "black": np.zeros((*size, 3), np.uint8),
        "white": np.full((*size, 3), 255, np.uint8),
        "noise": rng.integers(0, 256, (*size, 3), dtype=np.uint8),
    }[fill]
    found = detect([Picture(3, 0.0, pixels)])[0]
    check(found, size)
    if case.finds_faces:
        assert len(found) == 0


def test_how_the_pixels_lie_in_memory_does_not_count(detect: Detect) -> None:
    plain = portrait(*HEADS)
    wide = np.zeros((SIZE[0], SIZE[1] + 7, 3), np.uint8)
    wide[:, :-7] = plain
    backwards = np.ascontiguousarray(plain[:, ::-1])[:, ::-1]
    frozen = plain.copy()
    frozen.setflags(write=False)
    expected = detect(pictures(plain))
    for pixels in (wide[:, :-7], backwards, frozen, np.asfortranarray(plain)):
        before = pixels.copy()
        same(detect(pictures(pixels)), expected)
        assert (pixels == before).all()


@pytest.mark.parametrize(
    "pixels", [None, np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3), np.float32), np.zeros((0, 9, 3), np.uint8)]
)
def test_what_is_no_picture_is_refused_with_its_frame(detect: Detect, pixels: np.ndarray | None) -> None:
    with pytest.raises(DataError, match="frame 7"):
        detect([Picture(7, 0.0, pixels)])


def test_a_detector_is_told_by_its_kind(case: Case) -> None:
    adapter = TypeAdapter[MTCNN | Provided | RetinaFace](Detector)
    assert adapter.validate_python(case.detector.model_dump()) == case.detector
    with pytest.raises(ValidationError, match="treshold"):
        adapter.validate_python({"kind": "mtcnn", "treshold": 0.5})


@given(
    rows=arrays(np.float64, st.tuples(st.integers(0, 8), st.just(5)), elements=st.floats(-1e4, 1e4)),
    height=st.integers(1, 2000),
    width=st.integers(1, 2000),
)
@settings(max_examples=150, deadline=None)
def test_tidy_keeps_what_shows_and_sorts(rows: np.ndarray, height: int, width: int) -> None:
    boxes = np.concatenate([np.minimum(rows[:, :2], rows[:, 2:4]), np.maximum(rows[:, :2], rows[:, 2:4])], axis=1)
    scores = np.abs(rows[:, 4]) / 1e4
    marks = np.repeat(np.arange(len(rows)), 10).reshape(-1, 5, 2)
    found = tidy(boxes, scores, marks, (height, width))
    check(found, (height, width))
    inside = np.clip(boxes, 0, [width, height] * 2).astype(np.float32)
    kept = (inside[:, 2:] - inside[:, :2] >= 1).all(axis=1)
    assert len(found) == kept.sum()
    came_from = found.landmarks[:, 0, 0].astype(int)  # landmarks and scores stay with their boxes
    np.testing.assert_array_equal(found.boxes, inside[came_from])
    np.testing.assert_array_equal(found.scores, scores[came_from].astype(np.float32))


def test_pictures_shrink_to_the_longer_side_and_are_never_enlarged() -> None:
    pixels = portrait(size=(90, 301))
    small, (x, y) = shrunk(pixels, 100)
    assert small.shape == (30, 100, 3)
    assert (x, y) == (3.01, 3.0)
    assert shrunk(pixels, 301)[0] is shrunk(pixels, 0)[0] is pixels
    assert shrunk(np.zeros((1, 1000, 3), np.uint8), 100)[0].shape == (1, 100, 3)
    checkers = np.indices((64, 64)).sum(axis=0)[..., None].repeat(3, 2) % 2 * 255
    assert np.ptp(shrunk(checkers.astype(np.uint8), 16)[0][2:-2, 2:-2]) <= 2  # averaged, not picked


# MTCNN


def test_boxes_of_a_shrunk_picture_are_in_its_own_pixels() -> None:
    big = portrait(*((3 * x, 3 * y, 3 * radius) for x, y, radius in HEADS), size=(1080, 1920))
    found = MTCNN(longest_side=640).open()(pictures(big))[0]
    assert len(found) == len(HEADS)
    across = np.argsort(found.boxes[:, 0])
    for box, points, head in zip(found.boxes[across], found.landmarks[across], HEADS, strict=True):
        assert overlap(box.astype(float), 3 * truth(*head)) > 0.7
        assert np.abs(points.mean(axis=0) / 3 - [head[0], head[1] + 8]).max() < 10


def test_landmarks_are_named_as_seen_in_the_picture() -> None:
    found = MTCNN().open()(pictures(portrait(HEADS[0])))[0]
    left_eye, right_eye, nose, left_mouth, right_mouth = found.landmarks[0]
    x, y, radius = HEADS[0]
    assert left_eye == pytest.approx((x - radius / 3, y - radius * 0.12), abs=radius / 8)
    assert right_eye == pytest.approx((x + radius / 3, y - radius * 0.12), abs=radius / 8)
    assert nose == pytest.approx((x, y + radius * 0.28), abs=radius / 6)
    assert left_mouth[0] < nose[0] < right_mouth[0]


def test_faces_below_the_smallest_size_are_not_looked_for() -> None:
    shown = pictures(portrait(HEADS[0], (460, 190, 20)))
    assert len(MTCNN(min_face=24).open()(shown)[0]) == 2
    assert len(MTCNN(min_face=80).open()(shown)[0]) == 1
    assert len(MTCNN(min_face=360).open()(shown)[0]) == 0
    assert len(MTCNN(min_face=1000).open()(shown)[0]) == 0


def test_the_threshold_is_inclusive_and_on_the_last_score() -> None:
    shown = pictures(portrait(*HEADS))
    scores = MTCNN().open()(shown)[0].scores
    assert len(MTCNN(threshold=float(scores[0])).open()(shown)[0]) == 1


def test_loading_leaves_the_random_numbers_of_others_alone() -> None:
    import torch

    from abaw_pipeline.faces import mtcnn

    torch.manual_seed(4)
    expected = torch.rand(3)
    torch.manual_seed(4)
    mtcnn._networks.cache_clear()
    MTCNN().open()(pictures(portrait(HEADS[0])))
    assert torch.equal(torch.rand(3), expected)


def test_a_face_cut_by_the_border_is_clipped_to_it() -> None:
    found = MTCNN().open()(pictures(portrait((25, 170, 60))))[0]
    assert len(found) == 1 and found.boxes[0, 0] == 0


@pytest.mark.real
def test_faces_of_a_dark_concert(real_data: Path) -> None:
    """44 of 50 frames show a face that can be found (told by eye)."""
    import av

    with av.open(str(real_data / "videos" / "hamilton" / "short_hamilton_clip.mp4")) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)][::27]
    found = MTCNN().open()(pictures(*frames))
    print([len(one) for one in found])
    for one, frame in zip(found, frames, strict=True):
        check(one, frame.shape[:2])
    assert sum(len(one) > 0 for one in found) >= 7
    assert sum(len(one) for one in found) <= 30


# provided boxes


def given_boxes(folder: Path, *lines: str, name: str = "video.csv") -> Detect:
    (folder / name).write_text("\n".join(lines))
    return Provided(path=str(folder)).open(File(str(folder / name), "0" * 64))


def test_boxes_go_by_the_index_of_the_frame(tmp_path: Path) -> None:
    detect = given_boxes(tmp_path, "y1,frame,x1,x2,y2", "20,4,10,30,40", "21,4,50,70,44", "5,1000000,5,6,6")
    blank = np.zeros((100, 100, 3), np.uint8)
    one, other, late = detect([Picture(3, 0.6, blank), Picture(4, 0.8, blank), Picture(1_000_000, 9.0, blank)])
    assert len(one) == 0
    np.testing.assert_array_equal(other.boxes, [[10, 20, 30, 40], [50, 21, 70, 44]])
    np.testing.assert_array_equal(other.scores, [1, 1])
    assert np.isnan(other.landmarks).all()
    assert len(late) == 1


def test_provided_boxes_are_clipped_and_sorted(tmp_path: Path) -> None:
    blank = np.zeros((360, 640, 3), np.uint8)
    detect = Provided(path=str(tmp_path)).open(table_of_truth(tmp_path))
    first, cut = detect([Picture(0, 0.0, blank), Picture(5, 1.0, blank)])
    assert first.scores.tolist() == [0.75, 0.5]
    np.testing.assert_allclose(first.boxes[0], truth(*HEADS[1]), atol=1e-4)
    np.testing.assert_array_equal(cut.boxes, [[0, 0, 100.5, 360]])


def test_parquet_and_csv_say_the_same(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    table = {"Frame": [2, 2], "x1": [1.5, 20.0], "y1": [1, 2], "x2": [9, 30], "y2": [9, 30], "person": ["a", "b"]}
    parquet.write_table(pa.table(table), tmp_path / "one.parquet")
    lines = [",".join(table), "2,1.5,1,9,9,a", "2,20,2,30,30,b"]
    shown = [Picture(2, 0.0, np.zeros((40, 40, 3), np.uint8))]
    stored = Provided(path=str(tmp_path)).open(File(str(tmp_path / "one.parquet"), "0" * 64))
    same(stored(shown), given_boxes(tmp_path, *lines)(shown))
    assert len(stored(shown)[0]) == 2


def test_a_table_without_rows_has_no_faces(tmp_path: Path) -> None:
    detect = given_boxes(tmp_path, "frame,x1,y1,x2,y2,score")
    assert len(detect(pictures(np.zeros((9, 9, 3), np.uint8)))[0]) == 0


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["frame,x1,y1,x2", "0,1,2,3"], "no column y2"),
        (["frame,x1,y1,x2,y2", "0,1,2,3,4", "1,1,,3,4"], "row 3: y1 is empty or not finite"),
        (["frame,x1,y1,x2,y2", "0,1,nan,3,4"], "row 2: y1 is empty or not finite"),
        (["frame,x1,y1,x2,y2", "0,1,inf,3,4"], "row 2: y1 is empty or not finite"),
        (["frame,x1,y1,x2,y2", "-1,1,2,3,4"], "row 2: frame is not an index"),
        (["frame,x1,y1,x2,y2", "0.5,1,2,3,4", "1.5,1,2,3,4"], r"row 2: frame is not an index from 0 \(and 1 rows more"),
        (["frame,x1,y1,x2,y2", "0,3,2,3,4"], "row 2: the box is empty"),
        (["frame,x1,y1,x2,y2", "0,1,4,3,2"], "row 2: the box is empty"),
        (["frame,x1,y1,x2,y2", "0,1,two,3,4"], "column y1 holds string"),
        (["frame,x1,y1,x2,y2,score", "0,1,2,3,4,99"], "row 2: score is not within 0..1"),
        (["frame,x1,y1,x2,y2,person", "0,1,2,3,4,a", "0,1,2,3,4,a"], "row 3: this person has a box"),
        ([""], "cannot be read"),
    ],
)
def test_bad_tables_are_refused_with_the_row(tmp_path: Path, lines: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        given_boxes(tmp_path, *lines)
    assert "video.csv" in str(caught.value)


def test_a_box_of_another_resolution_is_refused(tmp_path: Path) -> None:
    detect = given_boxes(tmp_path, "frame,x1,y1,x2,y2", "3,1000,500,1200,700")
    with pytest.raises(DataError, match="frame 3 lies outside the picture, which is 640x360"):
        detect([Picture(3, 0.0, np.zeros((360, 640, 3), np.uint8))])


def test_the_table_of_a_media_file(tmp_path: Path) -> None:
    detector = Provided(path=str(tmp_path))
    assert detector.companion("videos/batch1/12-24.1920x1080.mp4") is None
    table = tmp_path / "12-24.1920x1080.csv"
    table.write_text("frame,x1,y1,x2,y2")
    assert detector.companion("videos/batch1/12-24.1920x1080.mp4") == str(table)
    (tmp_path / "12-24.1920x1080.parquet").write_bytes(b"")
    with pytest.raises(DataError, match="both give boxes"):
        detector.companion("12-24.1920x1080.avi")
    with pytest.raises(DataError, match="not there"):
        Provided(path=str(tmp_path / "nowhere")).companion("a.mp4")
    with pytest.raises(DataError, match="no table of boxes"):
        detector.open()
    with pytest.raises(DataError, match="cannot be read"):
        detector.open(File(str(tmp_path / "gone.csv"), "0" * 64))
