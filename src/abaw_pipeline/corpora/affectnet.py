"""AffectNet: faces from the web, labelled by hand, as its authors hand them out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import Field

from abaw_pipeline.corpora import affectnet_npy
from abaw_pipeline.corpora.affectnet_rows import BOX, COLUMNS, NEEDED, Face, face, left_out_note
from abaw_pipeline.corpora.base import Quarantined, Split
from abaw_pipeline.corpora.folders import inner, is_folder, listed, readable, wrong_root
from abaw_pipeline.corpora.long_tables import rows_of
from abaw_pipeline.corpora.stills import StillCorpus, StillEntry, StillListing
from abaw_pipeline.errors import CorpusError

LISTS: Mapping[Split, str] = {"train": "training.csv", "validation": "validation.csv"}
LIST_FOLDERS = (
    (),
    ("Manually_Annotated_file_lists",),
    ("Manually_Annotated", "Manually_Annotated_file_lists"),
    ("Manually_Annotated",),
)
IMAGE_FOLDERS = (("Manually_Annotated_Images",), ("Manually_Annotated", "Manually_Annotated_Images"))
LAYOUT = (
    "training.csv and validation.csv, also in Manually_Annotated_file_lists, and Manually_Annotated_Images; "
    "or train_set and val_set"
)


class AffectNet(StillCorpus):
    """AffectNet (Mollahosseini et al. 2019): faces found on the web, eight emotions, labelled by one rater each.

    The lists `training.csv` and `validation.csv` are the splits; they are read a row at a time. Where there are none,
    the later release is read: `train_set` and `val_set`, whose images are cut out already. Images without an emotion
    (none, uncertain, no face) are left out. People are not named.
    """

    kind: Literal["affectnet"] = "affectnet"
    path: str = Field(min_length=1, description="the folder that holds the lists and the images")
    training: str = Field("", description="list of training images, from path; empty: training.csv is searched for")
    validation: str = Field("", description="list of validation images, from path; empty: validation.csv")
    images: str = Field("", description="folder where paths in the lists begin; empty: Manually_Annotated_Images")
    crop: bool = Field(True, description="take the face's box; false: the whole image")

    def entries(self, name: str) -> StillListing:
        """List the images in the lists' order, training first.

        Args:
            name: what the study calls this corpus; image ids are `<name>/<path in the list>`.

        Raises:
            CorpusError: no such folder, no list, a list that cannot be read, or no image that can be used.
        """
        root = Path(self.path).absolute()
        lists, parts = self._lists(root), affectnet_npy.sets(root)
        if not lists and not parts:
            raise wrong_root(root, LAYOUT, lambda at: bool(self._lists(at) or affectnet_npy.sets(at)))
        reading = _Reading(name, self._images(root))
        listing = reading.listing
        for split, path in lists.items():
            reading.read(path, split, boxed=self.crop)
        for split, folder in ({} if lists else parts).items():
            affectnet_npy.read_set(name, root, folder, split, listing)
        listing.notes.extend(f"no list or folder of {split} images" for split in LISTS if split not in (lists or parts))
        if not listing.images:
            first = f"The first: {listing.failures[0].message}" if listing.failures else "; ".join(listing.notes)
            raise CorpusError("no image can be used.", where=readable(root), hint=first)
        return listing

    def _lists(self, root: Path) -> dict[Split, Path]:
        given: Mapping[Split, str] = {"train": self.training, "validation": self.validation}
        found = {split: root / given[split] if given[split] else _list(root, LISTS[split]) for split in LISTS}
        return {split: path for split, path in found.items() if path is not None}

    def _images(self, root: Path) -> Path:
        if self.images:
            return root / self.images
        return next((found for names in IMAGE_FOLDERS if (found := inner(root, *names)) is not None), root)


def _list(root: Path, name: str) -> Path | None:
    """A list by its name in any case, in the first folder that holds it."""
    if not is_folder(root):
        return None
    wanted = re.compile(re.escape(name), re.IGNORECASE)
    for names in LIST_FOLDERS:
        folder = inner(root, *names)
        files = listed(folder, lambda each: bool(wanted.fullmatch(each.name)) and each.is_file()) if folder else []
        if files:
            return files[0]
    return None


@dataclass
class _Reading:
    """Lists as they are read.

    Attributes:
        name: what the study calls the corpus.
        images: folder where the paths in the lists begin.
        listing: what was found so far.
        seen: path of an image -> the list and row that it is in.
    """

    name: str
    images: Path
    listing: StillListing = field(default_factory=StillListing)
    seen: dict[str, str] = field(default_factory=dict)

    def read(self, path: Path, split: Split, *, boxed: bool) -> None:
        """Take in a list.

        Raises:
            CorpusError: it cannot be read as one.
        """
        left_out: Counter[str] = Counter()
        for row in rows_of(path, COLUMNS, (*NEEDED, *(BOX if boxed else ()))):
            where = f"{path.name}, row {row.number}"
            try:
                found = face(row, where, boxed=boxed)
                if isinstance(found, str):
                    left_out[found] += 1
                else:
                    self.listing.images.append(self._entry(found, split, where))
            except CorpusError as error:
                self.listing.failures.append(Quarantined.because(f"{self.name}/{split} row {row.number}", error))
        self.listing.notes.extend(left_out_note(path.name, left_out))

    def _entry(self, found: Face, split: Split, where: str) -> StillEntry:
        if found.path in self.seen:
            what = f"{found.path} is already in {self.seen[found.path]}."
            raise CorpusError(what, where=where, hint="Keep one of the rows.")
        self.seen[found.path] = where
        file = self.images / found.path
        _check_there(file, where)
        return StillEntry(f"{self.name}/{found.path}", split, found.label, None, str(file), box=found.box)


def _check_there(file: Path, where: str) -> None:
    try:
        there = file.is_file()
    except OSError as error:
        raise CorpusError(
            f"{file} cannot be looked at ({error.strerror}).", where=where, hint="Check its name and permissions."
        ) from error
    if not there:
        raise CorpusError(f"{file} is not there.", where=where, hint="Fetch it, or set the parameter images.")
