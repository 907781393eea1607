"""Narrowing: what is known to hold where an expression is. Pure.

A fact is about an expression, told apart by its shape: every expression is pure, so the same
shape has the same value wherever it is in one evaluation. `j["a"].as_int() != null` narrows
just as a field does.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import timedelta
from decimal import Decimal

from fql.plan.language import expressions as e

Key = tuple[Hashable, ...]
ALL_EVENTS = frozenset({"insert", "update", "delete"})
_WITH_ROW = {"old": frozenset({"update", "delete"}), "new": frozenset({"insert", "update"})}


@dataclass(frozen=True, slots=True)
class Facts:
    """Expressions known not to be null, known not to be zero, and the events still possible
    (None: all). In doubt, a condition that leads here is faulty: whatever it says about null
    cannot be known."""

    non_null: frozenset[Key] = frozenset()
    non_zero: frozenset[Key] = frozenset()
    events: frozenset[str] | None = None
    in_doubt: bool = False

    def both(self, other: Facts) -> Facts:
        """What is known when both hold."""
        if self is NOTHING or other is NOTHING:
            return other if self is NOTHING else self
        return Facts(
            self.non_null | other.non_null,
            self.non_zero | other.non_zero,
            _meet(self.events, other.events),
            self.in_doubt or other.in_doubt,
        )

    def either(self, other: Facts) -> Facts:
        """What is known when at least one of them holds."""
        events = None
        if self.events is not None and other.events is not None:
            events = self.events | other.events
        return Facts(
            self.non_null & other.non_null,
            self.non_zero & other.non_zero,
            events,
            self.in_doubt or other.in_doubt,
        )

    def possible(self, events: frozenset[str]) -> frozenset[str]:
        """The events that are left of those an observer watches; all when none would be."""
        left = events if self.events is None else events & self.events
        return left or events


NOTHING = Facts()
DOUBT = Facts(in_doubt=True)


def _meet(a: frozenset[str] | None, b: frozenset[str] | None) -> frozenset[str] | None:
    if a is None:
        return b
    return a if b is None else a & b


def key_of(expr: e.Expr, rows: Mapping[str, str] | None = None) -> Key:
    """The shape of an expression without types and places. `rows` renames row images."""
    return _key(expr, rows or {})


def _key(value: object, rows: Mapping[str, str]) -> Key:
    if isinstance(value, e.Field):
        return ("Field", rows.get(value.row, value.row), value.name)
    if isinstance(value, tuple):
        return ("tuple", *(_key(item, rows) for item in value))
    if is_dataclass(value):
        parts = (getattr(value, f.name) for f in fields(value) if f.name not in ("type", "at"))
        return (type(value).__name__, *(_key(part, rows) for part in parts))
    return (type(value).__name__, str(value))


def known(keys: frozenset[Key], expr: e.Expr, events: frozenset[str]) -> bool:
    """True when a fact about the expression is among the keys. The bare row is the new one
    where no delete is watched, the old one where only deletes are."""
    if not keys:
        return False
    same = "old" if events == {"delete"} else "new" if "delete" not in events else ""
    if key_of(expr) in keys:
        return True
    return bool(same) and (
        key_of(expr, {"row": same}) in keys or key_of(expr, {same: "row"}) in keys
    )


# What follows from a condition ------------------------------------------------


def facts_of(condition: e.Expr, holds: bool) -> Facts:
    """What is known when the condition is true (`holds`) or false."""
    if condition.type.name == "Error":
        return DOUBT
    true, false = _outcomes(condition)
    return true if holds else false


Outcomes = tuple[Facts, Facts]


def _outcomes(condition: e.Expr) -> Outcomes:  # noqa: PLR0911 - one line a kind
    """What is known when the condition is true, and when it is false. Both at once: each needs
    both of its operands, and asking for them in turn would take exponential time."""
    match condition:
        case e.Unary(op="not"):
            true, false = _outcomes(condition.of)
            return false, true
        case e.Binary(op="and"):
            return _of_and(_outcomes(condition.left), _outcomes(condition.right))
        case e.Binary(op="or"):
            true, false = _of_and(
                _swapped(_outcomes(condition.left)), _swapped(_outcomes(condition.right))
            )
            return false, true
        case e.Binary(op="coalesce"):
            return _of_default(condition, True), _of_default(condition, False)
        case e.Binary():
            return _of_comparison(condition, True), _of_comparison(condition, False)
        case e.Choose():
            return _of_choice(condition)
        case e.Changed():
            return Facts(events=frozenset({"update"})), NOTHING
    return NOTHING, NOTHING


def _of_choice(condition: e.Choose) -> Outcomes:
    """`if c then a else b` is true where c and a are, or where c is not and b is."""
    true, false = _outcomes(condition.otherwise)
    for test, value in reversed(condition.branches):
        led, passed = _outcomes(test)
        first = _outcomes(value)
        true, false = (
            led.both(mine).either(passed.both(rest))
            for mine, rest in zip(first, (true, false), strict=True)
        )
    return true, false


def _swapped(outcomes: Outcomes) -> Outcomes:
    return outcomes[1], outcomes[0]


def _of_and(left: Outcomes, right: Outcomes) -> Outcomes:
    """`a && b` is false where a is, or where a is true and b is false."""
    return left[0].both(right[0]), left[1].either(left[0].both(right[1]))


def _of_comparison(condition: e.Binary, holds: bool) -> Facts:
    match condition.op:
        case "eq" | "ne":
            return _of_equality(condition, holds == (condition.op == "eq"))
        case "lt" | "le" | "gt" | "ge":
            return _of_order(condition, holds)
        case "in" | "not_in":
            return _of_membership(condition, holds == (condition.op == "in"))
    return NOTHING


def is_null(expr: e.Expr) -> bool:
    """True for the literal `null`."""
    return isinstance(expr, e.Constant) and expr.value is None and expr.type.name == "Null"


def _of_equality(condition: e.Binary, equal: bool) -> Facts:
    facts = NOTHING
    for one, other in _both_ways(condition):
        if equal and not other.type.nullable:
            facts = facts.both(_present(one))
        if not equal and is_null(other):
            facts = facts.both(_present(one))
        if _tells_zero(other, "eq" if equal else "ne"):
            facts = facts.both(Facts(non_zero=frozenset({key_of(one)})))
        facts = facts.both(_of_event(one, (other,), equal))
    return facts


def _both_ways(condition: e.Binary) -> Iterable[tuple[e.Expr, e.Expr]]:
    return ((condition.left, condition.right), (condition.right, condition.left))


_MIRROR = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le"}
_NEGATED = {"lt": "ge", "ge": "lt", "gt": "le", "le": "gt"}


def _of_order(condition: e.Binary, holds: bool) -> Facts:
    op = condition.op if holds else _NEGATED[condition.op]
    facts = NOTHING
    if _tells_zero(condition.right, op):
        facts = facts.both(Facts(non_zero=frozenset({key_of(condition.left)})))
    if _tells_zero(condition.left, _MIRROR[op]):
        facts = facts.both(Facts(non_zero=frozenset({key_of(condition.right)})))
    return facts


def _tells_zero(bound: e.Expr, op: str) -> bool:
    """True when `x op bound` says that x is not zero."""
    value = bound.value if isinstance(bound, e.Constant) else None
    if isinstance(value, timedelta | bool) or not isinstance(value, int | float | Decimal):
        return False
    return {
        "eq": value != 0, "ne": value == 0, "gt": value >= 0, "ge": value > 0,
        "lt": value <= 0, "le": value < 0,
    }[op]  # fmt: skip


def _of_membership(condition: e.Binary, inside: bool) -> Facts:
    items = condition.right.items if isinstance(condition.right, e.ListOf) else ()
    facts = _of_event(condition.left, items, inside) if items else NOTHING
    item = condition.right.type.item
    if inside and item is not None and not item.nullable:
        facts = facts.both(_present(condition.left))
    if inside and items and all(_tells_zero(i, "eq") for i in items):
        facts = facts.both(Facts(non_zero=frozenset({key_of(condition.left)})))
    return facts


def _of_default(condition: e.Binary, holds: bool) -> Facts:
    """`x ?? false` is true only where x is; `x ?? true` is false only where x is."""
    default = condition.right
    if isinstance(default, e.Constant) and default.value is (not holds):
        return _present(condition.left).both(facts_of(condition.left, holds))
    return NOTHING


def _of_event(expr: e.Expr, values: tuple[e.Expr, ...], among: bool) -> Facts:
    """`_event == "update"` and `_event in [...]`."""
    if not (isinstance(expr, e.Builtin) and expr.name == "_event"):
        return NOTHING
    names = frozenset(str(v.value) for v in values if isinstance(v, e.Constant))
    if len(names) != len(values):
        return NOTHING
    return Facts(events=ALL_EVENTS & names if among else ALL_EVENTS - names)


def _present(expr: e.Expr) -> Facts:
    """What is known when the expression is not null: it, and what it was reached through."""
    match expr:
        case e.Constant():
            return NOTHING
        case e.Field(row="old" | "new"):
            own = Facts(frozenset({key_of(expr)}), events=_WITH_ROW[expr.row])
        case e.Builtin(name="_old" | "_new"):
            own = Facts(frozenset({key_of(expr)}), events=_WITH_ROW[expr.name[1:]])
        case _:
            own = Facts(frozenset({key_of(expr)}))
    match expr:
        case e.Member() | e.Index():
            return own.both(_present(expr.of))
        case e.Call(of=of) if of.type.nullable:
            return own.both(_present(of))
        case e.Binary(op="div" | "mod"):
            return own.both(Facts(non_zero=frozenset({key_of(expr.right)})))
    return own
