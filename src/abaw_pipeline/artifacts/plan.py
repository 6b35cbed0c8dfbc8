"""What there is to do for a map of recipes: which pieces are there, which must be made, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from abaw_pipeline.artifacts.fingerprint import combine
from abaw_pipeline.artifacts.formats import storage_text
from abaw_pipeline.artifacts.keys import Key, key_text
from abaw_pipeline.artifacts.manifest import DONE, FAILED, Entry, Manifest
from abaw_pipeline.artifacts.reasons import DAMAGED, Reason, find_reason, grouped
from abaw_pipeline.artifacts.recipe import Recipe
from abaw_pipeline.artifacts.refs import references
from abaw_pipeline.artifacts.store import PieceStore


@dataclass(frozen=True)
class Job:
    """One piece to be made, for all keys that ask for it.

    Attributes:
        fingerprint: what it is made of.
        recipe: how.
        keys: who asks; two keys with equal recipes share a piece.
        components: parts of the fingerprint.
        reason: why it must be made.
    """

    fingerprint: str
    recipe: Recipe
    keys: tuple[Key, ...]
    components: Mapping[str, str]
    reason: Reason = DAMAGED


@dataclass
class Plan:
    """All keys of a map, sorted into what is there and what is not.

    Attributes:
        skipped: manifest rows of pieces that are there.
        adopted: pieces that another run may have stored, and in which files.
        blocked: manifest rows of keys that need a failed piece.
        jobs: pieces to be made.
        order: the keys as asked for.
    """

    skipped: list[Entry] = field(default_factory=list)
    adopted: list[tuple[Job, list[str]]] = field(default_factory=list)
    blocked: list[Entry] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    order: list[Key] = field(default_factory=list)

    def reasons(self) -> dict[str, int]:
        """Why pieces must be made, with counts, the most frequent first."""
        return grouped(job.reason for job in self.jobs)


def make_plan(recipes: Mapping[Key, Recipe], store: PieceStore, previous: Manifest) -> Plan:
    """Compare what is asked for with what is stored; nothing is written.

    Args:
        recipes: key -> recipe.
        store: where pieces lie.
        previous: the latest manifest.
    """
    plan = Plan(order=list(recipes))
    present = store.present()
    known = {entry.path: entry for entry in previous.entries if entry.status == DONE}
    before = previous.by_key
    storage = storage_text(store.format)
    groups: dict[str, list[Key]] = {}
    parts: dict[str, dict[str, str]] = {}
    for key, recipe in recipes.items():
        components = recipe.components | {"format": storage}
        fingerprint = combine(components)
        blocker = next((ref for ref in references(recipe.arguments) if ref.failed), None)
        if blocker is not None:
            plan.blocked.append(
                Entry(
                    key,
                    FAILED,
                    fingerprint,
                    components=components,
                    stage=recipe.function.__name__,
                    error="BlockedError",
                    message="a piece that it reads from has failed",
                    blocked_by=f"{blocker.artifact}[{key_text(blocker.key)}]",
                )
            )
            continue
        groups.setdefault(fingerprint, []).append(key)
        parts[fingerprint] = components
    for fingerprint, keys in groups.items():
        job = Job(fingerprint, recipes[keys[0]], tuple(keys), parts[fingerprint])
        sizes = present.get(fingerprint, {})
        named = [known[path] for path in sizes if path in known]
        whole = next((entry for entry in named if entry.bytes == sizes[str(entry.path)]), None)
        if whole is not None:
            plan.skipped.extend(_again(whole, key, parts[fingerprint]) for key in keys)
        elif len(named) < len(sizes):
            plan.adopted.append((job, [path for path in sizes if path not in known]))
        else:
            reason = DAMAGED if sizes else find_reason(fingerprint, job.components, before.get(keys[0]), previous)
            plan.jobs.append(replace(job, reason=reason))
    return plan


def _again(entry: Entry, key: Key, components: dict[str, str]) -> Entry:
    return Entry(**(vars(entry) | {"key": key, "components": components}))
