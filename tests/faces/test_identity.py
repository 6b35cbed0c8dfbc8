"""The identity of faces: form, repeatability, and how well it parts people on photos that nothing was made from."""

import csv
import importlib.util
import itertools
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.faces.portraits import portrait, truth

from abaw_pipeline.errors import DataError, PipelineError
from abaw_pipeline.faces import MTCNN, DlibIdentity, identity
from abaw_pipeline.faces.identity import DIMENSIONS, Identify, similarity
from abaw_pipeline.faces.weights import WeightsError
from abaw_pipeline.types import Picture

HEADS = ((180, 170, 60), (460, 190, 40))
BOXES = np.array([truth(*head) for head in HEADS], np.float32)


@pytest.fixture(scope="module")
def identify() -> Identify:
    return DlibIdentity().open()


def test_vectors_of_length_one_in_the_order_of_the_boxes(identify: Identify) -> None:
    vectors = identify(portrait(*HEADS), BOXES)
    assert (vectors.dtype, vectors.shape) == (np.float32, (2, DIMENSIONS))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(identify(portrait(*HEADS), BOXES[::-1]), vectors[::-1], atol=1e-6)
    assert np.abs(vectors[0] - vectors[1]).max() > 1e-3


def test_many_faces_give_what_each_gives_alone(identify: Identify, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "AT_ONCE", 3)
    shown = portrait(*HEADS)
    boxes = np.concatenate([BOXES, BOXES + 3, BOXES - 4]).astype(np.float32)[:5]
    together = identify(shown, boxes)
    np.testing.assert_array_equal(together, identify(shown, boxes))
    for at in range(5):
        np.testing.assert_allclose(together[at], identify(shown, boxes[at : at + 1])[0], atol=1e-5)


def test_no_boxes_give_no_vectors(identify: Identify) -> None:
    empty = identify(portrait(*HEADS), np.zeros((0, 4), np.float32))
    assert (empty.dtype, empty.shape) == (np.float32, (0, DIMENSIONS))


@pytest.mark.parametrize(
    "box",
    [
        (-40, -50, 30, 30),
        (600, 300, 700, 400),
        (0, 0, 640, 360),
        (10, 10, 11, 11),
        (5.2, 5.2, 5.4, 300),
        (900, 9, 990, 99),
    ],
)
def test_any_box_gives_a_vector(identify: Identify, box: tuple[float, ...]) -> None:
    for shown in (portrait(*HEADS), np.zeros((360, 640, 3), np.uint8)):
        vectors = identify(shown, np.array([box], np.float32))
        assert np.linalg.norm(vectors) == pytest.approx(1, abs=1e-5)


def test_how_the_pixels_lie_in_memory_does_not_count(identify: Identify) -> None:
    plain = portrait(*HEADS)
    wide = np.zeros((360, 647, 3), np.uint8)
    wide[:, :-7] = plain
    frozen = plain.copy()
    frozen.setflags(write=False)
    for pixels in (wide[:, :-7], frozen, np.ascontiguousarray(plain[::-1])[::-1], np.asfortranarray(plain)):
        np.testing.assert_array_equal(identify(pixels, BOXES), identify(plain, BOXES))


def test_a_larger_picture_of_the_same_face_is_the_same_person(identify: Identify) -> None:
    small, large = portrait((90, 90, 40), size=(180, 180)), portrait((270, 270, 120), size=(540, 540), seed=1)
    one = identify(small, np.array([truth(90, 90, 40)], np.float32))
    other = identify(large, np.array([truth(270, 270, 120)], np.float32))
    assert similarity(one, other)[0, 0] > 0.5


@pytest.mark.parametrize(
    "picture",
    [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3)), np.zeros((9, 9, 4), np.uint8), np.zeros((0, 9, 3), np.uint8)],
)
def test_what_is_no_picture_is_refused(identify: Identify, picture: np.ndarray) -> None:
    with pytest.raises(DataError, match=r"not uint8 \[height, width, 3\]"):
        identify(picture, BOXES)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_box_that_is_not_finite_is_refused(identify: Identify, bad: float) -> None:
    boxes = BOXES.copy()
    boxes[1, 2] = bad
    with pytest.raises(DataError, match="not finite"):
        identify(portrait(*HEADS), boxes)


