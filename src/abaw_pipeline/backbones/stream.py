"""Faces of several clips through one network, batch by batch, while each clip's features are taken part by part."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from abaw_pipeline.types import ByteArray, FeatureSequence


class Face(NamedTuple):
    """A face as a network sees it.

    Attributes:
        clip: which of the clips it belongs to.
        start: seconds from the clip's start.
        end: seconds from the clip's start.
        pixels: uint8 [side, side].
    """

    clip: int
    start: float
    end: float
    pixels: ByteArray


Embed: TypeAlias = Callable[[Sequence[Face]], Iterable[tuple[int, FeatureSequence]]]
"""Features of a batch, one sequence a clip that has faces in it."""


class Stream:
    """Clips that share batches, so that a network is as busy with many short clips as with a long one.

    A batch is run when one of its clips is asked for more. Where clips are taken one after the other, as they are
    stored, two batches of features are held at most; in another order features wait until they are asked for.

    Args:
        clips: each clip's faces, which are read once, as they are needed, and one clip after the other.
        embed: runs the network.
        batch: faces at once.
    """

    def __init__(self, clips: Sequence[Iterable[Face]], embed: Embed, batch: int) -> None:
        self._clips, self._embed, self._batch = clips, embed, batch
        self._ready: list[deque[FeatureSequence]] = [deque() for _ in clips]
        self._errors: dict[int, Exception] = {}
        self._left: set[int] = set()
        self._done = 0  # clips before this one have no more faces to come
        self._batches = self._run()

    def parts(self, clip: int) -> Iterator[FeatureSequence]:
        """A clip's features, to be taken once.

        Raises:
            Exception: what was raised where the clip's faces were read, or by a batch with some of them.
        """
        ready = self._ready[clip]
        try:
            while ready or (clip >= self._done and next(self._batches, False)):
                while ready:
                    yield ready.popleft()
            if clip in self._errors:
                raise self._errors[clip]
        finally:
            self._left.add(clip)
            ready.clear()

    def _run(self) -> Iterator[bool]:
        """Run one batch after the other; True for each."""
        batch: list[Face] = []
        for face in self._faces():
            batch.append(face)
            if len(batch) == self._batch:
                self._give_out(batch)
                yield True
                batch = []
        if batch:
            self._give_out(batch)
            yield True

    def _faces(self) -> Iterator[Face]:
        for clip, faces in enumerate(self._clips):
            try:
                for face in faces:
                    if clip in self._left or clip in self._errors:
                        break
                    yield face
            except Exception as error:  # noqa: BLE001 - it is raised where the clip is asked for; others go on
                self._errors[clip] = error

    def _give_out(self, batch: Sequence[Face]) -> None:
        self._done = batch[-1].clip
        try:
            found = list(self._embed(batch))
        except Exception as error:  # noqa: BLE001 - as above, for each clip of the batch
            for face in batch:
                self._errors.setdefault(face.clip, error)
            return
        for clip, features in found:
            if clip not in self._left:
                self._ready[clip].append(features)
