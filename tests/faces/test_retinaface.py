"""RetinaFace against its package's own function, and the ways weights can lie in a file."""

import hashlib
import io
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.faces.portraits import portrait
from tests.faces.random_weights import random_retinaface, random_state

from abaw_pipeline.errors import PipelineError
from abaw_pipeline.faces import RetinaFace, retinaface
from abaw_pipeline.faces.retinaface import read_state, square
from abaw_pipeline.faces.weights import WeightsError
from abaw_pipeline.types import Picture

pytest.importorskip("retinaface", reason="the extra retinaface is not installed")
torch = pytest.importorskip("torch")

SIDE = 224
THRESHOLD = 0.52


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return random_retinaface(tmp_path_factory.mktemp("weights"))


def detector(weights: tuple[str, str], **changes: Any) -> RetinaFace:
    return RetinaFace(weights=weights[0], sha256=weights[1], longest_side=SIDE, threshold=THRESHOLD, **changes)


@pytest.fixture(scope="module")
def package(weights: tuple[str, str]) -> Callable[[np.ndarray], list[dict]]:
    """The package's own function for one picture."""
    import os
    import warnings

    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # it would ask the network for a newer version
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from retinaface.predict_single import Model

        model = Model(max_size=SIDE)
    model.load_state_dict(read_state(Path(weights[0])))
    model.eval()
    return lambda pixels: model.predict_jsons(pixels, confidence_threshold=THRESHOLD)


@pytest.mark.parametrize("size", [(360, 640), (300, 200), (97, 101), (224, 224), (60, 40), (500, 31)])
def test_faces_are_those_of_the_package(
    weights: tuple[str, str], package: Callable[[np.ndarray], list[dict]], size: tuple[int, int]
) -> None:
    pixels = portrait((size[1] / 2, size[0] / 2, min(size) / 3), size=size)
    found = detector(weights).open()([Picture(0, 0.0, pixels)])[0]
    theirs = [one for one in package(pixels) if one["score"] >= 0]
    assert len(theirs) > 3
    # The package rounds toward zero, on the square and again in the picture.
    tolerance = 1.01 + max(size) / SIDE
    for other in theirs:
        box = np.clip(other["bbox"], 0, np.array([*size[::-1]] * 2))
        if (box[2:] - box[:2] < 1 + tolerance).any():
            continue  # clipped to next to nothing
        near = np.abs(found.scores - other["score"]) < 1e-5
        near &= (np.abs(found.boxes - box) <= tolerance).all(axis=1)
        near &= (np.abs(found.landmarks - np.array(other["landmarks"])) <= tolerance).all(axis=(1, 2))
        assert near.any(), other
    assert len(found) <= len(theirs)


def test_the_square_is_the_package_s(package: Callable[[np.ndarray], list[dict]]) -> None:
    import albumentations
    from iglovikov_helper_functions.utils.image_utils import pad_to_size

    steps = albumentations.Compose([albumentations.LongestMaxSize(max_size=SIDE), albumentations.Normalize()])
    for size in ((360, 640), (97, 101), (60, 40), (500, 31), (224, 224), (1, 400)):
        pixels = portrait(size=size)
        theirs = pad_to_size((SIDE, SIDE), steps(image=pixels)["image"])["image"]
        np.testing.assert_allclose(square(pixels, SIDE), theirs, atol=1e-5)


def test_no_face_is_no_row_and_the_threshold_counts(weights: tuple[str, str]) -> None:
    shown = [Picture(0, 0.0, portrait(size=(100, 160)))]
    scores = detector(weights).open()(shown)[0].scores
    higher = detector(weights).model_copy(update={"threshold": float(scores.max()) + 1e-4})
    assert len(scores) and scores.min() >= THRESHOLD
    assert len(higher.open()(shown)[0]) == 0


