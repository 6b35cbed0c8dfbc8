"""Which subject of the clips a user means."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from abaw_pipeline.errors import ProtocolError

SubjectId = str | int


def find_subject(wanted: SubjectId, known: Sequence[str], *, where: str = "") -> str:
    """The subject of the clips that a user means: `2`, `"02"` or `"ravdess/02"` is `ravdess/02`.

    Raises:
        ProtocolError: nobody or more than one is meant; the nearest names are given.
    """
    text = str(wanted)
    for matches in (
        [name for name in known if name == text],
        [name for name in known if _local(name) == text],
        [name for name in known if text.isdecimal() and _number(name) == int(text)],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise ProtocolError(
                f"subject {wanted!r} may be any of {', '.join(matches)}",
                where=where,
                hint="Write the whole name.",
            )
    local = {_local(name): name for name in known}
    near = difflib.get_close_matches(text, known, n=1, cutoff=0.0)
    near = [local[name] for name in difflib.get_close_matches(_local(text), list(local), n=1, cutoff=0.5)] or near
    raise ProtocolError(
        f"no labelled clip has the subject {wanted!r}",
        where=where,
        hint=f"The nearest is {near[0]!r}." if near else "",
    )


def _local(subject: str) -> str:
    return subject.rsplit("/", 1)[-1]


def _number(subject: str) -> int | None:
    local = _local(subject)
    return int(local) if local.isdecimal() else None
