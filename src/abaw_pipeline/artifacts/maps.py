"""Maps from keys to pieces: what nodes return, and what they get back when it has been stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from abaw_pipeline.artifacts.keys import Key, check_key, key_text
from abaw_pipeline.artifacts.manifest import DONE, FAILED, Entry
from abaw_pipeline.artifacts.recipe import Recipe
from abaw_pipeline.artifacts.refs import BlockedError, Ref
from abaw_pipeline.artifacts.store import PieceStore

if TYPE_CHECKING:
    import pandas as pd

FAILURE_COLUMNS = ("artifact", "key", "stage", "error", "message", "blocked_by")


class PieceMap(Mapping[Key, Any]):
    """What both kinds of maps share: pieces by key, references by key, and failures as data."""

    name: str

    def ref(self, key: Key) -> Ref:
        """A reference to the piece, to be handed to another recipe instead of its value.

        Raises:
            KeyError: the map was never asked for this key.
        """
        raise NotImplementedError

    @property
    def asked(self) -> list[Key]:
        """All keys that the map was asked for, also those that failed."""
        raise NotImplementedError

    @property
    def failures(self) -> pd.DataFrame:
        """One row a key that failed: artifact, key, stage, error, message, blocked_by."""
        raise NotImplementedError


class RecipeMap(PieceMap):
    """Recipes by key. Reading a key computes its piece, once; saving the map computes them all, in parallel.

    Args:
        name: name of the artifact, for messages.
        recipes: key -> recipe, as a mapping or as pairs.

    Raises:
        TypeError: a value that is no recipe, or a key that is neither a text nor a tuple of two or more.
        ValueError: a key that no file could hold (not Unicode), or that has two recipes.
    """

    def __init__(self, name: str, recipes: Mapping[Any, Recipe] | Iterable[tuple[Any, Recipe]]) -> None:
        self.name = name
        self.recipes: dict[Key, Recipe] = {}
        for key, recipe in recipes.items() if isinstance(recipes, Mapping) else recipes:
            check_key(key)
            if not isinstance(recipe, Recipe):
                raise TypeError(f"{name}[{key_text(key)}] is a {type(recipe).__name__}, not a Recipe")
            if key in self.recipes:
                raise ValueError(f"{name}[{key_text(key)}] has two recipes; which one is meant cannot be told")
            self.recipes[key] = recipe
        self._pieces: dict[Key, Any] = {}

    def __getitem__(self, key: Key) -> Any:
        """The piece, computed at the first access; its exception comes through."""
        if key not in self._pieces:
            self._pieces[key] = self.recipes[key].compute()
        return self._pieces[key]

    def __iter__(self) -> Iterator[Key]:
        """Keys in the order given."""
        return iter(self.recipes)

    def __len__(self) -> int:
        """How many keys."""
        return len(self.recipes)

    def __contains__(self, key: object) -> bool:
        """Whether the key has a recipe; nothing is computed."""
        return key in self.recipes

    def __repr__(self) -> str:
        """Name and size; nothing is computed."""
        return f"RecipeMap({self.name!r}, {len(self)} recipes)"

    def ref(self, key: Key) -> Ref:
        """A reference that computes the piece where it is read."""
        recipe = self.recipes[key]
        return Ref(self.name, key, recipe.fingerprint, recipe=recipe)

    @property
    def asked(self) -> list[Key]:
        """All keys."""
        return list(self.recipes)

    @property
    def failures(self) -> pd.DataFrame:
        """Empty: nothing is known before it is computed."""
        return failure_table(self.name, [])


class StoredMap(PieceMap):
    """A stored version of an artifact. Pieces are read when asked for; only successes are keys.

    Args:
        name: name of the artifact.
        entries: rows of its manifest.
        store: where the pieces lie.
    """

    def __init__(self, name: str, entries: list[Entry], store: PieceStore) -> None:
        self.name, self.store = name, store
        self.entries = {entry.key: entry for entry in entries}
        self._done = {key: entry for key, entry in self.entries.items() if entry.status == DONE}
        self._refs: dict[Key, Ref] = {}

    def __getitem__(self, key: Key) -> Any:
        """The piece, read from disk at every access.

        Raises:
            BlockedError: the piece failed; `.failures` says why.
            KeyError: the map was never asked for this key.
        """
        if key not in self._done and key in self.entries:
            raise BlockedError(self.name, key)
        return self.ref(key).read()

    def __iter__(self) -> Iterator[Key]:
        """Keys of the pieces that are there."""
        return iter(self._done)

    def __len__(self) -> int:
        """How many pieces are there."""
        return len(self._done)

    def __contains__(self, key: object) -> bool:
        """Whether the piece is there."""
        return key in self._done

    def __repr__(self) -> str:
        """Name and size."""
        failed = len(self.entries) - len(self._done)
        return f"StoredMap({self.name!r}, {len(self)} pieces, {failed} failed)"

    def ref(self, key: Key) -> Ref:
        """A reference to the stored piece, or to its failure; the same one at each call."""
        found = self._refs.get(key)
        if found is None:
            entry = self.entries[key]
            path = str(self.store.path(entry.path)) if entry.path is not None else None
            found = self._refs[key] = Ref(self.name, key, entry.fingerprint, path, self.store.format)
        return found

    @property
    def asked(self) -> list[Key]:
        """All keys of the manifest, also those that failed."""
        return list(self.entries)

    @property
    def failures(self) -> pd.DataFrame:
        """Keys that failed, with stage, error, message and what blocked them."""
        return failure_table(self.name, [e for e in self.entries.values() if e.status == FAILED])

    @property
    def table(self) -> pd.DataFrame:
        """The manifest: key, status, rows, bytes, seconds, fingerprint."""
        import pandas as pd

        columns = ["key", "status", "rows", "bytes", "seconds", "fingerprint"]
        rows = [{name: getattr(entry, name) for name in columns} for entry in self.entries.values()]
        frame = pd.DataFrame(rows, columns=columns)
        frame["key"] = [key_text(key) for key in frame["key"]]
        return frame


def failure_table(name: str, entries: list[Entry]) -> pd.DataFrame:
    """Failed rows of a manifest as a table."""
    import pandas as pd

    rows = [(name, key_text(e.key), e.stage, e.error, e.message, e.blocked_by) for e in entries]
    return pd.DataFrame(rows, columns=list(FAILURE_COLUMNS), dtype="string")
