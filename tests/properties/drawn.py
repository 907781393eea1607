"""Changes of stored rows, and conditions on them, drawn by a seeded generator.

Few fields at a time and few values, the same for rows and for conditions, so that the two often
meet; many of the values are those of which SQLite and the runtime might judge differently. A
generator of our own makes some thousands of pairs a second, Hypothesis makes fifty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from random import Random
from typing import Any

from fql.plan.language import expressions as x
from fql.plan.language import types as t
from fql.plan.language.expressions import Expr
from tests.properties.strategies import FIELDS as TYPES
from tests.properties.strategies import MEMBERS

KINDS = ("insert", "update", "delete")
FIELDS = [name for name in TYPES if name != "id"]
Row = dict[str, Any]
Statement = tuple[str, tuple[object, ...]]

POOLS: Mapping[str, Sequence[Any]] = {
    "String": ("", "a", "A", "a ", "ab"),
    "Colour": MEMBERS,
    "Int": (-1, 0, 1, 2, 2**53, 2**53 + 1, 2**62),
    "Decimal": tuple(
        map(
            Decimal,
            (
                *("0", "-0.1", "0.1", "0.10000000000000000001", "1", "1.10", "19.9"),
                *("0.000001", "0.0000001", "0.0000002"),
                *("999999999.000001", "999999999.0000001", "1000000000"),
                *("12345678901234567890.1", "1.000000000000001"),
            ),
        )
    ),
    "Float": (0.0, -0.0, 1.0, 1.5, 0.1 + 0.2, 1e300, 2.0**53),
    "Boolean": (True, False),
}
OTHERS: Mapping[str, Sequence[str]] = {
    "UUID": ("0190a6c8-0000-7000-8000-000000000001", "0190a6c8-0000-7000-8000-000000000002"),
    "DateTime": ("2026-03-02T14:00:00Z", "2026-03-02 14:00:00.5"),
    "Date": ("2026-03-02", "2026-03-03"),
    "[String]": ("[]", '["a", ""]'),
    "[Int]": ("[]", "[1, 2]"),
    "[Decimal]": ("[]", '["1.10"]'),
    "[Boolean?]": ("[]", "[true, null]"),
    "[Item]": ("[]",),
    "Item": (),
    "JSON": ("{}", '{"a": [1.5, null]}'),
}
ODD: Sequence[object] = (
    *(None, b"\x00\xff", b"a", "abc", "", 9e999, -9e999, 1.5, "1e5", " 5", "00.10"),
    *("12.3.4", "-", "true", 2, "RED", "a\x00", "0", "1"),
)
ODD_NUMBERS = (2**53, 2**53 + 1, -(2**53) - 1, "0.1", " 1", 1e-7)
NEAR: Mapping[str, Sequence[Sequence[object]]] = {
    "String": (("a", "A", "a "), ("ab", "AB")),
    "Decimal": (("0.1", "0.10000000000000000001", 0.1), ("1.10", "1.1"), (1, 1.0000000000000002)),
    "Float": ((2**53, 2**53 + 1, 2.0**53), (0.0, -0.0), (1, 1.0)),
    "Int": ((2**53, 2**53 + 1), (1, 1.0)),
}
"""Values that are told apart by one of SQLite and the runtime, perhaps."""
DECLARED: Mapping[str, Sequence[str]] = {
    "Int": ("INTEGER", "", "NUMERIC"),
    "Float": ("REAL", "", "NUMERIC"),
    "Decimal": ("NUMERIC", "TEXT", "", "REAL"),
    "Boolean": ("BOOLEAN", "INTEGER", ""),
}
TEXTS = ("TEXT COLLATE NOCASE", "TEXT COLLATE RTRIM", "TEXT", "", "DATETIME")
TESTED = [name for name in FIELDS if TYPES[name].rstrip("?") in POOLS]
ROWS: Mapping[str, Sequence[x.RowName]] = {
    "insert": ("row", "new"),
    "update": ("row", "new", "old"),
    "delete": ("row", "old"),
}


def declared(chance: Random, name: str) -> str:
    """What the column of a field may be declared as."""
    return chance.choice(DECLARED.get(TYPES[name].rstrip("?"), TEXTS))


def focus(chance: Random) -> list[str]:
    """One or two fields that conditions are about."""
    return chance.sample(TESTED, chance.randint(1, 2))


def pair(chance: Random, about: Sequence[str]) -> tuple[Row, Row]:
    """A row before and after a change; now and then a cell is of another kind."""
    first, second = row(chance, about), row(chance, about)
    for name in chance.sample(FIELDS, chance.randint(0, len(FIELDS))):
        second[name] = first[name]
    for name in about:
        near = NEAR.get(TYPES[name].rstrip("?"), ())
        if near and chance.random() < 0.4:
            first[name], second[name] = chance.sample(chance.choice(near), 2)
    return first, second


def row(chance: Random, about: Sequence[str]) -> Row:
    """A row as an application stores it."""
    made: Row = {"id": "a"}
    for name in FIELDS:
        type_ = t.parse_type(TYPES[name])
        values = POOLS.get(type_.name) or OTHERS[TYPES[name].rstrip("?")]
        null = type_.nullable and (not values or chance.random() < 0.2)
        made[name] = None if null else stored(chance.choice(values))
    if chance.random() < 0.25:
        name = chance.choice(about)
        numbers = DECLARED.get(TYPES[name].rstrip("?"))
        made[name] = chance.choice((*ODD, *ODD_NUMBERS * 3) if numbers else ODD)
    return made


def stored(value: object) -> object:
    """A value as an application keeps it in SQLite."""
    return f"{value:f}" if isinstance(value, Decimal) else value


def condition(chance: Random, kind: str, about: Sequence[str], depth: int = 2) -> Expr:
    """Conditions on these fields, joined and negated."""
    form = chance.choice(("atom", "and", "or", "not")) if depth else "atom"
    if form == "atom":
        return _atom(chance, kind, chance.choice(about))
    inner = [condition(chance, kind, about, depth - 1) for _ in range(2)]
    if form == "not":
        return x.Unary(type=t.BOOLEAN, op="not", of=inner[0])
    return _binary(form, *inner)


def _atom(chance: Random, kind: str, name: str) -> Expr:
    field = _field(chance, kind, name)
    type_ = field.type.required()
    constant = x.Constant(type=type_, value=chance.choice(POOLS[type_.name]))
    other = chance.choice((constant, constant, _field(chance, kind, _comparable(chance, name))))
    forms: list[Expr] = [
        _binary(chance.choice(("eq", "ne")), field, other),
        _membership(chance, field),
        x.Changed(type=t.BOOLEAN, name=name),
    ]
    if field.type.nullable:
        null = x.Constant(type=t.NULL, value=None)
        forms.append(_binary(chance.choice(("eq", "ne")), field, null))
    elif type_.name in ("Int", "Decimal", "Float"):
        forms += [_binary(chance.choice(("lt", "le", "gt", "ge")), field, other)] * 2
    elif type_.name == "String":
        search = chance.choice(("contains", "starts_with", "ends_with"))
        forms.append(x.Call(type=t.BOOLEAN, name=search, of=field, args=(constant,)))
    elif type_.name == "Boolean":
        forms.append(field)
    return chance.choice(forms)


def _comparable(chance: Random, name: str) -> str:
    """A field that may be compared with this one."""
    likes = next((kinds for kinds in _ALIKE if TYPES[name].rstrip("?") in kinds), ())
    return chance.choice([name, name, *(one for one in TESTED if TYPES[one] in likes)])


_ALIKE = (("Int", "Decimal"),)


def _field(chance: Random, kind: str, name: str) -> x.Field:
    return x.Field(type=t.parse_type(TYPES[name]), row=chance.choice(ROWS[kind]), name=name)


def _membership(chance: Random, field: x.Field) -> Expr:
    type_ = field.type.required()
    values = chance.sample(POOLS[type_.name], chance.randint(0, 2))
    items = tuple(x.Constant(type=type_, value=value) for value in values)
    many = x.ListOf(type=t.list_of(type_), items=items)
    return _binary(chance.choice(("in", "not_in")), field, many)


def _binary(op: Any, left: Expr, right: Expr) -> Expr:
    return x.Binary(type=t.BOOLEAN, op=op, left=left, right=right)


def history(chance: Random, about: Sequence[str]) -> list[Statement]:
    """Statements on one or two rows of `things`."""
    first, second = pair(chance, about)
    second["id"] = chance.choice(("a", "a", "A", "b"))
    into = f"INTO things ({', '.join(second)}) VALUES ({', '.join('?' for _ in second)})"
    some = {*about, *chance.sample(FIELDS, 2)}
    some = set(chance.sample(sorted(some), chance.randint(1, len(some))))
    sets = ", ".join(f"{name} = ?" for name in sorted(some))
    excluded = ", ".join(f"{name} = excluded.{name}" for name in sorted(some))
    upsert = f"INSERT {into} ON CONFLICT (id) DO UPDATE SET {excluded}"
    changes: list[Statement] = [
        (f"UPDATE things SET {sets}", tuple(second[name] for name in sorted(some))),
        (upsert, (*second.values(),)),
        (f"INSERT OR REPLACE {into}", (*second.values(),)),
        (f"INSERT OR IGNORE {into}", (*second.values(),)),
        ("DELETE FROM things", ()),
    ]
    return [(f"INSERT {into}", (*first.values(),)), *chance.choices(changes, k=3)]
