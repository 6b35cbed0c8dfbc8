"""A store and a short way to save a map to it."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from abaw_pipeline.artifacts import Key, Recipe
from abaw_pipeline.artifacts.compute import compute_pieces
from abaw_pipeline.artifacts.execution import Execution
from abaw_pipeline.artifacts.manifest import Entry, Manifest
from abaw_pipeline.artifacts.store import PieceStore

Save = Callable[..., dict[Key, Entry]]


@pytest.fixture
def store(tmp_path: Path) -> PieceStore:
    return PieceStore(str(tmp_path / "pieces"), "json")


@pytest.fixture
def save(store: PieceStore) -> Save:
    """Compute recipes into the store, knowing the entries of an earlier save; in this process by default."""

    def run(
        recipes: Mapping[Key, Recipe],
        previous: Mapping[Key, Entry] | None = None,
        *,
        workers: int = 1,
        on_error: str = "record",
    ) -> dict[Key, Entry]:
        execution = Execution.model_validate({"workers": workers, "on_error": on_error})
        before = Manifest(list((previous or {}).values()))
        entries = compute_pieces("numbers", recipes, store, before, execution).entries
        assert [entry.key for entry in entries] == list(recipes)
        return {entry.key: entry for entry in entries}

    return run
