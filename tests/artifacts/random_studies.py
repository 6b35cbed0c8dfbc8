"""Random studies on random projects: layers of artifacts, runs of them, and edits of all that they are made of."""

from __future__ import annotations

import copy
import hashlib
import importlib
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.artifacts.packages import package
from tests.artifacts.projects import Code

from abaw_pipeline.artifacts import Recipe, Ref, StoredMap
from abaw_pipeline.artifacts.compute import compute_pieces
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.artifacts.formats import get_format
from abaw_pipeline.artifacts.manifest import Manifest
from abaw_pipeline.artifacts.store import PieceStore
from abaw_pipeline.types import File

FORMATS = {"plain": "json", "chunked": "json", "parts": "table", "own": "made.formats:Own"}
"""Kind of artifact -> format of its pieces."""

Address = tuple[int, str]
"""Artifact and key."""


@dataclass
class Piece:
    """Arguments of one recipe.

    Attributes:
        x: a plain value.
        up: a piece of an earlier artifact.
        many: several, as a list of references.
        pieces: one, read part by part.
        part: a unit that is a part or dataclass, and one of its fields.
        file: what a file holds.
        call: a unit that is a function, itself an argument.
    """

    x: Any = 1
    up: Address | None = None
    many: list[Address] = field(default_factory=list)
    pieces: Address | None = None
    part: tuple[int, int] | None = None
    file: str | None = None
    call: int | None = None


@dataclass
class Study:
    """Code, and artifacts whose i-th is made by the i-th function of the code."""

    code: Code
    artifacts: list[dict[str, Piece]]
    version: str = "1.0"
    setting: str = ""

    def clone(self) -> Study:
        """A copy, to be edited."""
        return copy.deepcopy(self)


@dataclass
class Store:
    """Where pieces and manifests lie from run to run; each piece by itself, if none is to stand for another."""

    folder: Path
    alone: bool = False
    manifests: dict[str, Manifest] = field(default_factory=dict)


Run = dict[Address, tuple[Any, bool]]
"""Value of each piece, and whether it was computed."""


def run(study: Study, store: Store, folder: Path, monkeypatch: Any) -> tuple[Run, Run]:
    """Import the study's package anew and make all artifacts that are not there; and all of them from scratch."""
    real = importlib.metadata.version

    def version(name: str) -> str:
        return study.version if name == "numpy" else real(name)

    with package(folder, study.code.sources()), monkeypatch.context() as patch:
        patch.setattr("importlib.metadata.version", version)
        patch.setenv("MADE_SETTING", study.setting)
        get_format.cache_clear()
        after = dict(_run(study, store, folder))
        with tempfile.TemporaryDirectory(dir=folder) as empty:
            return after, dict(_run(study, Store(Path(empty), alone=True), folder))


def _run(study: Study, store: Store, folder: Path) -> Iterator[tuple[Address, tuple[Any, bool]]]:
    main = importlib.import_module("made.main")
    base = importlib.import_module("made.base")
    refs: dict[Address, Ref] = {}
    for number, pieces in enumerate(study.artifacts):
        unit = study.code.functions[number]
        function = getattr(main, unit.name)
        recipes = {key: _recipe(function, unit.kind, piece, refs, study, folder) for key, piece in pieces.items()}
        for part in [{key: recipe} for key, recipe in recipes.items()] if store.alone else [recipes]:
            name = f"a{number}{'-'.join(part)}" if store.alone else f"a{number}"
            for key, ref, new in _make(name, part, store, FORMATS[unit.kind]):
                refs[number, key] = ref
                yield (number, key), (base.show(ref.read()), new)


def _make(name: str, recipes: Mapping[Any, Recipe], store: Store, format: str) -> Iterator[tuple[str, Ref, bool]]:
    """Make an artifact's pieces: key, reference, and whether it was computed now."""
    there = PieceStore(str(store.folder / name), format)
    before = {path for path, _ in there.files()}
    execution = Execution(workers=1, on_error="raise")
    manifest = compute_pieces(name, recipes, there, store.manifests.get(name, Manifest()), execution)
    store.manifests[name] = manifest
    stored = StoredMap(name, manifest.entries, there)
    for entry in manifest.entries:
        yield str(entry.key), stored.ref(entry.key), entry.path not in before


def _recipe(function: Any, kind: str, piece: Piece, refs: Mapping[Address, Ref], study: Study, folder: Path) -> Recipe:
    def unit(number: int) -> Any:
        found = study.code.units[number]
        return getattr(importlib.import_module(f"made.m{found.home}"), found.name)

    given: dict[str, Any] = {"x": piece.x}
    if piece.up:
        given["up"] = refs[piece.up]
    if piece.many:
        given["many"] = [refs[each] for each in piece.many]
    if piece.pieces:
        given["pieces"] = refs[piece.pieces].in_parts()
    if piece.part:
        given["part"] = unit(piece.part[0])(scale=piece.part[1])
    if piece.file is not None:
        given["file"] = _file(piece.file, folder)
    if piece.call is not None:
        given["call"] = unit(piece.call)
    return Recipe(function, given, chunk=2 if kind == "chunked" else 0)


def _file(content: str, folder: Path) -> File:
    digest = hashlib.sha256(content.encode()).hexdigest()
    path = folder / f"weights-{digest[:8]}.bin"
    path.write_text(content, encoding="utf-8")
    return File(str(path), digest)


def needless(before: Mapping[Address, tuple[Any, bool]], after: Run) -> list[Address]:
    """Pieces that were made again though they are what they were."""
    return [key for key, (value, made) in after.items() if made and key in before and before[key][0] == value]
