import functools
import sys
from pathlib import Path

import numpy as np
import pytest
from artifacts.packages import package, reach_of

from abaw_pipeline.artifacts.reach import UnreachableCodeError, reach, reach_text

MAIN = "main.py"
CHANGED = {
    "body": ({MAIN: "def run(): return 1"}, MAIN, "1", "2"),
    "default argument": ({MAIN: "def run(x=1): return x"}, MAIN, "1", "2"),
    "helper": ({MAIN: "def run(): return helper()\ndef helper(): return 1"}, MAIN, "1", "2"),
    "helper given as a value": (
        {MAIN: "def run(): return map(helper, [])\ndef helper(): return 1"},
        MAIN,
        "1",
        "2",
    ),
    "helper of a helper elsewhere": (
        {
            MAIN: "from made.a import middle\ndef run(): return middle()",
            "a.py": "from made.b import last\ndef middle(): return last()",
            "b.py": "def last(): return 1",
        },
        "b.py",
        "1",
        "2",
    ),
    "constant": ({MAIN: "SCALE = 1\ndef run(): return SCALE"}, MAIN, "1", "2"),
    "constant of a constant": ({MAIN: "A = 1\nB = A + 5\ndef run(): return B"}, MAIN, "1", "2"),
    "constant in a default": ({MAIN: "SCALE = 1\ndef run(x=SCALE): return x"}, MAIN, "1", "2"),
    "unpacked constant": ({MAIN: "A, (B, *C) = 1, (2, 3)\ndef run(): return C"}, MAIN, "3", "4"),
    "augmented constant": ({MAIN: "A = []\nA += [1]\ndef run(): return A"}, MAIN, "1", "2"),
    "item of a table": ({MAIN: "A = {}\nA['x'] = 1\ndef run(): return A"}, MAIN, "1", "2"),
    "walrus at top level": ({MAIN: "B = (A := 1) + 1\ndef run(): return A"}, MAIN, "1", "2"),
    "walrus in a test": ({MAIN: "if (A := 1) > 5:\n    B = 5\ndef run(): return A"}, MAIN, "1", "2"),
    "base class": (
        {MAIN: "class A:\n    x = 1\nclass B(A):\n    pass\ndef run(): return B().x"},
        MAIN,
        "1",
        "2",
    ),
    "base class elsewhere": (
        {
            MAIN: "import made.a\nclass B(made.a.A):\n    pass\ndef run(): return B()",
            "a.py": "class A:\n    x = 1",
        },
        "a.py",
        "1",
        "2",
    ),
    "metaclass": (
        {MAIN: "class M(type):\n    x = 1\nclass B(metaclass=M):\n    pass\ndef run(): return B"},
        MAIN,
        "1",
        "2",
    ),
    "method": ({MAIN: "class A:\n    def f(self): return 1\ndef run(): return A().f()"}, MAIN, "1", "2"),
    "helper of a method": (
        {MAIN: "class A:\n    def f(self): return helper()\ndef helper(): return 1\ndef run(): return A().f()"},
        MAIN,
        "1",
        "2",
    ),
    "class attribute": ({MAIN: "class A:\n    x = 1\ndef run(): return A.x"}, MAIN, "1", "2"),
    "class attribute's annotation": (
        {MAIN: "class A:\n    x: int = 1\ndef run(): return A.x"},
        MAIN,
        "int",
        "float",
    ),
    "field's type elsewhere": (
        {MAIN: "from made.a import A\nclass B:\n    x: A\ndef run(): return B", "a.py": "class A:\n    y = 1"},
        "a.py",
        "1",
        "2",
    ),
    "decorator": (
        {MAIN: "def deco(f):\n    f.x = 1\n    return f\n@deco\ndef run(): return 5"},
        MAIN,
        "1",
        "2",
    ),
    "decorator's argument": (
        {MAIN: "import functools\nSIZE = 1\n@functools.lru_cache(SIZE)\ndef run(): return 5"},
        MAIN,
        "1",
        "2",
    ),
    "nested function": (
        {MAIN: "def run():\n    def inner(): return helper()\n    return inner()\ndef helper(): return 1"},
        MAIN,
        "1",
        "2",
    ),
    "lambda": ({MAIN: "f = lambda: helper()\ndef helper(): return 1\ndef run(): return f()"}, MAIN, "1", "2"),
    "aliased import": (
        {MAIN: "from made.a import f as g\ndef run(): return g()", "a.py": "def f(): return 1"},
        "a.py",
        "1",
        "2",
    ),
    "aliased module": (
        {MAIN: "import made.a as b\ndef run(): return b.f()", "a.py": "def f(): return 1"},
        "a.py",
        "1",
        "2",
    ),
    "dotted module": (
        {MAIN: "import made.a\ndef run(): return made.a.f()", "a.py": "def f(): return 1"},
        "a.py",
        "1",
        "2",
    ),
    "module of a package": (
        {MAIN: "from made import a\ndef run(): return a.f()", "a.py": "def f(): return 1"},
        "a.py",
        "1",
        "2",
    ),
    "module given as a value": (
        {MAIN: "from made import a\ndef run(): return getattr(a, 'f')()", "a.py": "def f(): return 1"},
        "a.py",
        "1",
        "2",
    ),
    "relative import": (
        {MAIN: "from . import a\nfrom .a import f\ndef run(): return f()", "a.py": "def f(): return 1"},
        "a.py",
        "1",
        "2",
    ),
    "relative import upwards": (
        {
            MAIN: "from made.sub.b import f\ndef run(): return f()",
            "sub/__init__.py": "",
            "sub/b.py": "from ..a import g\ndef f(): return g()",
            "a.py": "def g(): return 1",
        },
        "a.py",
        "1",
        "2",
    ),
    "local import": (
        {MAIN: "def run():\n    from made.a import f\n    return f()", "a.py": "def f(): return 1"},
        "a.py",
        "1",
        "2",
    ),
    "local relative import in a package": (
        {
            MAIN: "from made.sub import g\ndef run(): return g()",
            "sub/__init__.py": "def g():\n    from .a import f\n    return f()",
            "sub/a.py": "def f(): return 1",
        },
        "sub/a.py",
        "1",
        "2",
    ),
    "local imports under one name": (
        {
            MAIN: "def run(x=0):\n"
            "    if x:\n        from made.a import f\n    else:\n        from made.b import f\n    return f()",
            "a.py": "def f(): return 1",
            "b.py": "def f(): return 5",
        },
        "a.py",
        "1",
        "2",
    ),
    "re-export": (
        {
            MAIN: "from made.sub import f\ndef run(): return f()",
            "sub/__init__.py": "from made.sub.a import f",
            "sub/a.py": "def f(): return 1",
        },
        "sub/a.py",
        "1",
        "2",
    ),
    "re-export under another name": (
        {
            MAIN: "import made.sub\ndef run(): return made.sub.g()",
            "sub/__init__.py": "from .a import f as g",
            "sub/a.py": "def f(): return 1",
        },
        "sub/a.py",
        "1",
        "2",
    ),
    "re-exported module": (
        {
            MAIN: "from made.sub import a\ndef run(): return a.f()",
            "sub/__init__.py": "from . import a",
            "sub/a.py": "def f(): return 1",
        },
        "sub/a.py",
        "1",
        "2",
    ),
    "star import": (
        {MAIN: "from made.a import *\ndef run(): return f()", "a.py": "def f(): return 1"},
        "a.py",
        "1",
        "2",
    ),
    "star import through a package": (
        {
            MAIN: "from made.sub import *\ndef run(): return f()",
            "sub/__init__.py": "from .a import *",
            "sub/a.py": "def f(): return 1",
        },
        "sub/a.py",
        "1",
        "2",
    ),
    "lazy package attribute": (
        {
            MAIN: "import made.sub\ndef run(): return made.sub.f",
            "sub/__init__.py": "def __getattr__(name): return 1",
        },
        "sub/__init__.py",
        "1",
        "2",
    ),
    "named by a text": (
        {MAIN: "CLASSES = {'a': 'made.a:A'}\ndef run(): return CLASSES", "a.py": "class A:\n    x = 1"},
        "a.py",
        "1",
        "2",
    ),
    "imported by name": (
        {
            MAIN: "import importlib\ndef run(): return importlib.import_module('made.a').f()",
            "a.py": "def f(): return 1",
        },
        "a.py",
        "1",
        "2",
    ),
    "condition at top level": (
        {MAIN: "FAST = 1\nif FAST > 5:\n    SCALE = 8\nelse:\n    SCALE = 9\ndef run(): return SCALE"},
        MAIN,
        "FAST = 1",
        "FAST = 6",
    ),
    "test of a condition": (
        {
            MAIN: "import sys\nif not sys.flags.debug:\n    def f(): return 8\nelse:\n    def f(): return 9\ndef run(): return f()"
        },
        MAIN,
        "not ",
        "",
    ),
    "first of two imports": (
        {
            MAIN: "try:\n    from made.a import f\nexcept ImportError:\n    from made.b import f\ndef run(): return f()",
            "a.py": "def f(): return 1",
            "b.py": "def f(): return 5",
        },
        "a.py",
        "1",
        "2",
    ),
    "import with a fallback": (
        {
            MAIN: "try:\n    from made.a import f\nexcept ImportError:\n    def f(): return 5\ndef run(): return f()",
            "a.py": "def f(): return 1",
        },
        "a.py",
        "1",
        "2",
    ),
    "import inside a block": (
        {
            MAIN: "import contextlib\nwith contextlib.suppress(ImportError):\n    from made.a import f\ndef run(): return f()",
            "a.py": "def f(): return 1",
        },
        "a.py",
        "1",
        "2",
    ),
    "loop at top level": (
        {MAIN: "TABLE = {}\nfor i in range(1):\n    TABLE[i] = i\ndef run(): return TABLE"},
        MAIN,
        "1",
        "2",
    ),
    "defined by a block elsewhere": (
        {
            MAIN: "from made.a import X\ndef run(): return X",
            "a.py": "import contextlib\nwith contextlib.suppress(ValueError):\n    X = 1",
        },
        "a.py",
        "1",
        "2",
    ),
    "else of a type check": (
        {
            MAIN: "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    X = 5\nelse:\n    X = 1\ndef run(): return X",
        },
        MAIN,
        "1",
        "2",
    ),
    "call at import": (
        {MAIN: "TABLE = {}\ndef fill(): TABLE['x'] = 1\nfill()\ndef run(): return TABLE"},
        MAIN,
        "1",
        "2",
    ),
    "registered in the same module": (
        {
            MAIN: "TABLE = {}\ndef register(f):\n    TABLE[f.__name__] = f\n    return f\n"
            "@register\ndef a(): return 1\ndef run(): return TABLE['a']()",
        },
        MAIN,
        "1",
        "2",
    ),
    "registered by an imported module": (
        {
            MAIN: "import made.plugins\nfrom made.base import TABLE\ndef run(): return TABLE['a']()",
            "base.py": "TABLE = {}\ndef register(f):\n    TABLE[f.__name__] = f\n    return f\n",
            "plugins.py": "from made.base import register\n@register\ndef a(): return 1\n",
        },
        "plugins.py",
        "1",
        "2",
    ),
    "registered by a package": (
        {
            MAIN: "from made.base import TABLE\ndef run(): return TABLE['a']()",
            "__init__.py": "import made.plugins\n",
            "base.py": "TABLE = {}\n",
            "plugins.py": "from made.base import TABLE\ndef a(): return 1\nTABLE['a'] = a\n",
        },
        "plugins.py",
        "1",
        "2",
    ),
    "patched by an imported module": (
        {
            MAIN: "import made.a\nimport made.patch\ndef run(): return made.a.SCALE",
            "a.py": "SCALE = 5",
            "patch.py": "import made.a\nmade.a.SCALE = 1\n",
        },
        "patch.py",
        "1",
        "2",
    ),
    "module that is also patched": (
        {
            MAIN: "from made import a\na.SCALE = 5\ndef run(): return a.f()",
            "a.py": "SCALE = 6\ndef f(): return 1",
        },
        "a.py",
        "1",
        "2",
    ),
    "second patch of an imported table": (
        {
            MAIN: "import made.patch\nfrom made.a import T\ndef run(): return T",
            "a.py": "T = {}",
            "patch.py": "from made.a import T\nT['a'] = 5\nT['b'] = 1\n",
        },
        "patch.py",
        "1",
        "2",
    ),
    "single dispatch on annotations": (
        {
            MAIN: "import functools\n@functools.singledispatch\ndef run(x): return 5\n"
            "@run.register\ndef _(x: int): return 6\n",
        },
        MAIN,
        "int",
        "float",
    ),
    "global that a helper sets": (
        {MAIN: "def init():\n    global X\n    X = 1\ndef run():\n    init()\n    return X"},
        MAIN,
        "1",
        "2",
    ),
    "looked up in globals": (
        {MAIN: "def a(): return 1\ndef run(name='a'): return globals()[name]()"},
        MAIN,
        "return 1",
        "return 2",
    ),
    "annotation that a validator reads": (
        {MAIN: "from made.a import check\n@check\ndef run(x: int): return x", "a.py": "def check(f): return f"},
        MAIN,
        "int",
        "float",
    ),
}
UNCHANGED = {
    "docstring": ({MAIN: "def run():\n    'one'\n    return 5"}, MAIN, "one", "two"),
    "module docstring": ({MAIN: "'one'\ndef run(): return 5"}, MAIN, "one", "two"),
    "docstring of a class": ({MAIN: "class A:\n    'one'\ndef run(): return A"}, MAIN, "one", "two"),
    "docstring of a helper elsewhere": (
        {MAIN: "from made.a import f\ndef run(): return f()", "a.py": "def f():\n    'one'"},
        "a.py",
        "one",
        "two",
    ),
    "comment": ({MAIN: "def run():\n    # one\n    return 5"}, MAIN, "one", "two"),
    "formatting": ({MAIN: "def run(): return [5, 6]"}, MAIN, "return [5, 6]", "\n    return [\n 5,\n 6,\n]"),
    "quotes": ({MAIN: "def run(): return 'a'"}, MAIN, "'a'", '"a"'),
    "annotations": ({MAIN: "def run(x: int, *y: int, z: int = 5) -> int: return x"}, MAIN, "int", "float"),
    "annotation of a variable": ({MAIN: "def run():\n    x: int = 5\n    return x"}, MAIN, "int", "float"),
    "annotation of a constant": ({MAIN: "X: int = 5\ndef run(): return X"}, MAIN, "int", "float"),
    "annotation of a method": (
        {MAIN: "class A:\n    def f(self, x: int): ...\ndef run(): return A"},
        MAIN,
        "int",
        "str",
    ),
    "annotation of a property": (
        {MAIN: "class A:\n    @property\n    def f(self) -> int: ...\ndef run(): return A"},
        MAIN,
        "int",
        "str",
    ),
    "unrelated function": ({MAIN: "def run(): return 5\ndef other(): return 1"}, MAIN, "1", "2"),
    "unrelated constant": ({MAIN: "X = 1\ndef run(): return 5"}, MAIN, "1", "2"),
    "caller": ({MAIN: "def run(): return 5\ndef other(): return run() + 1"}, MAIN, "1", "2"),
    "unrelated function of an imported module": (
        {MAIN: "from made import a\ndef run(): return a.f()", "a.py": "def f(): return 5\ndef g(): return 1"},
        "a.py",
        "1",
        "2",
    ),
    "unused import": (
        {MAIN: "from made.a import f\ndef run(): return 5", "a.py": "def f(): return 1"},
        "a.py",
        "1",
        "2",
    ),
    "program under the module": (
        {MAIN: "def run(): return 5\ndef main(): return 1\nif __name__ == '__main__':\n    main()"},
        MAIN,
        "1",
        "2",
    ),
    "imports for types alone": (
        {
            MAIN: "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from made.a import A\ndef run(x: 'A'): return 5",
            "a.py": "class A:\n    x = 1",
        },
        "a.py",
        "1",
        "2",
    ),
    "log text that looks like a module": (
        {
            MAIN: "import logging\nlog = logging.getLogger('made.a')\ndef run(): log.info('made.a')",
            "a.py": "X = 1",
        },
        "a.py",
        "1",
        "2",
    ),
}


