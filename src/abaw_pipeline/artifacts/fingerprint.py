"""Fingerprints: what a piece is made of, as a hash, with its parts kept apart so that a change can be named."""

from __future__ import annotations

import dataclasses
import enum
import functools
import hashlib
import inspect
import json
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from types import MappingProxyType
from typing import Any

import numpy as np
from pydantic import BaseModel

from abaw_pipeline.artifacts.reach import SHORT, UnreachableCodeError, reach, reach_text
from abaw_pipeline.types import File

READABLE = 60
"""Letters up to which a value stands in a fingerprint's parts as it is, not as a hash."""

GENERATION = 3
"""Raised when stored pieces of older releases must not be taken for new ones."""


LARGEST = 4096
"""Bits up to which a number is written in decimal digits."""


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
    if isinstance(form, dict) and "piece" in form:
        columns = form.get("columns")
        return f"piece {form['piece']}" if columns is None else f"piece {form['piece']} {', '.join(columns)}"
    plain = type(value) in {bool, int, str, type(None)} and not isinstance(form, dict)
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

    Order counts, also that of a mapping, since a function may go through it.

    Raises:
        ArgumentError: a value without stable content.
    """
    marker = getattr(value, "fingerprint_form", None)
    if callable(marker) and not isinstance(value, type):
        return marker()
    if isinstance(value, File):
        return {"file": value.sha256}
    if type(value) in _PLAIN or type(value) in {list, tuple, dict}:
        return _canonical_plain(value)
    if isinstance(value, BaseModel) or (dataclasses.is_dataclass(value) and not isinstance(value, type)):
        return _canonical_fields(value)
    if callable(value):
        return {"callable": _code(value)}
    if isinstance(value, np.ndarray | np.generic):
        return _canonical_array(value)
    if isinstance(value, enum.Enum):
        return _canonical_enum(value)
    if isinstance(value, Mapping) and type(value) in _MAPPINGS:
        return _canonical_plain(dict(value)) | {"type": type(value).__name__}
    for kind in _KINDS:
        if isinstance(value, kind):
            return _canonical_kin(value, kind)
    if isinstance(value, Mapping):
        return _canonical_plain(dict(value)) | {"part": _code(type(value))}
    if isinstance(value, PurePath):
        raise ArgumentError("a path says nothing of the content; pass a File with its sha256")
    raise ArgumentError(f"{type(value).__name__} has no stable content to fingerprint")


_PLAIN = (type(None), bool, int, str, float, bytes)
_KINDS: tuple[type[Any], ...] = (int, str, float, bytes, list, tuple, dict)
_MAPPINGS = {MappingProxyType, OrderedDict, Counter}


def _canonical_plain(value: Any) -> Any:
    """The form of a value of Python's own types, and of no type derived from them."""
    if isinstance(value, float):
        return {"float": value.hex()}
    if isinstance(value, str):
        return _canonical_text(value)
    if isinstance(value, bytes):
        return {"bytes": hashlib.sha256(value).hexdigest()}
    if isinstance(value, dict):
        return {"map": [[canonical(key), canonical(item)] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        items = [canonical(item) for item in value]
        return items if isinstance(value, list) else {"tuple": items}
    # Python refuses to spell out very large numbers in decimal digits
    return {"int": hex(value)} if isinstance(value, int) and value.bit_length() > LARGEST else value


def _canonical_text(value: str) -> Any:
    """A text; one that names code ("package.module:name") counts with that code."""
    found = reach_text(value)
    return value if found is None else {"text": value, "part": [found.code[:SHORT], *found.libraries]}


def _canonical_array(value: np.ndarray[Any, Any] | np.generic) -> Any:
    if value.dtype.hasobject or value.dtype.char == "T" or type(value) not in {np.ndarray, value.dtype.type}:
        raise ArgumentError(f"{type(value).__name__} of {value.dtype} has no stable content to fingerprint")
    if not value.dtype.isnative:
        raise ArgumentError(f"the byte order of {value.dtype} is lost on the way to a worker; use astype")
    if isinstance(value, np.generic):
        return {"scalar": value.tobytes().hex(), "dtype": str(value.dtype)}
    content = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
    form = {"array": content, "dtype": str(value.dtype), "shape": list(value.shape)}
    # sums over columns and over rows are rounded differently; only this layout survives the way to another process
    by_columns = value.flags.f_contiguous and not value.flags.c_contiguous
    return form | {"order": "F"} if by_columns else form


def _canonical_enum(value: enum.Enum) -> Any:
    form = {"enum": _code(type(value)), "name": value.name}
    # a flag may have bits that no name stands for
    return form | {"bits": value.value} if isinstance(value, enum.Flag) else form


def _canonical_fields(value: Any) -> Any:
    """The form of a part, or of a dataclass with what else was attached to it."""
    if isinstance(value, BaseModel):
        names = _fields(value)  # what a model keeps in private attributes is a cache of its own
    else:
        names = [item.name for item in dataclasses.fields(value)]
        names += [name for name in getattr(value, "__dict__", {}) if name not in names and not _is_cached(value, name)]
    fields = {name: canonical(getattr(value, name)) for name in names}
    form = {"part": _code(type(value)), "fields": fields}
    kin = next((kind for kind in _KINDS if isinstance(value, kind)), None)
    return form if kin is None else form | {"value": _canonical_plain(kin(value))}


def _is_cached(value: Any, name: str) -> bool:
    """Whether an attribute only keeps what can be computed again."""
    return isinstance(inspect.getattr_static(type(value), name, None), functools.cached_property)


def _canonical_kin(value: Any, kind: type[Any]) -> Any:
    """The form of a value whose type is derived from one of Python's own, with the code of that type."""
    attached = {name: canonical(item) for name, item in getattr(value, "__dict__", {}).items()}
    return {"part": _code(type(value)), "value": _canonical_plain(kind(value)), "attached": attached}


def _code(item: Any) -> list[str]:
    found = reach(item)
    return [found.code[:SHORT], *found.libraries]
