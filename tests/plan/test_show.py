"""Expressions are shown as they would be written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from fql.plan.language import expressions as x
from fql.plan.language import types as t
from fql.plan.show import show

STATUS = t.Type("Status")


def field(name: str, type_: t.Type = t.INT, row: x.RowName = "row") -> x.Field:
    """A field."""
    return x.Field(type=type_, row=row, name=name)


def const(value: object, type_: t.Type = t.INT) -> x.Constant:
    """A literal."""
    return x.Constant(type=type_, value=value)


def op(name: str, left: x.Expr, right: x.Expr, type_: t.Type = t.BOOLEAN) -> x.Binary:
    """A binary operator."""
    return x.Binary(type=type_, op=name, left=left, right=right)


A, B, C = field("a"), field("b"), field("c")
JSON_A = x.Index(type=t.JSON.optional(), of=field("j", t.JSON), key=const("a", t.STRING))


def changed(to_or_from: str) -> x.Binary:
    """What a plan holds for `changed_to` and `changed_from`."""
    row: x.RowName = "new" if to_or_from == "to" else "old"
    same = op("eq", field("s", STATUS, row), const("shipped", STATUS))
    return op("and", x.Changed(type=t.BOOLEAN, name="s"), same)


CASES: list[tuple[x.Expr, str]] = [
    (
        op(
            "and",
            x.Changed(type=t.BOOLEAN, name="s"),
            op("eq", field("s", STATUS), const("shipped", STATUS)),
        ),
        "s.changed() && s == shipped",
    ),
    (changed("to"), "s.changed_to(shipped)"),
    (changed("from"), "s.changed_from(shipped)"),
    (op("and", changed("to"), A), "s.changed_to(shipped) && a"),
    (op("and", A, changed("to")), "a && s.changed_to(shipped)"),
    (op("and", op("and", A, changed("to")), B), "a && s.changed_to(shipped) && b"),
    (op("or", changed("to"), changed("from")), "s.changed_to(shipped) || s.changed_from(shipped)"),
    (x.Unary(type=t.BOOLEAN, op="not", of=changed("to")), "!s.changed_to(shipped)"),
    (op("and", op("or", A, B), C), "(a || b) && c"),
    (op("or", op("and", A, B), C), "a && b || c"),
    (x.Unary(type=t.BOOLEAN, op="not", of=op("eq", A, B)), "!(a == b)"),
    (op("mul", op("add", A, B, t.INT), const(2), t.INT), "(a + b) * 2"),
    (op("sub", A, op("sub", B, C, t.INT), t.INT), "a - (b - c)"),
    (op("coalesce", A, op("coalesce", B, C, t.INT), t.INT), "a ?? b ?? c"),
    (op("eq", op("eq", A, B), C), "(a == b) == c"),
    (
        op("gt", field("total", t.DECIMAL, "old"), const(Decimal("1.50"), t.DECIMAL)),
        "total.old > 1.50",
    ),
    (op("add", A, const(-1), t.INT), "a + -1"),
    (op("in", field("s", t.STRING), const(("US", "CA"), t.list_of(t.STRING))), 's in ["US", "CA"]'),
    (
        op("lt", field("at", t.DATETIME), const(datetime(2026, 3, 2, tzinfo=UTC), t.DATETIME)),
        'at < "2026-03-02T00:00:00Z"',
    ),
    (const(timedelta(minutes=90), t.DURATION), "90m"),
    (const(None, t.NULL), "null"),
    (JSON_A, 'j["a"]'),
    (
        x.Member(
            type=t.STRING,
            of=x.Response(type=t.Type("Label", nullable=True), action="label"),
            name="url",
        ),
        "label.response?.url",
    ),
    (
        x.Call(
            type=t.BOOLEAN, name="contains", of=field("s", t.STRING), args=(const('"', t.STRING),)
        ),
        's.contains("\\"")',
    ),
    (
        x.Quantifier(
            type=t.BOOLEAN,
            op="any",
            of=field("xs", t.list_of(t.INT)),
            variable="n",
            body=op("gt", x.Variable(type=t.INT, name="n"), const(3)),
        ),
        "xs.any(n, n > 3)",
    ),
    (
        x.ObjectOf(
            type=t.OBJECT,
            entries=(x.Entry("a", A), x.Entry("b", C), x.Entry("c d", A), x.Entry(None, B)),
        ),
        '{ a, b: c, "c d": a, ...b }',
    ),
    (
        x.Text(type=t.STRING, parts=("Hi ", x.Hole(A), " ", x.Environment("KEY"))),
        '"Hi {{ a }} ${KEY}"',
    ),
]


@pytest.mark.parametrize(("expression", "text"), CASES, ids=[text for _, text in CASES])
def test_shown(expression: x.Expr, text: str) -> None:
    """Signs, parentheses where needed, literals as written."""
    assert show(expression) == text
