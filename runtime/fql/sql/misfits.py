"""When a stored value of SQLite is not one that a test of its field can judge.

SQLite keeps any value in any column. This module says, for each type that triggers test, which
stored
values the test judges as the runtime does; the rest are misfits.
"""

from __future__ import annotations

from collections.abc import Sequence

from fql.sql.text import quoted_text

JUDGED = frozenset({"String", "Enum", "Int", "Decimal", "Float", "Boolean"})
"""The types whose fields triggers test."""

_MOST_MEMBERS = 32
_EXACT = 9_007_199_254_740_992
"""Whole numbers up to here are floats as well."""
_LARGEST = "1.7976931348623157e308"
_DECIMAL_TEXT = 16
"""Characters of a decimal text that a float tells apart from all others of that length."""


def misfit(column: str, kind: str, nullable: bool, members: Sequence[str]) -> str:
    """What is true for values in a column that a test cannot judge; null is one unless `nullable`.
    `members` are those of an enum."""
    fits = _FITS[kind](column) if kind != "Enum" else _member(column, members)
    return f"({fits}) IS 0" if nullable else f"({fits}) IS NOT 1"


def _is_text(column: str) -> str:
    """Every number is below every text, every blob above."""
    return f"{column} >= '' AND {column} < x''"


def _member(column: str, members: Sequence[str]) -> str:
    if not members or len(members) > _MOST_MEMBERS:
        return _is_text(column)
    return " OR ".join(f"{column} COLLATE BINARY = {quoted_text(one)}" for one in members)


def _decimal(column: str) -> str:
    """At most six places and nine digits before the point, in number or text: below that, equal
    decimals are equal floats."""
    number = f"CAST({column} AS REAL)"
    plain = f"{number} BETWEEN -999999999 AND 999999999 AND round({column}, 6) = {number}"
    text = (
        f"typeof({column}) <> 'text' OR length({column}) <= {_DECIMAL_TEXT}"
        f" AND {column} GLOB '*[0-9]*' AND {column} NOT GLOB '*[^0-9.-]*'"
        f" AND {column} NOT GLOB '?*-*' AND {column} NOT GLOB '*.*.*'"
    )
    return f"{column} < x'' AND {plain} AND ({text})"


def _float(column: str) -> str:
    return (
        f"CASE typeof({column}) WHEN 'real' THEN {column} BETWEEN -{_LARGEST} AND {_LARGEST}"
        f" WHEN 'integer' THEN {column} BETWEEN -{_EXACT} AND {_EXACT}"
        f" WHEN 'null' THEN NULL ELSE 0 END"
    )


def _is_whole_number(column: str) -> str:
    return f"CASE typeof({column}) WHEN 'integer' THEN 1 WHEN 'null' THEN NULL ELSE 0 END"


def _boolean(column: str) -> str:
    return (
        f"CASE typeof({column}) WHEN 'integer' THEN {column} IN (0, 1)"
        f" WHEN 'null' THEN NULL ELSE 0 END"
    )


_FITS = {
    "String": _is_text,
    "Int": _is_whole_number,
    "Decimal": _decimal,
    "Float": _float,
    "Boolean": _boolean,
}
