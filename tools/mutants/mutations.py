"""A module's source -> its mutants: the same source with one small mistake each.

Beside the usual ones (an operator swapped, a condition replaced, a statement left out) some that
fit this code: an entry left out of a table, a field left out of a struct, an argument not passed.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}


@dataclass(frozen=True)
class Mutant:
    """One mistake."""

    line: int
    last_line: int
    where: str
    """Function or class, empty for the module itself."""
    what: str
    """Before and after, in one line."""
    place: int
    choice: int

    @property
    def name(self) -> str:
        """Names it as long as the code around it stays; lines may move."""
        return f"{self.where}: {self.what}" if self.where else self.what


def mutants(source: str) -> Iterator[Mutant]:
    """All mutants of a module, from top to bottom.

    Annotations, docstrings and the texts of errors and logs are left alone.
    """
    for place, (node, where) in enumerate(_mutable(ast.parse(source), "")):
        before = _text(node)
        for choice in range(_choices(node)):
            after = _mutate(copy.deepcopy(node), choice)
            if before != after:
                last = node.test.end_lineno if isinstance(node, ast.If | ast.While) else None
                last_line = last or node.end_lineno or node.lineno
                yield Mutant(node.lineno, last_line, where, f"{before} -> {after}", place, choice)


def mutated(source: str, mutant: Mutant) -> str:
    """The module with the mistake in it."""
    tree = ast.parse(source)
    node = next(node for place, (node, _) in enumerate(_mutable(tree, "")) if place == mutant.place)
    _mutate(node, mutant.choice)
    return ast.unparse(ast.fix_missing_locations(tree))


_Node = ast.expr | ast.stmt


def _mutable(tree: ast.AST, where: str) -> Iterator[tuple[_Node, str]]:
    """Nodes in a fixed order, each with the function or class that it stands in."""
    for field, value in ast.iter_fields(tree):
        if field in ("annotation", "returns", "decorator_list", "type_params", "bases"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or _is_left_alone(child):
                continue
            inner = where
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                inner = f"{where}.{child.name}".lstrip(".")
            if isinstance(child, ast.expr | ast.stmt):
                yield child, inner
            yield from _mutable(child, inner)


def _is_left_alone(node: ast.AST) -> bool:
    if isinstance(node, ast.Raise | ast.Assert | ast.Import | ast.ImportFrom | ast.JoinedStr):
        return True
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    if isinstance(node, ast.Expr):
        value = node.value
        is_log = isinstance(value, ast.Call) and _text(value.func).startswith("_log.")
        return isinstance(value, ast.Constant) or is_log
    return False


def _choices(node: _Node) -> int:
    """How many mistakes can be made at a node."""
    match node:
        case ast.Tuple(elts=entries, ctx=ast.Load()) | ast.List(elts=entries, ctx=ast.Load()):
            return len(entries) if len(entries) > 1 else 0
        case ast.Set(elts=entries):
            return len(entries) if len(entries) > 1 else 0
        case ast.Dict(keys=keys):
            return len(keys)
        case ast.Call(func=ast.Name(id="field" | "replace")):
            return 0
        case ast.Call(keywords=keywords):
            return len([one for one in keywords if one.arg is not None])
        case ast.Compare(ops=[operator]):
            return int(type(operator) in _COMPARISONS)
        case ast.BinOp(op=operation) | ast.AugAssign(op=operation):
            return int(type(operation) in _OPERATORS)
        case ast.Constant(value=value):
            return int(type(value) in (int, bool))
        case ast.BoolOp(values=values):
            return 1 + len(values)
        case ast.IfExp() | ast.Continue() | ast.Break():
            return 1
        case ast.While():
            return 1
        case ast.If():
            return 2
        case ast.Expr():
            return 1
        case ast.AnnAssign(value=value, simple=1) if value is not None and _is_unset(value):
            return 1
    return 0


def _is_unset(value: ast.expr) -> bool:
    """A field of a struct that keeps what it names."""
    return isinstance(value, ast.Name) and value.id == "_UNSET"


def _mutate(node: _Node, choice: int) -> str:
    """Makes the mistake; returns what stands there now."""
    match node:
        case ast.Tuple() | ast.List() | ast.Set():
            del node.elts[choice]
        case ast.Dict():
            del node.keys[choice], node.values[choice]
        case ast.Call():
            node.keywords.remove([one for one in node.keywords if one.arg is not None][choice])
        case ast.Compare():
            node.ops = [_COMPARISONS[type(node.ops[0])]()]
        case ast.BinOp() | ast.AugAssign():
            node.op = _OPERATORS[type(node.op)]()
        case ast.Constant():
            value = node.value
            node.value = not value if isinstance(value, bool) else int(str(value)) + 1
        case ast.BoolOp():
            if choice == 0:
                node.op = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
            else:
                del node.values[choice - 1]
        case ast.IfExp():
            node.body, node.orelse = node.orelse, node.body
        case ast.If() | ast.While():
            node.test = ast.Constant(choice == 1)
        case ast.Expr():
            node.value = ast.Constant(None)
        case ast.AnnAssign():
            assert isinstance(node.target, ast.Name)
            node.target.id = f"_{node.target.id}"
        case ast.Continue() | ast.Break():
            return _replace_jump(node)
    return _text(node)


def _replace_jump(node: ast.stmt) -> str:
    was_continue = isinstance(node, ast.Continue)
    node.__class__ = ast.Break if was_continue else ast.Continue
    return "break" if was_continue else "continue"


def _text(node: ast.AST) -> str:
    """A node in one line; of a branch the condition alone."""
    if isinstance(node, ast.If | ast.While):
        return f"{type(node).__name__.lower()} {ast.unparse(node.test)}"
    return " ".join(ast.unparse(node).split())
