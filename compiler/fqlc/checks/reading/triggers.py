"""`on: Order.insert`: what an observer watches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

from fql.near import nearest
from fqlc.checks.describe import quoted
from fqlc.checks.model import EventName
from fqlc.checks.reading.settings import report_unknown
from fqlc.diagnostics.model import Edit, Fix, Label
from fqlc.diagnostics.similar import similar_fix
from fqlc.diagnostics.sink import Sink
from fqlc.names.project import Project
from fqlc.syntax.tree import ast

EVENTS: tuple[EventName, ...] = get_args(EventName)


def read_triggers(
    value: ast.Expr, project: Project, sink: Sink
) -> tuple[str | None, tuple[EventName, ...]]:
    """The entity and the events, in the order insert, update, delete; None where it is unknown."""
    if isinstance(value, ast.BinaryOf) and value.op in ("or", "and"):
        _not_joined(value, sink)
    items = tuple(_items(value))
    quoted_ones = [item for item in items if _fix(item) is not None]
    if len(quoted_ones) > 1:
        _all_quoted(value, quoted_ones, sink)
    entities: dict[str, ast.NameUse] = {}
    events: dict[EventName, ast.Expr] = {}
    for item in items:
        pair = _trigger(item, project, sink)
        if pair is None:
            continue
        entity, event = pair
        _one_entity(entity, entities, sink)
        entities.setdefault(entity.text, entity)
        if event in events and len(entities) == 1:
            _twice(item, events[event], sink)
        events[event] = item
    name = next(iter(entities), None)
    return name, tuple(e for e in EVENTS if e in events)


def _items(value: ast.Expr) -> Iterator[ast.Expr]:
    """The triggers of a list, also of what `||` joins."""
    if isinstance(value, ast.ListLiteral):
        yield from value.items
    elif isinstance(value, ast.BinaryOf) and value.op in ("or", "and"):
        yield from _items(value.left)
        yield from _items(value.right)
    else:
        yield value


def _not_joined(value: ast.BinaryOf, sink: Sink) -> None:
    sink.error(
        "FQL206",
        "several triggers must be a list",
        value.span,
        label="not a list",
        help=("write `on: [Order.insert, Order.update]`",),
    )


def _trigger(item: ast.Expr, project: Project, sink: Sink) -> tuple[ast.NameUse, EventName] | None:
    if isinstance(item, ast.ErrorExpression):
        return None
    if not isinstance(item, ast.MemberAccess) or not isinstance(item.of, ast.NameUse):
        _mark_meant(item, project)
        message = "`on` takes `Entity.insert`, `Entity.update` or `Entity.delete`"
        sink.error(
            "FQL206", message, item.span, label="not a trigger", help=_how(item), fix=_fix(item)
        )
        return None
    entity = _entity(item.of, project, sink)
    if entity is None:
        return None
    project.uses.mark("entity", entity.text, entity.span)
    event = next((e for e in EVENTS if e == item.name.text), None)
    if event is None:
        event = _unknown_event(entity, item.name, sink)
    return None if event is None else (entity, event)


def _mark_meant(item: ast.Expr, project: Project) -> None:
    """An entity that is named without its event, or in quotes, is used."""
    written = {ast.NameUse: "text", ast.StringLiteral: "value"}.get(type(item), "")
    text = str(getattr(item, written, ""))
    for name in project.entities:
        if text.startswith(name):
            project.uses.mark("entity", name, item.span)


def _how(item: ast.Expr) -> tuple[str, ...]:
    """Say which event an entity on its own lacks, and how a list by dashes is written."""
    if isinstance(item, ast.UnaryOf | ast.BinaryOf):
        return ("a list is written in brackets: `on: [Order.insert, Order.update]`",)
    return (f"write `{item.text}.update`",) if isinstance(item, ast.NameUse) else ()


def _all_quoted(value: ast.Expr, items: list[ast.Expr], sink: Sink) -> None:
    """Several triggers in quotes are one mistake."""
    edits = tuple(edit for item in items if (fix := _fix(item)) for edit in fix.edits)
    sink.error(
        "FQL206", "triggers are written without quotes", items[0].span, label="a text",
        help=("write `on: [Order.insert, Order.update]`",), fix=Fix(edits), covers=value.span,
    )  # fmt: skip


def _fix(item: ast.Expr) -> Fix | None:
    """A trigger in quotes, without them."""
    if not isinstance(item, ast.StringLiteral) or item.value.partition(".")[2] not in EVENTS:
        return None
    return Fix((Edit(item.span, item.value),))


def _entity(entity: ast.NameUse, project: Project, sink: Sink) -> ast.NameUse | None:
    """The name of an entity, of the one that was meant where it is misspelt; None for neither."""
    if entity.text in project.entities:
        return entity
    if project.unreadable(entity.text):
        return None
    close = report_unknown("entity", entity, entity.text, list(project.entities), sink)
    return replace(entity, text=close) if close else None


def _unknown_event(entity: ast.NameUse, name: ast.Name, sink: Sink) -> EventName | None:
    """Report it; gives the event that was probably meant."""
    other = _OTHER_WORDS.get(name.text.lower())
    meant = other or nearest(name.text, EVENTS)
    close = next((event for event in EVENTS if event == meant), None)
    sink.error(
        "FQL206",
        f"`{entity.text}` has no event `{name.text}`: it is {quoted(EVENTS)}",
        name.span,
        label="unknown event",
        help=(f"write `{entity.text}.{close}`",) if close else (),
        fix=similar_fix(name.text, close, name.span, alias=other is not None),
    )
    return close


_OTHER_WORDS = {
    "create": "insert", "created": "insert", "inserted": "insert", "new": "insert",
    "change": "update", "changed": "update", "updated": "update", "modify": "update",
    "remove": "delete", "removed": "delete", "deleted": "delete",
}  # fmt: skip


def _one_entity(entity: ast.NameUse, before: dict[str, ast.NameUse], sink: Sink) -> None:
    other = next((e for name, e in before.items() if name != entity.text), None)
    if other is not None:
        sink.error(
            "FQL206",
            f"an observer watches one entity, not `{other.text}` and `{entity.text}`",
            entity.span,
            label="another entity",
            labels=(Label(other.span, f"`{other.text}` is watched here"),),
            help=("write a second observer",),
        )


def _twice(item: ast.Expr, first: ast.Expr, sink: Sink) -> None:
    sink.error(
        "FQL203",
        "the same trigger is written twice",
        item.span,
        label="written again here",
        labels=(Label(first.span, "first written here"),),
    )
