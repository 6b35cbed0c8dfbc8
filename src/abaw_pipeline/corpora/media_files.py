"""Media as anybody has them: files, folders of files, and manifests, without labels."""

from __future__ import annotations

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
        for path in dict.fromkeys(Path(each).expanduser().absolute() for each in self.paths):
            try:
                self._take(name, path, listing, named)
            except CorpusError as error:
                listing.failures.append(Quarantined.because(_unique(path.name, named), error))
        return listing

    def _take(self, name: str, path: Path, listing: CorpusListing, named: Counter[str]) -> None:
        if path.is_dir():
            found, other = _media_below(path)
            if not found:
                raise CorpusError("no medium in this folder", where=str(path), hint=f"There are: {some(other)}.")
            if other:
                listing.notes.append(f"{path}: {len(other)} other files are not looked at: {some(other)}")
            for each in found:
                self._add(name, each, each.relative_to(path).as_posix(), listing, named)
        elif not path.is_file():
            raise CorpusError("it is not there", where=str(path), hint="Check the path.")
        elif path.suffix.lower() in TABLES:
            _add_rows(Manifest(path=str(path)).entries(name), listing, named)
        else:
            self._add(name, path, path.name, listing, named)

    def _add(self, name: str, path: Path, title: str, listing: CorpusListing, named: Counter[str]) -> None:
        title = _unique(title.encode(errors="replace").decode(), named)
        listing.clips.append(ClipEntry(title, name, str(path), None, title))


def _add_rows(rows: CorpusListing, listing: CorpusListing, named: Counter[str]) -> None:
    """What a manifest names; labels are not for those who judge."""
    for clip in rows.clips:
        title = _unique(clip.clip_id.partition("/")[2] or clip.clip_id, named)
        listing.clips.append(ClipEntry(title, clip.corpus, clip.media, None, title, clip.start, clip.end))
    listing.failures.extend(rows.failures)
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
