"""FQL371: a field that is to be encrypted, and is not in the body: a slip would leave it clear."""

from __future__ import annotations

from collections.abc import Iterator

from fql.near import nearest, question
from fql.plan.language import expressions as e
from fql.plan.language.types import Type
from fqlc.checks.model import ActionModel, Program
from fqlc.diagnostics.sink import Sink
from fqlc.names.project import Project


def check(program: Program, sink: Sink) -> None:
    """Judge what an action itself says about its own body; wider settings serve many bodies."""
    for observer in program.observers:
        for action in observer.actions:
            if action.body is not None:
                _fields(action, action.body, program.project, sink)


def _fields(action: ActionModel, body: e.Expr, project: Project, sink: Sink) -> None:
    given = action.settings.get("encryption.fields")
    if given is None or given.span is None or not isinstance(given.value, list):
        return
    keys = set(_keys(body, project, set()))
    if _ANY in keys:
        return
    known = sorted(keys)
    for name in given.value:
        if name not in keys:
            close = nearest(str(name), sink.comparable(known))
            sink.error(
                "FQL371", f"the body has no key `{name}` to encrypt", given.span,
                label="nothing with this name is sent",
                help=(question(close),) if close else (),
            )  # fmt: skip


_ANY = "*"
"""JSON and faulty values: they may have every key."""


def _keys(expr: e.Expr, project: Project, seen: set[str]) -> Iterator[str]:
    """The keys of all objects in a body; each type is looked into once."""
    match expr:
        case e.ObjectOf(entries=entries):
            for entry in entries:
                yield from _entry_keys(entry, project, seen)
        case e.ListOf(items=items):
            for item in items:
                yield from _keys(item, project, seen)
        case e.Each(body=body):
            yield from _keys(body, project, seen)
        case _:
            yield from _keys_of_type(expr.type, project, seen)


def _entry_keys(entry: e.Entry, project: Project, seen: set[str]) -> Iterator[str]:
    if entry.key is not None:
        yield entry.key
    yield from _keys(entry.value, project, seen)


def _keys_of_type(of: Type, project: Project, seen: set[str]) -> Iterator[str]:
    """The keys of an object type, and of the types of its fields, without recursion."""
    waiting = [of]
    while waiting:
        of = waiting.pop()
        while of.item is not None:
            of = of.item
        row = project.row(of.name)
        if of.name in ("JSON", "Error"):
            yield _ANY
        elif row is not None and of.name not in seen:
            seen.add(of.name)
            yield from row.fields
            waiting.extend(field.type for field in row.fields.values())
