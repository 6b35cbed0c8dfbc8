"""A recipe: a plain function and its arguments, from which one piece of an artifact is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from abaw_pipeline.artifacts.fingerprint import combine, components
from abaw_pipeline.artifacts.parts import whole
from abaw_pipeline.artifacts.refs import Ref, resolve


@dataclass(frozen=True)
class Recipe:
    """How to make one piece.

    Attributes:
        function: a function at a module's top level. With `chunk` it takes a list of argument mappings and
            returns a list with one result (or exception) each. A generator gives a piece in parts (tables, sounds
            or features that follow each other), which are stored as they come; so does one in a chunk's list.
        arguments: keyword arguments. References to other pieces are replaced by the pieces where the recipe
            runs; a list or tuple of references by a sequence that reads each at access; a reference `in_parts`
            by an iterable of parts.
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

    def changed(self) -> list[str]:
        """Parts of the fingerprint that are no longer what they were when it was made; empty if all is well.

        Code differs in a worker that started after a file was edited: it would store a piece under the wrong name.
        Arguments differ where somebody has changed a list or an array in place.

        Raises:
            EditedSourceError: this process has imported other code than it has read.
        """
        now = components(self.function, self.arguments)
        return [name for name in self.components.keys() | now.keys() if self.components.get(name) != now.get(name)]

    def compute(self) -> Any:
        """Make the piece here and now.

        Raises:
            BlockedError: a piece it reads from has failed.
        """
        result = run_chunk([self])[0]
        if isinstance(result, Exception):
            raise result
        return whole(result)


def run_chunk(recipes: Sequence[Recipe]) -> list[Any]:
    """Results of recipes that share one chunked function, or the one result of a plain recipe.

    An exception of one key is returned in its place only where a chunked function does so itself.
    """
    first = recipes[0]
    shared: dict[str, Any] = {}
    # in one order, since their order is not in the fingerprint
    resolved = [{name: _read(value, shared) for name, value in sorted(recipe.arguments.items())} for recipe in recipes]
    if not first.chunk:
        return [first.function(**resolved[0], **first.execution)]
    results = list(first.function(resolved, **first.execution))
    if len(results) != len(recipes):
        raise ValueError(f"{first.function.__name__} gave {len(results)} results for {len(recipes)} keys")
    return results


def _read(value: Any, shared: dict[str, Any]) -> Any:
    """An argument's value; a piece that several recipes of a call refer to, such as a model, is read once."""
    if not isinstance(value, Ref):
        return resolve(value)
    if value.fingerprint not in shared:
        shared[value.fingerprint] = value.read()
    return shared[value.fingerprint]
