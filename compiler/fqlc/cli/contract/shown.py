"""An operation for people: its parameters, what it takes and what it answers, in our types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fql.plan.language.types import Type
from fqlc.contracts.answers import Answers
from fqlc.contracts.model import Content, Operation
from fqlc.contracts.shapes import answered, shape_of
from fqlc.names.symbols import ANSWER, EntityInfo

_DEEPEST = 4


def operation_row(row: Mapping[str, object]) -> str:
    """One line of the list of operations."""
    used = row["used_by"]
    by = f"  used by {', '.join(map(str, used))}" if isinstance(used, list) and used else ""
    return f"{row['operation']}{by}"


def operation_lines(operation: Operation) -> Iterator[str]:
    """All of one operation."""
    yield operation.name + ("  (deprecated)" if operation.deprecated else "")
    for one in operation.parameters:
        shape = shape_of((one.schema,)) if one.schema is not None else None
        of = Answers({}, "").type_of(shape, "p", "Parameter") if shape is not None else "JSON"
        yield f"  {one.where} {one.name}: {of}{'' if one.required else '  (optional)'}"
    if operation.body is not None:
        yield from _content("takes", operation.body)
    shape = answered(operation)
    if shape is None:
        yield "  answers no JSON"
        return
    rows: dict[str, EntityInfo] = {}
    of = Answers(rows, "").type_of(shape, "answer", "Answer")
    yield f"  answers {of}"
    yield from _field_lines(of, rows, 2)


def _content(word: str, content: Content) -> Iterator[str]:
    for media, schema in content.media.items():
        if schema is None:
            yield f"  {word} {media}"
            continue
        rows: dict[str, EntityInfo] = {}
        of = Answers(rows, "").type_of(shape_of((schema,)), "body", "Body")
        yield f"  {word} {media}: {of}"
        yield from _field_lines(of, rows, 2)


def _field_lines(of: Type, rows: dict[str, EntityInfo], depth: int) -> Iterator[str]:
    while of.item is not None:
        of = of.item
    row = rows.get(of.name)
    if row is None or row.kind != ANSWER or depth > _DEEPEST:
        return
    for name, field in row.fields.items():
        members = f"  {' | '.join(field.members)}" if field.members else ""
        yield f"{'  ' * depth}{name}: {field.type}{members}"
        yield from _field_lines(field.type, rows, depth + 1)
