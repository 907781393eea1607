"""A wide row as JSON text, written by SQLite: the way for rows of more values than the outbox has
columns for.

Values of any kind may be in any column, and none may make the application's statement fail.
`json_object` writes texts and whole numbers as they are; the rest needs help:

    reals        it writes 15 digits, and a float has up to 17: those that need more are written
                 by `printf`
    blobs, infinite numbers   are no JSON. They become lists, `["blob", "00FF"]` and
                 `["infinite", 1]`; as columns hold no lists, `fql.outbox.sqlite.rows` knows them
    texts made by SQLite's own JSON functions   are marked inside SQLite as JSON and would be
                 written as such; casts take the mark away
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from fql.outbox.sqlite.capture.facts import Column, TableFacts
from fql.outbox.wanted import column_name
from fql.plan.language.types import parse_type
from fql.plan.model import EntityField
from fql.sql.text import quoted_name, quoted_text

MOST_PAIRS = 50
"""Fields in one call of `json_object`: SQLite takes 100 arguments everywhere."""

_LARGEST = "1.7976931348623157e308"


def row_json(row: str, fields: Sequence[EntityField], table: TableFacts) -> str:
    """An expression for the fields of a row that SQLite calls `row`."""
    pairs = [f"{quoted_text(field.name)}, {_value(row, field, table)}" for field in fields]
    chunks = [pairs[at : at + MOST_PAIRS] for at in range(0, len(pairs), MOST_PAIRS)]
    objects = [f"json_object({', '.join(chunk)})" for chunk in chunks]
    return " || ',' || ".join(_unbraced(objects))


def _unbraced(objects: Sequence[str]) -> Iterable[str]:
    """Objects that are one when they are joined: no value ends with a brace, no key begins with
    one."""
    last = len(objects) - 1
    for number, one in enumerate(objects):
        closed = one if number == last else f"rtrim({one}, '}}')"
        yield closed if number == 0 else f"ltrim({closed}, '{{')"


def _value(row: str, field: EntityField, table: TableFacts) -> str:
    name = column_name(field)
    value = f"{row}.{quoted_name(name)}"
    column = table.column(name) or Column()
    if _is_whole(name, column, table):
        return value
    return _WRITTEN[_expected(column, parse_type(field.type).name)](value)


def _expected(column: Column, type_name: str) -> str:
    """What the column holds but for misfits. Whole numbers in it are never reals: SQLite makes
    them integers, also in a NUMERIC column."""
    if column.affinity != "NUMERIC":
        return column.affinity
    if type_name in ("Decimal", "Float"):
        return "REAL"
    return "INTEGER" if type_name in ("Int", "Boolean") else "TEXT or number"


def _is_whole(name: str, column: Column, table: TableFacts) -> bool:
    """Whether nothing but whole numbers can be in the column, and null."""
    alias = table.key_is_rowid and name.lower() == table.primary_key[0].lower()
    return alias or (table.strict and column.affinity == "INTEGER")


def _unmarked(text: str) -> str:
    return f"CAST(CAST({text} AS BLOB) AS TEXT)"


def _blob(value: str) -> str:
    return f"json_array('blob', hex({value}))"


def _text_or_blob(value: str) -> str:
    return f"CASE WHEN {value} >= x'' THEN {_blob(value)} ELSE {_unmarked(value)} END"


def _text_or_number(value: str) -> str:
    text = f"{value} >= '' AND {value} < x''"
    return f"CASE WHEN {text} THEN {_unmarked(value)} ELSE {_anything(value)} END"


def _unless_fraction(value: str) -> str:
    return f"CASE WHEN {value} <> CAST({value} AS INTEGER) THEN {_anything(value)} ELSE {value} END"


def _number(value: str) -> str:
    """A real that is the nearest one to a decimal of at most 15 digits has 15 digits."""
    short = f"round({value} * 1e6) / 1e6 = {value} AND {value} BETWEEN -1e9 AND 1e9"
    return f"CASE WHEN {short} THEN {value} ELSE {_anything(value)} END"


def _anything(value: str) -> str:
    finite = f"{value} BETWEEN -{_LARGEST} AND {_LARGEST}"
    return (
        f"CASE typeof({value}) WHEN 'text' THEN {_unmarked(value)}"
        f" WHEN 'real' THEN CASE WHEN {finite} THEN json(printf('%!.18g', {value}))"
        f" ELSE json_array('infinite', {value} > 0) END"
        f" WHEN 'blob' THEN {_blob(value)} ELSE {value} END"
    )


_WRITTEN: Mapping[str, Callable[[str], str]] = {
    "TEXT": _text_or_blob,
    "TEXT or number": _text_or_number,
    "INTEGER": _unless_fraction,
    "REAL": _number,
    "NONE": _anything,
}
