"""Random studies and random edits: what a run from scratch finds different is computed anew; see `projects`.

Pieces that were made again though they are what they were are counted by kind of edit.
"""

import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.artifacts.projects import PLUGGED, STYLES, USES, Code, Unit
from tests.artifacts.random_studies import Piece, Run, Store, Study, needless, run

COSMETIC = ("doc", "comment", "blank", "above", "annotation")
VALUES: tuple[Any, ...] = (
    1,
    1.0,
    True,
    "1",
    None,
    [1],
    (1,),
    {"a": 1, "b": 2},
    {"b": 2, "a": 1},
    -0.0,
    0.0,
    b"1",
    10**30,
)
CALLABLE = {
    "function",
    "decorated",
    "match",
    "library",
    "data",
    "variable",
    "global",
    "branch",
    *(PLUGGED - {"generic"}),
}
NEEDLESS_AT_MOST_NEVER = {*COSMETIC, "unrelated", "nothing"}
"""Edits after which nothing may be made again in vain."""


@st.composite
def units(draw: st.DrawFn) -> list[Unit]:
    """Units in ascending order of modules; each calls some of higher number."""
    count = draw(st.integers(3, 9))
    homes = sorted(draw(st.lists(st.integers(0, 3), min_size=count, max_size=count)))
    kinds = draw(st.lists(st.sampled_from(sorted(USES)), min_size=count, max_size=count))
    return [
        Unit(number, kinds[number], homes[number], draw(st.integers(0, 9)), draw(calls(range(number + 1, count))))
        for number in range(count)
    ]


def calls(numbers: range) -> st.SearchStrategy[list[tuple[int, str]]]:
    pairs = st.tuples(st.sampled_from(numbers), st.sampled_from(STYLES)) if numbers else st.nothing()
    return st.lists(pairs, max_size=2, unique_by=lambda pair: pair[0]) if numbers else st.just([])


@st.composite
def studies(draw: st.DrawFn) -> Study:
    """A study of one to three artifacts of one to three pieces each."""
    known = draw(units())
    kinds = draw(st.lists(st.sampled_from(["plain", "chunked", "parts", "own"]), min_size=1, max_size=3))
    every = range(len(known))
    functions = [
        Unit(100 + number, kind, -1, draw(st.integers(0, 9)), draw(calls(every))) for number, kind in enumerate(kinds)
    ]
    thing = Unit(200, "thing", -1, 1, draw(calls(every)))
    artifacts: list[dict[str, Piece]] = []
    for number in range(len(kinds)):
        earlier = [(above, key) for above in range(number) for key in artifacts[above]]
        artifacts.append({f"k{key}": draw(pieces(known, earlier)) for key in range(draw(st.integers(1, 3)))})
    return Study(Code(known, functions, thing), artifacts)


@st.composite
def pieces(draw: st.DrawFn, known: list[Unit], earlier: list[tuple[int, str]]) -> Piece:
    """Arguments: plain values, pieces of earlier artifacts, parts, files and functions."""
    ups = st.none() | st.sampled_from(earlier) if earlier else st.none()
    parts = [unit.number for unit in known if unit.kind in {"part", "record"}]
    functions = [unit.number for unit in known if unit.kind in CALLABLE]
    return Piece(
        x=draw(st.sampled_from(VALUES)),
        up=draw(ups),
        many=draw(st.lists(st.sampled_from(earlier), max_size=2)) if earlier else [],
        pieces=draw(ups),
        part=(draw(st.sampled_from(parts)), draw(st.integers(0, 3))) if parts and draw(st.booleans()) else None,
        file=draw(st.none() | st.sampled_from(["aa", "ab"])),
        call=draw(st.sampled_from(functions)) if functions and draw(st.booleans()) else None,
    )


