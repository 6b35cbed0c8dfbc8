import functools
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.artifacts import values
from tests.artifacts.packages import package, reach_of, read_cases

from abaw_pipeline.artifacts.reach import UnreachableCodeError, reach, reach_text

MAIN = "main.py"
CHANGED = {}
for name in ("definitions", "imports", "top_level", "bindings", "registries", "names_computed"):
    CHANGED |= read_cases(name)
UNCHANGED = read_cases("unchanged")


@pytest.mark.parametrize("case", CHANGED.values(), ids=CHANGED.keys())
def test_edit_of_reached_code_changes_the_digest(case, tmp_path: Path):
    before, after = case
    found = reach_of(tmp_path, before)
    assert reach_of(tmp_path, before) == found, "the digest is not stable"
    assert reach_of(tmp_path, after).code != found.code


@pytest.mark.parametrize("case", UNCHANGED.values(), ids=UNCHANGED.keys())
def test_edit_of_anything_else_does_not(case, tmp_path: Path):
    before, after = case
    assert reach_of(tmp_path, before) == reach_of(tmp_path, after)


CYCLES = {
    "recursion": {MAIN: "def run(n=3): return n and run(n - 1)"},
    "mutual recursion": {MAIN: "def run(n=3): return n and b(n)\ndef b(n): return run(n - 1)"},
    "modules import each other": {
        MAIN: "import made.a\ndef run(): return made.a",
        "a.py": "import made.main\ndef f(): return made.main",
    },
    "names imported from each other": {
        MAIN: "def run():\n    from made.a import f\n    return f",
        "a.py": "from made.main import run\ndef f(): return run",
    },
    "package imports its own module": {
        MAIN: "from made import a\ndef run(): return a",
        "__init__.py": "from . import a",
        "a.py": "from made import a\nX = 1",
    },
    "star imports of each other": {
        MAIN: "from made.a import *\ndef run(): return missing",
        "a.py": "from made.main import *\n",
    },
    "class that names itself": {MAIN: "class A:\n    def f(self): return A\ndef run(): return A"},
}


@pytest.mark.parametrize("files", CYCLES.values(), ids=CYCLES.keys())
def test_cycles_end(files, tmp_path: Path):
    assert reach_of(tmp_path, files).code


def test_long_chains_of_helpers_do_not_overflow_the_stack(tmp_path: Path):
    chain = "\n".join(f"def f{i}(): return f{i + 1}()" for i in range(400))
    files = {MAIN: f"def run(): return f0()\n{chain}\ndef f400(): return 1"}
    changed = {MAIN: files[MAIN].replace("return 1", "return 2")}
    assert reach_of(tmp_path, files) != reach_of(tmp_path, changed)


def test_functions_that_reach_the_same_code_differ(tmp_path: Path):
    files = {MAIN: "def run(n): return n and other(n)\ndef other(n): return run(n - 1)"}
    assert reach_of(tmp_path, files, "made.main:run") != reach_of(tmp_path, files, "made.main:other")


def test_methods_of_one_class_differ(tmp_path: Path):
    files = {MAIN: "class A:\n    def f(self): ...\n    def g(self): ...\n    class B: ...\n    class C: ..."}
    found = {reach_of(tmp_path, files, f"made.main:A{name}").code for name in ("", ".f", ".g", ".B", ".C")}
    assert len(found) == 5


def test_same_code_elsewhere_differs(tmp_path: Path):
    files = {"a.py": "def run(): return 1", "b.py": "def run(): return 1"}
    assert reach_of(tmp_path, files, "made.a:run") != reach_of(tmp_path, files, "made.b:run")


def test_packages_without_init_are_followed(tmp_path: Path):
    def found(number: int) -> str:
        files = {
            "main.py": "from made.deep import a\nimport made.deep.b\ndef run(): return a.f(), made.deep.b.g()",
            "deep/a.py": "def f(): return 1",
            "deep/b.py": f"def g(): return {number}",
        }
        with package(tmp_path, files):
            import made.main

            return reach(made.main.run).code

    assert found(1) == found(1) != found(2)


def test_only_reached_libraries_that_compute_count(tmp_path: Path):
    files = {
        "__init__.py": "",
        MAIN: "import json\nimport numpy as np\nimport scipy\nimport pydantic\nfrom made.a import f\n"
        "def run(): return np.linalg.norm, f, json.dumps, pydantic.BaseModel",
        "a.py": "def f():\n    from sklearn.svm import SVC\n    import torch.nn as nn\n    return SVC, nn.Linear\n"
        "def g():\n    import librosa\n    return librosa.load",
    }
    with package(tmp_path, files):
        found = reach_text("made.main:run")
    assert found is not None
    assert [text.split()[0] for text in found.libraries] == ["numpy", "python", "scikit-learn", "torch"]
    assert f"numpy {np.__version__}" in found.libraries


def test_the_order_of_sets_does_not_matter():
    """Each worker hashes texts in its own way; a digest that depends on it would be another in each."""
    import os
    import subprocess

    program = (
        "from abaw_pipeline.artifacts.reach import reach_text\n"
        "print(reach_text('abaw_pipeline.systems.recipes:fit_system'))"
    )

    def found(seed: int) -> str:
        environment = os.environ | {"PYTHONHASHSEED": str(seed), "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-c", program]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout

    assert found(1) == found(2)


def test_searching_imports_nothing(tmp_path: Path):
    files = {
        "__init__.py": "",
        MAIN: "def run():\n    import xmlrpc.client\n    from made import loud\n    from made.deep.loud import f\n"
        "    return xmlrpc.client.x, loud.f, f",
        "loud.py": "raise RuntimeError('imported')",
        "deep/__init__.py": "raise RuntimeError('imported')",
        "deep/loud.py": "def f(): ...",
    }
    sys.modules.pop("xmlrpc.client", None)
    assert reach_of(tmp_path, files).code
    assert "xmlrpc.client" not in sys.modules


UNREACHABLE = {
    "lambda": lambda: 1,
    "nested": values.nested(),
    "builtin": len,
    "ufunc": np.add,
    "partial": functools.partial(values.named),
    "bound": values.Holder().method,
    "class method": values.Holder.made,
    "wrapped under a borrowed name": values.renamed,
    "library": np.mean,
    "no function": 3,
}


@pytest.mark.parametrize("item", UNREACHABLE.values(), ids=UNREACHABLE.keys())
def test_what_has_no_source_of_its_own_is_refused(item):
    with pytest.raises(UnreachableCodeError):
        reach(item)


@pytest.mark.parametrize("item", [values.named, values.Holder, values.Holder.method, values.Holder.alone])
def test_what_another_process_can_find_is_accepted(item):
    assert reach(item).code


def test_main_is_refused(tmp_path: Path):
    import subprocess

    script = tmp_path / "script.py"
    script.write_text(
        "from abaw_pipeline.artifacts.reach import reach\n"
        "def run(): return 1\n"
        "try:\n    reach(run)\nexcept TypeError as error:\n    print(type(error).__name__)\n"
    )
    ended = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "UnreachableCodeError"


def test_texts_that_name_code(tmp_path: Path):
    def found(number: int, text: str) -> object:
        with package(tmp_path, {"__init__.py": "", "a.py": f"class A:\n    x = {number}\n"}):
            return reach_text(text)

    assert found(1, "made.a:A") == found(1, "made.a:A") != found(2, "made.a:A")
    for text in ("made.a", "os.path:join", "numpy:mean", "a clip: happy", "nowhere.a:b", ""):
        assert found(1, text) is None
