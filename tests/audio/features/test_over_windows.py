"""Functionals over moving windows."""

import numpy as np
import pytest

from abaw_pipeline.audio.features import LibrosaFunctionals, OpenSmileFunctionals
from abaw_pipeline.types import Waveform


def sound(seconds: float, seed: int = 0) -> Waveform:
    return Waveform(np.random.default_rng(seed).normal(0, 0.1, round(16000 * seconds)).astype(np.float32), 16000)


@pytest.mark.parametrize("kind", [LibrosaFunctionals, OpenSmileFunctionals])
def test_each_row_is_that_of_its_window_alone(kind: type) -> None:
    whole = sound(2.5)
    rows = kind(window_s=1.0, shift=0.5).extract(whole)
    np.testing.assert_allclose(rows.start, [0, 0.5, 1.0, 1.5])
    np.testing.assert_allclose(rows.end, rows.start + 1)
    part = Waveform(whole.samples[8000:24000], 16000)
    np.testing.assert_array_equal(rows.values[1], kind().extract(part).values[0])


def test_the_last_window_ends_with_the_sound_and_short_sound_is_one_window() -> None:
    rows = LibrosaFunctionals(window_s=1.0, shift=1.0).extract(sound(2.3))
    np.testing.assert_allclose(rows.end, [1.0, 2.0, 2.3])
    short = sound(0.7)
    one = LibrosaFunctionals(window_s=1.0).extract(short)
    np.testing.assert_array_equal(one.values, LibrosaFunctionals().extract(short).values)
    assert one.end.tolist() == [0.7]
