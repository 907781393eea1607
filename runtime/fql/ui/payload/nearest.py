"""Why an event matched nothing: the observer whose condition was nearest, part by part. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from fql.engine.program.bulkhead import Fault, guarded
from fql.events.intake import Intake
from fql.events.model import Kind
from fql.exact.reading import read_object
from fql.exact.writing import json_text
from fql.expressions.explain import Part, explain, parts
from fql.expressions.scope import Scope
from fql.plan.language.expressions import Binary, Expr
from fql.plan.language.nodes import load_expression
from fql.plan.model import Observer, Plan
from fql.plan.show import written_operands
from fql.store.history.rows import UnmatchedRow
from fql.ui.payload.hiding import Hiding, Payloads
from fql.ui.payload.marks import HIDDEN

_QUOTED = re.compile(r'"([^"\\]*)"')
_NAME = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Tested:
    """A part of a condition: whether it held (None: nobody looked), and the values it looked at."""

    text: str
    value: bool | None
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Nearest:
    """The observer that was nearest. `hint` says what is nearly right."""

    observer: str
    parts: tuple[Tested, ...]
    hint: str = ""


def nearest(plan: Plan, row: UnmatchedRow, payloads: Payloads) -> Nearest | None:
    """The observer of which most parts held, the first of several; None where none watches such
    events, or where the event cannot be read by the plan."""
    found = guarded(_scope_of, plan, row)
    if isinstance(found, Fault) or payloads == "none":
        return None
    rows = read_object(row.payload)
    hiding = Hiding.of(payloads, plan, row.entity, rows.get("new"), rows.get("old"))
    judged = [one for each in _watching(plan, row) if (one := _judged(each, found)) is not None]
    if not judged:
        return None
    observer, tested = max(judged, key=lambda one: _share(one[1]))
    shown = tuple(_tested(part, hiding) for part in tested)
    return Nearest(observer.name, shown, next(_hints(tested, hiding), ""))


def _scope_of(plan: Plan, row: UnmatchedRow) -> Scope:
    new, old = Intake(plan).restore(row.entity, row.kind, row.payload.encode())
    at = datetime.fromtimestamp(row.at / 1000).astimezone()
    return Scope(
        event=cast("Kind", row.kind), entity=row.entity, new=new, old=old, id=row.event_id,
        timestamp=at,
    )  # fmt: skip


def _watching(plan: Plan, row: UnmatchedRow) -> Iterator[Observer]:
    for observer in plan.observers:
        watched = any(on.entity == row.entity and on.event == row.kind for on in observer.on)
        if watched and observer.when is not None:
            yield observer


def _judged(observer: Observer, scope: Scope) -> tuple[Observer, tuple[Part, ...]] | None:
    when = load_expression(observer.when or {})
    found = guarded(parts, when, scope)
    if isinstance(found, Fault):
        return None
    if len(found) < 2 or not isinstance(when, Binary):
        return observer, found
    written = zip(found, written_operands(when), strict=True)
    return observer, tuple(_alone(part, each, scope) for part, each in written)


def _alone(part: Part, written: Expr, scope: Scope) -> Part:
    """A part that the engine did not ask, as those before it had decided, asked by itself: whoever
    mends the first wants to know of the others. One that cannot be asked alone stays as it is."""
    if part.value is not None:
        return part
    found = guarded(explain, written, scope)
    return part if isinstance(found, Fault) else found


def _share(tested: tuple[Part, ...]) -> float:
    return sum(part.value is True for part in tested) / len(tested)


def _tested(part: Part, hiding: Hiding) -> Tested:
    secret = _is_marked(part, hiding)
    shown = [
        (text, HIDDEN if secret else hiding.text(_word(value))) for text, value in _looked_at(part)
    ]
    return Tested(part.text, part.value, tuple(shown))


def _is_marked(part: Part, hiding: Hiding) -> bool:
    return not hiding.marks.names.isdisjoint(_NAME.findall(part.text))


def _looked_at(part: Part) -> list[tuple[str, object]]:
    """What was looked at, without what is written in the condition itself."""
    return [(text, value) for text, value in part.operands if not _is_literal(text)]


def _is_literal(text: str) -> bool:
    return bool(re.fullmatch(r'"[^"]*"|-?[\d.]+|true|false|null', text))


def _word(value: object) -> str:
    return str(value) if not isinstance(value, str) else json_text(value)


def _hints(tested: tuple[Part, ...], hiding: Hiding) -> Iterator[str]:
    for part in tested:
        if part.value is not False or _is_marked(part, hiding):
            continue
        for wanted in _QUOTED.findall(part.text):
            for _, value in part.operands:
                if isinstance(value, str) and value != wanted and _same(value, wanted):
                    yield f"The value differs from {wanted} in {_how(value, wanted)} only."


def _same(value: str, wanted: str) -> bool:
    return value.strip().casefold() == wanted.strip().casefold()


def _how(value: str, wanted: str) -> str:
    return "case" if value.casefold() == wanted.casefold() else "case or spaces"
