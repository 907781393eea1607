"""A field of an entity that is renamed keeps its column."""

from __future__ import annotations

from collections.abc import Iterator

from fqlc.diagnostics.model import Edit
from fqlc.services.answers import What
from fqlc.services.index.things import Thing
from fqlc.services.snapshot import Snapshot
from fqlc.source.text import Span
from fqlc.syntax.tree import ast


def column_edits(snapshot: Snapshot, thing: Thing, new: str) -> Iterator[Edit]:
    """`@column("old")` where the field has no column of its own; where the column is called as
    the field will be, the attribute goes."""
    field = _column_field(snapshot, thing)
    if field is None or field.computed is not None:
        return
    written = next((a for a in field.attributes if a.name.text == "column"), None)
    end = field.type.span.end
    if written is None:
        yield Edit(Span(field.span.path, end, end), f' @column("{thing.name}")')
    elif _written_column(written) == new:
        before = [a.span.end for a in field.attributes if a.span.end <= written.span.start]
        start = max([end, *before])
        yield Edit(Span(field.span.path, start, written.span.end), "")


def _written_column(attribute: ast.Attribute) -> str | None:
    first = attribute.arguments[0] if len(attribute.arguments) == 1 else None
    return first.value if isinstance(first, ast.StringLiteral) else None


def _column_field(snapshot: Snapshot, thing: Thing) -> ast.FieldDeclaration | None:
    """The declaration of a field that is a column."""
    symbol = snapshot.program.project.entities.get(thing.owner)
    declaration = symbol.declaration if symbol is not None else None
    if thing.what is not What.FIELD or not isinstance(declaration, ast.EntityDeclaration):
        return None
    return next((f for f in declaration.fields if f.name.text == thing.name), None)
