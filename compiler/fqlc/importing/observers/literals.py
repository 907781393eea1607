"""Values of Python source that are written out: literals, `+`, constants of the module. Nothing is
executed: `ast.parse` alone reads it."""

from __future__ import annotations

import ast
from collections.abc import Mapping

LONGEST_TEXT = 1_000_000
"""Characters that a text made by `+` may have, and items of a list."""
_DEEPEST = 100


class NotLiteral(ValueError):
    """A value that only running the program would tell."""

    def __init__(self, node: ast.AST) -> None:
        super().__init__("not literal")
        self.line = getattr(node, "lineno", 0)


class Constants(dict[str, ast.expr]):
    """Constants of a module by name, with the values that were worked out: each is, once."""

    def __init__(self, found: Mapping[str, ast.expr]) -> None:
        super().__init__(found)
        self.values_by_name: dict[str, object] = {}


def constants_of(module: ast.Module) -> Constants:
    """What names of the module are given once, and only once."""
    found: dict[str, ast.expr] = {}
    again: set[str] = set()
    for node in module.body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
        for target in targets:
            if isinstance(target, ast.Name) and value is not None:
                again |= {target.id} & set(found)
                found[target.id] = value
    return Constants({name: value for name, value in found.items() if name not in again})


def value_of(node: ast.expr, constants: Constants, depth: int = 0) -> object:
    """The value. Raises NotLiteral, with the line of what is not one."""
    if depth > _DEEPEST:
        raise NotLiteral(node)
    if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float | None):
        return node.value
    if isinstance(node, ast.List | ast.Tuple):
        return [value_of(item, constants, depth + 1) for item in node.elts]
    if isinstance(node, ast.Dict):
        return _dict(node, constants, depth)
    if isinstance(node, ast.Name) and node.id in constants:
        known = constants.values_by_name
        if node.id not in known:
            known[node.id] = value_of(constants[node.id], constants, depth + 1)
        return known[node.id]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _sum(node, constants, depth)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = value_of(node.operand, constants, depth + 1)
        if isinstance(value, int | float):
            return -value
    raise NotLiteral(node)


def _dict(node: ast.Dict, constants: Constants, depth: int) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        name = value_of(key, constants, depth + 1) if key is not None else None
        if not isinstance(name, str):
            raise NotLiteral(key or value)
        found[name] = value_of(value, constants, depth + 1)
    return found


def _sum(node: ast.BinOp, constants: Constants, depth: int) -> object:
    left = value_of(node.left, constants, depth + 1)
    right = value_of(node.right, constants, depth + 1)
    if isinstance(left, str) and isinstance(right, str) and len(left + right) <= LONGEST_TEXT:
        return left + right
    if isinstance(left, list) and isinstance(right, list) and len(left + right) <= LONGEST_TEXT:
        return left + right
    raise NotLiteral(node)
