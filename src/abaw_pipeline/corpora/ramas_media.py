"""Which media file a row of a RAMAS table means."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path, PurePosixPath

from abaw_pipeline.corpora.base import some
from abaw_pipeline.corpora.cells import slashes
from abaw_pipeline.corpora.folders import is_folder, one_file, readable
from abaw_pipeline.errors import CorpusError

ANNOTATION = "_ann"
"""What names of the corpus's annotation files end in, behind the recording's."""


class MediaFolder:
    """Media of a folder, in any depth, by their names.

    Args:
        folder: where to look.
        suffixes: how the names of media end, in lower case.
        tail: what a medium's name may have behind the recording's, such as _mic.

    Raises:
        CorpusError: no such folder, or no media in it.
    """

    def __init__(self, folder: Path, suffixes: Collection[str], tail: str) -> None:
        self.folder, self.suffixes, self.tail = folder, suffixes, tail.casefold()
        if not is_folder(folder):
            raise CorpusError("no such folder.", where=str(folder), hint="Set media to the folder of the media files.")
        self.files: dict[str, list[Path]] = {}
        for file in sorted(folder.rglob("*")):
            if self._is_medium(file):
                self.files.setdefault(file.stem.casefold(), []).append(file)
        if not self.files:
            raise CorpusError(
                f"no media in this folder ({', '.join(sorted(suffixes))}).",
                where=str(folder),
                hint="Set media to the folder of the media files, and modality to what they are.",
            )

    def find(self, cell: str, where: str) -> Path:
        """The file that a cell of the column `file` means.

        Args:
            cell: a path below the folder, or a recording's name, with or without `_ann` or a suffix.
            where: the row, for the error.

        Raises:
            CorpusError: there is no such file, or more than one.
        """
        text = slashes(cell)
        as_path = self._at(text)
        if as_path:
            return one_file([as_path])
        name = self._recording(PurePosixPath(text).name).casefold()
        found = self.files.get(name) or self.files.get(name + self.tail) or []
        if len(found) > 1:
            places = readable(some([file.relative_to(self.folder).as_posix() for file in found]))
            raise CorpusError(f"{cell!r} may be any of {places}.", where=where, hint="Set media to one folder of them.")
        if found:
            return one_file(found)
        near = [file.name for stem, files in self.files.items() if name and stem.startswith(name) for file in files]
        hint = f"There is {readable(some(near))}: set tail to what follows the name." if near else "Add the file."
        raise CorpusError(f"there is no media file for {cell!r} in {self.folder}.", where=where, hint=hint)

    def _at(self, text: str) -> Path | None:
        try:
            file = self.folder / text
            return file if text and self._is_medium(file) else None
        except (OSError, ValueError):
            return None  # a name that no file system takes is a file that is not there

    def _is_medium(self, file: Path) -> bool:
        return not file.name.startswith(".") and file.suffix.lower() in self.suffixes and file.is_file()

    def _recording(self, name: str) -> str:
        """A recording's name, of a file's of any kind; dots within it stay."""
        suffix = PurePosixPath(name).suffix
        stem = name.removesuffix(suffix) if suffix.lower() in {*self.suffixes, ".csv", ".txt"} else name
        return stem[: -len(ANNOTATION)] if stem.lower().endswith(ANNOTATION) else stem
