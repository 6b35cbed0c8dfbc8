"""A folder of data with several studies, as their runs would leave it; no Kedro."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tests.artifacts import stages

from abaw_pipeline.artifacts import Recipe, StoredMap
from abaw_pipeline.artifacts.compute import compute_pieces
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.artifacts.manifest import Manifest, read_manifest, write_manifest
from abaw_pipeline.artifacts.prune import PrunePlan, Wish, carry_out, plan_prune
from abaw_pipeline.artifacts.store import PieceStore
from abaw_pipeline.artifacts.versions import Stored


@dataclass(frozen=True)
class Data:
    """A folder of data."""

    folder: Path

    def numbers(self, study: str, artifact: str = "numbers") -> Stored:
        """A map of pieces of a study; its store is shared by all studies."""
        store = PieceStore(str(self.folder / "layer" / artifact), "json")
        return Stored(artifact, self.folder / "layer" / study / f"{artifact}.parquet", store=store)

    def table(self, study: str) -> Stored:
        """A table of a study."""
        return Stored("table", self.folder / "layer" / study / "table.parquet")

    def save(self, stored: Stored, version: str, *numbers: int) -> list[Path]:
        """What a run would save; the pieces' files."""
        assert stored.store is not None
        recipes = {f"k{n}": Recipe(stages.double, {"x": n}) for n in numbers}
        before = next((read_manifest(file) for file in stored.files()), Manifest())
        manifest = compute_pieces(stored.name, recipes, stored.store, before, Execution(workers=1))
        write_manifest(stored.file(version), manifest, artifact=stored.name, format="json")
        return [stored.store.path(str(entry.path)) for entry in manifest.entries]

    def prune(self, *stored: Stored, keep: int | None = None, **more: object) -> PrunePlan:
        """Prune pieces of any age; what went."""
        wish = Wish(self.folder, keep, **({"older_than": 0.0} | more))  # type: ignore[arg-type]
        plan = plan_prune(wish, stored, stored)
        carry_out(plan)
        return plan

    def pieces(self) -> set[Path]:
        """Files of all pieces."""
        return {path for path in self.folder.rglob("??/*.json") if len(path.name) > 40}


def read(stored: Stored, version: str) -> dict[object, object]:
    """All pieces of a version, read from disk."""
    assert stored.store is not None
    return dict(StoredMap(stored.name, read_manifest(stored.file(version)).entries, stored.store))


def make_old(path: Path, hours: float) -> None:
    """As if it had been written some hours ago."""
    then = path.stat().st_mtime - hours * 3600
    os.utime(path, (then, then))
