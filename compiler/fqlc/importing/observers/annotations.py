"""Types of Python annotations, by syntax alone; and guesses from names."""

from __future__ import annotations

import ast
from collections.abc import Mapping

_TYPES: Mapping[str, str] = {
    "ID": "ID", "str": "String", "int": "Int", "float": "Float", "bool": "Boolean",
    "Decimal": "Decimal", "UUID": "UUID", "datetime": "DateTime", "DateTime": "DateTime",
    "date": "Date", "Date": "Date", "EmailStr": "String",
}  # fmt: skip


def type_of(node: ast.expr, depth: int = 0) -> str:
    """The type of the language for an annotation; `JSON` for what may hold anything."""
    if depth > 20:
        return "JSON"
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _of_text(node.value)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        sides = [side for side in (node.left, node.right) if not _is_none(side)]
        return _nullable(sides[0], depth) if len(sides) == 1 else "JSON"
    if isinstance(node, ast.Subscript):
        return _subscript(node, depth)
    return _TYPES.get(_name(node), "JSON")


def _subscript(node: ast.Subscript, depth: int) -> str:
    name = _name(node.value)
    if name == "Optional":
        return _nullable(node.slice, depth)
    if name in ("list", "List", "Sequence"):
        return f"[{type_of(node.slice, depth + 1)}]"
    return "JSON"


def _nullable(node: ast.expr, depth: int) -> str:
    return type_of(node, depth + 1).removesuffix("?") + "?"


def _of_text(text: str) -> str:
    try:
        return type_of(ast.parse(text, mode="eval").body, 1)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return "JSON"


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def guessed(name: str) -> str:
    """The likely type of a field of which only the name is known."""
    if name == "id" or name.endswith("_id"):
        return "ID"
    if name.endswith("_at"):
        return "DateTime"
    words = {"amount", "total", "price", "sum", "cost"}
    return "Decimal" if words & set(name.split("_")) else "String"
