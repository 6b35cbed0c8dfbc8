import io
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from abaw_pipeline.corpora.affectnet import AffectNet
from abaw_pipeline.corpora.stills import list_stills, refused_stills, still_recipes
from abaw_pipeline.errors import CorpusError

HEADER = "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal"
LANDMARKS = ";".join(["1.5"] * 136)
NAMES = ["neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt"]
NO_BOX = ("NULL",) * 4


def row(path="1/a.jpg", code=1, box=(4, 6, 20, 10)):
    return f"{path},{','.join(map(str, box))},{LANDMARKS},{code},0.1,-0.2"


def write(root, training=(), validation=(), images=()):
    """A corpus whose validation list has no header, as it is handed out."""
    lists, pictures = root / "Manually_Annotated_file_lists", root / "Manually_Annotated_Images"
    for folder in (lists, pictures):
        folder.mkdir(parents=True, exist_ok=True)
    (lists / "training.csv").write_text("\n".join([HEADER, *training]) + "\n")
    (lists / "validation.csv").write_text("".join(f"{line}\n" for line in validation or [row("1/v.jpg", 0)]))
    for image in [*images, "1/v.jpg"]:
        (pictures / image).parent.mkdir(exist_ok=True)
        Image.new("RGB", (40, 30)).save(pictures / image)
    return AffectNet(path=str(root))


def pieces(corpus):
    """All images that were read, as bytes by name."""
    listing, refused, _ = list_stills({"an": corpus})
    tables = {key: recipe.compute() for key, recipe in still_recipes(listing).items()}
    assert not len(refused)
    assert not len(refused_stills(tables))
    return {image["image_id"]: image["image"] for table in tables.values() for image in table.to_pylist()}


def size(image):
    return Image.open(io.BytesIO(image["bytes"])).size


def test_lists_are_splits_and_codes_are_emotions(tmp_path):
    paths = [f"{code}/x.jpg" for code in range(8)]
    corpus = write(tmp_path, [row(path, code) for code, path in enumerate(paths)], images=paths)
    listing, refused, notes = list_stills({"an": corpus})
    assert (len(refused), notes) == (0, [])
    assert listing["image_id"].tolist() == [*(f"an/{path}" for path in paths), "an/1/v.jpg"]
    assert listing["label"].tolist() == [*NAMES, "neutral"]
    assert listing["split"].tolist() == ["train"] * 8 + ["validation"]
    assert listing["subject"].isna().all()
    assert listing[["x1", "y1", "x2", "y2"]].drop_duplicates().to_numpy().tolist() == [[4, 6, 24, 16]]


def test_faces_are_cut_from_their_boxes(tmp_path):
    pixels = np.zeros((30, 40, 3), np.uint8)
    pixels[6:16, 4:24] = 255
    corpus = write(tmp_path, [row("1/p.png")])
    Image.fromarray(pixels).save(tmp_path / "Manually_Annotated_Images" / "1" / "p.png")
    image = pieces(corpus)["an/1/p.png"]
    assert image["path"] == "an/1/p.png.jpg"
    found = np.asarray(Image.open(io.BytesIO(image["bytes"])))
    assert (found.shape, found.min() > 250) == ((10, 20, 3), True)


def test_whole_images_on_request(tmp_path):
    write(tmp_path, [row("1/a.jpg", box=NO_BOX)], images=["1/a.jpg"])
    found = pieces(AffectNet(path=str(tmp_path), crop=False))
    assert {size(image) for image in found.values()} == {(40, 30)}


def test_another_box_is_another_piece(tmp_path):
    prints = []
    for height in (10, 11, 10):
        corpus = write(tmp_path, [row("1/a.jpg", box=(4, 6, 20, height))], images=["1/a.jpg"])
        prints.append([recipe.fingerprint for recipe in still_recipes(list_stills({"an": corpus})[0]).values()])
    assert prints[0] == prints[2] != prints[1]


