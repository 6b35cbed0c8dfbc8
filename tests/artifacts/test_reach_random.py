"""Random small programs: what a plain walk over the call graph finds is in the digest, and nothing else."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.artifacts.packages import package

from abaw_pipeline.artifacts.reach import reach_text

FUNCTIONS = 7
MODULES = 3
STYLES = ("name", "alias", "module", "dotted", "local", "star", "text")

edges = st.lists(
    st.tuples(st.integers(0, FUNCTIONS - 1), st.integers(0, FUNCTIONS - 1), st.sampled_from(STYLES)),
    max_size=12,
)
homes = st.lists(st.integers(0, MODULES - 1), min_size=FUNCTIONS, max_size=FUNCTIONS)


def _sources(calls: list[tuple[int, int, str]], home: list[int], constants: list[int]) -> dict[str, str]:
    """One file a module; function i is `f{i}` in `m{home[i]}` and returns its constant and what it calls."""
    files = {}
    for module in range(MODULES):
        heads, bodies = [], []
        for function in (f for f in range(FUNCTIONS) if home[f] == module):
            lines = [f"def f{function}():", f"    found = [{constants[function]}]"]
            for _, callee, style in (call for call in calls if call[0] == function):
                head, line = _call(callee, home[callee], style, same=home[callee] == module)
                heads.append(head)
                lines.extend(line)
            bodies.append("\n".join([*lines, "    return found"]))
        files[f"m{module}.py"] = "\n".join([*heads, *bodies])
    return {"__init__.py": ""} | files


def _call(callee: int, home: int, style: str, *, same: bool) -> tuple[str, list[str]]:
    name, module = f"f{callee}", f"m{home}"
    if style == "text":
        return "", [f"    found.append('made.{module}:{name}')"]
    if style == "local":
        return "", [f"    from made.{module} import {name} as g{callee}", f"    found.append(g{callee}())"]
    if same:
        return "", [f"    found.append({name}())"]
    heads = {
        "name": f"from made.{module} import {name}",
        "alias": f"from .{module} import {name} as a{callee}",
        "module": f"from made import {module}",
        "dotted": f"import made.{module}",
        "star": f"from made.{module} import *",
    }
    uses = {"alias": f"a{callee}", "module": f"{module}.{name}", "dotted": f"made.{module}.{name}"}
    return heads[style], [f"    found.append({uses.get(style, name)}())"]


def _reached(calls: list[tuple[int, int, str]]) -> set[int]:
    found, waiting = set(), [0]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting.extend(callee for caller, callee, _ in calls if caller == current)
    return found


@settings(max_examples=60, deadline=None)
@given(calls=edges, home=homes, edited=st.integers(0, FUNCTIONS - 1))
def test_exactly_the_reached_functions_count(calls, home, edited):
    def digest(constants: list[int]) -> str:
        with package(Path(folder), _sources(calls, home, constants)):
            found = reach_text(f"made.m{home[0]}:f0")
        assert found is not None
        return found.code

    with tempfile.TemporaryDirectory() as folder:
        before = digest([5] * FUNCTIONS)
        after = digest([6 if function == edited else 5 for function in range(FUNCTIONS)])
    assert (before != after) == (edited in _reached(calls))
