"""Labelled images in folders: `<root>/<split>/<class>/<file>`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from abaw_pipeline.corpora.base import Quarantined, Split, some
from abaw_pipeline.corpora.labels import UserLabels, emotion, plain
from abaw_pipeline.corpora.manifest import SPLITS
from abaw_pipeline.corpora.stills import StillCorpus, StillEntry, StillListing
from abaw_pipeline.errors import CorpusError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})

FOLDERS: Mapping[str, Split] = {**SPLITS, "publictest": "validation", "privatetest": "test"}
"""Names of the folders of splits, in any case; the last two are FER2013's."""


class ImageFolder(UserLabels, StillCorpus):
    """Images sorted into folders by split and by class, as FER2013 is often handed on.

    Class folders are named as the vocabulary or its synonyms (`labels.SYNONYMS`), or by the user's own names.
    Hidden files and folders are not looked at.
    """

    kind: Literal["image_folder"] = "image_folder"
    path: str = Field(min_length=1, description="the folder that holds the folders of splits")
    subject: str = Field(
        "", description="regular expression searched in a file's name, its first group is the subject; empty: unknown"
    )

    @field_validator("subject")
    @classmethod
    def _one_group(cls, subject: str) -> str:
        try:
            groups = re.compile(subject).groups
        except re.error as error:
            raise ValueError(f"{subject!r} is no regular expression: {error}") from None
        if subject and groups < 1:
            raise ValueError(f"{subject!r} has no group; write the part that names the subject in parentheses")
        return subject

    def entries(self, name: str) -> StillListing:
        """List the images in the order of their paths.

        Args:
            name: what the study calls this corpus; image ids are `<name>/<split>/<class>/<file>`.

        Raises:
            CorpusError: no such folder, or no image in it.
        """
        root = Path(self.path).absolute()
        if not root.is_dir():
            raise CorpusError("the folder is not there.", where=str(root), hint="Check the corpus's path.")
        listing = StillListing()
        found, others = self._scan(name, root, listing)
        if others:
            listing.notes.append(f"{len(others)} files are no JPEG or PNG and were left out: {some(others)}")
        for path, split, label in found:
            image_id = f"{name}/{_text(path.relative_to(root))}"
            try:
                entry = StillEntry(image_id, split, label, self._subject(name, path), _storable(path))
            except CorpusError as error:
                listing.failures.append(Quarantined.because(image_id, error))
            else:
                listing.images.append(entry)
        if not listing.images:
            raise CorpusError(
                "no image is in it.", where=str(root), hint="Images lie in <split>/<class>/, as .jpg or .png."
            )
        return listing

    def _scan(self, name: str, root: Path, listing: StillListing) -> tuple[list[tuple[Path, Split, str]], list[str]]:
        """Images with their split and emotion, and names of other files; folders of neither are refused."""
        found: list[tuple[Path, Split, str]] = []
        others: list[str] = []
        for group in [group for folder in _folders(root) for group in _folders(folder)]:
            try:
                split, label = _split(group.parent), emotion(group.name, self.labels, _text(group.parent))
            except CorpusError as error:
                listing.failures.append(Quarantined.because(f"{name}/{_text(group.relative_to(root))}", error))
                continue
            files = sorted(entry for entry in group.iterdir() if entry.is_file() and _visible(entry))
            found.extend((path, split, label) for path in files if path.suffix.casefold() in SUFFIXES)
            others.extend(_text(path.relative_to(root)) for path in files if path.suffix.casefold() not in SUFFIXES)
        return found, others

    def _subject(self, name: str, path: Path) -> str | None:
        if not self.subject:
            return None
        match = re.search(self.subject, path.name)
        if match is None or not match[1]:
            raise CorpusError(
                "the file's name does not tell the subject.",
                where=_text(path),
                hint=f"It is searched for {self.subject!r}, the corpus's parameter 'subject'.",
            )
        return f"{name}/{match[1]}"


def _visible(path: Path) -> bool:
    return not path.name.startswith(".")


def _folders(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.iterdir() if entry.is_dir() and _visible(entry))


def _split(folder: Path) -> Split:
    split = FOLDERS.get(plain(folder.name))
    if split is None:
        raise CorpusError(
            f"folder {_text(folder)!r} is no split.", hint="Folders of splits are train, validation and test."
        )
    return split


def _text(path: Path) -> str:
    """A path as valid text, whatever bytes its names are made of."""
    return path.as_posix().encode("utf-8", "replace").decode()


def _storable(path: Path) -> str:
    """The path of a file whose name tables can hold.

    Raises:
        CorpusError: they cannot.
    """
    if _text(path) != path.as_posix():
        raise CorpusError("the file's name is not valid Unicode.", where=_text(path), hint="Rename it.")
    return str(path)