@st.composite
def edits(draw: st.DrawFn, study: Study) -> tuple[str, Study]:
    """A study after one edit, and what kind of edit it was."""
    after = study.clone()
    code = after.code
    every = [*code.units, *code.functions, code.thing]
    kind = draw(st.sampled_from(_EDITS))
    unit = draw(st.sampled_from(every))
    piece = draw(st.sampled_from([each for pieces in after.artifacts for each in pieces.values()]))
    if kind == "value":
        unit.value = draw(st.integers(0, 9).filter(lambda value: value != unit.value))
    elif kind in COSMETIC or kind == "local":
        unit.cosmetic[kind] = unit.cosmetic.get(kind, 0) + 1
    elif kind == "style" and unit.calls:
        number, style = unit.calls[0]
        unit.calls[0] = (number, draw(st.sampled_from([each for each in STYLES if each != style])))
    elif kind == "callee" and unit.calls:
        others = range(unit.number + 1 if unit.number < 100 else 0, len(code.units))
        unit.calls[0] = (draw(st.sampled_from(others)), unit.calls[0][1])
        unit.calls[1:] = [each for each in unit.calls[1:] if each[0] != unit.calls[0][0]]
    elif kind == "order of calls":
        unit.calls.reverse()
    elif kind == "unrelated":
        code.unrelated += 1
        kind = "unrelated, of a module taken as a whole" if code.takes_whole_modules else kind
    elif kind == "order of definitions":
        code.backwards = not code.backwards
    elif kind == "argument":
        piece.x = draw(st.sampled_from(VALUES))
    elif kind == "part field" and piece.part:
        piece.part = (piece.part[0], piece.part[1] + 1)
    elif kind == "file" and piece.file:
        piece.file = {"aa": "ab", "ab": "aa"}[piece.file]
    elif kind == "references":
        piece.many = piece.many[::-1]
    elif kind == "library":
        after.version = draw(st.sampled_from(["1.0", "1.1", "2.0"]))
    elif kind == "variable":
        after.setting = draw(st.sampled_from(["", "a", "b"]))
    elif kind == "data":
        code.data = draw(st.sampled_from(["one", "two"]))
    else:
        kind = "nothing"
    return kind, after


_EDITS = (
    *("value", "value", "value", "style", "callee", "order of calls", "order of definitions", "argument", "part field"),
    *("file", "references", "library", "variable", "data", "unrelated", "local", *COSMETIC),
)
COUNTED: Counter[tuple[str, str]] = Counter()
"""(Kind of edit, "edits", "made" or "needless") -> how many, over all examples of this process."""


def check(study: Study, data: st.DataObject, many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run, edit, run again, and compare with a run from scratch; so several times."""
    COUNTED["all", "examples"] += 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = Store(folder / "kept")
        before, scratch = run(study, store, folder, monkeypatch)
        assert values(before) == values(scratch)
        for _ in range(data.draw(st.integers(1, many))):
            kind, study = data.draw(edits(study))
            after, scratch = run(study, store, folder, monkeypatch)
            stale = {key: (after[key], scratch[key]) for key in scratch if after[key][0] != scratch[key][0]}
            assert not stale, f"stale after an edit of kind {kind}"
            vain = needless(before, after)
            COUNTED.update({(kind, "edits"): 1, (kind, "made"): sum(made for _, made in after.values())})
            COUNTED[kind, "needless"] += len(vain)
            assert not (vain and kind in NEEDLESS_AT_MOST_NEVER), f"made in vain after an edit of kind {kind}: {vain}"
            before = after


def values(made: Run) -> dict[tuple[int, str], Any]:
    return {key: value for key, (value, _) in made.items()}


@pytest.fixture
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Without waiting for a disk: that pieces are durable is for other tests."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
    return monkeypatch


common = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@settings(common, max_examples=15)
@given(study=studies(), data=st.data())
def test_what_a_run_from_scratch_finds_different_is_made_anew(study, data, quick_disk):
    check(study, data, 2, quick_disk)


@pytest.mark.long
@settings(common, max_examples=int(os.environ.get("EXAMPLES", "500")))
@given(study=studies(), data=st.data())
def test_the_same_many_times(study, data, quick_disk):
    check(study, data, 6, quick_disk)


@pytest.mark.long
def test_what_was_made_in_vain_is_counted(capsys):
    """Run after the above: prints a table of edits, pieces made, and pieces made in vain."""
    kinds = sorted({kind for kind, _ in COUNTED})
    with capsys.disabled():
        for kind in kinds:
            print(
                f"\n{kind:42}",
                *(f"{what} {COUNTED[kind, what]:6}" for what in ("examples", "edits", "made", "needless")),
                end="",
            )
    assert all(not COUNTED[kind, "needless"] for kind in NEEDLESS_AT_MOST_NEVER)
