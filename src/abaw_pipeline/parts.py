"""What every configurable part has in common: its parameters are its fields, checked when it is made."""

from __future__ import annotations

import difflib
import importlib
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)


def split_names(given: Any) -> Any:
    """Names as a list: on the command line they are joined by `+` (Kedro splits `--params` at every comma)."""
    return given.split("+") if isinstance(given, str) else given


NameList = Annotated[tuple[str, ...], BeforeValidator(split_names)]
"""Names, in a file as a list, on the command line joined by `+`."""


class Part(BaseModel):
    """A stage's backend whose fields are the parameters a user may set.

    A part is frozen and refuses unknown fields: a misspelt parameter is an error before any work starts.
    Passed to a recipe as an argument, a part is fingerprinted by its fields and by the code of its class.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _name_the_nearest(cls, data: Any) -> Any:
        """Say of each unknown key which known one was probably meant."""
        if isinstance(data, dict):
            unknown = [str(key) for key in data if key not in cls.model_fields]
            if unknown:
                raise ValueError("; ".join(unknown_name(key, list(cls.model_fields), "parameter") for key in unknown))
        return data


def unknown_name(name: str, known: list[str], what: str) -> str:
    """A message for a name that is not among the known ones, with the nearest of them."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"no {what} {name!r}{hint} (there are: {', '.join(known) or 'none'})"


def or_own(*methods: str) -> WrapValidator:
    """Lets a union of parts, told apart by `kind`, also hold a part that a user has written.

    Its kind is where its class is found, as "package.module:Class", and nothing has to be registered.

    Args:
        methods: what the class must have.
    """

    def validate(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
        if not isinstance(kind, str) or ":" not in kind:
            return handler(value)
        return _import_part(kind, methods).model_validate(value)

    return WrapValidator(validate)


def _import_part(kind: str, methods: tuple[str, ...]) -> type[Part]:
    module, _, name = kind.partition(":")
    try:
        home = importlib.import_module(module)
    except (ImportError, ValueError) as error:
        raise ValueError(
            f"kind {kind!r} cannot be imported ({error}); put the module below src/, or install its package"
        ) from None
    found = getattr(home, name, None)
    if found is None:
        parts = [each for each, one in vars(home).items() if isinstance(one, type) and issubclass(one, Part)]
        raise ValueError(unknown_name(name, [each for each in parts if each != "Part"], f"part in {module}"))
    if not (isinstance(found, type) and issubclass(found, Part)):  # pydantic wants a ValueError
        raise ValueError(f"kind {kind!r} is no subclass of abaw_pipeline.parts.Part")  # noqa: TRY004
    missing = [each for each in methods if not callable(getattr(found, each, None))]
    if missing:
        raise ValueError(f"kind {kind!r} lacks the method {missing[0]!r}")
    declared = found.model_fields.get("kind")
    if declared is None or declared.default != kind:
        raise ValueError(f"class {name} must say: kind: Literal[{kind!r}] = {kind!r}")
    return found
