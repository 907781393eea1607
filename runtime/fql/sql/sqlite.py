"""The dialect of SQLite (3.38 or later).

Booleans are 0 and 1; a UUID is its 32 hexadecimal digits; a Decimal is a float rounded to six
places, which is exact within `DECIMALS`; a DateTime is its microseconds since 1970, a Date text;
documents are JSON text. Values are read as capture reads them (`docs/reference/capture.md`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from fql.plan.language import expressions as x
from fql.plan.show import show
from fql.sql.dialect import (
    ARITHMETIC,
    BLANKS,
    COMPARISONS,
    DAY,
    LETTERS,
    MICROSECOND,
    SAME_METHODS,
    Dialect,
    Json,
    count_of,
    divisor,
    literal_pattern,
    rest,
)
from fql.sql.glob import sqlite_match
from fql.sql.patterns import PatternRefusedError, read_pattern
from fql.sql.sqlite_numbers import MILLIONTHS, PLACES, float_literal, whole_or_decimal
from fql.sql.text import NotInSqlError, quoted_text

DECIMALS = (
    "Decimals have at most 9 digits before the point and 6 after it, results included"
    " (SQLite has no exact ones)"
)
WHOLE = "whole numbers and durations in microseconds fit 64 bits, results included"
FINITE = "no result of Floats overflows"
LAST_BIT = "a Float that is read from text may differ in its last bit"

_WHOLE_TYPES = ("Int", "Duration")
_COLLATED = ("String", "Enum", "ID")
"""Compared by their code points, whatever collation a column has been declared with."""
_SAFE_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ .:@-]*", re.ASCII)
_TRIMMED = quoted_text(BLANKS)

_METHODS: Mapping[str, Callable[..., str]] = {
    **SAME_METHODS,
    "trim": lambda of: f"trim({of}, {_TRIMMED})",
    "contains": lambda of, part: f"(instr({of}, {part}) > 0)",
    "starts_with": lambda of, part: f"(substr({of}, 1, length({part})) = {part})",
    "ends_with": lambda of, part: f"(length({part}) = 0 OR substr({of}, -length({part})) = {part})",
}


class SQLite(Dialect):
    """Writes for SQLite."""

    true, false = "1", "0"
    same, different = "IS", "IS NOT"
    least, greatest = "min", "max"

    # What is stored ----------------------------------------------------------------

    def read_column(self, column: str, kind: str) -> str:
        if kind == "UUID":
            digits = f"lower(replace({column}, '-', ''))"
            return f"CASE typeof({column}) WHEN 'blob' THEN lower(hex({column})) ELSE {digits} END"
        if kind == "DateTime":
            seconds = f"CAST(round({column} * 1000000) AS INTEGER)"
            text = f"CASE typeof({column}) WHEN 'text' THEN {_microseconds(column)}"
            return f"({text} ELSE {seconds} END)"
        form = self._form(column, kind)
        return f"{form} COLLATE BINARY" if kind in _COLLATED else form

    def _form(self, value: str, kind: str) -> str:
        match kind:
            case "ID":
                return f"CAST({value} AS TEXT)"
            case "UUID":
                return f"lower(replace({value}, '-', ''))"
            case "Decimal":
                return self._decimal(value)
            case "DateTime":
                return _microseconds(value)
            case "Date":
                return f"substr({value}, 1, 10)"
        return value

    def _decimal(self, value: str) -> str:
        self.note(DECIMALS)
        return f"round({value}, {PLACES})"

    def read_json(self, place: Json, kind: str) -> str:
        value = self._value(place)
        if kind == "Int":
            self.note(WHOLE)
            return f"CAST({value} AS INTEGER)"
        if kind == "Float":
            self.note(LAST_BIT)
            return f"CAST({value} AS REAL)"
        return self._form(value, kind)

    def read_loose(self, place: Json, method: str) -> str:
        value, kind = self._value(place), self._kind(place)
        match method:
            case "as_string":
                return f"CASE {kind} WHEN 'text' THEN {value} END"
            case "as_boolean":
                return f"CASE {kind} WHEN 'true' THEN 1 WHEN 'false' THEN 0 END"
            case "as_int":
                self.note(WHOLE)
                whole = f"CASE WHEN {value} = CAST({value} AS INTEGER) THEN"
                number = f"{whole} CAST({value} AS INTEGER) END"
                return f"CASE WHEN {kind} IN ('integer', 'real') THEN {number} END"
            case "as_decimal":
                return f"CASE WHEN {kind} IN ('integer', 'real') THEN {self._decimal(value)} END"
        self.note(LAST_BIT)
        return f"CASE WHEN {kind} IN ('integer', 'real') THEN CAST({value} AS REAL) END"

    # Documents -----------------------------------------------------------------------

    def column_document(self, column: str) -> str:
        return column

    def literal_document(self, text: str) -> str:
        return quoted_text(text)

    def document(self, place: Json) -> str:
        whole = not place.steps and not place.element
        text = place.root if whole else f"{place.root} -> {_path(place)}"
        return f"NULLIF({text}, 'null')"

    def step(self, place: Json, key: x.Expr, sql: str) -> Json:
        del place, sql
        raise NotInSqlError(f"`[{show(key)}]`: SQLite takes literal keys only")

    def _value(self, place: Json) -> str:
        if place.element and not place.steps:
            return f"{place.element}.value"
        return f"json_extract({place.root}, {_path(place)})"

    def _kind(self, place: Json) -> str:
        if place.element and not place.steps:
            return f"{place.element}.type"
        return f"json_type({place.root}, {_path(place)})"

    def size(self, place: Json) -> str:
        return f"json_array_length({_arguments(place)})"

    def items(self, place: Json, alias: str) -> str:
        return f"json_each({_arguments(place)}) AS {alias}"

    def item(self, place: Json, alias: str) -> Json:
        return Json(place.root, element=alias)

    numbering = "key"

    def same_documents(self, left: Json, right: Json) -> str:
        del left, right
        raise NotInSqlError(
            "SQLite compares JSON as text only; read a value of it, such as `.as_string()`"
        )

    # Literals ----------------------------------------------------------------------------

    def literal(self, value: object, kind: str) -> str:  # noqa: PLR0911 - a line a type
        match value:
            case bool():
                return self.true if value else self.false
            case str():
                return quoted_text(value.replace("-", "") if kind == "UUID" else value)
            case float():
                return float_literal(value)
            case int() | Decimal():
                return whole_or_decimal(value)
            case datetime():
                return str(count_of(value))
            case date():
                return quoted_text(value.isoformat())
            case timedelta():
                return whole_or_decimal(value // MICROSECOND)
        raise NotInSqlError(f"a literal of {kind} cannot be written in SQL")

    # Operators ---------------------------------------------------------------------------

    def counted(self, sql: str, kind: str) -> str:
        return f"(strftime('%s', {sql}) / 86400)" if kind == "Date" else sql

    def whole_days(self, span: str) -> str:
        return f"({span} / {DAY})"

    def span(self, number: str) -> str:
        self.note(WHOLE)
        return f"({number})"

    def ordered(self, e: x.Binary, left: str, right: str) -> str:
        return f"({left} {COMPARISONS[e.op]} {right})"

    def computed(self, e: x.Binary, left: str, right: str) -> str:
        if e.type.name == "String":
            return f"({left} || {right})"
        self.note({"Int": WHOLE, "Decimal": DECIMALS}.get(e.type.name, FINITE))
        if e.op == "div":
            return _quotient(e, left, right)
        if e.op == "mod":
            return _rest(e, left, right)
        number = f"({left} {ARITHMETIC[e.op]} {right})"
        return f"round({number}, {PLACES})" if e.type.name == "Decimal" else number

    def negative(self, e: x.Unary, of: str) -> str:
        if e.type.name in _WHOLE_TYPES:
            self.note(WHOLE)
        return f"(- {of})"

    def floored(self, number: str, unit: int) -> str:
        return f"(({number} - {rest(number, str(unit))}) / {unit})"

    def aggregated(self, e: x.Quantifier, value: str) -> str:
        if e.op != "sum":
            return f"{e.op}({value})"
        if e.type.name == "Float":
            raise NotInSqlError(f"`{show(e)}`: SQLite may add Floats in another order")
        self.note(WHOLE if e.type.name == "Int" else DECIMALS)
        total = f"coalesce(sum({value}), 0)"
        return total if e.type.name == "Int" else f"round({total}, {PLACES})"

    def called(self, e: x.Call, of: str, arguments: list[str]) -> str:
        if e.name == "matches":
            return _matches(of, e)
        if e.name in ("round", "floor", "ceil", "abs"):
            return self._rounded(e, of)
        if e.name in ("to_decimal", "to_float"):
            return self._converted(e, of)
        if e.name not in _METHODS:
            raise NotInSqlError(f"`{e.name}()` has no translation to SQL")
        if e.name in ("lower", "upper"):
            self.note(LETTERS)
        return _METHODS[e.name](of, *arguments)

    def _rounded(self, e: x.Call, of: str) -> str:
        if e.name == "abs":
            if e.type.name == "Int":
                self.note(WHOLE)
            return f"abs({of})"
        if e.of.type.name != "Int":
            raise NotInSqlError(f"`{show(e)}`: SQLite has no exact Decimals to round")
        return of

    def _converted(self, e: x.Call, of: str) -> str:
        if e.of.type.name == "Int":
            return f"CAST({of} AS REAL)" if e.name == "to_float" else self._decimal(of)
        if e.name == "to_decimal":
            raise NotInSqlError(f"`{show(e)}`: SQLite does not give the exact value of a Float")
        self.note(LAST_BIT)
        return of


def _microseconds(value: str) -> str:
    """The microseconds of a moment in text: whole seconds by SQLite, which rounds fractions, and
    digits after the point by themselves (a text of digits and more reads as its digits)."""
    offset = f"CASE WHEN length({value}) > 24 AND substr({value}, -6, 1) IN ('+', '-')"
    zone = f"{offset} THEN substr({value}, -6) ELSE '' END"
    seconds = f"strftime('%s', substr({value}, 1, 19) || {zone})"
    fraction = f"CAST(round(('0' || substr({value}, 20, 7)) * 1000000) AS INTEGER)"
    return f"({seconds} * 1000000 + {fraction})"


def _arguments(place: Json) -> str:
    whole = not place.steps and not place.element
    return place.root if whole else f"{place.root}, {_path(place)}"


def _path(place: Json) -> str:
    """The way to a place as SQLite's JSON functions take it."""
    steps = "".join(map(_step, place.steps))
    if not place.element:
        return quoted_text(f"${steps}")
    return f"{place.element}.fullkey" + (f" || {quoted_text(steps)}" if steps else "")


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if not _SAFE_KEY.fullmatch(step):
        raise NotInSqlError(
            f"the key `{step}`: SQLite finds keys as they are spelled in the text, where it may be"
            " escaped"
        )
    return f".{step}" if step.isidentifier() else f'."{step}"'


def _quotient(e: x.Binary, left: str, right: str) -> str:
    if e.type.name != "Float":
        raise NotInSqlError(
            f"`{show(e)}`: a quotient has 28 digits, more than the numbers of SQLite"
        )
    return f"(CAST({left} AS REAL) / {divisor(e.right, right)})"


def _rest(e: x.Binary, left: str, right: str) -> str:
    if e.type.name == "Float":
        raise NotInSqlError(f"`{show(e)}`: `%` of Floats has no translation to SQL")
    if e.type.name == "Int":
        return rest(left, divisor(e.right, right))
    first, second = (f"CAST(round({side} * {MILLIONTHS}) AS INTEGER)" for side in (left, right))
    return f"round({rest(first, divisor(e.right, second))} / {MILLIONTHS}.0, {PLACES})"


def _matches(of: str, e: x.Call) -> str:
    try:
        return sqlite_match(of, read_pattern(literal_pattern(e)))
    except PatternRefusedError as refused:
        raise NotInSqlError(
            f"`{show(e)}`: SQLite has no regular expressions, and {refused} is not a comparison"
        ) from None
