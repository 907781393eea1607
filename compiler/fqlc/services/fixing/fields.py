"""Declaring a field that is used and not there."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from fql.plan.language.functions import overloads
from fql.plan.language.types import (
    BOOLEAN,
    DECIMAL,
    DURATION,
    INT,
    JSON,
    STRING,
    UNWRITTEN,
    Type,
    list_of,
)
from fqlc.diagnostics.model import Diagnostic, Edit
from fqlc.services.answers import ActionKind, CodeAction
from fqlc.services.snapshot import Snapshot
from fqlc.source.text import Span
from fqlc.syntax.tree import ast


def missing_field(snapshot: Snapshot, diagnostic: Diagnostic) -> Iterator[CodeAction]:
    """Declare a field that is not there, of the type that is expected where it is used."""
    if diagnostic.code not in ("FQL201", "FQL311") or not diagnostic.labels:
        return
    owner = snapshot.index.at(diagnostic.labels[0].span.path, diagnostic.labels[0].span.start)
    source = snapshot.sources.get(diagnostic.span.path)
    row = snapshot.program.project.row(owner.thing.name) if owner is not None else None
    if row is None or source is None or row.broken or owner is None or owner.span != row.span:
        return
    name = source.text[diagnostic.span.start : diagnostic.span.end]
    if not name.isidentifier() or row.named(name) is not None:
        return
    symbols = {**snapshot.program.project.entities, **snapshot.program.project.types}
    declaration = symbols[row.name].declaration
    spread = any(
        isinstance(n, ast.ObjectEntry) and n.key is None for n in snapshot.nodes_at(diagnostic.span)
    )
    if isinstance(declaration, ast.EntityDeclaration | ast.TypeDeclaration) and not spread:
        edit = _field_edit(snapshot, declaration, f"{name}: {_type(snapshot, diagnostic)}")
        title = f"declare `{name}` in `{row.name}`"
        yield CodeAction(title, ActionKind.QUICK_FIX, (edit,), (diagnostic,))


def _type(snapshot: Snapshot, diagnostic: Diagnostic) -> Type:
    """The type that a field must have wherever it is missing: the first that a use tells."""
    same = (d for d in snapshot.diagnostics if d.message == diagnostic.message)
    found = (wanted_type(snapshot, d.span) for d in same)
    return next((of for of in found if of is not None), STRING)


def _field_edit(
    snapshot: Snapshot, declaration: ast.EntityDeclaration | ast.TypeDeclaration, text: str
) -> Edit:
    """A field after the last one."""
    path = declaration.span.path
    brace = declaration.span.end - 1
    if not declaration.fields:
        return Edit(Span(path, brace, brace), f" {text} ")
    last = declaration.fields[-1].span
    source = snapshot.sources[path]
    line = source.text.rfind("\n", 0, last.start) + 1
    indent = source.text[line : last.start]
    between = f"\n{indent}" if not indent.strip() else "  "
    return Edit(Span(path, last.end, last.end), f"{between}{text}")


def wanted_type(snapshot: Snapshot, span: Span) -> Type | None:
    """The type that a use expects of an unknown name; None where nothing is known."""
    for heard in snapshot.trace.around(span.path, span.end):
        if heard.written.span.end == span.end and heard.expected is not None:
            return _usable(heard.expected)
    nodes = snapshot.nodes_at(span)
    for outer, node in reversed(list(pairwise(nodes))):
        if isinstance(outer, ast.BinaryOf):
            other = outer.right if node is outer.left else outer.left
            of = _literal_type(other) or snapshot.type_of(other)
            return None if of is None else _usable(of)
        if isinstance(outer, ast.CallOf) and isinstance(node, ast.MemberAccess):
            found = overloads(node.name.text, "method")
            return _usable(found[0].operand) if found else None
    return None


def _literal_type(expr: ast.Expr) -> Type | None:
    match expr:
        case ast.NumberLiteral(value=value):
            return INT if isinstance(value, int) else DECIMAL
        case ast.WordLiteral(value=bool()):
            return BOOLEAN
    return None


def _usable(of: Type) -> Type:
    """The type as one that a field can have."""
    of = of.required()
    if of.item is not None:
        return list_of(_usable(of.item))
    if of.name in UNWRITTEN or of == DURATION:
        return JSON if of.name == "Object" else STRING
    return of
