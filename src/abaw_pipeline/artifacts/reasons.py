"""Why a piece must be made: what differs from the piece that its key had last time, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from abaw_pipeline.artifacts.manifest import FAILED, Entry, Manifest

SHOWN = 3
"""Definitions and arguments that are named one by one."""


@dataclass(frozen=True)
class Reason:
    """Why a piece must be made.

    Attributes:
        text: what many pieces may have in common.
        details: what may differ from piece to piece: old and new values.
    """

    text: str
    details: tuple[str, ...] = ()


NEW = Reason("new")
GONE = Reason("the stored file is gone")
DAMAGED = Reason("the stored file was damaged")


def find_reason(fingerprint: str, components: Mapping[str, str], before: Entry | None, previous: Manifest) -> Reason:
    """What differs from last time.

    Args:
        fingerprint: of the piece to be made.
        components: parts of that fingerprint.
        before: the key's row last time.
        previous: the manifest that this row is from.
    """
    if before is None:
        return NEW
    if before.fingerprint == fingerprint:
        return Reason("failed last time") if before.status == FAILED else GONE
    texts, details = [], []
    for name in sorted(components.keys() | before.components.keys()):
        old, new = before.components.get(name), components.get(name)
        if old != new:
            text, detail = _difference(name, old, new, previous.codes)
            texts.append(text)
            details.append(detail)
    if before.status == FAILED:
        texts.insert(0, "failed last time")
        details.insert(0, "")
    return Reason("; ".join(_few(texts)), tuple(details))


def grouped(reasons: Iterable[Reason]) -> dict[str, int]:
    """Reasons in words with counts, the most frequent first; old and new values where all of a group share them."""
    groups: dict[str, list[Reason]] = defaultdict(list)
    for reason in reasons:
        groups[reason.text].append(reason)
    found = {_with_details(text, group): len(group) for text, group in groups.items()}
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def _with_details(text: str, group: list[Reason]) -> str:
    shared = {reason.details for reason in group}
    if len(shared) > 1:
        return text
    told = [detail for detail in next(iter(shared)) if detail]
    return f"{text}: {'; '.join(_few(told))}" if told else text


def _difference(name: str, old: str | None, new: str | None, codes: Mapping[str, Mapping[str, str]]) -> tuple[str, str]:
    """A change of one part of a fingerprint: what changed, and from what to what."""
    if old is None or new is None:
        return f"{name} is {'new' if old is None else 'no longer given'}", ""
    if name == "code" or name.startswith("code of "):
        return f"{name} changed", ", ".join(_few(list(changed_definitions(old, new, codes))))
    if name == "libraries":
        before, now = set(old.split(", ")), set(new.split(", "))
        return "libraries changed", f"{', '.join(sorted(before - now))} -> {', '.join(sorted(now - before))}"
    kind = new.partition(" ")[0] if old.partition(" ")[0] == new.partition(" ")[0] else ""
    what = name.removeprefix("argument ")
    if kind == "piece":
        return f"{what} was made anew", ""
    if kind == "file":
        return f"the file {what} changed", ""
    return f"{name} changed", "" if "hash" in {kind, old.partition(" ")[0]} else f"{what} {old} -> {new}"


def changed_definitions(old: str, new: str, codes: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Names of definitions in which two versions of code differ; nothing where one of them is not known any more."""
    from abaw_pipeline.artifacts.reach import definitions_behind

    before, now = codes.get(old.partition(" ")[0]), definitions_behind(new.partition(" ")[0])
    if before and now:
        changed = sorted(label for label in before.keys() | now.keys() if before.get(label) != now.get(label))
        yield from (label.rstrip(":") for label in changed)


def _few(texts: list[str]) -> list[str]:
    return texts if len(texts) <= SHOWN else [*texts[:SHOWN], f"and {len(texts) - SHOWN} more"]
