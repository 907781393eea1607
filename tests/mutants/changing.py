"""Every small change of the functions of one file: the line, the words for it, and the file with
that change. What is outside of functions, such as constants, has done its work when a test begins.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult,
}  # fmt: skip
BARE = (ast.Name, ast.Attribute, ast.Call, ast.NamedExpr)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Change:
    """One change of a file: `lines` are those of what was there, and `code` is the whole file with
    the change."""

    path: Path
    lines: range
    words: str
    code: CodeType

    def told(self, root: Path) -> str:
        """Where it is, and what it changes, on one line."""
        return f"{self.path.relative_to(root)}:{self.lines.start}: {self.words}"


def changes_of(path: Path) -> Iterator[Change]:
    """All changes of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for parent in _parts(tree):
        for name, value in ast.iter_fields(parent):
            items = value if isinstance(value, list) else [value]
            for at, node in enumerate(items):
                if not isinstance(node, ast.AST):
                    continue
                for words, other in _others(parent, name, node):
                    ast.copy_location(other, node)
                    _put(parent, name, at, value, other)
                    code = compile(ast.fix_missing_locations(tree), str(path), "exec")
                    _put(parent, name, at, value, node)
                    yield Change(path, _lines(node), f"{words}: {_shown(node, other)}", code)


def _parts(tree: ast.Module) -> list[ast.AST]:
    """All functions, and what their bodies are made of; each once."""
    functions = [node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)]
    inside = [node for one in functions for body in one.body for node in ast.walk(body)]
    return list({id(node): node for node in (*functions, *inside)}.values())


def _lines(node: ast.AST) -> range:
    first: int = getattr(node, "lineno", 0)
    return range(first, (getattr(node, "end_lineno", None) or first) + 1)


def _shown(node: ast.AST, other: ast.AST) -> str:
    before = " ".join(ast.unparse(node).split())
    after = " ".join(ast.unparse(other).split())
    return before if isinstance(other, ast.Pass) else f"{before} -> {after}"


def _others(parent: ast.AST, name: str, node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """What may be in the place of a node, with a few words."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARED:
        other = copy.copy(node)
        other.ops = [COMPARED[type(node.ops[0])](), *node.ops[1:]]
        yield "comparison", other
    elif isinstance(node, ast.BoolOp):
        turned = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield "and/or", ast.BoolOp(turned, node.values)
    elif isinstance(node, ast.BinOp) and type(node.op) in COMPUTED:
        yield "arithmetic", ast.BinOp(node.left, COMPUTED[type(node.op)](), node.right)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not", node.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield "constant", ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield "constant", ast.Constant(node.value + 1)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield "call left out", ast.Pass()
    elif isinstance(node, ast.Assign | ast.AugAssign) and _is_kept(node):
        yield "assignment left out", ast.Pass()
    elif isinstance(node, BARE) and _is_condition(parent, name):
        yield "condition", ast.UnaryOp(ast.Not(), node)


def _is_condition(parent: ast.AST, name: str) -> bool:
    return name == "test" or (isinstance(parent, ast.BoolOp) and name == "values")


def _is_kept(node: ast.Assign | ast.AugAssign) -> bool:
    """Whether it changes something that is there already: without it, other names still are."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return all(isinstance(one, ast.Attribute | ast.Subscript) for one in targets)


def _put(parent: ast.AST, name: str, at: int, value: object, node: ast.AST) -> None:
    if isinstance(value, list):
        value[at] = node
    else:
        setattr(parent, name, node)
