import io

import numpy as np
import pytest
from PIL import Image

from abaw_pipeline.corpora.still_pixels import still_bytes
from abaw_pipeline.errors import CorpusError
from abaw_pipeline.types import File


def picture(tmp_path, name="a.png", mode="RGB", size=(40, 30), **saved):
    """Dark, with a bright patch at columns 20 to 29 and rows 5 to 14."""
    pixels = np.zeros((size[1], size[0]), np.uint8)
    pixels[5:15, 20:30] = 255
    path = tmp_path / name
    Image.fromarray(pixels).convert(mode).save(path, **saved)
    return File(str(path), "0" * 64)


def face(file, box):
    content, suffix = still_bytes(file, None, box, "x")
    assert suffix == ".jpg"
    image = Image.open(io.BytesIO(content))
    assert image.format == "JPEG"
    return np.asarray(image.convert("L"))


@pytest.mark.parametrize(("name", "mode"), [("a.png", "RGB"), ("a.png", "L"), ("a.png", "RGBA"), ("a.gif", "P")])
def test_the_face_is_what_the_box_holds(tmp_path, name, mode):
    found = face(picture(tmp_path, name, mode), (20, 5, 30, 15))
    assert found.shape == (10, 10)
    assert found.min() > 240


def test_a_box_that_reaches_beyond_the_image_ends_with_it(tmp_path):
    assert face(picture(tmp_path), (-5, -5, 30, 15)).shape == (15, 30)
    assert face(picture(tmp_path), (20, 5, 1000, 1000)).shape == (25, 20)


@pytest.mark.parametrize("box", [(40, 0, 50, 10), (-10, 0, 0, 10), (0, 30, 10, 40)])
def test_a_box_beside_the_image_is_told(tmp_path, box):
    with pytest.raises(CorpusError, match="beside the image of 40 x 30"):
        still_bytes(picture(tmp_path), None, box, "x")


def test_the_turn_that_a_camera_noted_comes_after_the_box(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    found = face(picture(tmp_path, "a.jpg", exif=exif, quality=100), (20, 5, 30, 25))
    assert found.shape == (10, 20)
    assert found[:, 11:].min() > 200  # what was above
    assert found[:, :9].max() < 50


@pytest.mark.parametrize("box", [None, (0, 0, 10, 10)])
def test_whole_images_keep_their_bytes_and_damaged_ones_are_told(tmp_path, box):
    file = picture(tmp_path, "a.jpg")
    content = (tmp_path / "a.jpg").read_bytes()
    assert still_bytes(file, None, None, "x") == (content, "")
    for bad in (b"", b"no image", content[: len(content) // 2]):
        (tmp_path / "a.jpg").write_bytes(bad)
        with pytest.raises(CorpusError, match="image cannot be read"):
            still_bytes(file, None, box, "x")
    (tmp_path / "a.jpg").unlink()
    with pytest.raises(CorpusError, match="FileNotFoundError"):
        still_bytes(file, None, box, "x")
