"""Labelled images in folders: `<root>/<split>/<class>/<file>`."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from abaw_pipeline.corpora.base import Quarantined, Split, some
from abaw_pipeline.corpora.ferplus import USAGES, FerPlusVotes, Tally, stem, the_one
from abaw_pipeline.corpora.folders import is_folder, listed, wrong_root
from abaw_pipeline.corpora.labels import UserLabels, emotion, plain
from abaw_pipeline.corpora.manifest import SPLITS
from abaw_pipeline.corpora.stills import StillCorpus, StillEntry, StillListing
from abaw_pipeline.errors import CorpusError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})

FOLDERS: Mapping[str, Split] = {
    **SPLITS,
    **{"publictest": "validation", "privatetest": "test"},
    **{"fer2013train": "train", "fer2013valid": "validation", "fer2013test": "test"},
}
"""Names of the folders of splits, in any case; below the corpora's own those of FER2013 and of FER+."""

LAYOUT = "folders of splits (train, validation, test), in each of them a folder a class with .jpg or .png files"


@dataclass(frozen=True)
class _Found:
    """An image in a folder of a split; its emotion, as far as a folder of a class tells it."""

    path: Path
    split: Split
    label: str | None


class ImageFolder(FerPlusVotes, UserLabels, StillCorpus):
    """Images sorted into folders by split and by class, as FER2013 is often handed on.

    Class folders are named as the vocabulary or its synonyms (`labels.SYNONYMS`), or by the user's own names.
    Hidden files and folders are not looked at. With `votes`, FER+'s votes give the labels: a file's name, in any
    case and whatever its suffix, is the `Image name` of their row (fer0000000.png); images may then lie in the
    folders of splits themselves, and names of class folders do not matter.
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
        if not is_folder(root) or not _looks_right(root):
            raise wrong_root(root, LAYOUT, _looks_right)
        listing = StillListing()
        found, others, astray = self._scan(name, root, listing)
        if others:
            listing.notes.append(f"{len(others)} files are no JPEG or PNG and were left out: {some(others)}")
        if astray:
            place = "a split or a class" if self.votes else "a class, <split>/<class>/"
            listing.notes.append(f"{len(astray)} images lie in no folder of {place}, and are left out: {some(astray)}")
        tally = self.tally()
        label = _voting(tally, found, listing) if tally else _own
        for image in found:
            image_id = f"{name}/{_text(image.path.relative_to(root))}"
            try:
                told = label(image)
                if told is not None:
                    subject = self._subject(name, image.path)
                    listing.images.append(StillEntry(image_id, image.split, told, subject, _storable(image.path)))
            except CorpusError as error:
                listing.failures.append(Quarantined.because(image_id, error))
        listing.notes.extend(tally.notes() if tally else [])
        if not listing.images:
            first = [f"The first: {failure.message}" for failure in listing.failures[:1]]
            raise CorpusError("no image has a label.", where=str(root), hint="; ".join([*first, *listing.notes]))
        return listing

    def _scan(self, name: str, root: Path, listing: StillListing) -> tuple[list[_Found], list[str], list[str]]:
        """Images with their split and emotion, names of other files beside them, and names of images elsewhere.

        Folders of neither a split nor a class are refused.
        """
        found: list[_Found] = []
        others: list[str] = []
        groups = self._groups(root)
        for group in groups:
            try:
                split, label = _split(root / group.relative_to(root).parts[0]), self._class(group, root)
                files = listed(group, lambda entry: entry.is_file() and _visible(entry))
            except CorpusError as error:
                listing.failures.append(Quarantined.because(f"{name}/{_text(group.relative_to(root))}", error))
                continue
            found.extend(_Found(path, split, label) for path in files if _is_image(path))
            others.extend(_text(path.relative_to(root)) for path in files if not _is_image(path))
        return found, others, _elsewhere(root, set(groups))

    def _groups(self, root: Path) -> list[Path]:
        """Folders of classes; with votes those of splits, too."""
        return [group for each in _folders(root) for group in [*([each] if self.votes else []), *_folders(each)]]

    def _class(self, group: Path, root: Path) -> str | None:
        """The emotion that a folder is named after; None: it need not tell, and does not."""
        if group.parent == root:
            return None
        try:
            return emotion(group.name, self.labels, _text(group.parent))
        except CorpusError:
            if self.votes:
                return None
            raise

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


def _own(image: _Found) -> str | None:
    return image.label


def _voting(tally: Tally, found: list[_Found], listing: StillListing) -> Callable[[_Found], str | None]:
    """How votes label images by their names.

    Raises:
        CorpusError: they bear the name of none.
    """
    ballots = tally.by_name()
    known = [image for image in found if stem(image.path.name) in ballots]
    if found and not known:
        names = some([_text(Path(image.path.name)) for image in found])
        raise CorpusError(
            f"none of {len(found)} images bears a name of {tally.path.name}: {names}.",
            where=_text(found[0].path.parent),
            hint="Names there are such as fer0000000.png. Take fer2013.csv itself, whose rows have the votes' order.",
        )
    moved = [
        image
        for image in known
        if image.split not in {USAGES.get(each.usage) for each in ballots[stem(image.path.name)]}
    ]
    if moved:
        listing.notes.append(f"{len(moved)} images lie in another split than the votes' Usage says")

    def label(image: _Found) -> str | None:
        return tally.label(the_one(ballots.get(stem(image.path.name), []), _text(image.path)), image.label)

    return label


def _visible(path: Path) -> bool:
    return not path.name.startswith(".")


def _is_image(path: Path) -> bool:
    return path.suffix.casefold() in SUFFIXES


def _folders(folder: Path) -> list[Path]:
    return listed(folder, lambda entry: entry.is_dir() and _visible(entry))


def _looks_right(root: Path) -> bool:
    """Whether any folder of a split holds images, or folders with images."""
    splits = [split for split in _folders(root) if plain(split.name) in FOLDERS]
    return any(listed(group, _is_image) for split in splits for group in [split, *_folders(split)])


def _elsewhere(root: Path, groups: Collection[Path]) -> list[str]:
    """Images that lie in none of the groups, as paths from the root."""
    images = sorted(path for path in root.rglob("*") if _is_image(path) and path.parent not in groups)
    places = [path.relative_to(root) for path in images if path.is_file()]
    return [_text(place) for place in places if not any(part.startswith(".") for part in place.parts)]


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
