"""Rows as PostgreSQL may hold them: each field over every type of column that it may be over, with
the values of that type that are at its edges, drawn by a seeded generator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from tests.properties.strategies import FIELDS

Columns = Mapping[str, str]
Cells = Mapping[str, str | None]

SETUP = """CREATE EXTENSION IF NOT EXISTS citext;
CREATE TYPE colour AS ENUM ('red', 'green', 'blue');
CREATE TYPE more_colours AS ENUM ('blue', 'red', 'lost');
CREATE DOMAIN note AS text CHECK (length(VALUE) < 100);
CREATE DOMAIN sum AS numeric NOT NULL DEFAULT 0"""

TEXTS = ("text", "varchar(20)", "note", "char(4)", "citext", 'text COLLATE "POSIX"', '"char"')
COLUMNS: Mapping[str, Sequence[str]] = {
    "ID": ("text", "bigint", "uuid", "varchar(40)", "char(9)", "numeric"),
    "String": (*TEXTS, "text", "text", "name", "inet"),
    "Int": ("int", "smallint", "bigint", "bigint", "numeric", "oid"),
    "Decimal": ("numeric", "numeric", "numeric(12,4)", "sum", "bigint", "money", "float8"),
    "Float": ("float8", "float8", "real", "numeric", "int"),
    "Boolean": ("boolean", "boolean", "int"),
    "UUID": ("uuid", "uuid", "text"),
    "DateTime": ("timestamptz", "timestamptz", "timestamp", "text", "timestamptz(0)"),
    "Date": ("date", "date", "timestamp", "text"),
    "Colour": ("colour", "text", "more_colours", "varchar(9)", "note"),
    "Item": ("jsonb",), "JSON": ("jsonb", "json"), "[String]": ("text[]", "jsonb"),
    "[Int]": ("bigint[]",), "[Decimal]": ("numeric[]",), "[Boolean?]": ("boolean[]",),
    "[Item]": ("jsonb",),
}  # fmt: skip

_NUMBERS = ("0", "1", "-1", "2")
_DAYS = ("2026-03-02", "2026-03-03", "0001-01-01", "0001-01-02", "9999-12-30", "9999-12-31",
         "infinity", "-infinity", "0044-03-15 BC", "12026-01-01")  # fmt: skip
_MOMENTS = (*_DAYS, "2026-03-02 14:00:00Z", "2026-03-02 14:00:00.123456Z", "0001-01-01 00:00:01Z",
            "0001-01-02 00:00:00+14", "9999-12-31 23:59:59.999999Z")  # fmt: skip
_TEXTS = ("", "a", "A", "a ", "ab", " a", "xyz", "'", "\\", "\n", "é", "日😀", "\u2003", "%", "ß")
_UUIDS = tuple(f"0190a6c8-0000-7000-8000-00000000000{n}" for n in (1, 2))
VALUES: Mapping[str, Sequence[str]] = {
    "text": _TEXTS, "note": _TEXTS, "varchar": _TEXTS, "citext": _TEXTS, "name": _TEXTS,
    "char": ("a", "A", "", "ab"), '"char"': ("a", "A", ""), "inet": ("10.0.0.1", "::1/64"),
    "int": (*_NUMBERS, "2147483647", "-2147483648"), "smallint": (*_NUMBERS, "-32768"),
    "bigint": (*_NUMBERS, "9223372036854775807", "-9223372036854775808", "9007199254740993"),
    "oid": ("0", "4294967295"), "money": ("1.50", "-0.10"),
    "numeric": (*_NUMBERS, "1.0", "1.10", "0.10000000000000000001", "-0.1", "1e40", "1e300",
                "1e-300", "1e5000", "NaN", "Infinity", "-Infinity",
                "1" * 60, "0." + "1" * 70, "1e-900"),
    "numeric(12,4)": (*_NUMBERS, "19.9", "-0.0001", "NaN"), "sum": ("0", "1.5", "NaN"),
    "float8": (*_NUMBERS, "-0", "0.30000000000000004", "1e300", "5e-324", "NaN", "Infinity",
               "-Infinity", "9007199254740993"),
    "real": ("0.1", "1e30", "NaN"), "boolean": ("t", "f"), "uuid": _UUIDS,
    "timestamptz": _MOMENTS, "timestamp": tuple(one.rstrip("Z") for one in _MOMENTS),
    "date": _DAYS, "colour": ("red", "green", "blue"), "more_colours": ("red", "blue", "lost"),
    "jsonb": ("{}", "[]", "null", '{"a": 1.50}', '"a"'), "json": ("{}", '{"a": 1e400}'),
    "text[]": ("{}", '{a,""}', "{NULL}", "{{a},{b}}"), "bigint[]": ("{}", "{1,2}"),
    "numeric[]": ("{}", "{1.10}", "{NaN}"), "boolean[]": ("{}", "{t,NULL}"),
}  # fmt: skip
_BY_FIELD: Mapping[tuple[str, str], Sequence[str]] = {
    ("UUID", "text"): (*_UUIDS, _UUIDS[0].upper(), "none"),
    ("DateTime", "text"): ("2026-03-02T14:00:00Z", "2026-03-02 14:00", "soon"),
    ("Date", "text"): ("2026-03-02", "soon"),
    ("Item", "jsonb"): ('{"sku":"a","count":1,"price":"1","kind":"red","labels":[]}', "null"),
    ("[Item]", "jsonb"): ("[]",), ("[String]", "jsonb"): ("[]", '["a", ""]'),
    **{("Colour", of): ("red", "green", "blue", "RED", "lost", "red ")
       for of in ("text", "varchar(9)", "note")},
}  # fmt: skip
CALM: Mapping[str, str] = {
    "ID": "1", "String": "a", "Int": "1", "Decimal": "1", "Float": "1", "Boolean": "t",
    "UUID": _UUIDS[0], "DateTime": "2026-03-02T14:00:00Z", "Date": "2026-03-02", "Colour": "red",
    "Item": '{"sku":"a","count":1,"price":"1","kind":"red","labels":[]}', "JSON": "{}",
}  # fmt: skip
"""A value that fits, for fields that no condition is about."""
FILLED = " NOT NULL"


def columns(chance: Random, about: Sequence[str]) -> dict[str, str]:
    """What the column of each field is declared as; a plain one for those that no condition is
    about."""
    made = {}
    for name in FIELDS:
        types = COLUMNS[kind(name)]
        if name in about:
            made[name] = chance.choice(types) + chance.choice((FILLED, "", ""))
        else:
            made[name] = types[0]
    return made


def declared(types: Columns) -> str:
    """The columns of a table."""
    return ", ".join(f'"{name}" {type_}' for name, type_ in types.items())


def kind(name: str) -> str:
    """The type of a field, null or not."""
    return FIELDS[name].rstrip("?")


def row(chance: Random, types: Columns, about: Sequence[str]) -> dict[str, str | None]:
    """The texts of a row's values."""
    return {name: _cell(chance, name, type_, about) for name, type_ in types.items()}


def _cell(chance: Random, name: str, declared: str, about: Sequence[str]) -> str | None:
    type_ = declared.removesuffix(FILLED)
    if name not in about:
        return CALM.get(kind(name), "{}" if "[]" in type_ else "[]")
    if chance.random() < 0.1 and type_ == declared and type_ != "sum":
        return None
    known = _BY_FIELD.get((kind(name), type_))
    bare = type_.partition(" ")[0]
    return chance.choice(known or VALUES.get(bare) or VALUES[bare.partition("(")[0]])
