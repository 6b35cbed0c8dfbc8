import ast

import pytest

from abaw_pipeline.artifacts.normal import normal


def text(source: str) -> str:
    return normal(ast.parse(source).body[0])


CASES = {
    "def f(a: int, /, b: int = 1, *c: int, d, **e: int) -> int: ...": "def f(a, /, b=1, *c, d, **e):\n    pass",
    "async def f(a: int): 'text'": "async def f(a):\n    pass",
    "def f():\n    'text'\n    return 'value'": "def f():\n    return 'value'",
    "class A:\n    'text'\n    x: int = 1\n    'text of x'": "class A:\n    x: int = 1",
    "class A:\n    def f(self, y: int):\n        z: int": "class A:\n\n    def f(self, y):\n        z: None",
    "@property\ndef f(x: int) -> int: return x": "@property\ndef f(x):\n    return x",
    "@functools.lru_cache(1)\ndef f(x: int): return x": "@functools.lru_cache(1)\ndef f(x):\n    return x",
    "@check\ndef f(x: int): return x": "@check\ndef f(x: int):\n    return x",
}


@pytest.mark.parametrize(("source", "expected"), CASES.items())
def test_what_counts(source, expected):
    assert text(source) == expected


def test_a_normal_form_is_its_own():
    source = "class A(B):\n    x: int\n    @check\n    def f(self, x: int): 'text'\n    def g(self) -> int: return 1"
    assert text(text(source)) == text(source)


def test_a_local_declaration_stays_local():
    """Without it the name would be the module's."""
    assert "x: None" in text("def f():\n    x: int\n    return x")
