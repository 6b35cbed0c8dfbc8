"""librosa's compiled parts, made by one process at a time."""

from __future__ import annotations

import functools
import importlib
import os
import tempfile
from pathlib import Path


@functools.cache
def prepare_librosa() -> None:
    """Import the parts of librosa that numba compiles, the first time on a machine and from its cache afterwards.

    Processes that compile the same functions at once mix up numba's cache files, and whoever loads those crashes
    (numba issue 10128). Workers that start together would do just that, so the first import is under a lock.
    """
    from filelock import FileLock

    user = os.getuid() if hasattr(os, "getuid") else "user"
    with FileLock(Path(tempfile.gettempdir()) / f"abaw-librosa-{user}.lock"):
        for name in ("librosa.util.utils", "librosa.filters", "librosa.core.spectrum", "librosa.decompose"):
            importlib.import_module(name)
