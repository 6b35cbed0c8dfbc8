"""A recipe: a plain function and its arguments, from which one piece of an artifact is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from abaw_pipeline.artifacts.fingerprint import combine, components
from abaw_pipeline.artifacts.formats import get_format

Key: TypeAlias = str | tuple[str, ...]
"""What names a piece: `"clip"` or `("extractor", "clip")`."""


class BlockedError(KeyError):
    """A piece that cannot be made because one it reads from has failed."""

    def __init__(self, artifact: str, key: Key) -> None:
        self.artifact, self.key = artifact, key
        super().__init__(artifact, key)

    def __str__(self) -> str:
        """Which piece of which artifact is missing."""
        return f"needs {self.artifact}[{key_text(self.key)}], which failed; the failures of {self.artifact} say why"


def key_text(key: Key) -> str:
    """A key as people read it: parts joined by `, `."""
    return key if isinstance(key, str) else ", ".join(key)


def check_key(key: object) -> None:
    """Refuse what would not come back from a manifest as it was.

    Raises:
        TypeError: neither a text nor a tuple of two or more.
        ValueError: a text that is not Unicode, such as a file name with undecodable bytes.
    """
    parts = key if isinstance(key, tuple) and len(key) > 1 else (key,)
    for part in parts:
        if not isinstance(part, str):
            raise TypeError(f"key {key!r}: a key is a text or a tuple of two or more texts")
        try:
            part.encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"key {key!r} is not valid Unicode; rename what it stands for") from error


@dataclass(frozen=True)
class Recipe:
    """How to make one piece.

    Attributes:
        function: a function at a module's top level. With `chunk` it takes a list of argument mappings and
            returns a list with one result (or exception) each.
        arguments: keyword arguments. References to other pieces are replaced by the pieces where the recipe
            runs; a list or tuple of references by a sequence that reads each at access.
        execution: further keyword arguments that do not change the result (device, batch size); they are
            left out of the fingerprint.
        chunk: how many keys one call serves; 0 for one call a key.
    """

    function: Callable[..., Any]
    arguments: Mapping[str, Any]
    execution: Mapping[str, Any] = field(default_factory=dict)
    chunk: int = 0

    @cached_property
    def components(self) -> dict[str, str]:
        """The parts of the fingerprint, by name."""
        return components(self.function, self.arguments)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of everything that can change the result."""
        return combine(self.components)

    def is_current(self) -> bool:
        """Whether this process has the code, and the libraries, that the fingerprint was made from.

        False in a worker that started after a file was edited: it would store a piece under the wrong name.
        """
        return components(self.function, self.arguments) == self.components

    def compute(self) -> Any:
        """Make the piece here and now.

        Raises:
            BlockedError: a piece it reads from has failed.
        """
        result = run_chunk([self])[0]
        if isinstance(result, Exception):
            raise result
        return result


def run_chunk(recipes: Sequence[Recipe]) -> list[Any]:
    """Results of recipes that share one chunked function, or the one result of a plain recipe.

    An exception of one key is returned in its place only where a chunked function does so itself.
    """
    first = recipes[0]
    resolved = [{name: resolve(value) for name, value in recipe.arguments.items()} for recipe in recipes]
    if not first.chunk:
        return [first.function(**resolved[0], **first.execution)]
    results = list(first.function(resolved, **first.execution))
    if len(results) != len(recipes):
        raise ValueError(f"{first.function.__name__} gave {len(results)} results for {len(recipes)} keys")
    return results


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
            return get_format(self.format).read(self.path)
        if self.recipe is not None:
            return self.recipe.compute()
        raise BlockedError(self.artifact, self.key)

    def fingerprint_form(self) -> dict[str, str]:
        """The piece's place in the fingerprint of what reads it."""
        return {"piece": self.fingerprint}


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
    elif isinstance(value, list | tuple):
        for item in value:
            yield from references(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from references(item)
