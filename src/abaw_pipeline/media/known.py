"""What a process has found out about when a file's frames are shown, so that many segments of it are quick."""

from __future__ import annotations

import os
import threading
from array import array
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from abaw_pipeline.types import DoubleArray

FILES = 4
"""Of how many files it is kept, 8 bytes a frame: the segments of a file come one after the other."""


@dataclass(eq=False)
class Known:
    """Times of a file's frames (seconds from its origin), as far as somebody has looked.

    Attributes:
        first: when the first frame is shown, and whether it is interlaced.
        counted: all frames by the packets that hold them, float64 [n_frames], in display order.
        countable: False where packets need not be frames.
        checked: all frames, of a file that is as long as it says; see `frames.frame_times`.
        passed: the first frames, as decoding from the file's begin gave them.
    """

    first: tuple[float, bool] | None = None
    counted: DoubleArray | None = None
    countable: bool = True
    checked: DoubleArray | None = None
    passed: array[float] = field(default_factory=lambda: array("d"))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def passes(self, index: int, time: float) -> None:
        """A frame was decoded; the next one after those that were passed before is kept."""
        with self._lock:
            if index == len(self.passed):
                self.passed.append(time)

    def times(self) -> tuple[DoubleArray, bool]:
        """The times that are known, and whether they are those of all frames."""
        whole = self.checked if self.checked is not None else self.counted
        if whole is not None:
            return whole, True
        with self._lock:
            return np.array(self.passed, np.float64), False


def known(path: str | Path) -> Known:
    """What is known of a file; nothing at first, and after the file was changed.

    Raises:
        OSError: no such file.
    """
    facts = os.stat(path)  # noqa: PTH116 - as in artifacts.file_hashes
    return _known(str(path), facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)


@lru_cache(maxsize=FILES)
def _known(*_signature: str | int) -> Known:
    return Known()
