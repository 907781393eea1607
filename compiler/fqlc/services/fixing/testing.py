"""A `test` for an observer: an event of its entity with a value for each field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fql.plan.language.types import Type
from fqlc.checks.model import ObserverModel
from fqlc.diagnostics.model import Edit
from fqlc.names.symbols import EntityInfo
from fqlc.services.answers import ActionKind, CodeAction
from fqlc.services.snapshot import Snapshot
from fqlc.source.text import Span

_VALUES: Mapping[str, str] = {
    "ID": '"1"', "String": '"text"', "Int": "1", "Float": "1.5", "Decimal": "1.50",
    "Boolean": "true", "UUID": '"6f1c0a52-0000-4000-8000-000000000001"',
    "DateTime": '"2026-03-02T14:00:00Z"', "Date": '"2026-03-02"', "JSON": "{}",
}  # fmt: skip
_DEEPEST = 5


def test_of_observer(snapshot: Snapshot, span: Span) -> Iterator[CodeAction]:
    """A test after the observer whose head a stretch is on."""
    block = snapshot.block_at(span.path, span.start)
    if block is None or not block.header.start <= span.start <= block.header.end:
        return
    model = next((m for m in snapshot.program.observers if m.block is block), None)
    if model is None or model.entity is None or model.entity.broken or not model.sound:
        return
    if not model.events or not model.actions:
        return
    if any("null" in _sample(snapshot, f.type, 0) for f in model.entity.fields.values()):
        return  # a type is not known
    at = block.span.end
    text = f"\n\n{_test(snapshot, model, model.entity)}"
    edit = Edit(Span(span.path, at, at), text)
    yield CodeAction(f"write a test of `{model.name}`", ActionKind.REWRITE, (edit,))


def _test(snapshot: Snapshot, model: ObserverModel, entity: EntityInfo) -> str:
    event = model.events[0]
    row = f"{{ {', '.join(_samples(snapshot, entity, 0))} }}"
    rows = {
        "insert": [f"new: {row}"],
        "delete": [f"old: {row}"],
        "update": [f"old: {row}", "new: {}"],
    }[event]
    sent = ", ".join(action.name for action in model.actions)
    lines = [
        f"observer: {model.name}",
        f"event: {entity.name}.{event}",
        *rows,
        f"expect: {{ sent: [{sent}] }}",
    ]
    inside = "".join(f"  {line}\n" for line in lines)
    return f'test "{model.name} on {event}" {{\n{inside}}}'


def _samples(snapshot: Snapshot, row: EntityInfo, depth: int) -> Iterator[str]:
    """A value for each field that must have one."""
    for field in row.fields.values():
        if not field.type.nullable:
            yield f"{field.name}: {_sample(snapshot, field.type, depth)}"


def _sample(snapshot: Snapshot, of: Type, depth: int) -> str:
    if of.is_list or depth > _DEEPEST:
        return "[]"
    enum = snapshot.enum(of.name)
    if enum is not None:
        return next(iter(enum.members), "null")
    row = snapshot.program.project.row(of.name)
    if row is not None:
        return f"{{ {', '.join(_samples(snapshot, row, depth + 1))} }}"
    return _VALUES.get(of.name, "null")