def test_images_without_an_emotion_are_left_out_and_counted(tmp_path):
    # Raters drew no box there, and the files need not be there.
    lines = [row(f"9/{number}.jpg", code, NO_BOX) for number, code in enumerate([8, 9, 9, 10, 10, 10])]
    found = write(tmp_path, lines).entries("an")
    assert [image.image_id for image in found.images] == ["an/1/v.jpg"]
    assert found.failures == []
    assert found.notes == ["training.csv: 6 images without an emotion are left out: none 1, uncertain 2, no face 3"]


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (row("1/b.jpg", 11), "expression is '11'"),
        (row("1/b.jpg", "-1"), "expression is '-1'"),
        (row("1/b.jpg", "Happy"), "expression is 'Happy'"),
        (row("1/b.jpg", ""), "expression is ''"),
        (row(""), "subdirectory_filepath is ''"),
        (row("../../b.jpg"), "subdirectory_filepath is '../../b.jpg'"),
        (row("/1/b.jpg"), "subdirectory_filepath is '/1/b.jpg'"),
        (row("C:\\faces\\b.jpg"), "subdirectory_filepath is 'C:"),
        (row("1/b.jpg", box=NO_BOX), "no box of a face (face_x 'NULL'"),
        (row("1/b.jpg", box=(1, 1, 0, 5)), "no box of a face"),
        (row("1/b.jpg", box=(1, 1, -3, 5)), "no box of a face"),
        (row("1/b.jpg", box=("1e300", 1, 3, 5)), "no box of a face"),
        (row("1/missing.jpg"), "missing.jpg is not there"),
        (row("1\\a.jpg"), "1/a.jpg is already in training.csv, row 2"),
        ("1/b.jpg,1,2", "the row has 3 fields"),
        (row("1/b.jpg") + ",7", "the row has 10 fields"),
        (row("1/" + "x" * 300 + ".jpg"), "cannot be looked at (File name too long)"),
    ],
)
def test_damaged_rows_are_refused_and_the_rest_goes_on(tmp_path, bad, problem):
    found = write(tmp_path, [row(), bad], images=["1/a.jpg", "1/b.jpg"]).entries("an")
    assert [image.image_id for image in found.images] == ["an/1/a.jpg", "an/1/v.jpg"]
    assert [row.key for row in found.failures] == ["an/train row 3"]
    assert problem in found.failures[0].message


def test_an_image_of_both_lists_trains_and_does_not_judge(tmp_path):
    found = write(tmp_path, [row()], [row()], images=["1/a.jpg"]).entries("an")
    assert [image.split for image in found.images] == ["train"]
    assert "already in training.csv, row 2" in found.failures[0].message


def test_the_same_list_twice_is_told(tmp_path):
    write(tmp_path, [row()], images=["1/a.jpg"])
    both = "Manually_Annotated_file_lists/training.csv"
    found = AffectNet(path=str(tmp_path), training=both, validation=both).entries("an")
    assert [image.split for image in found.images] == ["train"]
    assert [row.key for row in found.failures] == ["an/validation row 2"]


def test_paths_written_on_windows(tmp_path):
    found = write(tmp_path, [row("1\\a.jpg")], images=["1/a.jpg"]).entries("an")
    assert found.images[0].image_id == "an/1/a.jpg"
    assert found.images[0].path == str(tmp_path / "Manually_Annotated_Images" / "1" / "a.jpg")


@pytest.mark.parametrize("place", ["", "manually_annotated", "Manually_Annotated"])
def test_places_of_lists_and_images(tmp_path, place):
    write(tmp_path / "corpus" / place, [row()], images=["1/a.jpg"])
    found = AffectNet(path=str(tmp_path / "corpus")).entries("an")
    assert (len(found.images), found.failures) == (2, [])


