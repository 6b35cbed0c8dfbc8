"""Media as anybody has them: files, folders of files, and manifests, without labels."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from abaw_pipeline.corpora.base import ClipEntry, Corpus, CorpusListing, Quarantined, some
from abaw_pipeline.corpora.manifest import Manifest
from abaw_pipeline.errors import CorpusError

TABLES = {".csv", ".tsv", ".parquet"}
MOVING = {
    *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".flv", ".wmv", ".mpg", ".mpeg", ".mts", ".m2ts", ".ts"),
    *(".3gp", ".ogv", ".vob", ".mxf"),
}
SOUNDING = {".wav", ".flac", ".mp3", ".m4a", ".aac", ".ogg", ".oga", ".opus", ".wma", ".aiff", ".aif", ".amr"}


class MediaFiles(Corpus):
    """Files to be judged. A folder stands for all media below it, a table for the segments that it names.

    A file is taken whatever its name ends with; in folders, names tell what is a medium, and hidden files are
    left out. Each clip bears the file's name, or its path below the folder; equal names get a number.
    """

    kind: Literal["media"] = "media"
    path: str = ""
    paths: tuple[str, ...] = Field(min_length=1, description="files, folders, manifests")

    def entries(self, name: str) -> CorpusListing:
        """List everything that the paths stand for, in their order.

        Args:
            name: what the clips' corpus is called; their names do not begin with it.

        Raises:
            CorpusError: a manifest as a whole cannot be read.
        """
        listing = CorpusListing()
        named: Counter[str] = Counter()
        for path in dict.fromkeys(absolute(each) for each in self.paths):
            try:
                self._take(name, path, listing, named)
            except OSError as error:
                _refuse(path, f"it cannot be looked at ({error.strerror})", listing, named)
            except CorpusError as error:
                listing.failures.append(Quarantined.because(_unique(_readable(path.name), named), error))
        return listing

    def _take(self, name: str, path: Path, listing: CorpusListing, named: Counter[str]) -> None:
        if path.is_dir():
            found, other = _media_below(path)
            if not found:
                raise CorpusError(
                    "no medium in this folder", where=_readable(path), hint=_readable(f"There are: {some(other)}.")
                )
            if other:
                note = f"{path}: not looked at: {some(other)}"
                listing.notes.append(_readable(note))
            for each in found:
                self._add(name, each, each.relative_to(path).as_posix(), listing, named)
        elif not path.is_file():
            raise CorpusError("it is not there", where=_readable(path), hint="Check the path.")
        elif path.suffix.lower() in TABLES:
            _add_rows(Manifest(path=str(path)).entries(name), listing, named)
        else:
            self._add(name, path, path.name, listing, named)

    def _add(self, name: str, path: Path, title: str, listing: CorpusListing, named: Counter[str]) -> None:
        if _readable(path) != str(path):
            _refuse(path, "its name is not UTF-8", listing, named, "Rename it.")
            return
        title = _unique(title, named)
        listing.clips.append(ClipEntry(title, name, str(path), None, title))


def absolute(path: str) -> Path:
    """A path as somebody writes it from here or from home; a file's own name may begin with ~, too."""
    given = Path(path)
    try:
        return given.expanduser().absolute()
    except RuntimeError:
        return given.absolute()


def _readable(text: object) -> str:
    """What tables and pages can hold: a name on disk may be in no encoding."""
    return str(text).encode(errors="replace").decode()


def _refuse(path: Path, what: str, listing: CorpusListing, named: Counter[str], hint: str = "Check the path.") -> None:
    error = CorpusError(what, where=_readable(path), hint=hint)
    listing.failures.append(Quarantined.because(_unique(_readable(path.name), named), error))


def _add_rows(rows: CorpusListing, listing: CorpusListing, named: Counter[str]) -> None:
    """What a manifest names; labels are not for those who judge."""
    for clip in rows.clips:
        title = _unique(clip.clip_id.partition("/")[2] or clip.clip_id, named)
        listing.clips.append(ClipEntry(title, clip.corpus, clip.media, None, title, clip.start, clip.end))
    for row in rows.failures:
        key = _unique(row.key.partition("/")[2] or row.key, named)
        listing.failures.append(dataclasses.replace(row, key=key))
    listing.notes.extend(rows.notes)


def _media_below(folder: Path) -> tuple[list[Path], list[str]]:
    """Media of a folder and its subfolders in the order of their paths, and names of what is none."""
    files = sorted(_visible(folder), key=lambda path: path.relative_to(folder).parts)
    chosen = [path for path in files if path.suffix.lower() in MOVING | SOUNDING]
    taken = set(chosen)
    return chosen, [path.relative_to(folder).as_posix() for path in files if path not in taken]


def _visible(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        hidden: Sequence[str] = [part for part in path.relative_to(folder).parts if part.startswith(".")]
        if not hidden and path.is_file():
            yield path


def _unique(title: str, named: Counter[str]) -> str:
    """The title itself the first time, then with a number."""
    named[title] += 1
    return title if named[title] == 1 else _unique(f"{title} ({named[title]})", named)
