"""FQL390: an expression that nests deeper than a plan can hold, by itself or by the `let`s and
computed fields in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache

from fql.plan.language import expressions as e
from fqlc.checks.levels import Settings
from fqlc.checks.model import ActionModel, ObserverModel, Program, Written
from fqlc.checks.reading.settings import HeaderGiven
from fqlc.diagnostics.sink import Sink
from fqlc.source.text import Span

MOST_LEVELS = 240
"""Levels of JSON of one stored expression. A document may have 254
(`fql.plan.stored.codec`), and an expression is at most ten below the top of a plan."""

_SHORT = 4 * MOST_LEVELS // 3
"""Characters that cannot nest so deep: four of them make at most three levels."""

_Found = tuple[str, e.Expr, Span]


def check(program: Program, sink: Sink) -> None:
    """Report each expression that is too deep."""
    project = program.project
    lengthened = bool(project.constants) or any(row.computed for row in project.rows.values())
    for observer in program.observers:
        for what, expr, span in _stored(observer):
            written = span.end - span.start
            if (lengthened or written > _SHORT) and _is_too_deep(expr):
                sink.error(
                    "FQL390", f"{what} is nested too deeply", span, label="too deep",
                    help=("nest less: choices, objects and computed fields count",),
                )  # fmt: skip


def _stored(observer: ObserverModel) -> Iterator[_Found]:
    """All expressions of an observer that a plan holds, with how a message calls them."""
    path = observer.scope.path
    yield from _found(f"the condition of `{observer.name}`", observer.when, path)
    if observer.order_by is not None:
        yield f"`order_by` of `{observer.name}`", observer.order_by.by, observer.order_by.span
    yield from _headers(observer.settings)
    for action in observer.actions:
        yield from _of_action(action)


def _of_action(action: ActionModel) -> Iterator[_Found]:
    path, target = action.scope.path, action.target
    yield from _found(f"the condition of `{action.name}`", action.when, path)
    for text in (target.url, target.path, target.subject):
        if isinstance(text, Written):
            yield f"this text of `{action.name}`", text.expr, text.literal.span
    yield from _headers(action.settings)
    if action.body is not None and action.body_span is not None:
        yield f"the body of `{action.name}`", action.body, action.body_span


def _headers(settings: Settings) -> Iterator[_Found]:
    for given in settings.values():
        if isinstance(given.value, HeaderGiven) and given.span is not None:
            yield f"the header `{given.value.name}`", given.value.value, given.span


def _found(what: str, expr: e.Expr | None, path: str) -> Iterator[_Found]:
    if expr is not None and expr.at is not None:
        yield what, expr, Span(path, *expr.at)


def _is_too_deep(expr: e.Expr) -> bool:
    """Whether it is stored in more levels than a plan has; without recursion. A node is an object
    there, and a tuple a list."""
    level: list[object] = [expr]
    for _ in range(MOST_LEVELS + 1):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(outer: object) -> list[object]:
    if isinstance(outer, tuple):
        return [inner for inner in outer if _may_hold(inner)]
    kind: object = type(outer)
    return [i for name in _parts_of(kind) if _may_hold(i := getattr(outer, name))]


def _may_hold(inner: object) -> bool:
    kind: object = type(inner)
    return isinstance(inner, tuple) or bool(_parts_of(kind))


@cache
def _parts_of(kind: object) -> tuple[str, ...]:
    """The fields of a kind of node that may hold nodes; none for what is not a node."""
    if not is_dataclass(kind):
        return ()
    names = (f.name for f in fields(kind))
    return tuple(n for n in names if n not in ("type", "at", "name", "op", "row"))