def test_half_precision_finds_nearly_the_same(weights: tuple[str, str]) -> None:
    shown = [Picture(0, 0.0, portrait((80, 50, 30), size=(100, 160)))]
    full, half = (detector(weights, precision=precision).open()(shown)[0] for precision in ("float32", "bfloat16"))
    assert len(half) == pytest.approx(len(full), rel=0.2)
    assert half.scores[0] == pytest.approx(full.scores[0], abs=0.02)


def pack(state: dict, path: Path, form: str) -> Path:
    buffer = io.BytesIO()
    torch.save(state, buffer, _use_new_zipfile_serialization=form != "old")
    if form == "zip of old":
        buffer = io.BytesIO()
        torch.save(state, buffer, _use_new_zipfile_serialization=False)
    if form.startswith("zip of"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("weights.pth", buffer.getvalue())
    else:
        path.write_bytes(buffer.getvalue())
    return path


@pytest.mark.parametrize("form", ["new", "old", "zip of new", "zip of old"])
def test_weights_in_every_common_packing(tmp_path: Path, form: str) -> None:
    state = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.count": torch.tensor(3)}
    read = read_state(pack(state, tmp_path / "w.zip", form))
    assert list(read) == list(state)
    assert all(torch.equal(read[name], state[name]) for name in state)


class Harmful:
    def __reduce__(self) -> tuple:
        return (sys.exit, ("code ran",))


@pytest.mark.parametrize("form", ["new", "old", "zip of old"])
def test_files_that_would_run_code_are_refused(tmp_path: Path, form: str) -> None:
    with pytest.raises(WeightsError, match="no file of tensors"):
        read_state(pack({"a": Harmful()}, tmp_path / "w.pth", form))


@pytest.mark.parametrize(
    ("name", "content"), [("w.pth", b""), ("w.pth", b"<html>"), ("w.safetensors", b"<html>"), ("w.zip", b"PK\x03\x04")]
)
def test_what_is_no_weights_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError, match=name):
        read_state(tmp_path / name)
    with pytest.raises(WeightsError, match="other things"):
        read_state(pack({"epoch": 3}, tmp_path / "other.pth", "new"))


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    path = pack({"conv.weight": torch.zeros(3)}, tmp_path / "w.pth", "new")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(WeightsError, match="do not fit"):
        RetinaFace(weights=str(path), sha256=digest).open()


def test_weights_are_checked_before_they_are_read(tmp_path: Path, weights: tuple[str, str]) -> None:
    with pytest.raises(WeightsError, match=f"{weights[1]}, not {'0' * 64}"):
        RetinaFace(weights=weights[0], sha256="0" * 64).open()
    with pytest.raises(WeightsError, match=f"set its sha256 in the parameters: {weights[1]}"):
        RetinaFace(weights=weights[0]).open()
    with pytest.raises(WeightsError, match=r"github\.com/ternaus"):
        RetinaFace(weights=str(tmp_path / "gone.zip")).open()


def test_without_the_extra_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    retinaface._network.cache_clear()
    monkeypatch.setitem(sys.modules, "retinaface", None)
    monkeypatch.setitem(sys.modules, "retinaface.network", None)
    with pytest.raises(PipelineError, match=r"abaw_pipeline\[retinaface\]"):
        RetinaFace().open()


def test_nothing_random_is_made_or_used_up(weights: tuple[str, str]) -> None:
    retinaface._network.cache_clear()
    torch.manual_seed(4)
    expected = torch.rand(3)
    torch.manual_seed(4)
    network = retinaface._network(*weights, "cpu")
    assert torch.equal(torch.rand(3), expected)
    state = random_state()
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())


def test_what_asks_the_network_is_never_imported(weights: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("albumentations", "iglovikov_helper_functions", "streamlit", "retinaface.predict_single"):
        monkeypatch.setitem(sys.modules, name, None)  # an import of it would fail
    for name in ("retinaface", "retinaface.network", "retinaface.box_utils", "retinaface.prior_box"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    retinaface._network.cache_clear()
    retinaface._anchors.cache_clear()
    assert len(detector(weights).open()([Picture(0, 0.0, portrait(size=(100, 160)))])) == 1
