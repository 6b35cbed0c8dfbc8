"""Which pieces no manifest names any more, and how they are removed.

First all is looked at, then older versions go, then pieces. A prune that is killed has removed manifests before what
only they named, so no version that is left lacks a piece.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from abaw_pipeline.artifacts.aside import abandoned
from abaw_pipeline.artifacts.manifest import ManifestError, named_files
from abaw_pipeline.artifacts.piece_files import DAMAGED, parse_name
from abaw_pipeline.artifacts.survey import PruneError, Survey, is_piece, look_through
from abaw_pipeline.artifacts.versions import Stored, remove_version, size_of

HOUR = 3600.0


@dataclass(frozen=True)
class Wish:
    """What is to be pruned.

    Attributes:
        data: the project's folder of data.
        keep: how many versions of a dataset stay; None: all.
        older_than: seconds; a younger piece stays, as a save that is not yet done may have made it.
        stores: stores outside of the folder of data that are pruned all the same.
    """

    data: Path
    keep: int | None = None
    older_than: float = HOUR
    stores: tuple[Path, ...] = ()


@dataclass
class Heap:
    """Files, by their size in bytes."""

    files: dict[Path, int] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        """Of all files together."""
        return sum(self.files.values())

    def __len__(self) -> int:
        """How many files."""
        return len(self.files)


@dataclass
class StoreUse:
    """What lies in one store.

    Attributes:
        folder: the store.
        artifact: its name for people: the folder's path below the data, or all of it for one outside.
        named: pieces that a kept manifest names.
        young: pieces that none names, too young to go.
        unnamed: pieces that none names.
        aside: files of dead writers.
        damaged: damaged files.
    """

    folder: Path
    artifact: str
    named: Heap = field(default_factory=Heap)
    young: Heap = field(default_factory=Heap)
    unnamed: Heap = field(default_factory=Heap)
    aside: Heap = field(default_factory=Heap)
    damaged: Heap = field(default_factory=Heap)

    @property
    def waste(self) -> dict[Path, int]:
        """All that goes."""
        return self.unnamed.files | self.aside.files | self.damaged.files


@dataclass(frozen=True)
class PrunePlan:
    """What goes and what stays.

    Attributes:
        versions: older versions, by what was saved, with its bytes.
        datasets: name of a dataset -> how many of its versions go.
        stores: what lies in each store that is looked after.
        outside: stores that are left alone.
    """

    versions: dict[Path, int]
    datasets: dict[str, int]
    stores: list[StoreUse]
    outside: list[Path]

    @property
    def bytes(self) -> int:
        """All that is freed."""
        return sum(self.versions.values()) + sum(sum(store.waste.values()) for store in self.stores)

    @property
    def files(self) -> int:
        """How many files of stores go."""
        return sum(len(store.waste) for store in self.stores)


def plan_prune(wish: Wish, known: Collection[Stored], chosen: Collection[Stored]) -> PrunePlan:
    """Look at all that is there; nothing is changed.

    Args:
        wish: what is to be pruned.
        known: datasets of all studies. Those on another disk count, too, and so does any manifest below the data.
        chosen: datasets whose older versions go, if any do.

    Raises:
        PruneError: a manifest cannot be read, or a folder.
    """
    survey = look_through(wish.data)
    versions, datasets = _older(wish, chosen, survey.root)
    names = _names(survey, known, {_real(file) for file in versions})
    stores, outside = _stores(wish, known, survey)
    oldest = time.time() - wish.older_than
    uses = [_use(folder, survey.root, names, oldest) for folder in sorted(stores)]
    return PrunePlan(versions, datasets, uses, sorted(outside))


def carry_out(plan: PrunePlan) -> None:
    """Remove what a plan says goes: manifests first.

    Raises:
        PruneError: a file cannot be removed; what is left is consistent.
    """
    try:
        for file in plan.versions:
            remove_version(file)
        for store in plan.stores:
            for path in store.waste:
                path.unlink(missing_ok=True)
    except OSError as error:
        raise PruneError(
            f"cannot be removed ({error.strerror})",
            where=str(error.filename),
            hint="What is left can be used; put it right and prune again.",
        ) from error


def _real(file: Path) -> Path:
    """A file's path without links above its last part."""
    return Path(os.path.realpath(file.parent)) / file.name


