"""Which statements may change what lies elsewhere: fill a registry, patch a module, lengthen a shared list.

All of it is guesswork on the safe side: what is not plainly harmless is taken to change something.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator, Set

from abaw_pipeline.artifacts.names import bound, chain_of

Own = Callable[[str], bool]
"""Whether a name at a module's top level stands for something first-party."""

_MUTATORS = {
    *("add", "append", "appendleft", "clear", "delitem", "difference_update", "discard", "extend", "extendleft"),
    *("iadd", "insert", "intersection_update", "pop", "popitem", "popleft", "put", "register", "remove", "reverse"),
    *("setattr", "setdefault", "setitem", "sort", "symmetric_difference_update", "update"),
    *("delattr", "exec", "eval", "__setitem__", "__delitem__", "__setattr__", "__delattr__"),
}
"""Functions and methods that change what they are given, or what they belong to."""

_LITERALS = (ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.JoinedStr, ast.BinOp, ast.UnaryOp, ast.Compare)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def running(tree: ast.AST) -> Iterator[ast.AST]:
    """Nodes that run when the statement does: bodies of classes, decorators and defaults, not bodies of functions."""
    if isinstance(tree, ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef):
        arguments = tree.args
        parts = [*arguments.defaults, *filter(None, arguments.kw_defaults), *getattr(tree, "decorator_list", [])]
    else:
        yield tree
        parts = list(ast.iter_child_nodes(tree))
    for part in parts:
        yield from running(part)


def changes_elsewhere(statement: ast.stmt, own: Own, fresh: set[str]) -> bool:
    """Whether a statement at top level changes what other names stand for, as far as it can be told without its calls.

    Args:
        statement: the statement.
        own: which names are first-party.
        fresh: names of this module behind which nothing lies that another name stands for, too.
    """
    inside = set().union(*(map(bound, statement.body))) if isinstance(statement, ast.ClassDef) else set()
    fresh = fresh | inside
    for node in running(statement):
        if isinstance(node, ast.Call) and _tail(node.func) in _MUTATORS:
            if any(own(each.id) for each in ast.walk(node) if isinstance(each, ast.Name)):
                return True
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            if node.target.id not in fresh:
                return True
        elif _is_store(node) and not _is_first_level(node, fresh):
            return True
    return any(_names_own(decorator, own) for decorator in decorators(statement))


def own_calls(statement: ast.stmt, own: Own) -> Iterator[tuple[str, ...]]:
    """Names of first-party functions and classes that run when the statement does."""
    for node in running(statement):
        if isinstance(node, ast.Call) and (chain := chain_of(node.func)) and own(chain[0]):
            yield chain


def decorators(statement: ast.AST) -> Iterator[ast.expr]:
    """Decorators of what a statement defines, also inside classes and branches."""
    for node in [statement] if isinstance(statement, _FUNCTIONS) else ast.walk(statement):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from node.decorator_list


def is_fresh(value: ast.expr | None, own: Own) -> bool:
    """Whether a value is made on the spot, of nothing that has a name of its own."""
    return value is not None and not _names_own(value, own)


def changes_outside(function: ast.FunctionDef | ast.AsyncFunctionDef, *, in_class: bool) -> bool:
    """Whether a function may change what it did not make itself; a method may set attributes of its own object."""
    arguments = [*function.args.posonlyargs, *function.args.args]
    owner = arguments[0].arg if in_class and arguments else None
    made = _made_inside(function)
    for node in ast.walk(function):
        if isinstance(node, ast.Global):
            return True
        if _is_store(node):
            if not _is_first_level(node, {*made, owner} if isinstance(node, ast.Attribute) else made):
                return True
        elif isinstance(node, ast.Call) and (tail := _tail(node.func)) in _MUTATORS:
            if tail == "__setattr__" and node.args and chain_of(node.args[0]) == (owner,):
                continue  # how a frozen dataclass sets its own fields
            if not (isinstance(node.func, ast.Attribute) and _is_first_level(node.func, made)):
                return True
    return False


def _made_inside(function: ast.AST) -> set[str]:
    """Names that a function binds to new things only."""
    made: set[str] = set()
    other: set[str] = set()
    plain: set[int] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name) and (node.value is None or _is_new(node.value)):
                    made.add(target.id)
                    plain.add(id(target))
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in plain:
            other.add(node.id)
        elif isinstance(node, ast.arg):
            other.add(node.arg)
    return made - other


def _is_new(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and hasattr(builtins, value.func.id)
    return isinstance(value, (*_LITERALS, *_COMPREHENSIONS))


def _is_store(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load)


def _is_first_level(node: ast.AST, roots: Set[str | None] | Set[str]) -> bool:
    """Whether a store sets an item or attribute of one of the names itself, not of something further inside."""
    assert isinstance(node, ast.Attribute | ast.Subscript)
    return isinstance(node.value, ast.Name) and node.value.id in roots


def _tail(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def _names_own(tree: ast.AST, own: Own) -> bool:
    return any(own(node.id) for node in ast.walk(tree) if isinstance(node, ast.Name))
