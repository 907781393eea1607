"""An operation for people and programs: its parameters, what it takes and what it answers, in our
types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from fql.plan.language.types import Type
from fqlc.contracts.answers import Answers
from fqlc.contracts.model import Content, Operation, Parameter, Schema
from fqlc.contracts.shapes import Shape, answered, shape_of
from fqlc.names.symbols import ANSWER, EntityInfo

_DEEPEST = 4
_MOST_MEMBERS = 8
"""Members of an enum that people are shown; programs get all."""


def operation_row(row: Mapping[str, object]) -> str:
    """One line of the list of operations."""
    used = row["used_by"]
    by = f"  used by {', '.join(map(str, used))}" if isinstance(used, list) and used else ""
    return f"{row['operation']}{by}"


@dataclass(frozen=True, slots=True)
class ShownField:
    """A property of an object, with those of its own as far down as is shown."""

    name: str
    type: str
    members: Sequence[str]
    fields: Sequence[ShownField]


@dataclass(frozen=True, slots=True)
class ShownValue:
    """What a body or an answer is. `media` is empty for an answer."""

    media: str
    type: str
    fields: Sequence[ShownField]


@dataclass(frozen=True, slots=True)
class ShownParameter:
    """A parameter; `where` is `path`, `query`, `header` or `cookie`."""

    name: str
    where: str
    type: str
    required: bool
    deprecated: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """One operation. It takes one of several bodies; `answers` is None for no JSON."""

    operation: str
    deprecated: bool
    sha256: str
    parameters: Sequence[ShownParameter]
    takes: Sequence[ShownValue]
    answers: ShownValue | None

    def as_json(self) -> dict[str, object]:
        """The same for programs."""
        return asdict(self)


def shown(operation: Operation) -> Shown:
    """What is shown of an operation."""
    answer = answered(operation)
    return Shown(
        operation=operation.name,
        deprecated=operation.deprecated,
        sha256=operation.sha256,
        parameters=[_parameter(one) for one in operation.parameters],
        takes=[] if operation.body is None else list(_bodies(operation.body)),
        answers=None if answer is None else _value_shown("", answer, "Answer"),
    )


def _parameter(one: Parameter) -> ShownParameter:
    of = (
        _value_shown("", shape_of((one.schema,)), "Parameter").type
        if one.schema is not None
        else "JSON"
    )
    return ShownParameter(one.name, one.where, of, one.required, one.deprecated)


def _bodies(content: Content) -> Iterator[ShownValue]:
    for media, schema in content.media.items():
        yield _body(media, schema)


def _body(media: str, schema: Schema | None) -> ShownValue:
    return ShownValue(media, "", ()) if schema is None else _value_shown(
        media, shape_of((schema,)), "Body"
    )  # fmt: skip


def _value_shown(media: str, shape: Shape, name: str) -> ShownValue:
    rows: dict[str, EntityInfo] = {}
    of = Answers(rows, "").type_of(shape, name.lower(), name)
    return ShownValue(media, str(of), list(_fields(of, rows, 1)))


def _fields(of: Type, rows: dict[str, EntityInfo], depth: int) -> Iterator[ShownField]:
    while of.item is not None:
        of = of.item
    row = rows.get(of.name)
    if row is None or row.kind != ANSWER or depth >= _DEEPEST:
        return
    for name, field in row.fields.items():
        below = list(_fields(field.type, rows, depth + 1))
        yield ShownField(name, str(field.type), list(field.members or ()), below)


# As text ---------------------------------------------------------------------


def operation_lines(operation: Shown) -> Iterator[str]:
    """All of one operation."""
    yield operation.operation + ("  (deprecated)" if operation.deprecated else "")
    for one in operation.parameters:
        marks = ("" if one.required else "  (optional)") + ("  (deprecated)" * one.deprecated)
        yield f"  {one.where} {one.name}: {one.type}{marks}"
    for value in operation.takes:
        yield f"  takes {value.media}{': ' if value.type else ''}{value.type}"
        yield from _field_lines(value.fields, 2)
    if operation.answers is None:
        yield "  answers no JSON"
        return
    yield f"  answers {operation.answers.type}"
    yield from _field_lines(operation.answers.fields, 2)


def _field_lines(fields: Sequence[ShownField], depth: int) -> Iterator[str]:
    for field in fields:
        members = f"  {_some(field.members)}" if field.members else ""
        yield f"{'  ' * depth}{field.name}: {field.type}{members}"
        yield from _field_lines(field.fields, depth + 1)


def _some(members: Sequence[str]) -> str:
    more = len(members) - _MOST_MEMBERS
    told = " | ".join(members[:_MOST_MEMBERS])
    return f"{told} and {more} more" if more > 0 else told
