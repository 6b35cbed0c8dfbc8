"""What there is to do for a map of recipes: which pieces are there, which must be made, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from abaw_pipeline.artifacts.fingerprint import combine
from abaw_pipeline.artifacts.formats import storage_text
from abaw_pipeline.artifacts.manifest import DONE, FAILED, Entry
from abaw_pipeline.artifacts.recipe import Key, Recipe, key_text, references
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
    reason: str


@dataclass
class Plan:
    """All keys of a map, sorted into what is there and what is not.

    Attributes:
        skipped: manifest rows of pieces that are there.
        adopted: keys and components by path, of pieces that another run has stored.
        blocked: manifest rows of keys that need a failed piece.
        jobs: pieces to be made.
        order: the keys as asked for.
    """

    skipped: list[Entry] = field(default_factory=list)
    adopted: dict[str, Job] = field(default_factory=dict)
    blocked: list[Entry] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    order: list[Key] = field(default_factory=list)

    def reasons(self) -> dict[str, int]:
        """Why pieces must be made, with counts, the most frequent first."""
        return dict(Counter(job.reason for job in self.jobs).most_common())


def make_plan(recipes: Mapping[Key, Recipe], store: PieceStore, previous: Mapping[Key, Entry]) -> Plan:
    """Compare what is asked for with what is stored.

    Args:
        recipes: key -> recipe.
        store: where pieces lie.
        previous: rows of the latest manifest, by key.
    """
    plan = Plan(order=list(recipes))
    present = store.present()
    known = {entry.path: entry for entry in previous.values() if entry.status == DONE}
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
        path = store.relative(fingerprint)
        size = present.get(path)
        entry = known.get(path)
        job = Job(fingerprint, recipes[keys[0]], tuple(keys), parts[fingerprint], "")
        if size is not None and entry is not None and entry.bytes == size:
            plan.skipped.extend(_again(entry, key, parts[fingerprint]) for key in keys)
        elif size is not None and entry is None:
            plan.adopted[path] = job
        else:
            damaged = size is not None
            reason = "the stored file was damaged" if damaged else _reason(job, previous.get(keys[0]))
            plan.jobs.append(Job(fingerprint, job.recipe, job.keys, job.components, reason))
    return plan


def _again(entry: Entry, key: Key, components: dict[str, str]) -> Entry:
    return Entry(**(vars(entry) | {"key": key, "components": components}))


def _reason(job: Job, before: Entry | None) -> str:
    """What differs from the piece that the key had last time."""
    if before is None:
        return "new"
    if before.status == FAILED:
        return "failed last time" if before.fingerprint == job.fingerprint else "failed last time, since changed"
    if before.fingerprint == job.fingerprint:
        return "the stored file is gone"
    names = job.components.keys() | before.components.keys()
    changed = sorted(name for name in names if job.components.get(name) != before.components.get(name))
    return f"{', '.join(changed)} changed"
