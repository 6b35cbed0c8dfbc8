import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from abaw_pipeline.corpora.affectnet import AffectNet
from abaw_pipeline.corpora.stills import list_stills, still_recipes
from abaw_pipeline.errors import CorpusError

MAGIC = b"\x93NUMPY\x01\x00"


def write(root, codes, part="train_set"):
    """Images of a part, and arrays with their codes, by number."""
    for name in ("images", "annotations"):
        (root / part / name).mkdir(parents=True, exist_ok=True)
    for number, code in codes.items():
        Image.new("RGB", (8, 8)).save(root / part / "images" / f"{number}.jpg")
        np.save(root / part / "annotations" / f"{number}_exp.npy", code, allow_pickle=True)
        np.save(root / part / "annotations" / f"{number}_val.npy", np.array("0.5"))
    return AffectNet(path=str(root))


def test_parts_are_splits_and_arrays_are_codes(tmp_path):
    write(tmp_path, {0: np.array("7"), 2: np.array(3), 10: np.array([1]), 11: np.array(b"0")})
    corpus = write(tmp_path, {0: np.array("6")}, "val_set")
    found = corpus.entries("an")
    assert [(image.image_id, image.split, image.label) for image in found.images] == [
        ("an/train_set/0", "train", "contempt"),
        ("an/train_set/2", "train", "surprise"),
        ("an/train_set/10", "train", "happiness"),
        ("an/train_set/11", "train", "neutral"),
        ("an/val_set/0", "validation", "anger"),
    ]
    assert (found.failures, found.notes) == ([], [])
    tables = [recipe.compute() for recipe in still_recipes(list_stills({"an": corpus})[0]).values()]
    images = {image["image_id"]: image["image"]["bytes"] for table in tables for image in table.to_pylist()}
    assert images["an/val_set/0"] == (tmp_path / "val_set" / "images" / "0.jpg").read_bytes()


class Fires:
    """Unpickled, it would leave a file behind."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_pickles_are_refused_unread(tmp_path):
    corpus = write(tmp_path, {0: np.array("1"), 1: np.array(Fires(tmp_path / "fired"), dtype=object)})
    found = corpus.entries("an")
    assert [row.key for row in found.failures] == ["an/train_set/1"]
    assert "no readable array" in found.failures[0].message
    assert not (tmp_path / "fired").exists()


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (np.array("11"), "expression is '11'"),
        (np.array(1.5), "expression is '1.5'"),
        (np.array("happy"), "expression is 'happy'"),
        (np.array([1, 2]), "not one code"),
        (np.array([]), "not one code"),
        (np.array(True), "not one code"),
    ],
)
def test_arrays_that_are_no_code(tmp_path, code, problem):
    found = write(tmp_path, {0: np.array("1"), 1: code}).entries("an")
    assert len(found.images) == 1
    assert problem in found.failures[0].message


def test_missing_halves_and_left_out_images(tmp_path):
    corpus = write(tmp_path, {n: np.array(str(code)) for n, code in enumerate([1, 8, 10, 10, 2, 3])})
    (tmp_path / "train_set" / "images" / "4.jpg").unlink()
    (tmp_path / "train_set" / "annotations" / "5_exp.npy").unlink()
    found = corpus.entries("an")
    assert [(row.key, "is not there" in row.message) for row in found.failures] == [
        ("an/train_set/4", True),
        ("an/train_set/5", True),
    ]
    assert found.notes == [
        "train_set: 3 images without an emotion are left out: none 1, no face 2",
        "no list or folder of validation images",
    ]


def test_a_folder_too_deep_names_the_right_one(tmp_path):
    write(tmp_path, {0: np.array("1")})
    with pytest.raises(CorpusError, match=f"Set path to {tmp_path}"):
        AffectNet(path=str(tmp_path / "train_set")).entries("an")


@given(st.binary(max_size=150), st.booleans())
def test_any_bytes_are_a_code_or_a_reason(tmp_path_factory, content, headed):
    root = tmp_path_factory.mktemp("an")
    corpus = write(root, {0: np.array("1"), 1: np.array("1")})
    file = root / "train_set" / "annotations" / "1_exp.npy"
    file.write_bytes((MAGIC if headed else b"") + content)
    found = corpus.entries("an")
    assert len(found.images) + len(found.failures) == 2


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<i8', 'fortran_order': False, 'shape': (1000000000000,), }",
        "{'descr': '<i8', 'fortran_order': False, 'shape': (-1,), }",
        "{'descr': '<U99999999', 'fortran_order': False, 'shape': (), }",
        "{'descr': [('a', '<i8')], 'fortran_order': False, 'shape': (), }",
        "{'descr': '<U0', 'fortran_order': False, 'shape': (), }",
        "{'descr': 'O', 'fortran_order': False, 'shape': (), }",
        "(" * 300,
        "'" * 3,
        "-" * 5000 + "1",
    ],
)
def test_headers_that_promise_too_much(tmp_path, header):
    corpus = write(tmp_path, {0: np.array("1"), 1: np.array("1")})
    text = header.ljust(117).encode() + b"\n"
    file = tmp_path / "train_set" / "annotations" / "1_exp.npy"
    file.write_bytes(MAGIC + len(text).to_bytes(2, "little") + text)
    found = corpus.entries("an")
    assert len(found.images) == 1
    assert found.failures[0].key == "an/train_set/1"
