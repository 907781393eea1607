"""The sub-conditions of observers and actions, and their values in a test."""

from __future__ import annotations

from collections.abc import Iterator

from fql.exact.writing import write_json
from fql.expressions.explain import Part, explain
from fql.plan.language.expressions import Binary, Constant, Expr, Unary
from fql.plan.language.nodes import load_expression
from fql.plan.model import Observer
from fql.plan.show import change_of, show, written_operands
from fqlc.cli.testing.play import Played

Where = tuple[str | None, tuple[int, ...]]
"""A sub-condition: the action whose `when` it is part of (None: the observer's), and the way down
to it."""


def conditions_of(observer: Observer) -> Iterator[tuple[str | None, Expr]]:
    """The conditions of an observer and its actions, by action."""
    if observer.when is not None:
        yield None, load_expression(observer.when)
    for node in observer.nodes:
        if node.when is not None:
            yield node.name, load_expression(node.when)


def sub_conditions(observer: Observer) -> dict[Where, str]:
    """All that can be true or false by itself, with its text. Written-out constants cannot."""
    return {
        (action, way): show(leaf)
        for action, condition in conditions_of(observer)
        for way, leaf in _leaves(condition, ())
        if not isinstance(leaf, Constant)
    }


def _leaves(e: Expr, way: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], Expr]]:
    if isinstance(e, Binary) and e.op in ("and", "or") and change_of(e) is None:
        for number, operand in enumerate(written_operands(e)):
            yield from _leaves(operand, (*way, number))
    elif isinstance(e, Unary) and e.op == "not":
        yield from _leaves(e.of, (*way, 0))
    else:
        yield way, e


def judged(played: Played) -> Iterator[tuple[str | None, Part]]:
    """The conditions that the run came to, with their values."""
    if played.scope is None:
        return
    for action, condition in conditions_of(played.observer):
        reached = played.states.get(action or "") in ("done", "dead", "skipped")
        if action is None or reached:
            yield action, explain(condition, played.scope)


def values(played: Played) -> dict[Where, bool]:
    """The value of each sub-condition that was evaluated."""
    return {
        (action, way): value
        for action, part in judged(played)
        for way, value in _values(part, ())
        if value is not None
    }


def _values(part: Part, way: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], bool | None]]:
    if not part.parts:
        yield way, part.value
    for number, inner in enumerate(part.parts):
        yield from _values(inner, (*way, number))


def condition_lines(part: Part, indent: int) -> Iterator[str]:
    """A condition for people: a line for each part with the values in it. `indent` is the number
    of blanks before the first."""
    value = {True: "true", False: "false", None: "not evaluated"}[part.value]
    compared = [(text, write_json(value).decode()) for text, value in part.operands]
    shown = ", ".join(f"{t} is {v}" for t, v in compared if _bare(t) != _bare(v))
    yield f"{' ' * indent}{part.text}  {value}{f'  ({shown})' if shown else ''}"
    for inner in part.parts:
        yield from condition_lines(inner, indent + 2)


def _bare(text: str) -> str:
    """A text without what only notation adds: a literal says its value already."""
    return text.replace(" ", "").replace('"', "")
