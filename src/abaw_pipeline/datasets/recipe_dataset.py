"""The Kedro dataset behind every large artifact: saving computes what is missing, loading reads on demand."""

from __future__ import annotations

import logging
from pathlib import Path, PurePosixPath
from typing import Any, cast

from kedro.io.core import AbstractVersionedDataset, DatasetError, Version, VersionNotFoundError
from kedro_datasets._typing import HTMLPreview

from abaw_pipeline.artifacts.compute import compute_pieces
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.artifacts.formats import get_format
from abaw_pipeline.artifacts.manifest import Manifest, ManifestError, read_manifest, write_manifest
from abaw_pipeline.artifacts.maps import RecipeMap, StoredMap
from abaw_pipeline.artifacts.plan import Plan, make_plan
from abaw_pipeline.artifacts.store import PieceStore
from abaw_pipeline.datasets.panel import note, panel, table
from abaw_pipeline.datasets.peek import ROWS, first_rows, peek

log = logging.getLogger(__name__)

SUFFIX = ".parquet"
"""Of every manifest."""


class RecipeDataset(AbstractVersionedDataset[RecipeMap, StoredMap]):
    """A map from keys to pieces, made from recipes.

    Saving a `RecipeMap` computes, in parallel, the pieces that are not stored yet, and writes a versioned
    manifest (Parquet) that names exactly the keys asked for. Loading gives a `StoredMap`, which reads a piece
    when it is asked for. Pieces are found by fingerprint and shared by all studies; manifests are each study's.

    Example in a catalog:
        vocals:
          type: abaw_pipeline.datasets.RecipeDataset
          filepath: data/02_intermediate/demo/vocals.parquet
          pieces: {path: data/02_intermediate/vocals, format: audio}
          versioned: true

    Args:
        filepath: the manifest, a name that ends in ".parquet".
        pieces: `path`, the folder of the pieces, and `format`, how one is written: table, features, audio,
            tensors, json, or "package.module:Class".
        execution: workers and on_error, see `Execution`.
        version: Kedro's load and save versions.
        metadata: anything, for plugins such as kedro-viz.
    """

    def __init__(
        self,
        *,
        filepath: str,
        pieces: dict[str, str],
        execution: dict[str, Any] | None = None,
        version: Version | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(PurePosixPath(filepath), version)
        if set(pieces) != {"path", "format"}:
            given = ", ".join(pieces) or "nothing"
            raise DatasetError(f"{self.name}: pieces must say path and format, not {given}")
        if self._filepath.suffix != SUFFIX:
            raise DatasetError(f"{self.name}: a manifest's name ends in {SUFFIX}, so that kedro prune can find it")
        get_format(pieces["format"])
        # absolute: workers may have started in another folder
        self.store = PieceStore(str(Path(pieces["path"]).absolute()), pieces["format"])
        self._execution = Execution.model_validate(execution or {})
        self.metadata = metadata

    @property
    def name(self) -> str:
        """The artifact's name: the manifest's file name without its ending."""
        return self._filepath.stem

    def load(self) -> StoredMap:
        """The stored version; no piece is read yet."""
        return StoredMap(self.name, read_manifest(Path(self._get_load_path())).entries, self.store)

    def save(self, data: RecipeMap) -> None:
        """Compute what is missing and write the manifest.

        Raises:
            DatasetError: the node returned something else than recipes.
            Exception: with `on_error: raise`, a stage's own exception.
        """
        self._save_manifest(self._compute(data))

    def preview(self, nrows: int = ROWS) -> HTMLPreview:
        """The description, the manifest's first rows and the beginning of one piece, for kedro-viz."""
        if not self._exists():
            return panel(self.metadata, note("Not made yet."))
        columns = ["key", "status", "rows", "bytes", "seconds"]
        _, rows, total = first_rows(Path(self._get_load_path()), nrows, [*columns, "path"])
        listed = table(columns, [[", ".join(row[0]), *row[1:-1]] for row in rows])
        return panel(self.metadata, note(f"{len(rows)} of {total:,} pieces:"), listed, *self._glance(rows))

    def _glance(self, rows: list[list[Any]]) -> list[str]:
        """The beginning of the first of these pieces that is on disk and says something."""
        for key, *_, relative in rows:
            path = self.store.path(relative) if relative is not None else None
            if path is not None and path.is_file():
                parts = peek(path)
                return [note(f"Piece {', '.join(key)}:"), *parts] if parts else []
        return []

    def plan(self, data: RecipeMap) -> tuple[Plan, Manifest]:
        """What saving would do, and the latest version, with which it was compared; nothing is computed or written."""
        previous = self.previous()
        return make_plan(data.recipes, self.store, previous), previous

    def _compute(self, data: RecipeMap) -> Manifest:
        if not isinstance(data, RecipeMap):
            raise DatasetError(
                f"{self.name}: the node returned {type(data).__name__}; a RecipeDataset saves a RecipeMap, "
                "to skip what is there. Return RecipeMap(name, {key: Recipe(function, arguments)})."
            )
        return compute_pieces(self.name, data.recipes, self.store, self.previous(), self._execution)

    def _save_manifest(self, manifest: Manifest) -> None:
        path = Path(self._get_save_path())
        write_manifest(path, manifest, artifact=self.name, format=self.store.format)

    def previous(self) -> Manifest:
        """The latest version; what it cannot tell, the stored pieces tell themselves."""
        versions = self._get_versions() if self._version else [str(self._filepath)]
        path = next((Path(p) for p in versions if Path(p).is_file()), None)
        try:
            return read_manifest(path) if path else Manifest()
        except ManifestError as error:
            log.warning("%s; the stored pieces are checked one by one", error)
            return Manifest()

    def _exists(self) -> bool:
        try:
            return Path(self._get_load_path()).is_file()
        except VersionNotFoundError:
            return False

    def _describe(self) -> dict[str, Any]:
        return {
            "filepath": str(self._filepath),
            "pieces": self.store.folder,
            "format": self.store.format,
            "version": self._version,
        }


# Kedro wraps `save` and turns every exception into a DatasetError whose text buries the stage's own. Pieces
# are therefore computed outside the wrapper; the manifest is written inside it, where versions are handled.
_write_version: Any = AbstractVersionedDataset._save_wrapper(cast("Any", RecipeDataset._save_manifest))


def _save_as_itself(self: RecipeDataset, data: RecipeMap) -> None:
    self._clear_version_cache()
    self._get_save_path()  # a version that exists is an error before the work, not after it
    manifest = self._compute(data)
    _write_version(self, manifest)


RecipeDataset.save = _save_as_itself  # type: ignore[method-assign]
