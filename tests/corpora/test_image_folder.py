import os
import tarfile
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydantic import ValidationError

from abaw_pipeline.artifacts import file_hashes
from abaw_pipeline.corpora import image_folder
from abaw_pipeline.corpora.image_folder import ImageFolder
from abaw_pipeline.corpora.stills import list_stills, refused_stills, still_recipes
from abaw_pipeline.errors import CorpusError


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for path in (
        "train/angry/Training_1.jpg",
        "train/happy/p2_b.PNG",
        "train/happy/p1_a.png",
        "PublicTest/neutral/p3_c.jpg",
    ):
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)).save(target)
    return tmp_path


def test_images_by_split_and_class(folder):
    (folder / "train" / "happy" / "Thumbs.db").write_text("x")
    (folder / ".hidden" / "x").mkdir(parents=True)
    listing, refused, notes = list_stills({"faces": ImageFolder(path=str(folder))})
    assert not len(refused)
    assert notes == ["faces: 1 files are no JPEG or PNG and were left out: train/happy/Thumbs.db"]
    assert listing[["image_id", "split", "label"]].to_numpy().tolist() == [
        ["faces/PublicTest/neutral/p3_c.jpg", "validation", "neutral"],
        ["faces/train/angry/Training_1.jpg", "train", "anger"],
        ["faces/train/happy/p1_a.png", "train", "happiness"],
        ["faces/train/happy/p2_b.PNG", "train", "happiness"],
    ]
    assert listing["subject"].isna().all()


def test_pieces_hold_the_files_bytes(folder):
    listing, _, _ = list_stills({"faces": ImageFolder(path=str(folder))})
    tables = [recipe.compute() for recipe in still_recipes(listing, size=3).values()]
    rows = {row["image_id"]: row for table in tables for row in table.to_pylist()}
    assert len(rows) == 4
    for image_id, row in rows.items():
        assert row["image"]["bytes"] == (folder / image_id.removeprefix("faces/")).read_bytes()
        assert row["problem"] is None


def test_where_the_images_lie_changes_no_piece(folder, tmp_path_factory):
    moved = tmp_path_factory.mktemp("elsewhere") / "images"
    listing, _, _ = list_stills({"faces": ImageFolder(path=str(folder))})
    before = {key: recipe.fingerprint for key, recipe in still_recipes(listing).items()}
    folder.rename(moved)
    listing, _, _ = list_stills({"faces": ImageFolder(path=str(moved))})
    assert {key: recipe.fingerprint for key, recipe in still_recipes(listing).items()} == before
    (moved / "train/angry/Training_1.jpg").write_bytes((moved / "train/happy/p1_a.png").read_bytes())
    listing, _, _ = list_stills({"faces": ImageFolder(path=str(moved))})
    assert {key: recipe.fingerprint for key, recipe in still_recipes(listing).items()} != before


def test_subjects_from_names(folder):
    (folder / "train/angry/Training_1.jpg").rename(folder / "train/angry/p1_z.jpg")
    corpus = ImageFolder(path=str(folder), subject=r"^(p\d)_")
    assert [entry.subject for entry in corpus.entries("x").images] == ["x/p3", "x/p1", "x/p1", "x/p2"]
    (folder / "train/angry/p1_z.jpg").rename(folder / "train/angry/z.jpg")
    listing = corpus.entries("x")
    assert len(listing.images) == 3
    assert "does not tell the subject" in listing.failures[0].message


def test_unknown_folders_and_damaged_images_are_refused(folder):
    for name in ("train/bored", "extra/happy"):
        (folder / name).mkdir(parents=True)
    (folder / "train/happy/p1_a.png").write_bytes(b"no image")
    cut = folder / "train/happy/p2_b.PNG"
    cut.write_bytes(cut.read_bytes()[:200])
    listing, refused, _ = list_stills({"faces": ImageFolder(path=str(folder))})
    tables = {key: recipe.compute() for key, recipe in still_recipes(listing).items()}
    assert dict(zip(refused["key"], refused["message"].str.contains("bored|extra"), strict=True)) == {
        "faces/extra/happy": True,
        "faces/train/bored": True,
    }
    later = refused_stills(tables)
    assert sorted(later["key"]) == ["faces/train/happy/p1_a.png", "faces/train/happy/p2_b.PNG"]
    assert later["message"].str.contains("cannot be read").all()
    good = [row for table in tables.values() for row in table.to_pylist() if row["image"] is not None]
    assert len(good) == 2


@pytest.mark.skipif(os.name != "posix", reason="names of other systems are always Unicode")
def test_names_that_are_no_text_are_refused(folder):
    odd = folder / "train" / "happy" / os.fsdecode(b"\xff.png")
    odd.write_bytes((folder / "train/happy/p1_a.png").read_bytes())
    listing, refused, _ = list_stills({"faces": ImageFolder(path=str(folder))})
    assert len(listing) == 4
    assert "not valid Unicode" in refused["message"].iloc[0]


def test_own_names(folder):
    (folder / "train/bored").mkdir()
    (folder / "train/angry/Training_1.jpg").rename(folder / "train/bored/1.jpg")
    listing = ImageFolder(path=str(folder), labels={"Bored": "other"}).entries("x")
    assert [entry.label for entry in listing.images] == ["neutral", "other", "happiness", "happiness"]


