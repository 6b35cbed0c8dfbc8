import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from abaw_pipeline.errors import DataError
from abaw_pipeline.training.stills import Stills, gray_square, middle, set_aside


def encode(pixels, kind="PNG", **options):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


def test_gray_image_of_the_right_size_is_untouched():
    pixels = np.random.default_rng(0).integers(0, 256, (48, 48), dtype=np.uint8)
    np.testing.assert_array_equal(gray_square(encode(pixels), 48, "x"), pixels)


def test_middle_square_is_taken():
    pixels = np.zeros((40, 100, 3), np.uint8)
    pixels[:, 30:70] = (0, 255, 0)
    gray = gray_square(encode(pixels), 20, "x")
    assert gray.shape == (20, 20)
    assert gray[:, 1:-1].min() == 150  # green alone, in luma
    half = gray_square(encode(pixels), 20, "x", share=0.5)
    assert half.min() == half.max() == 150


@pytest.mark.parametrize("share", [1.0, 0.6])
def test_large_jpegs_are_decoded_small_without_changing_much(share):
    y, x = np.mgrid[:224, :224]
    pixels = (127 + 100 * np.sin(x / 17) * np.cos(y / 23)).astype(np.uint8)
    from_jpeg = gray_square(encode(pixels, "JPEG", quality=95), 48, "x", share)
    from_png = gray_square(encode(pixels), 48, "x", share)
    assert np.abs(from_jpeg.astype(int) - from_png).mean() < 1.5


def test_orientation_is_applied():
    pixels = np.zeros((48, 48), np.uint8)
    pixels[:24] = 255
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    gray = gray_square(encode(pixels, "JPEG", exif=exif), 48, "x")
    assert gray[:20].mean() < 10 < gray[28:].mean()


@pytest.mark.parametrize("content", [b"", b"no image", encode(np.zeros((48, 48), np.uint8))[:50]])
def test_no_image_is_an_error(content):
    with pytest.raises(DataError, match="where it was"):
        gray_square(content, 48, "where it was")


def test_middle():
    images = np.arange(2 * 36).reshape(2, 6, 6).astype(np.uint8)
    np.testing.assert_array_equal(middle(images, 4), images[:, 1:5, 1:5])
    np.testing.assert_array_equal(middle(images, 6), images)


def stills(subjects, contents):
    n = len(subjects)
    images = np.array(contents, dtype=np.uint8).reshape(n, 1, 1)
    return Stills([f"{i:03d}" for i in range(n)], ["train"] * n, list(subjects), np.zeros(n, np.int64), images)


@given(
    st.lists(st.tuples(st.sampled_from([None, "a", "b", "c"]), st.integers(0, 30)), min_size=2, max_size=60),
    st.sampled_from([0.0, 0.1, 0.5]),
    st.integers(0, 5),
)
def test_neither_people_nor_equal_images_are_on_both_sides(rows, share, seed):
    made = stills([subject for subject, _ in rows], [content for _, content in rows])
    groups = [subject or content for subject, content in rows]
    if share and len(set(groups)) == 1:
        with pytest.raises(DataError, match="one subject"):
            set_aside(made, share, seed)
        return
    aside = set_aside(made, share, seed)
    sides = [{group for group, side in zip(groups, aside, strict=True) if side == which} for which in (True, False)]
    assert not sides[0] & sides[1]
    assert sides[1]
    assert bool(sides[0]) == bool(share)


def test_about_the_asked_share_and_another_draw_for_another_seed():
    made = stills([None] * 200, range(200))
    draws = [set_aside(made, 0.2, seed) for seed in range(3)]
    assert [draw.sum() for draw in draws] == [40, 40, 40]
    assert not (draws[0] == draws[1]).all()
    np.testing.assert_array_equal(draws[0], set_aside(made, 0.2, 0))
