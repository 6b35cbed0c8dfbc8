"""Fingerprints: what a piece is made of, as a hash, with its parts kept apart so that a change can be named."""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

import numpy as np
from pydantic import BaseModel

from abaw_pipeline.artifacts.reach import SHORT, UnreachableCodeError, reach, reach_text
from abaw_pipeline.types import File

READABLE = 60
"""Letters up to which a value stands in a fingerprint's parts as it is, not as a hash."""

GENERATION = 2
"""Raised when stored pieces of older releases must not be taken for new ones."""


class ArgumentError(TypeError):
    """A recipe's argument whose content cannot be told from its value alone."""


def components(function: Any, arguments: Mapping[str, Any]) -> dict[str, str]:
    """The parts of a recipe's fingerprint, each a short hash or a plain text.

    Keys: `code`, `libraries`, `generation`, and for each argument `argument NAME`, or where it is a settable part
    `code of NAME` and `argument NAME.FIELD` for each field, and so on within it.

    Raises:
        UnreachableCodeError: the function has no source to be found again.
        ArgumentError: an argument that has no stable content (a path, an open file, a lambda).
    """
    found = reach(function)
    parts = {
        "code": found.code[:SHORT],
        "libraries": ", ".join(found.libraries),
        "generation": str(GENERATION),
    }
    for name, value in arguments.items():
        try:
            parts.update(_argument(name, value))
        except (ArgumentError, UnreachableCodeError) as error:
            raise ArgumentError(f"argument {name!r} of {function.__qualname__}: {error}") from None
    return parts


def _argument(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Parts of a fingerprint that speak of one argument: of a settable part, its code and each field by itself."""
    if isinstance(value, BaseModel):
        yield f"code of {name}", " ".join(_code(type(value)))
        for field in _fields(value):
            yield from _argument(f"{name}.{field}", getattr(value, field))
    else:
        yield f"argument {name}", _text(value)


def _text(value: Any) -> str:
    """A short text that differs whenever the value does; a plain one as people read it."""
    if isinstance(value, File):
        return f"file {value.sha256}"
    form = canonical(value)
    if isinstance(form, dict) and form.keys() == {"piece"}:
        return f"piece {form['piece']}"
    plain = type(value) in {bool, int, float, str, type(None)} and not isinstance(form, dict | list)
    if (plain or type(value) is float) and len(repr(value)) <= READABLE:
        return repr(value)
    return f"hash {digest(form)[:32]}"


def _fields(value: BaseModel) -> list[str]:
    return [*type(value).model_fields, *(value.model_extra or {})]


def combine(parts: Mapping[str, str]) -> str:
    """One fingerprint (32 hex digits) of all parts."""
    return digest(dict(parts))[:32]


def digest(value: Any) -> str:
    """sha256 of a JSON-able value in one fixed spelling."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def canonical(value: Any) -> Any:
    """A JSON-able form that differs whenever the content does, types included.

    Raises:
        ArgumentError: a value without stable content.
    """
    if isinstance(value, np.generic):  # before float and str: some of numpy's scalars are both
        return {"scalar": value.tobytes().hex(), "dtype": str(value.dtype)}
    if value is None or (isinstance(value, bool | int) and not isinstance(value, enum.Enum)):
        return value
    if isinstance(value, str) and not isinstance(value, enum.Enum):
        return _canonical_text(value)
    if isinstance(value, float):
        return {"float": value.hex()}
    marker = getattr(value, "fingerprint_form", None)
    if callable(marker) and not isinstance(value, type):
        return marker()
    if isinstance(value, File):
        return {"file": value.sha256}
    if isinstance(value, tuple) and type(value) is not tuple:
        return {"tuple": [canonical(item) for item in value], "part": _code(type(value))}
    if isinstance(value, list | tuple):
        items = [canonical(item) for item in value]
        return items if isinstance(value, list) else {"tuple": items}
    if isinstance(value, Mapping):
        return _canonical_mapping(value)
    return _canonical_object(value)


def _canonical_text(value: str) -> Any:
    """A text; one that names code ("package.module:name") counts with that code."""
    found = reach_text(value)
    return value if found is None else {"text": value, "part": [found.code[:SHORT], *found.libraries]}


def _canonical_mapping(value: Mapping[Any, Any]) -> Any:
    if all(isinstance(key, str) for key in value):
        return {"map": {key: canonical(item) for key, item in value.items()}}
    return {"pairs": sorted(([canonical(k), canonical(v)] for k, v in value.items()), key=repr)}


def _canonical_object(value: Any) -> Any:
    if isinstance(value, BaseModel):
        fields = {name: canonical(getattr(value, name)) for name in _fields(value)}
        return {"part": _code(type(value)), "fields": fields}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {item.name: canonical(getattr(value, item.name)) for item in dataclasses.fields(value)}
        return {"part": _code(type(value)), "fields": fields}
    if isinstance(value, enum.Enum):
        return {"enum": _code(type(value)), "name": value.name}
    if type(value) is np.ndarray and not value.dtype.hasobject:
        content = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
        return {"array": content, "dtype": str(value.dtype), "shape": list(value.shape)}
    if isinstance(value, bytes):
        return {"bytes": hashlib.sha256(value).hexdigest()}
    if isinstance(value, type) or callable(value):
        return {"callable": _code(value)}
    if isinstance(value, PurePath):
        raise ArgumentError("a path says nothing of the content; pass a File with its sha256")
    raise ArgumentError(f"{type(value).__name__} has no stable content to fingerprint")


def _code(item: Any) -> list[str]:
    found = reach(item)
    return [found.code[:SHORT], *found.libraries]
