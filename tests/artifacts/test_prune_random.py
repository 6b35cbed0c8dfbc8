"""Random saves of several studies and random prunes: no kept version ever lacks a piece, and nothing else is left."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, rule
from tests.artifacts.studies import Data, read

from abaw_pipeline.artifacts.prune import Wish, carry_out, plan_prune
from abaw_pipeline.artifacts.versions import Stored

STUDIES = ("a", "b", "c")
some = st.sets(st.integers(0, 6), min_size=0, max_size=4)


class Pruned(RuleBasedStateMachine):
    """`expected` says for each dataset which versions there must be, and which numbers each holds."""

    saves = Bundle("saves")

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.data = Data(self.folder / "data")
        self.data.folder.mkdir()
        self.expected: dict[Stored, dict[str, set[int]]] = {}
        self.known = set(STUDIES)
        self.time = 0

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @rule(target=saves, study=st.sampled_from(STUDIES), artifact=st.sampled_from(["numbers", "others"]), numbers=some)
    def save(self, study: str, artifact: str, numbers: set[int]) -> tuple[Stored, str]:
        self.time += 1
        stored, version = self.data.numbers(study, artifact), f"{self.time:06d}"
        # equal pieces of two artifacts would keep each other
        self.data.save(stored, version, *(n + 100 * (artifact == "others") for n in sorted(numbers)))
        self.expected.setdefault(stored, {})[version] = numbers
        return stored, version

    @rule(saved=consumes(saves))
    def remove_a_manifest_by_hand(self, saved: tuple[Stored, str]) -> None:
        stored, version = saved
        stored.file(version).unlink(missing_ok=True)
        self.expected[stored].pop(version, None)

    @rule(study=st.sampled_from(STUDIES))
    def forget_an_environment(self, study: str) -> None:
        self.known ^= {study}

    @rule(keep=st.none() | st.integers(1, 3), chosen=st.sets(st.sampled_from(STUDIES)))
    def prune(self, keep: int | None, chosen: set[str]) -> None:
        known = [self.data.numbers(study, name) for study in sorted(self.known) for name in ("numbers", "others")]
        cleaned = [stored for stored in known if stored.path.parent.name in chosen]
        carry_out(plan_prune(Wish(self.data.folder, keep, 0.0), known, cleaned))
        for stored in cleaned if keep else ():
            versions = self.expected.get(stored, {})
            for version in sorted(versions, reverse=True)[keep:]:
                del versions[version]
        self.check()

    def check(self) -> None:
        named = set()
        for stored, versions in self.expected.items():
            assert set(stored.versions()) == set(versions)
            for version, numbers in versions.items():
                assert sorted(read(stored, version).values()) == [
                    2 * n + 200 * (stored.name == "others") for n in sorted(numbers)
                ]
                named |= {(stored.name, n) for n in numbers}
        assert len(self.data.pieces()) == len(named)


Pruned.TestCase.settings = settings(max_examples=12, stateful_step_count=12, deadline=None)
TestPruned = Pruned.TestCase
