import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abaw_pipeline.errors import DataError
from abaw_pipeline.faces.crops import GRAY, Crops, decode_jpeg, encode_jpeg


def ramp(height: int = 100, width: int = 160) -> np.ndarray:
    """Red grows to the right, green downwards, by 1 a pixel."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[..., 0] = np.arange(width)
    pixels[..., 1] = np.arange(height)[:, None]
    return pixels


def test_a_crop_shows_the_square_about_the_box_with_its_margin():
    # A box of 20x40 about (70, 50): with a fifth of 40 on each side a square of 56 pixels, from (42, 22) on.
    crop = Crops(size=56, margin=0.2).cut(ramp(), [60, 30, 80, 70])
    assert crop.shape == (56, 56, 3) and crop.dtype == np.uint8
    assert np.array_equal(crop, ramp()[22:78, 42:98])


def test_half_pixels_count():
    crop = Crops(size=20, margin=0).cut(ramp(), [60.5, 30, 80.5, 50])
    assert np.abs(crop[10, :, 0].astype(int) - np.arange(60, 80) - 0.5).max() <= 0.5


def test_it_is_enlarged_and_shrunk_alike():
    for size in (16, 40, 224):
        crop = Crops(size=size, margin=0).cut(ramp(), [40, 20, 80, 60])
        middles = 40 + (np.arange(size) + 0.5) * 40 / size - 0.5
        inner = slice(size // 8, -size // 8)
        assert np.abs(crop[size // 2, inner, 0] - middles[inner]).max() < 1.01


def test_shrinking_takes_means():
    pixels = np.indices((200, 200)).sum(0) % 2 * 255
    crop = Crops(size=20, margin=0).cut(np.repeat(pixels[..., None], 3, 2).astype(np.uint8), [0, 0, 200, 200])
    assert np.abs(crop.astype(int) - 127).max() <= 3


def test_the_border_is_repeated_beyond_the_picture():
    crop = Crops(size=40, margin=0.5).cut(ramp(), [0, 0, 20, 20])
    assert np.array_equal(crop[:10, 10:], np.repeat(ramp()[:1, :30], 10, 0))
    assert np.array_equal(crop[10:, 10:], ramp()[:30, :30])


def test_or_gray_is():
    crop = Crops(size=40, margin=0.5, border="gray").cut(ramp(), [140, 80, 160, 100])
    assert (crop[:, 32:] == GRAY).all() and (crop[32:] == GRAY).all()
    assert np.array_equal(crop[:28, :28], ramp()[70:98, 130:158])


def test_a_box_may_be_larger_than_the_picture():
    crop = Crops(size=64).cut(np.full((8, 6, 3), 77, np.uint8), [-20, -30, 40, 50])
    assert (crop == 77).all()


@given(
    st.tuples(*[st.floats(-150, 300)] * 2, *[st.floats(0.1, 400)] * 2),
    st.sampled_from(["edge", "gray"]),
    st.floats(0, 2),
)
def test_every_box_in_the_picture_has_a_crop_and_no_other(place, border, margin):
    x, y, width, height = place
    crops = Crops(size=16, margin=margin, border=border)
    if x < 160 and y < 100 and x + width > 0 and y + height > 0:
        assert crops.cut(ramp(), [x, y, x + width, y + height]).shape == (16, 16, 3)
    else:
        with pytest.raises(DataError, match="outside the picture of 160x100"):
            crops.cut(ramp(), [x, y, x + width, y + height])


@pytest.mark.parametrize("box", [[5, 5, 5, 9], [9, 5, 5, 9], [0, 0, float("nan"), 9], [0, 0, float("inf"), 9]])
def test_what_is_no_box_is_refused(box):
    with pytest.raises(DataError, match="no box"):
        Crops().cut(ramp(), box)


def test_pixels_are_left_as_they_are():
    pixels = ramp()
    pixels.flags.writeable = False
    crop = Crops(size=20, margin=0).cut(pixels, [0, 0, 20, 20])
    crop[:] = 0
    assert np.array_equal(pixels, ramp())


def test_jpeg_comes_back_alike():
    crops = Crops(size=56, quality=95)
    data = crops.jpeg(ramp(), [60, 30, 80, 70])
    assert np.abs(decode_jpeg(data).astype(int) - crops.cut(ramp(), [60, 30, 80, 70])).mean() < 2
    assert data == crops.jpeg(ramp(), [60, 30, 80, 70])
    assert len(encode_jpeg(ramp(), 95)) > len(encode_jpeg(ramp(), 20))


@pytest.mark.parametrize("data", [b"", b"text", encode_jpeg(ramp(), 90)[:200]])
def test_what_is_no_jpeg_is_refused(data):
    with pytest.raises(DataError, match="not a JPEG"):
        decode_jpeg(data)
