import ast
from pathlib import Path

import pytest
from tests.artifacts.packages import package

from abaw_pipeline.artifacts.symbols import imported_modules, imported_names, load_symbols


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("import a.b.c", {"a": ("a", None)}),
        ("import a.b.c as d", {"d": ("a.b.c", None)}),
        ("from a.b import c as d, e", {"d": ("a.b", "c"), "e": ("a.b", "e")}),
        ("from . import a", {"a": ("made.sub", "a")}),
        ("from .. import a", {"a": ("made", "a")}),
        ("from ..b import *", {"*": ("made.b", "*")}),
    ],
)
def test_imported_names(statement, names):
    assert dict(imported_names(ast.parse(statement).body[0], "made.sub")) == names


def test_imported_modules_include_what_a_from_import_may_name():
    body = ast.parse("import a.b\nfrom c import d\nfrom . import e").body
    assert [name for each in body for name in imported_modules(each, "made")] == ["a.b", "c", "c.d", "made", "made.e"]


def test_a_package_is_its_own_package(tmp_path: Path):
    with package(tmp_path, {"__init__.py": "from . import a", "a.py": "from . import b"}):
        for module in ("made", "made.a"):
            symbols = load_symbols(module)
            assert symbols is not None
            assert symbols.package == "made"


@pytest.mark.parametrize("module", ["numpy", "json", "sys", "made_nowhere", "", "__main__", "abaw_pipeline.nowhere"])
def test_other_modules_have_no_symbols(module):
    assert load_symbols(module) is None


def test_plain_modules_have_no_effects():
    """What only defines must not count wherever it is imported, or every edit would recompute everything."""
    for name in ("fingerprint", "recipe", "symbols", "formats"):
        symbols = load_symbols(f"abaw_pipeline.artifacts.{name}")
        assert symbols is not None
        assert not symbols.effects


def test_a_source_in_another_encoding_is_read(tmp_path: Path):
    with package(tmp_path, {"__init__.py": ""}) as _:
        import made

        path = Path(made.__path__[0]) / "latin.py"
        path.write_bytes("# coding: latin-1\nNAME = 'é'\n".encode("latin-1"))
        symbols = load_symbols("made.latin")
    assert symbols is not None
    assert ast.unparse(symbols.definitions["NAME"][0]) == "NAME = 'é'"