def _older(wish: Wish, chosen: Collection[Stored], root: Path) -> tuple[dict[Path, int], dict[str, int]]:
    versions: dict[Path, int] = {}
    datasets: dict[str, int] = {}
    if wish.keep is None:
        return versions, datasets
    if wish.keep < 1:
        raise PruneError("at least one version of each dataset is kept", where=f"keep {wish.keep}")
    for each in chosen:
        files = [each.file(version) for version in each.outdated(wish.keep)] if each.versioned else []
        ours = [file for file in files if _real(file).is_relative_to(root) and file not in versions]
        versions.update({file: size_of(file) for file in ours})
        if ours:
            datasets[each.name] = datasets.get(each.name, 0) + len(ours)
    return versions, datasets


def _names(survey: Survey, known: Collection[Stored], removed: set[Path]) -> set[str]:
    """Files that kept manifests name, below whatever store: a piece's name is like no other's.

    Manifests that are to go are read, too: where one is damaged, somebody should look before more is lost.
    """
    tables = {_real(each.path) for each in known if each.store is None}
    manifests = {_real(file) for each in known if each.store is not None for file in each.files()}
    names: set[str] = set()
    for path in sorted(manifests | set(survey.tables)):
        try:
            named = named_files(path)
        except ManifestError as error:
            if path in tables or path.parent.parent in tables:
                continue  # a table that a killed run left half written
            raise PruneError(
                f"what this file names cannot be known, so nothing is removed: {error}",
                where=str(path),
                hint="If nothing of it is needed, remove the file; then prune again.",
            ) from error
        names.update([] if path in removed else named or [])
    return names


def _stores(wish: Wish, known: Collection[Stored], survey: Survey) -> tuple[set[Path], set[Path]]:
    """Stores to be looked after, and those that are left alone."""
    asked = {Path(os.path.realpath(store)) for store in wish.stores}
    for store in asked:
        if not store.is_dir():
            raise PruneError("there is no such store", where=str(store))
    listed = {Path(os.path.realpath(each.store.folder)) for each in known if each.store is not None}
    every = {store for store in survey.stores | listed if store.is_dir()} | asked
    ours = {store for store in every if store.is_relative_to(survey.root)} | asked
    return ours, every - ours


def _use(folder: Path, root: Path, names: set[str], oldest: float) -> StoreUse:
    inside = folder.is_relative_to(root)
    use = StoreUse(folder, str(folder.relative_to(root)) if inside else str(folder))
    for relative, status in _pieces(folder):
        heap = use.named if relative in names else use.young if status.st_mtime > oldest else use.unnamed
        heap.files[folder / relative] = status.st_size
    use.aside.files.update({path: path.lstat().st_size for path in abandoned(folder, others=True)})
    use.damaged.files.update(dict(_damaged(folder)))
    return use


def _pieces(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Path below the store and status of every piece; a link is none, wherever it leads."""
    for group in sorted(each for each in folder.iterdir() if not each.is_symlink() and each.is_dir()):
        with os.scandir(group) as files:
            for file in files:
                if is_piece(group, file.name) and file.is_file(follow_symlinks=False):
                    with suppress(FileNotFoundError):  # a reader has found it damaged and moved it
                        yield f"{group.name}/{file.name}", file.stat(follow_symlinks=False)


def _damaged(folder: Path) -> Iterator[tuple[Path, int]]:
    damaged = folder / DAMAGED
    if damaged.is_symlink() or not damaged.is_dir():
        return
    for path in damaged.iterdir():
        if parse_name(path.name) is not None and not path.is_symlink() and path.is_file():
            yield path, path.lstat().st_size
