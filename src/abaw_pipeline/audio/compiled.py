"""librosa's compiled parts, made by one process at a time."""

from __future__ import annotations

import functools
import importlib

from abaw_pipeline.compiling import one_at_a_time


@functools.cache
def prepare_librosa() -> None:
    """Import the parts of librosa that numba compiles, the first time on a machine and from its cache afterwards."""
    with one_at_a_time("librosa"):
        for name in ("librosa.util.utils", "librosa.filters", "librosa.core.spectrum", "librosa.decompose"):
            importlib.import_module(name)
