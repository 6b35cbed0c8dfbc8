import hashlib
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from abaw_pipeline.corpora.fer2013 import Fer2013
from abaw_pipeline.corpora.stills import list_stills, refused_stills, still_recipes
from abaw_pipeline.errors import CorpusError

HEADER = "emotion,pixels,Usage"


def pixels(seed):
    return np.random.default_rng(seed).integers(0, 256, 2304)


def row(emotion=3, usage="Training", seed=0):
    return f"{emotion},{' '.join(map(str, pixels(seed)))},{usage}"


def write(tmp_path, *lines, newline="\n"):
    path = tmp_path / "fer2013.csv"
    path.write_bytes((newline.join(lines) + newline).encode())
    return Fer2013(path=str(path))


def read(corpus):
    """All readable images, and all refused rows, of listing and reading."""
    listing, refused, _ = list_stills({"fer": corpus})
    tables = {key: recipe.compute() for key, recipe in still_recipes(listing, size=2).items()}
    rows = {row["image_id"]: row for table in tables.values() for row in table.to_pylist()}
    later = refused_stills(tables)
    return listing, rows, [*refused.itertuples(), *later.itertuples()]


def decoded(row):
    return np.asarray(Image.open(io.BytesIO(row["image"]["bytes"])))


def test_rows_and_numbering(tmp_path):
    lines = [
        row(number, usage, number) for number, usage in enumerate(["Training"] * 5 + ["PublicTest", "PrivateTest"])
    ]
    listing, rows, refused = read(write(tmp_path, HEADER, *lines))
    assert not refused
    assert listing["label"].tolist() == [
        *("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"),
    ]
    assert listing["split"].tolist() == ["train"] * 5 + ["validation", "test"]
    assert listing["image_id"].iloc[5] == "fer/PublicTest_5"
    assert listing["subject"].isna().all()
    assert set(listing["sha256"]) == {hashlib.sha256((tmp_path / "fer2013.csv").read_bytes()).hexdigest()}
    for index, image_id in enumerate(listing["image_id"]):
        np.testing.assert_array_equal(decoded(rows[image_id]).ravel(), pixels(index))
        assert rows[image_id]["label"] == listing["label"].iloc[index]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("header", "line"),
    [
        ("emotion, Usage, pixels", "4, PublicTest, {}"),  # the challenge's own file
        ("\ufeffemotion,pixels,Usage", '4,"{}",PublicTest'),
    ],
)
def test_other_spellings_of_the_file(tmp_path, header, line, newline):
    text = " ".join(map(str, pixels(1)))
    listing, rows, refused = read(write(tmp_path, header, line.format(text), newline=newline))
    assert not refused
    assert listing["split"].tolist() == ["validation"]
    np.testing.assert_array_equal(decoded(rows["fer/PublicTest_0"]).ravel(), pixels(1))


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        ("7,1 2 3,Training", "emotion is '7'"),
        ("-1,1 2 3,Training", "emotion is '-1'"),
        ("3,1 2 3,Train", "Usage is 'Train'"),
        ("3,Training", "not made of"),
        ("3,1 2 3,Training", "3 pixels where 48 x 48"),
        (row().replace(",Training", " 7,Training"), "2305 pixels"),
        (f"3,{'256 ' * 2304},Training", "no whole number from 0 to 255"),
        (f"3,{'-1 ' * 2304},Training", "no whole number from 0 to 255"),
        (f"3,{'1_0 ' * 2304},Training", "no whole number from 0 to 255"),
        (f"3,{'9' * (1 << 20)},Training", "not made of"),
    ],
)
def test_bad_rows_are_refused_and_the_rest_goes_on(tmp_path, bad, problem):
    corpus = write(tmp_path, HEADER, row(seed=1), bad, row(emotion=0, seed=2))
    _, rows, refused = read(corpus)
    assert len(refused) == 1
    assert problem in refused[0].message
    good = [row for row in rows.values() if row["problem"] is None]
    assert [row["label"] for row in good] == ["happiness", "anger"] or {row["label"] for row in good} == {
        "happiness",
        "anger",
    }
    for found, seed in (("fer/Training_0", 1), ("fer/Training_2", 2)):
        np.testing.assert_array_equal(decoded(rows[found]).ravel(), pixels(seed))


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (["label,pixels,Usage", row()], "no column emotion"),
        ([HEADER], "no row can be used"),
        ([HEADER, "9,1,Training"], "emotion is '9'"),
        ([""], "no column"),
    ],
)
def test_files_that_are_no_fer2013(tmp_path, lines, problem):
    with pytest.raises(CorpusError, match=problem):
        write(tmp_path, *lines).entries("fer")


def test_missing_file(tmp_path):
    (tmp_path / "icml_face_data.csv").touch()
    with pytest.raises(CorpusError, match=r"fer2013.csv: the table cannot be read .* There: icml_face_data.csv"):
        Fer2013(path=str(tmp_path)).entries("fer")


@given(st.binary(max_size=300))
def test_any_bytes_are_images_or_refused_rows(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("fer") / "fer2013.csv"
    path.write_bytes(f"{HEADER}\n{row()}\n".encode() + content)
    listing = Fer2013(path=str(path)).entries("fer")
    lines = [line for line in content.split(b"\n") if line.strip()]
    assert len(listing.images) + len(listing.failures) == 1 + len(lines)
    assert len({image.image_id for image in listing.images}) == len(listing.images)
