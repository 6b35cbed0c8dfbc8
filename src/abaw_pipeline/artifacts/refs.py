"""References to pieces: what recipes carry instead of values, and how they are read where the recipe runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from abaw_pipeline.artifacts.formats import PartFormat, get_format
from abaw_pipeline.artifacts.keys import Key, key_text
from abaw_pipeline.artifacts.piece_files import DamagedFileError, check_once

if TYPE_CHECKING:
    from abaw_pipeline.artifacts.recipe import Recipe


class BlockedError(KeyError):
    """A piece that cannot be made because one it reads from has failed."""

    def __init__(self, artifact: str, key: Key) -> None:
        self.artifact, self.key = artifact, key
        super().__init__(artifact, key)

    def __str__(self) -> str:
        """Which piece of which artifact is missing."""
        return f"needs {self.artifact}[{key_text(self.key)}], which failed; the failures of {self.artifact} say why"


class LostPieceError(BlockedError):
    """A piece that was stored, and is gone or damaged now; the next run makes it again."""

    def __init__(self, artifact: str, key: Key, what: str) -> None:
        super().__init__(artifact, key)
        self.what = what
        self.args = (artifact, key, what)

    def __str__(self) -> str:
        """Which piece of which artifact, what is wrong with it, and what to do."""
        where = f"{self.artifact}[{key_text(self.key)}]"
        return f"{where} cannot be read: {self.what}. Run the pipeline that makes {self.artifact} again."


@dataclass(frozen=True)
class Ref:
    """A piece of an artifact, not yet read: stored, still to be computed, or failed.

    Attributes:
        artifact: name of the artifact, for messages.
        key: the piece's key.
        fingerprint: what the piece is made of.
        path: the stored file, or None.
        format: name of the stored file's format.
        recipe: how to make it, where it is not stored.
    """

    artifact: str
    key: Key
    fingerprint: str
    path: str | None = None
    format: str = ""
    recipe: Recipe | None = None

    @property
    def failed(self) -> bool:
        """Whether the piece could not be made."""
        return self.path is None and self.recipe is None

    def read(self) -> Any:
        """The piece itself.

        Raises:
            BlockedError: the piece has failed.
        """
        if self.path is not None:
            with self._stored():
                return get_format(self.format).read(self.path)
        if self.recipe is not None:
            return self.recipe.compute()
        raise BlockedError(self.artifact, self.key)

    def in_parts(self, columns: Sequence[str] | None = None) -> InParts:
        """The same reference for a recipe that takes the piece part by part.

        Args:
            columns: of a table, those that are wanted; None: all.
        """
        return InParts(self, None if columns is None else tuple(columns))

    def parts(self, columns: Sequence[str] | None = None) -> Iterator[Any]:
        """The piece part by part: one part where its format knows no parts; errors as of `read`."""
        made = get_format(self.format) if self.path is not None else None
        if self.path is None or not isinstance(made, PartFormat):
            value = self.read()
            yield value if columns is None else value.select(list(columns))
            return
        with self._stored():
            yield from made.read_parts(self.path, columns)

    @contextmanager
    def _stored(self) -> Iterator[None]:
        """Check the file before it is read; a problem with it names the piece."""
        try:
            check_once(str(self.path))
            yield
        except FileNotFoundError:
            raise LostPieceError(self.artifact, self.key, f"{self.path} is gone") from None
        except DamagedFileError as error:
            raise LostPieceError(self.artifact, self.key, str(error)) from None

    def fingerprint_form(self) -> dict[str, str]:
        """The piece's place in the fingerprint of what reads it."""
        return {"piece": self.fingerprint}


@dataclass(frozen=True)
class InParts:
    """A reference whose piece is taken part by part; see `Ref.in_parts`."""

    ref: Ref
    columns: tuple[str, ...] | None = None

    def fingerprint_form(self) -> dict[str, Any]:
        """The piece's place in the fingerprint of what reads it; in how many parts it comes does not count."""
        return self.ref.fingerprint_form() | {"columns": self.columns}

    def __iter__(self) -> Iterator[Any]:
        """The parts, read anew each time."""
        return self.ref.parts(self.columns)


class LazyPieces(Sequence[Any]):
    """Pieces behind references, read one at a time at each access."""

    def __init__(self, refs: Sequence[Ref]) -> None:
        self._refs = refs

    def __len__(self) -> int:
        """How many pieces there are."""
        return len(self._refs)

    def __getitem__(self, index: Any) -> Any:
        """The piece at a position, or the lazy pieces of a slice."""
        if isinstance(index, slice):
            return LazyPieces(self._refs[index])
        return self._refs[index].read()


def resolve(value: Any) -> Any:
    """The value with references replaced by pieces (lists of references by lazy sequences)."""
    if isinstance(value, Ref):
        return value.read()
    if isinstance(value, list | tuple):
        if value and all(isinstance(item, Ref) for item in value):
            return LazyPieces(value)
        items = [resolve(item) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if isinstance(value, Mapping):
        return {key: resolve(item) for key, item in value.items()}
    return value


def references(value: Any) -> Iterator[Ref]:
    """All references among a recipe's arguments."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, InParts):
        yield value.ref
    elif isinstance(value, list | tuple):
        for item in value:
            yield from references(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from references(item)