def test_places_by_parameters(tmp_path):
    write(tmp_path, [row()], images=["1/a.jpg"])
    (tmp_path / "Manually_Annotated_file_lists" / "training.csv").rename(tmp_path / "mine.CSV")
    (tmp_path / "Manually_Annotated_Images").rename(tmp_path / "faces")
    found = AffectNet(path=str(tmp_path), training="mine.CSV", images="faces").entries("an")
    assert [image.split for image in found.images] == ["train", "validation"]


def test_a_list_that_is_not_there_is_told(tmp_path):
    corpus = write(tmp_path, [row()], images=["1/a.jpg"])
    (tmp_path / "Manually_Annotated_file_lists" / "validation.csv").unlink()
    found = corpus.entries("an")
    assert found.notes == ["no list or folder of validation images"]
    assert len(found.images) == 1


@pytest.mark.parametrize("wrong", ["..", "Manually_Annotated_Images"])
def test_the_likely_right_folder_is_named(tmp_path, wrong):
    write(tmp_path / "AffectNet", [row()], images=["1/a.jpg"])
    folder = os.path.normpath(tmp_path / "AffectNet" / wrong)
    with pytest.raises(CorpusError, match=f"Set path to {tmp_path / 'AffectNet'}"):
        AffectNet(path=folder).entries("an")


def test_folders_that_are_no_corpus(tmp_path):
    for folder, problem in ((tmp_path / "x", "no such folder"), (tmp_path, "found nothing")):
        with pytest.raises(CorpusError, match=problem):
            AffectNet(path=str(folder)).entries("an")


def test_lists_of_which_nothing_can_be_used(tmp_path):
    corpus = write(tmp_path, [row(code=8)], [row(code=9)])
    with pytest.raises(CorpusError, match=r"no image can be used.*uncertain 1"):
        corpus.entries("an")
    with pytest.raises(CorpusError, match=r"no image can be used. The first: .*a.jpg is not there"):
        write(tmp_path, [row()], [row("2/x.jpg")]).entries("an")
    with pytest.raises(CorpusError, match="cannot be read"):
        AffectNet(path=str(tmp_path), training="none.csv").entries("an")


@given(st.text(max_size=60), st.text(max_size=10), st.lists(st.text(max_size=8), min_size=4, max_size=4))
def test_any_text_in_a_row_is_an_image_or_a_reason(tmp_path_factory, path, code, box):
    root = tmp_path_factory.mktemp("an")
    corpus = write(root, [row()], images=["1/a.jpg"])
    with (root / "Manually_Annotated_file_lists" / "training.csv").open("ab") as file:
        file.write(row(path, code, box).encode(errors="replace"))
    try:
        found = corpus.entries("an")
    except CorpusError:
        return
    assert {image.image_id for image in found.images} == {"an/1/a.jpg", "an/1/v.jpg"}
    assert found.failures or found.notes


@pytest.mark.real
def test_real_rows(real_data, tmp_path):
    source = real_data / "annotations" / "affectnet_sample" / "test.csv"
    for line in source.read_text().split()[1:]:
        target = tmp_path / "Manually_Annotated_Images" / line.split(",")[0]
        target.parent.mkdir(parents=True)
        Image.new("RGB", (1275, 1275)).save(target)
    shutil.copy(source, tmp_path / "training.csv")
    corpus = AffectNet(path=str(tmp_path))
    found = corpus.entries("an")
    assert [(Path(image.path).name, image.label, image.box) for image in found.images] == [
        ("81456263be241927c7a59a2646f88c2700ce4b7cba6094570ec2b10c.jpg", "contempt", (147, 147, 1128, 1128)),
        ("cfa0c679da3dbe9f01e92cdeda2da1065aa50e7bf0b3990ec335f726.jpg", "neutral", (99, 99, 765, 765)),
    ]
    assert (found.failures, found.notes) == ([], ["no list or folder of validation images"])
    assert sorted(size(image) for image in pieces(corpus).values()) == [(666, 666), (981, 981)]
