import numpy as np
import pytest
from PIL import Image

from abaw_pipeline.faces.cuts import ShotCuts


def scene(seed: int, height: int = 180, width: int = 320) -> np.ndarray:
    """A picture with structure: smooth noise of its own colors."""
    coarse = np.random.default_rng(seed).integers(0, 256, (30, 50, 3), dtype=np.uint8)
    return np.array(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def found(pictures) -> list[int]:
    state = ShotCuts().start()
    return [at for at, pixels in enumerate(pictures) if state.update(pixels)]


def test_a_cut_is_the_first_picture_of_the_new_shot():
    assert found([scene(1)] * 3 + [scene(2)] * 2 + [scene(1)] * 2) == [3, 5]


def test_the_first_picture_is_no_cut():
    assert found([scene(1)]) == []


def test_someone_who_crosses_the_picture_is_no_cut():
    pictures = []
    for left in range(-80, 320, 40):
        pixels = scene(3)
        pixels[40:180, max(left, 0) : max(left + 90, 0)] = 220
        pictures.append(pixels)
    assert found(pictures) == []


def test_a_pan_is_no_cut():
    wide = scene(4, width=640)
    assert found([wide[:, left : left + 320] for left in range(0, 300, 15)]) == []


@pytest.mark.parametrize("gain", [0.6, 1.3])
def test_a_change_of_light_is_no_cut(gain):
    lit = np.clip(scene(5) * gain, 0, 255).astype(np.uint8)
    assert found([scene(5), lit, scene(5)]) == []


def test_a_dark_cut_is_a_cut():
    assert found([scene(6) // 6, scene(7) // 6]) == [1]


@pytest.mark.parametrize("shape", [(360, 200), (48, 64), (9, 7), (1, 1)])
def test_any_size_goes(shape):
    pixels = scene(8, *shape)
    assert found([pixels, pixels]) == []


def test_videos_do_not_share_their_state():
    cuts = ShotCuts()
    cuts.start().update(scene(1))
    assert not cuts.start().update(scene(2))


def test_the_threshold_is_what_counts():
    state = ShotCuts(threshold=0.95).start()
    state.update(scene(1))
    assert not state.update(scene(2))
