"""Kinds of JSON: findings about a value of the wrong one, and about null."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fqlc.contracts.judging.findings import Finding, Remedy, error, warning
from fqlc.contracts.judging.wire.values import Items, Kinds, Record, Scalar, Value, Whole
from fqlc.contracts.judging.words import kinds, sent
from fqlc.contracts.model import Schema, kind_of

_ARRAY: Kinds = frozenset({"array"})
_OBJECT: Kinds = frozenset({"object"})


def readings(value: Value) -> tuple[Kinds, ...]:
    """What a value can be taken for; nothing where that is not known."""
    match value:
        case Record():
            return (_OBJECT,)
        case Items():
            return (_ARRAY,)
        case Whole():
            return tuple(frozenset({kind_of(form)}) for form in value.forms)
        case Scalar():
            return value.readings
    return ()


def takes(types: Kinds, kind: str) -> bool:
    """Whether a schema of these types takes a kind."""
    return kind in types or (kind == "integer" and "number" in types)


def kind_finding(value: Value, parts: Sequence[Schema]) -> Finding | None:
    """What is wrong with the kind of a value, by the first part that says so."""
    found = readings(value)
    for part in parts:
        types = part.types
        if types is None or not found:
            continue
        fractions = not isinstance(value, Whole) and "integer" in types
        if not any(_some(types, one, fractions=fractions) for one in found):
            return _never(value, part, types)
        if not any(_all(types, one) for one in found):
            return _perhaps(value, part, types)
    return None


def _all(types: Kinds, reading: Kinds) -> bool:
    return all(takes(types, kind) for kind in reading)


def _some(types: Kinds, reading: Kinds, *, fractions: bool) -> bool:
    """With `fractions`, a number that may have one may also be whole."""
    return any(takes(types, kind) for kind in reading) or (fractions and "number" in reading)


def _never(value: Value, part: Schema, types: Kinds) -> Finding:
    says = f"is sent as {sent(value)}, but the contract takes {kinds(types)}"
    decimal = isinstance(value, Scalar) and value.of == "Decimal" and "number" in types
    help_: tuple[str, ...] = ()
    if decimal:
        help_ = ("a `Decimal` is sent as a text, so that it stays exact",)
    elif types == {"string"} and isinstance(value, Scalar):
        help_ = ('write it as a text: `"{{ ... }}"`',)
    return error(
        "FQL413",
        says,
        value,
        (part.place, f"takes {kinds(types)}"),
        f"sent as {sent(value)}",
        help=help_,
        remedy=Remedy("call", "to_float()") if decimal else None,
    )


def _perhaps(value: Value, part: Schema, types: Kinds) -> Finding:
    says = f"can be {sent(value)}, but the contract takes only {kinds(types)}"
    help_ = _ADVICE.get(value.of, "") if isinstance(value, Scalar) else ""
    return warning(
        "FQL413",
        says,
        value,
        (part.place, f"takes {kinds(types)}"),
        f"can be {sent(value)}",
        help=(help_,) if help_ else (),
    )


_ADVICE: Mapping[str, str] = {
    "ID": 'declare it as `String` or `Int`, or write it as a text: `"{{ ... }}"`',
    "Float": "make it whole: `.round()`",
}


def allows_null(schema: Schema, levels: int = 20) -> bool:
    """Whether null may be sent, as far as types, members and branches say."""
    for part in schema.parts():
        if not part.allows_null:
            return False
        for branches in (part.any_of, part.one_of):
            if branches and levels and not any(allows_null(b, levels - 1) for b in branches):
                return False
    return True


def null_finding(value: Value, schema: Schema, *, written: bool) -> Finding:
    """FQL414."""
    part = next((p for p in schema.parts() if not p.allows_null), schema)
    types = part.types or frozenset()
    there = f"takes {kinds(types)}, not null" if types else "does not take null"
    says = "is null" if written else "may be null"
    return error(
        "FQL414",
        f"{says}, but the contract does not take null",
        value,
        (part.place, there),
        says,
        certain=written,
    )