@pytest.mark.parametrize("fields", [{"subject": "("}, {"subject": "p1"}, {"labels": {"x": "bored"}}])
def test_parameters_that_cannot_be_meant(fields):
    with pytest.raises(ValidationError):
        ImageFolder(path="x", **fields)


def test_folders_that_are_no_corpus(tmp_path):
    with pytest.raises(CorpusError, match=r"no such folder\. Expected: folders of splits"):
        ImageFolder(path=str(tmp_path / "x")).entries("x")
    with pytest.raises(CorpusError, match=r"expected folders of splits .*; found nothing"):
        ImageFolder(path=str(tmp_path)).entries("x")
    (tmp_path / "train/bliss").mkdir(parents=True)
    (tmp_path / "train/bliss/1.jpg").touch()
    with pytest.raises(
        CorpusError, match=r"no image has a label\. The first: .*train: label 'bliss' is no known emotion"
    ):
        ImageFolder(path=str(tmp_path)).entries("x")


@pytest.mark.parametrize("given", ["..", "train", "train/happy"])
def test_a_root_on_another_level_is_an_error_that_names_the_right_one(folder, given):
    with pytest.raises(CorpusError) as caught:
        ImageFolder(path=str((folder / given).resolve())).entries("x")
    assert caught.value.hint == f"Set path to {folder}."


def test_images_in_other_places_are_told(folder):
    for place in ("1.jpg", "train/2.jpg", "train/happy/3/4.jpg", ".x/5.jpg"):
        (folder / place).parent.mkdir(exist_ok=True)
        (folder / place).touch()
    found = ImageFolder(path=str(folder)).entries("x")
    assert len(found.images) == 4
    (note,) = found.notes
    assert note.startswith("3 images lie in no folder of a class, <split>/<class>/, and are left out: 1.jpg, train/2.")


def test_a_folder_that_cannot_be_listed_is_refused_and_the_rest_goes_on(folder, monkeypatch):
    whole = image_folder.listed

    def refuse(path, wanted):
        if path.name == "happy":
            raise CorpusError("the folder cannot be listed (Permission denied).", where=str(path))
        return whole(path, wanted)

    monkeypatch.setattr(image_folder, "listed", refuse)
    found = ImageFolder(path=str(folder)).entries("x")
    assert (len(found.images), [failure.key for failure in found.failures]) == (2, ["x/train/happy"])


def _unreadable(monkeypatch, *names):
    whole = file_hashes.open_file

    def refuse(path):
        if not names or path.endswith(names):
            raise PermissionError(13, "Permission denied", path)
        return whole(path)

    monkeypatch.setattr(file_hashes, "open_file", refuse)


def test_an_image_that_may_not_be_read_is_refused_and_the_rest_goes_on(folder, monkeypatch):
    _unreadable(monkeypatch, "p1_a.png")
    listing, refused, _ = list_stills({"faces": ImageFolder(path=str(folder))})
    assert len(listing) == 3
    assert refused["key"].tolist() == ["faces/train/happy/p1_a.png"]
    assert "Permission denied" in refused["message"].iloc[0]


def test_a_corpus_of_which_nothing_may_be_read_is_none(folder, monkeypatch):
    _unreadable(monkeypatch)
    with pytest.raises(CorpusError, match="none of 4 images can be read"):
        list_stills({"faces": ImageFolder(path=str(folder))})


@pytest.mark.real
def test_fer2013_as_folders_has_the_published_counts(real_data, tmp_path):
    with tarfile.open(real_data / "images" / "fer2013_train_validation.tar.xz") as archive:
        names = [entry.name for entry in archive if entry.isfile() and entry.name.endswith(".jpg")]
    for folder in {name.rpartition("/")[0] for name in names}:
        (tmp_path / folder).mkdir(parents=True)
    for name in names:
        (tmp_path / name).touch()
    found = ImageFolder(path=str(tmp_path)).entries("fer")
    assert Counter(image.split for image in found.images) == {"train": 28709, "validation": 3589}
    assert Counter(image.label for image in found.images if image.split == "train") == {
        **{"neutral": 4965, "happiness": 7215, "sadness": 4830, "surprise": 3171},
        **{"fear": 4097, "disgust": 436, "anger": 3995},
    }
    assert (found.failures, found.notes) == ([], [])


words = st.sampled_from(["train", "happy", "sad", "val", "bliss", ".x", "é"])
files = st.builds(
    lambda folders, name: "/".join([*folders, name]),
    st.lists(words, max_size=3),
    st.sampled_from(["1.jpg", "2.PNG", "3.txt", ".4.jpg", "é.jpeg"]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(files, max_size=6, unique=True))
def test_any_image_that_is_shown_is_listed_or_told_wherever_it_lies(tmp_path_factory, paths):
    root = tmp_path_factory.mktemp("faces")
    for path in ["train/angry/1.jpg", *paths]:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"")
    found = ImageFolder(path=str(root)).entries("f")
    listed = {image.image_id for image in found.images}
    refused = {failure.key for failure in found.failures}
    for path in paths:
        if not any(part.startswith(".") for part in path.split("/")) and not path.endswith(".txt"):
            above = {"/".join(["f", *path.split("/")[:depth]]) for depth in range(1, 4)}
            assert f"f/{path}" in listed or above & refused or any(path in note for note in found.notes), path
