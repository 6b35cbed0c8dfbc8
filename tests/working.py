"""What a worker does in the tests of threads: it decodes, runs networks and sorts, and tells which threads worked."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from abaw_pipeline.threads import allowed_threads


def reported(number: int) -> dict[str, Any]:
    """The limits that libraries tell in this process."""
    import cv2
    import numba
    import pyarrow as pa
    import scipy.linalg  # noqa: F401 - brings a BLAS of its own
    import threadpoolctl
    import torch

    pools = {
        f"{pool['internal_api']} {at}": pool["num_threads"] for at, pool in enumerate(threadpoolctl.threadpool_info())
    }
    return pools | {
        "process": os.getpid(),
        "allowed": allowed_threads(),
        "torch": torch.get_num_threads(),
        "pyarrow": pa.cpu_count(),
        "pyarrow io": pa.io_thread_count(),
        "opencv": cv2.getNumThreads(),
        "numba": numba.get_num_threads(),
    }


def worked(number: int, video: str) -> dict[str, list[int]]:
    """Hundredths of a second that each thread worked, by what was done, the busiest first."""
    return {name: _ticks(work) for name, work in _works(video).items()}


def _works(video: str) -> dict[str, Callable[[], Iterator[Any]]]:
    import pyarrow as pa
    import torch

    from abaw_pipeline.media.pictures import decode_pictures

    rng = np.random.default_rng(0)
    table = pa.table({"x": rng.normal(size=400_000), "y": rng.normal(size=400_000)})
    network = torch.nn.Conv2d(16, 32, 3)
    images, matrix = torch.rand(8, 16, 120, 120), rng.normal(size=(900, 900))

    def run() -> Iterator[Any]:
        for _ in range(30):
            with torch.inference_mode():
                yield network(images)

    return {
        "decode": lambda: (picture for _ in range(3) for picture in decode_pictures(video, rate=2)),
        "network": run,
        "product": lambda: (matrix @ matrix for _ in range(20)),
        "sort": lambda: (table.sort_by("x") for _ in range(4)),
    }


def _ticks(work: Callable[[], Iterator[Any]]) -> list[int]:
    """Threads that end with the work are looked at while it goes on."""
    before, most = _by_thread(), Counter[str]()
    for at, _ in enumerate(work()):
        if at % 5 == 0:
            most |= _by_thread()
    most |= _by_thread()
    return sorted((most - before).values(), reverse=True)


def _by_thread() -> Counter[str]:
    found = Counter[str]()
    for task in Path("/proc/self/task").iterdir():
        try:
            fields = (task / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):  # it has just ended
            continue
        found[task.name] = int(fields[11]) + int(fields[12])
    return found


def loads(number: int, video: str) -> dict[str, int]:
    """Find faces in a video with everything that is loaded for it; what this process has loaded so far."""
    from abaw_pipeline.artifacts.parts import whole
    from abaw_pipeline.faces import identity, mtcnn
    from abaw_pipeline.faces.recipes import find_faces
    from abaw_pipeline.faces.settings import Faces
    from abaw_pipeline.types import File

    whole(find_faces(File(video, ""), 0.0, 0.5 + number / 100, Faces()))
    return {
        "process": os.getpid(),
        "detector": mtcnn._networks.cache_info().misses,
        "identity": identity._models.cache_info().misses,
    }


_HELD: list[bytearray] = []


def grows(number: int) -> dict[str, int]:
    """Hold 200 MB more with each call, as a process does that loads one model after the other."""
    import time

    _HELD.append(bytearray(b"1") * 200_000_000)
    time.sleep(1.1)  # joblib looks once a second
    return {"process": os.getpid(), "held": len(_HELD)}
