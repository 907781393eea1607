"""What an operator makes of the types of its operands; null aside. Tables and pure functions."""

from __future__ import annotations

from collections.abc import Mapping

from fql.plan.language.types import (
    BOOLEAN,
    DATE,
    DATETIME,
    DECIMAL,
    DURATION,
    INT,
    JSON,
    NUMBERS,
    ORDERED,
    STRING,
    Type,
    list_of,
)

_INCOMPARABLE = frozenset({"Object", "Failure", "Batch"})

TIMES: Mapping[tuple[str, str, str], Type] = {
    ("add", "DateTime", "Duration"): DATETIME,
    ("add", "Duration", "DateTime"): DATETIME,
    ("add", "Duration", "Date"): DATE,
    ("add", "Date", "Duration"): DATE,
    ("add", "Duration", "Duration"): DURATION,
    ("sub", "DateTime", "Duration"): DATETIME,
    ("sub", "DateTime", "DateTime"): DURATION,
    ("sub", "Date", "Duration"): DATE,
    ("sub", "Date", "Date"): DURATION,
    ("sub", "Duration", "Duration"): DURATION,
}
"""What `+` and `-` make of moments, days and spans of time."""

_OTHERS: Mapping[tuple[str, str, str], Type] = {
    **TIMES,
    ("add", "String", "String"): STRING,
    ("mul", "Duration", "Int"): DURATION,
    ("mul", "Int", "Duration"): DURATION,
}


def binary(op: str, left: Type, right: Type) -> Type | None:
    """The type of `left op right`; None where the operator takes no such operands."""
    if op in ("eq", "ne"):
        return BOOLEAN if comparable(left, right) else None
    if op in ("lt", "le", "gt", "ge"):
        return BOOLEAN if _ordered(left, right) else None
    if op in ("in", "not_in"):
        item = right.item
        return BOOLEAN if item is not None and comparable(left, item) else None
    if op == "coalesce":
        return _wider(left, right) if comparable(left, right) else None
    return _arithmetic(op, left, right)


def unary(op: str, of: Type) -> Type | None:
    """The type of `!of` or `-of`; None where the operator takes no such operand."""
    if op == "not":
        return BOOLEAN if of.name == "Boolean" else None
    return of if of.name in NUMBERS or of.name == "Duration" else None


def comparable(left: Type, right: Type) -> bool:
    """True when values of the types can be compared for equality; null fits everything."""
    if "Null" in (left.name, right.name):
        return True
    if left.item is not None or right.item is not None:
        both = left.item is not None and right.item is not None
        return both and comparable(left.item or left, right.item or right)
    if left.name in NUMBERS and right.name in NUMBERS:
        return {left.name, right.name} != {"Float", "Decimal"}
    return left.name == right.name and left.name not in _INCOMPARABLE


def over_items(op: str, item: Type, body: Type) -> Type | None:
    """The type of a method over items whose body is of a type; None where it takes no such body."""
    if op in ("any", "all", "filter", "first"):
        results = {"filter": list_of(item), "first": item}
        return results.get(op, BOOLEAN) if body.name == "Boolean" else None
    if op == "map":
        return list_of(body)
    taken = NUMBERS if op == "sum" else NUMBERS | ORDERED
    return body if body.item is None and body.name in taken else None


def becomes(found: Type, chosen: Type) -> bool:
    """True where a value may be one of those that a choice of a type is between."""
    widens = found.name == INT.name and chosen.name in ("Decimal", "Float")
    return widens or same(chosen, found) or "Null" in (found.name, chosen.name)


def same(stated: Type, found: Type) -> bool:
    """True when a node is of the type that it states, null aside."""
    if stated.item is not None and found.item is not None:
        return same(stated.item, found.item)
    return stated.name == found.name and (stated.item is None) == (found.item is None)


def _ordered(left: Type, right: Type) -> bool:
    if left.item is not None or right.item is not None or not comparable(left, right):
        return False
    both = left.name in NUMBERS and right.name in NUMBERS
    return both or (left.name == right.name and left.name in ORDERED)


def _arithmetic(op: str, left: Type, right: Type) -> Type | None:
    if left.name not in NUMBERS or right.name not in NUMBERS:
        return _OTHERS.get((op, left.name, right.name))
    if not comparable(left, right):
        return None
    of = _wider(left, right)
    return DECIMAL if op == "div" and of.name == INT.name else of


def _wider(left: Type, right: Type) -> Type:
    """The type that holds values of both."""
    if left.item is not None and right.item is not None:
        return Type("List", item=_wider(left.item, right.item))
    return right if left.name in ("Int", "Null") and right.name != "Null" else left


def index(of: Type, key: Type) -> Type | None:
    """The type of `of[key]`; None where that cannot be."""
    return JSON if of.name == "JSON" and key.name in (STRING.name, INT.name) else None
