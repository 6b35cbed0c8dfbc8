"""What every configurable part has in common: its parameters are its fields, checked when it is made."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A stage's backend whose fields are the parameters a user may set.

    A part is frozen and refuses unknown fields: a misspelt parameter is an error
    before any work starts.
    Passed to a recipe as an argument, a part is fingerprinted by its fields and by the code of its class.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
