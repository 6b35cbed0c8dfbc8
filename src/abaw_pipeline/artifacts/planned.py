"""A map as it would be after a save that has not happened: references are known, pieces not yet made cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from abaw_pipeline.artifacts.keys import Key, key_text
from abaw_pipeline.artifacts.manifest import FAILED, Manifest
from abaw_pipeline.artifacts.maps import PieceMap, failure_table
from abaw_pipeline.artifacts.plan import Plan
from abaw_pipeline.artifacts.refs import Ref
from abaw_pipeline.artifacts.store import PieceStore

if TYPE_CHECKING:
    import pandas as pd


class NotMadeError(Exception):
    """A piece that is read while nothing is computed, and is not there."""

    def __init__(self, artifact: str, key: Key) -> None:
        self.artifact, self.key = artifact, key
        super().__init__(artifact, key)

    def __str__(self) -> str:
        """Which piece of which artifact."""
        return f"{self.artifact}[{key_text(self.key)}] is still to be made"


@dataclass(frozen=True)
class PlannedRef(Ref):
    """A reference to a piece that is still to be made."""

    @property
    def failed(self) -> bool:
        """Not as far as anybody knows."""
        return False

    def read(self) -> Any:
        """Nothing.

        Raises:
            NotMadeError: always.
        """
        raise NotMadeError(self.artifact, self.key)

    parts = read  # type: ignore[assignment]


class PlannedMap(PieceMap):
    """What a plan promises. A key that failed last time, under the same fingerprint, is taken to fail again.

    Args:
        name: name of the artifact.
        plan: what is there and what is to be made.
        store: where pieces lie.
        previous: the latest manifest.
    """

    def __init__(self, name: str, plan: Plan, store: PieceStore, previous: Manifest) -> None:
        self.name, self.asked_for = name, plan.order
        self._refs: dict[Key, Ref] = {}
        for entry in plan.skipped:
            path = str(store.path(str(entry.path)))
            self._refs[entry.key] = Ref(name, entry.key, entry.fingerprint, path, store.format)
        for job, paths in plan.adopted:
            for key in job.keys:
                self._refs[key] = Ref(name, key, job.fingerprint, str(store.path(paths[0])), store.format)
        failed = {entry.key: entry.fingerprint for entry in previous.entries if entry.status == FAILED}
        for job in plan.jobs:
            for key in job.keys:
                again = failed.get(key) == job.fingerprint
                self._refs[key] = (Ref if again else PlannedRef)(name, key, job.fingerprint)
        for entry in plan.blocked:
            self._refs[entry.key] = Ref(name, entry.key, entry.fingerprint)

    def __getitem__(self, key: Key) -> Any:
        """The piece, where it is stored.

        Raises:
            NotMadeError: it is still to be made.
            BlockedError: it has failed, or will.
        """
        return self._refs[key].read()

    def __iter__(self) -> Iterator[Key]:
        """Keys of pieces that will be there."""
        return (key for key in self.asked_for if not self._refs[key].failed)

    def __len__(self) -> int:
        """How many pieces will be there."""
        return sum(1 for _ in self)

    def __contains__(self, key: object) -> bool:
        """Whether the piece will be there."""
        return key in self._refs and not self._refs[key].failed

    def __repr__(self) -> str:
        """Name and size."""
        return f"PlannedMap({self.name!r}, {len(self)} pieces)"

    def ref(self, key: Key) -> Ref:
        """A reference to the piece as it will be."""
        return self._refs[key]

    @property
    def asked(self) -> list[Key]:
        """All keys, also those that will fail."""
        return list(self.asked_for)

    @property
    def failures(self) -> pd.DataFrame:
        """Empty: nothing is known before it is computed."""
        return failure_table(self.name, [])
