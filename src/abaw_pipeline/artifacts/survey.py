"""Looks through a folder of data for stores of pieces and for manifests, whoever made them.

Environments come and go; what lies on disk does not go with them. So manifests are found by looking, not by asking
today's catalogs.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from abaw_pipeline.artifacts.aside import ASIDE
from abaw_pipeline.artifacts.piece_files import DAMAGED, parse_name
from abaw_pipeline.errors import PipelineError

RAW = "01_raw"
"""Folder of corpora. They are read, not written: links in it lead to more of them, and are left alone."""


class PruneError(PipelineError):
    """Something that must be known before anything may be removed."""


@dataclass
class Survey:
    """What was found.

    Attributes:
        root: the folder of data, without links in its path.
        stores: folders of pieces.
        tables: Parquet files that are no pieces: each may be a manifest.
    """

    root: Path
    stores: set[Path] = field(default_factory=set)
    tables: list[Path] = field(default_factory=list)


def look_through(data: Path) -> Survey:
    """Walk a folder of data, links to other folders included: a manifest counts wherever it lies.

    Paths that come back have no links above their last part.

    Raises:
        PruneError: a folder cannot be read, or a link leads nowhere.
    """
    root = Path(os.path.realpath(data))
    survey, seen, ahead = Survey(root), {root}, [root]
    while ahead:
        for folder in _look_into(ahead.pop(), survey):
            if folder not in seen:
                seen.add(folder)
                ahead.append(folder)
    return survey


def _look_into(folder: Path, survey: Survey) -> list[Path]:
    """Note what a folder holds; the folders in it that are still to be looked into."""
    below = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir():
                    if entry.name in {ASIDE, DAMAGED}:
                        survey.stores.add(folder)
                    elif not (entry.is_symlink() and _is_raw(Path(entry.path), survey.root)):
                        below.append(Path(os.path.realpath(entry.path)))
                else:
                    _note_file(folder, entry, survey)
    except OSError as error:
        raise PruneError(
            f"the folder cannot be read ({error.strerror}), and what its manifests name cannot be known",
            where=str(folder),
            hint="Make it readable, then prune again.",
        ) from error
    return below


def _note_file(folder: Path, entry: os.DirEntry[str], survey: Survey) -> None:
    if is_piece(folder, entry.name):
        survey.stores.add(folder.parent)
    elif entry.name.endswith(".parquet"):
        survey.tables.append(folder / entry.name)
    elif entry.is_symlink() and not Path(entry.path).exists() and not _is_raw(Path(entry.path), survey.root):
        raise PruneError(
            f"the link leads nowhere ({Path(entry.path).readlink()}), and what manifests there name cannot be known",
            where=entry.path,
            hint="Mount what it leads to, or remove the link.",
        )


def is_piece(folder: Path, name: str) -> bool:
    """Whether a file has the name of a piece and lies in the group of that name."""
    parsed = parse_name(name)
    return parsed is not None and folder.name == parsed[0][:2]


def _is_raw(path: Path, root: Path) -> bool:
    return path.is_relative_to(root / RAW)
