"""A body as it is written: which entry of which object a value belongs to, by its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fqlc.contracts.judging.wire.values import Value
from fqlc.syntax.tree import ast
from fqlc.syntax.tree.walk import walk
from fqlc.types.report import bare

At = tuple[int, int]


@dataclass(frozen=True, slots=True)
class WrittenBody:
    """The nodes of a body by place."""

    objects: Mapping[At, ast.ObjectLiteral]
    entries: Mapping[At, tuple[ast.ObjectLiteral, ast.ObjectEntry]]
    values: Mapping[At, ast.Expr]

    def object_of(self, value: Value) -> ast.ObjectLiteral | None:
        """The object that a value is written as."""
        return self.objects.get(_at(value))

    def entry_of(self, value: Value) -> tuple[ast.ObjectLiteral, ast.ObjectEntry] | None:
        """The entry that has the value, and the object that it is in."""
        return self.entries.get(_at(value))

    def node_of(self, value: Value) -> ast.Expr | None:
        """What is written for a value."""
        return self.values.get(_at(value))


def written_body(block: ast.Block) -> WrittenBody:
    """The body of an action."""
    objects: dict[At, ast.ObjectLiteral] = {}
    entries: dict[At, tuple[ast.ObjectLiteral, ast.ObjectEntry]] = {}
    values: dict[At, ast.Expr] = {}
    body = next((entry.value for entry in block.entries if entry.key.text == "body"), None)
    for node in walk(body) if body is not None else ():
        at = node.span.start, node.span.end
        if isinstance(node, ast.ObjectLiteral):
            objects[at] = node
            for entry in node.entries:
                if entry.key is not None:
                    inner = bare(entry.value).span
                    entries[inner.start, inner.end] = node, entry
        if not isinstance(node, ast.ObjectEntry | ast.Name):
            values.setdefault(at, node)  # type: ignore[arg-type]
    return WrittenBody(objects, entries, values)


def _at(value: Value) -> At:
    at = value.expr.at if value.expr is not None else None
    return at if at is not None else (-1, -1)
