"""Batches that clips share, and how far reading runs ahead of what is taken."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abaw_pipeline.artifacts.parts import whole
from abaw_pipeline.backbones.stream import Face, Stream
from abaw_pipeline.errors import DataError
from abaw_pipeline.types import FeatureSequence


class Reader:
    """Clips of some lengths; notes what was read, and what went through the network together."""

    def __init__(self, lengths, broken=()):
        self.lengths, self.broken, self.read, self.batches = lengths, broken, 0, []

    def clips(self):
        return [self._faces(clip, length) for clip, length in enumerate(self.lengths)]

    def embed(self, batch):
        self.batches.append([(face.clip, face.start) for face in batch])
        for clip in sorted({face.clip for face in batch}):
            times = np.array([face.start for face in batch if face.clip == clip])
            yield clip, FeatureSequence(times, times + 1, np.float32([[clip, time] for time in times]))

    def _faces(self, clip, length):
        for at in range(length):
            self.read += 1
            yield Face(clip, float(at), at + 1.0, np.zeros((2, 2), np.uint8))
        if clip in self.broken:
            raise DataError(f"clip {clip} is damaged")


def values(clip, length):
    return [[clip, at] for at in range(length)]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=5), st.integers(1, 7), st.randoms())
@settings(max_examples=80, deadline=None)
def test_every_clip_gets_its_own_rows_in_whatever_order_clips_are_taken(lengths, batch, random):
    reader = Reader(lengths)
    stream = Stream(reader.clips(), reader.embed, batch)
    for clip in random.sample(range(len(lengths)), len(lengths)):
        rows = [row for part in stream.parts(clip) for row in part.values.tolist()]
        assert rows == values(clip, lengths[clip])
    together = [face for each in reader.batches for face in each]
    assert together == [(clip, at) for clip, length in enumerate(lengths) for at in range(length)]
    assert all(len(each) == batch for each in reader.batches[:-1])


def test_reading_runs_no_more_than_a_batch_ahead():
    """What would hold the faces of whole clips reads them all for the first part."""
    reader, taken = Reader([100, 100]), 0
    stream = Stream(reader.clips(), reader.embed, 8)
    for clip in (0, 1):
        for part in stream.parts(clip):
            taken += len(part.values)
            assert reader.read <= taken + 8


def test_an_error_is_its_clip_s_alone():
    reader = Reader([5, 6, 7], broken={1})
    stream = Stream(reader.clips(), reader.embed, 4)
    assert whole(stream.parts(0)).values.tolist() == values(0, 5)
    with pytest.raises(DataError, match="clip 1 is damaged"):
        list(stream.parts(1))
    assert whole(stream.parts(2)).values.tolist() == values(2, 7)


def test_a_batch_that_fails_is_an_error_of_the_clips_in_it():
    reader = Reader([3, 3, 6])

    def embed(batch):
        if any(face.clip == 1 for face in batch):
            raise MemoryError("too much")
        return reader.embed(batch)

    stream = Stream(reader.clips(), embed, 3)
    assert whole(stream.parts(0)).values.tolist() == values(0, 3)
    with pytest.raises(MemoryError, match="too much"):
        list(stream.parts(1))
    assert whole(stream.parts(2)).values.tolist() == values(2, 6)


def test_a_clip_that_is_given_up_is_read_no_further():
    """A full disk must not have the rest of a long clip go through a network for nothing."""
    reader = Reader([1000, 3])
    stream = Stream(reader.clips(), reader.embed, 4)
    first = stream.parts(0)
    next(first)
    first.close()
    assert whole(stream.parts(1)).values.tolist() == values(1, 3)
    assert reader.read < 20
