"""A tape gives what a slice of the whole gives, and lets go of what lies behind."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.audio.parts import PLACES, Counted, cut_at
from tests.audio.sounds import RATE, wave

from abaw_pipeline.audio.tape import Tape
from abaw_pipeline.errors import DataError

WHOLE = wave(np.arange(300))


@given(places=PLACES, steps=st.lists(st.tuples(st.integers(0, 90), st.integers(0, 200)), max_size=8))
def test_what_is_taken_is_a_slice_of_the_whole(places, steps):
    tape, at = Tape(cut_at(WHOLE, places)), 0
    for ahead, count in steps:
        at += ahead
        np.testing.assert_array_equal(tape.take(at, at + count), WHOLE.samples[at : at + count])
        if at + count > 300:
            assert tape.reached == 300


def test_no_more_is_read_than_was_asked_for_and_no_more_held():
    source = Counted(wave(np.zeros(20 * RATE)))
    tape = Tape(source)
    for second in range(5, 15):
        tape.take(second * RATE, (second + 1) * RATE)
        assert source.given == second + 1
        assert len(tape._held) <= RATE


def test_what_was_let_go_is_not_given():
    tape = Tape([WHOLE])
    tape.take(10, 20)
    with pytest.raises(ValueError, match="sample 9 was let go"):
        tape.take(9, 20)


def test_sounds_that_are_refused_where_they_come():
    with pytest.raises(ValueError, match="at least one part"):
        Tape([])
    for wrong, kind, told in [
        (wave(np.zeros(5), 8_000), ValueError, "16000 Hz does not go on at 8000 Hz"),
        (wave(np.array([np.nan])), DataError, "not finite"),
        (wave(np.zeros((2, 5))), DataError, "one channel"),
    ]:
        tape = Tape([WHOLE, wrong])
        tape.take(0, 300)
        with pytest.raises(kind, match=told):
            tape.take(0, 301)
