"""AffectNet's later release: an image and its annotations by number, each annotation an array in a file of its own."""

from __future__ import annotations

import tokenize
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from abaw_pipeline.corpora.affectnet_rows import NO_EMOTION, left_out_note, meaning
from abaw_pipeline.corpora.base import Quarantined, Split
from abaw_pipeline.corpora.folders import by_stem, inner, is_folder, one_file, readable
from abaw_pipeline.corpora.stills import StillEntry, StillListing
from abaw_pipeline.errors import CorpusError

SETS: Mapping[Split, str] = {"train": "train_set", "validation": "val_set"}
SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})
BAD_HEADERS = (
    *(OSError, ValueError, TypeError, OverflowError),
    *(SyntaxError, tokenize.TokenError, RecursionError, MemoryError),
)
"""What NumPy lets through of a header that is damaged: it reads headers as Python's literals."""

TAIL = "_exp"
"""What the name of an emotion's file has behind the image's number."""


def sets(root: Path) -> dict[Split, Path]:
    """Folders of the release that a root holds; empty: it is no such release."""
    if not is_folder(root):
        return {}
    found = {split: inner(root, name) for split, name in SETS.items()}
    return {split: folder for split, folder in found.items() if folder and inner(folder, "annotations")}


def read_set(name: str, root: Path, folder: Path, split: Split, listing: StillListing) -> None:
    """Take in the images of a part in the order of their names.

    Args:
        name: what the study calls the corpus; image ids are `<name>/<set>/<number>`.
        root: of the corpus.
        folder: of the part; it holds images/0.jpg and annotations/0_exp.npy.
        split: the part.
        listing: where images, failures and a note of what is left out go.

    Raises:
        CorpusError: a folder cannot be listed.
    """
    pictures = inner(folder, "images")
    images = by_stem(pictures, SUFFIXES) if pictures else {}
    codes = {stem.removesuffix(TAIL): files for stem, files in _codes(folder).items()}
    left_out: Counter[str] = Counter()
    for key in sorted({*images, *codes}, key=lambda stem: (len(stem), stem)):
        image_id = readable(f"{name}/{folder.relative_to(root).as_posix()}/{key}")
        try:
            image, code = _there(images.get(key), f"image {key}"), _there(codes.get(key), f"{key}{TAIL}.npy")
            label = meaning(_text_of(code), readable(code))
            if label in NO_EMOTION:
                left_out[label] += 1
            else:
                listing.images.append(StillEntry(image_id, split, label, None, _storable(image)))
        except CorpusError as error:
            listing.failures.append(Quarantined.because(image_id, error))
    listing.notes.extend(left_out_note(folder.name, left_out))


def _codes(folder: Path) -> dict[str, list[Path]]:
    arrays = inner(folder, "annotations")
    found = by_stem(arrays, {".npy"}) if arrays else {}
    return {stem: files for stem, files in found.items() if stem.endswith(TAIL)}


def _there(files: list[Path] | None, what: str) -> Path:
    if not files:
        raise CorpusError(f"{readable(what)} is not there.", hint="Unpack the release again.")
    return one_file(files)


def _storable(path: Path) -> str:
    if readable(path) != str(path):
        raise CorpusError("the file's name is not valid Unicode.", where=readable(path), hint="Rename it.")
    return str(path)


def _text_of(path: Path) -> str:
    """The one value of an array, as text; nothing is unpickled, and nothing read that the file does not hold.

    Raises:
        CorpusError: no array of one number or text.
    """
    try:
        array = np.lib.format.open_memmap(path, mode="r")
        value = array.reshape(-1)[0] if array.size == 1 else None
    except BAD_HEADERS as error:
        raise CorpusError(
            f"no readable array ({type(error).__name__}).", where=readable(path), hint="Unpack the release again."
        ) from error
    if not isinstance(value, str | bytes | np.integer | np.floating):
        raise CorpusError(
            f"an array {array.shape} of {array.dtype}, not one code.", where=readable(path), hint="Unpack it again."
        )
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    return text.strip().removesuffix(".0")
