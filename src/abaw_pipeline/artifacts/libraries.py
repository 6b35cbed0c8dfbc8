"""What else than first-party code decides what a function gives: versions of libraries, Python, and its surroundings.

Every library that a function reaches counts with its version, also those that only users' own code has heard of,
but for a few that store exactly, check, or run what others compute. It is not known of a library whether a new version
changes results; most new versions of pandas or pyarrow do not, but some do (a default in parsing or sorting), and
to compute a piece anew is cheap beside a wrong one. What is built into wheels (ffmpeg in av, libjpeg in pillow)
comes with their versions; the same libraries out of a system's packages do not show in them, and are not seen.

Python counts with its minor version: `random`, `statistics`, `round` and hashes differ between them, not within one.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import os
import platform
import re
import sys
from collections.abc import Set
from pathlib import Path

from abaw_pipeline.artifacts.sources import is_first_party
from abaw_pipeline.artifacts.witness import State, state_of

DISTRIBUTIONS = {
    "PIL": "pillow",
    "cv2": "opencv-python-headless",
    "dlib": "dlib-bin",
    "facenet_pytorch": "facenet-pytorch",
    "retinaface": "retinaface-pytorch",
    "silero_vad": "silero-vad",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""Import name -> distribution, where they differ, of the libraries that this project uses."""

NEUTRAL = {
    *("pydantic", "pydantic_core", "typing_extensions", "annotated_types"),  # check: what they give is fingerprinted
    *("safetensors", "skops", "filelock"),  # store exactly
    *("joblib", "kedro", "kedro_datasets", "omegaconf", "click", "rich", "tqdm", "psutil"),  # run and tell
    *("pytest", "hypothesis"),
}
"""Import names of libraries whose version cannot change a result."""

EXECUTION_VARIABLES = re.compile(
    r"(\w+_)?(NUM_THREADS|THREADS_NUM|VISIBLE_DEVICES|TMPDIR|LOGLEVEL|LOG_LEVEL)|(DASK|JOBLIB|LOKY|SLURM|PYTHON)\w*"
    r"|HOME|HOSTNAME|PATH|PWD|TMP|TEMP|USER|LANG|TERM"
)
"""Environment variables that say how and where work is done, not what comes out."""

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_FILE = re.compile(r"[\w.-]+([/ ][\w. -]+)*\.\w+")


def version_of(root: str) -> str | None:
    """A library's "distribution version"; None for one that does not count or is not installed."""
    if root in NEUTRAL or root in sys.stdlib_module_names or is_first_party(root):
        return None
    name = DISTRIBUTIONS.get(root, root)
    try:
        return f"{name.replace('_', '-')} {importlib.metadata.version(name)}"
    except importlib.metadata.PackageNotFoundError:
        found = sorted(set(_distributions().get(root, [])))  # another build of it: onnxruntime-gpu, opencv-python
        return ", ".join(f"{each} {importlib.metadata.version(each)}" for each in found) or None


def python_version() -> str:
    """The running Python, as it counts."""
    return f"python {sys.version_info.major}.{sys.version_info.minor}"


def platform_text() -> str:
    """The machine's kind, for code that asks for it."""
    return f"platform {sys.platform}-{platform.machine()}"


def variables(texts: Set[str]) -> list[str]:
    """Environment variables among texts, as name and the beginning of a hash; their values may be secrets."""
    named = (text for text in texts if _VARIABLE.fullmatch(text) and not EXECUTION_VARIABLES.fullmatch(text))
    return [f"variable {name} {_short(os.environ[name].encode())}" for name in sorted(named) if name in os.environ]


def files(found: Set[tuple[str, Path]]) -> list[str]:
    """Files as the text that names each, and the beginning of a hash of what it holds."""
    return [f"file {text} {_content(str(path), state_of(path))}" for text, path in sorted(found) if path.is_file()]


def named_file(text: str, folder: Path) -> Path | None:
    """The file that a text in a module's code names, from the module's own folder or from where the program runs."""
    if len(text) > 200 or not _FILE.fullmatch(text):
        return None
    places = (folder / text, Path(text).absolute())
    return next((place for place in places if place.is_file()), None)


@functools.cache
def _distributions() -> dict[str, list[str]]:
    return dict(importlib.metadata.packages_distributions())


@functools.lru_cache(maxsize=1 << 12)
def _content(path: str, _: State) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _short(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:8]
