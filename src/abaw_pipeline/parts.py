"""What every configurable part has in common: its parameters are its fields, checked when it is made."""

from __future__ import annotations

import difflib
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


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
