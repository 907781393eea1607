"""What is computed at compile time is what the runtime would compute."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings

from fql.engine.program.match import scope_of
from fql.events.model import Event
from fql.exact.writing import json_text
from fql.expressions.scope import Scope
from fql.expressions.walker import evaluate
from fql.plan.language import expressions as x
from fql.plan.language import types as t
from fqlc.types.constants.fold import fold
from tests.properties import strategies
from tests.types.program import check

LITERALS = frozenset(
    {"Int", "Float", "Decimal", "Boolean", "String", "DateTime", "Date", "Duration"}
)


def written_out(node: Any, scope: Scope) -> Any:
    """An expression with literals in the place of its fields."""
    if isinstance(node, x.Field) and node.type.name in LITERALS:
        value = evaluate(node, scope)
        return x.Constant(type=t.NULL if value is None else node.type.required(), value=value)
    if isinstance(node, tuple):
        return tuple(written_out(one, scope) for one in node)
    if not is_dataclass(node) or isinstance(node, t.Type | x.Constant):
        return node
    parts = {f.name: written_out(getattr(node, f.name), scope) for f in fields(node)}
    return replace(node, **parts)  # type: ignore[type-var]


@settings(max_examples=100, deadline=None)
@given(strategies.conditions() | strategies.any_value(2), strategies.events())
def test_folding_changes_no_value(expression: x.Expr, event: Event) -> None:
    scope = scope_of(event)
    literal = written_out(expression, scope)
    folded = evaluate(fold(literal), scope)
    assert json_text(folded) == json_text(evaluate(literal, scope))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("7 % -3", -2),
        ("-7 % 3", 2),
        ("1 / 4", 0.25),  # a `let` is a literal: with a point a Float, where nothing is beside it
        ("-7.5 % 2", 0.5),
        ("7.5 % -2", -0.5),
        ("-7.5 % -2", -1.5),
        ("7.5 % 2", 1.5),
        ("6.0 % 2", 0.0),
        ("7 - 9", -2),
        ("0.5 - 2", -1.5),
        ("2 * 0.5", 1.0),
        ("2 in [1, 2, 3]", True),
        ("2 not in [1, 2, 3]", False),
        ("null == null", True),
        ("null != 1", True),
        ("1 == 1.0", True),
        ('"a" == "b"', False),
        ("1 < 1.5 && !(2.5 < 1)", True),
        ("1m < 2m", True),
        ("-(1 + 2)", -3),
        ("!(true && false)", True),
        ("false && true", False),
        ("true || false", True),
        ("1m + 30s == 90s", True),
        ("1m - 30s == 30s", True),
        ("!(1 > 2)", True),
        ("2 in [1, 2]", True),
        ("3 not in [1, 2]", True),
        ("3 in [1, 2]", False),
        ('"a" < "b"', True),
        ("null ?? 5", 5),
        ("if 1 > 2 then 3 else 4", 4),
        ("if 1 < 2 then 3 else 4", 3),
        ("true && 1 > 2", False),
        ("false || 1 < 2", True),
    ],
)
def test_what_constants_come_to(text: str, value: object) -> None:
    """And that they come to it: a condition of constants is one that nobody needs."""
    program = f"let a = {text}\nentity E {{ id: ID @key }}\n"
    found = check(program + "observer o { on: E.insert  webhook w { body: { a } } }")
    assert found.found == ()
    body = found.values["o.w.body"]
    assert isinstance(body, x.ObjectOf)
    folded = body.entries[0].value
    assert isinstance(folded, x.Constant)
    assert json_text(folded.value) == json_text(value)
