"""Walking a syntax tree without knowing its nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields

from fqlc.syntax.tree import ast


def _names(kind: type[ast.Tree]) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind) if f.name != "span")


_FIELDS: Mapping[type[ast.Tree], tuple[str, ...]] = {
    kind: _names(kind)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.Tree)
}
"""The fields of each class of nodes but `span`, in order."""


def children(node: ast.Tree) -> Iterator[ast.Tree]:
    """The nodes directly below, in the order of the fields."""
    for name in _FIELDS[type(node)]:
        value = getattr(node, name)
        if isinstance(value, ast.Tree):
            yield value
        elif isinstance(value, tuple):
            for item in value:
                if isinstance(item, ast.Tree):
                    yield item


def walk(node: ast.Tree) -> Iterator[ast.Tree]:
    """The node and all below it, parents first; works at any depth."""
    stack = [node]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(reversed(list(children(top))))