def test_similarity_is_the_cosine_of_each_pair() -> None:
    rng = np.random.default_rng(0)
    one, other = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in rng.normal(size=(2, 3, 128)))
    found = similarity(one.astype(np.float32), other[:2].astype(np.float32))
    assert (found.dtype, found.shape) == (np.float32, (3, 2))
    assert found[2, 1] == pytest.approx(float(one[2] @ other[1]), abs=1e-6)
    assert similarity(one.astype(np.float32), one.astype(np.float32)).max() <= 1
    assert similarity(np.zeros((0, 128), np.float32), one.astype(np.float32)).shape == (0, 3)


def test_missing_or_changed_weights_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Elsewhere:
        submodule_search_locations = (str(tmp_path),)

    for found, problem in ((None, PipelineError), (Elsewhere, WeightsError)):
        identity._models.cache_clear()
        monkeypatch.setattr(importlib.util, "find_spec", lambda name, found=found: found)
        with pytest.raises(problem, match="face_recognition_models"):
            DlibIdentity().open()
    (tmp_path / "models").mkdir()
    for name in ("shape_predictor_5_face_landmarks.dat", "dlib_face_recognition_resnet_model_v1.dat"):
        (tmp_path / "models" / name).write_bytes(b"other")
    with pytest.raises(WeightsError, match="not the weights that were asked for"):
        DlibIdentity().open()
    identity._models.cache_clear()


def test_the_package_of_the_weights_is_not_imported(identify: Identify) -> None:
    assert "face_recognition_models" not in sys.modules  # it needs pkg_resources, which is gone


# How well it parts people


def people_of(folder: Path) -> list[list[str]]:
    """Photos of each person, by the pairs that are said to be the same; people in the order of their first photo."""
    pairs = []
    for table in ("master.csv", "face-recognition-pivot.csv"):
        for row in csv.reader((folder / table).read_text().splitlines()[1:]):
            pairs.append((Path(row[0]).name, Path(row[1]).name, row[2]))
    person = {name: name for pair in pairs for name in pair[:2]}
    for one, other, said in pairs:
        if said == "Yes":
            old, new = person[one], person[other]
            person = {name: new if who == old else who for name, who in person.items()}
    assert all((person[one] == person[other]) == (said == "Yes") for one, other, said in pairs)
    groups: dict[str, list[str]] = {}
    for name in sorted(person, key=lambda name: int(name[3:-4])):
        groups.setdefault(person[name], []).append(name)
    return list(groups.values())


@pytest.mark.real
def test_half_parts_people_that_nothing_was_chosen_on(real_data: Path, identify: Identify) -> None:
    """Every second person is held out: how the box is squared was chosen on the others, the mean on other photos."""
    from PIL import Image

    folder = real_data / "images" / "identity_pairs" / "unit" / "dataset"
    detect = MTCNN(longest_side=640, min_face=40).open()
    vectors = {}
    held_out = people_of(folder)[1::2]
    for name in itertools.chain(*held_out):
        with Image.open(folder / name) as photo:
            pixels = np.asarray(photo.convert("RGB"))
        boxes = detect([Picture(0, 0.0, pixels)])[0].boxes
        largest = np.argmax(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1))
        vectors[name] = identify(pixels, boxes[largest : largest + 1])[0]
    who = {name: number for number, names in enumerate(held_out) for name in names}
    pairs = list(itertools.combinations(vectors, 2))
    cosines = np.array([vectors[one] @ vectors[other] for one, other in pairs])
    same = np.array([who[one] == who[other] for one, other in pairs])
    genuine, impostor = cosines[same], cosines[~same]
    for name, part in (("same", genuine), ("different", impostor)):
        print(
            name,
            len(part),
            "pairs, quantiles 0, 5, 50, 95, 100 %:",
            np.quantile(part, [0, 0.05, 0.5, 0.95, 1]).round(3),
        )
    print(f"above 0.5: {(genuine > 0.5).mean():.3f} of the same, {(impostor > 0.5).mean():.3f} of the different")
    assert len(genuine) == 63 and len(impostor) == 315
    assert (genuine > 0.5).mean() > 0.95
    assert (impostor > 0.5).mean() < 0.02
    assert np.quantile(genuine, 0.05) - np.quantile(impostor, 0.95) > 0.15