def _edited(files: dict[str, str], path: str, old: str, new: str) -> dict[str, str]:
    assert old in files[path], "the case edits nothing"
    return files | {path: files[path].replace(old, new)}


@pytest.mark.parametrize("case", CHANGED.values(), ids=CHANGED.keys())
def test_edit_of_reached_code_changes_the_digest(case, tmp_path: Path):
    files, path, old, new = case
    before = reach_of(tmp_path, files)
    assert reach_of(tmp_path, files) == before, "the digest is not stable"
    assert reach_of(tmp_path, _edited(files, path, old, new)).code != before.code


@pytest.mark.parametrize("case", UNCHANGED.values(), ids=UNCHANGED.keys())
def test_edit_of_anything_else_does_not(case, tmp_path: Path):
    files, path, old, new = case
    assert reach_of(tmp_path, _edited(files, path, old, new)) == reach_of(tmp_path, files)


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
    chain = "\n".join(f"def f{i}(): return f{i + 1}()" for i in range(1500))
    files = {MAIN: f"def run(): return f0()\n{chain}\ndef f1500(): return 1"}
    changed = _edited(files, MAIN, "return 1", "return 2")
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


def test_only_reached_numerical_libraries_count(tmp_path: Path):
    files = {
        MAIN: "import json\nimport numpy as np\nimport scipy\nimport pandas\nfrom made.a import f\n"
        "def run(): return np.linalg.norm, f, json.dumps, pandas.DataFrame",
        "a.py": "def f():\n    from sklearn.svm import SVC\n    import torch.nn.functional as F\n    return SVC, F.relu\n"
        "def g():\n    import librosa\n    return librosa.load",
    }
    names = [text.split()[0] for text in reach_of(tmp_path, files).libraries]
    assert names == ["numpy", "scikit-learn", "torch"]
    assert f"numpy {np.__version__}" in reach_of(tmp_path, files).libraries


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


def _deco(function):
    @functools.wraps(function)
    def wrapped():
        return function() + 1

    return wrapped


def named() -> int:
    return 1


class Holder:
    def method(self):
        return 1

    @classmethod
    def made(cls):
        return cls()

    @staticmethod
    def alone():
        return 1


renamed = _deco(named)


def _nested():
    def inner():
        return 1

    return inner


UNREACHABLE = {
    "lambda": lambda: 1,
    "nested": _nested(),
    "builtin": len,
    "ufunc": np.add,
    "partial": functools.partial(named),
    "bound": Holder().method,
    "class method": Holder.made,
    "wrapped under a borrowed name": renamed,
    "library": np.mean,
    "no function": 3,
}


@pytest.mark.parametrize("item", UNREACHABLE.values(), ids=UNREACHABLE.keys())
def test_what_has_no_source_of_its_own_is_refused(item):
    with pytest.raises(UnreachableCodeError):
        reach(item)


@pytest.mark.parametrize("item", [named, Holder, Holder.method, Holder.alone])
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
