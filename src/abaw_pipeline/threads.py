"""How many threads this process may use, and libraries that do not ask.

Workers are told by OMP_NUM_THREADS, as is usual: joblib sets it, Dask does, and so do schedulers of clusters. BLAS,
OpenMP, torch and numba obey of themselves. OpenCV, dlib, pyarrow and FFmpeg take all cores unless they are told.
"""

from __future__ import annotations

import os
from functools import cache

OBEYED = "OMP_NUM_THREADS"

TOLD = ("OPENCV_FOR_THREADS_NUM", "DLIB_NUM_THREADS")
"""Variables that libraries read when they are loaded."""


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def allowed_threads() -> int:
    """Threads that may work at a time, the calling one among them: OMP_NUM_THREADS, else one a core."""
    first = os.environ.get(OBEYED, "").partition(",")[0].strip()
    return max(1, int(first)) if first.isdigit() else cores()


@cache
def limit_threads() -> None:
    """Tell libraries that would take all cores; for a worker, before it does its first work."""
    import pyarrow as pa

    threads = allowed_threads()
    for name in TOLD:
        os.environ[name] = str(threads)
    pa.set_cpu_count(threads)
    pa.set_io_thread_count(threads)
