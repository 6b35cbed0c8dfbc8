"""What is cut and joined again is what it was."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.audio.parts import PLACES, cut_at
from tests.audio.sounds import wave

from abaw_pipeline.audio.chunks import chunk_bounds, crossfade, cut
from abaw_pipeline.audio.separation import NNFilter
from abaw_pipeline.audio.spleeter import Spleeter
from abaw_pipeline.audio.tape import Tape


@given(total=st.integers(0, 5_000), longest=st.integers(40, 2_000), overlap=st.integers(0, 10))
def test_chunks_join_to_the_whole(total, longest, overlap):
    whole = np.random.default_rng(0).standard_normal(total).astype(np.float32)
    bounds = chunk_bounds(total, longest, overlap)
    assert all(end - begin <= longest for begin, end in bounds)
    parts = list(crossfade(((b, [whole[b[0] : b[1]]]) for b in bounds), total, overlap))
    np.testing.assert_allclose(np.concatenate([whole[:0], *parts]), whole, atol=1e-6)


@given(total=st.integers(0, 3_000), longest=st.integers(40, 900), step=st.integers(7, 900), places=PLACES)
def test_blocks_of_chunks_are_those_of_the_whole_and_fade_like_whole_chunks(total, longest, step, places):
    whole = wave(np.random.default_rng(0).standard_normal(total))
    bounds = chunk_bounds(total, longest, 10)
    blocks = [(bound, list(parts)) for bound, parts in cut(Tape(cut_at(whole, places)), bounds, step)]
    for (begin, end), parts in blocks:
        assert all(len(part) <= step for part in parts)
        np.testing.assert_array_equal(np.concatenate(parts), whole.samples[begin:end])
    at_once = crossfade([(bound, [np.concatenate(parts)]) for bound, parts in blocks], total, 10)
    np.testing.assert_array_equal(
        np.concatenate([whole.samples[:0], *crossfade(blocks, total, 10)]),
        np.concatenate([whole.samples[:0], *at_once]),
    )


@pytest.mark.parametrize(("samples", "told"), [(99, "has 99"), (101, "has 101 or more")])
def test_a_sound_of_another_length_than_was_said(samples, told):
    with pytest.raises(ValueError, match=f"was to have 100 samples.* {told}"):
        for _, blocks in cut(Tape([wave(np.zeros(samples))]), [(0, 60), (50, 100)], 7):
            list(blocks)


def test_a_step_between_two_chunks_becomes_a_ramp():
    bounds = chunk_bounds(30, 20, 10)
    assert bounds == [(0, 20), (10, 30)]
    chunks = [(bounds[0], [np.zeros(20, np.float32)]), (bounds[1], [np.ones(20, np.float32)])]
    joined = np.concatenate(list(crossfade(chunks, 30, 10)))
    np.testing.assert_allclose(joined[10:20], (np.arange(10) + 0.5) / 10, atol=1e-6)


@pytest.mark.parametrize(("part", "chunk", "longest"), [(NNFilter, 20, 600), (Spleeter, 300, 1800)])
def test_both_that_cut_check_their_chunks(part, chunk, longest):
    assert (part().chunk, part().overlap) == (chunk, 2)
    assert part(chunk=longest).chunk == longest
    for wrong in ({"chunk": longest + 1}, {"chunk": 4.9}, {"overlap": 0.05}, {"overlap": chunk / 4 + 0.1}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            part(**wrong)
