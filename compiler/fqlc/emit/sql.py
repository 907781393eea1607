"""A condition as a WHERE clause, for `fqlc explain --sql`: to be run against one's own rows.

The clause is two-valued as the language is: comparisons are null-safe, `in` of a null is false.
It stands for a row of the entity's table; `.old` becomes the columns of an alias `old`. Two things
are nearly, not exactly, the same: SQLite computes with decimals as floats and folds the case of
ASCII letters only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import singledispatchmethod
from typing import ClassVar, Literal

from fql.plan import expressions as x
from fql.plan.types import Type

Dialect = Literal["sqlite", "postgresql"]

BLANKS = " \t\n\r\v\f\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
BLANKS += "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
"""What `trim` removes."""


class NotInSqlError(ValueError):
    """A part of the condition has no translation; the message names it."""


def where_clause(e: x.Expr, dialect: Dialect, columns: Mapping[str, str] | None = None) -> str:
    """The condition in SQL. `columns` maps fields to columns of another name. Raises
    NotInSqlError for what only the runtime can judge, such as JSON, lists and patterns."""
    writer = _Sqlite(columns or {}) if dialect == "sqlite" else _Postgres(columns or {})
    return writer.sql(e)


def quoted_name(name: str) -> str:
    """An identifier in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def quoted_text(text: str) -> str:
    """A text literal."""
    if "\x00" in text:
        raise NotInSqlError("a text with the character NUL cannot be written in SQL")
    return "'" + text.replace("'", "''") + "'"


_SIGNS: Mapping[str, str] = {
    "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "add": "+", "sub": "-", "mul": "*",
}  # fmt: skip


class _Writer:
    """What both dialects share."""

    true: str
    false: str
    equal: str
    distinct: str
    wide: str
    wide_float: str

    def __init__(self, columns: Mapping[str, str]) -> None:
        self._columns = columns

    def sql(self, e: x.Expr) -> str:
        """The SQL of an expression, an atom or in parentheses."""
        return self._emit(e)

    @singledispatchmethod
    def _emit(self, e: x.Expr) -> str:
        raise NotInSqlError(f"{type(e).__name__.lower()} has no translation to SQL")

    @_emit.register
    def _constant(self, e: x.Constant) -> str:
        text = self.literal(e.value)
        cast = self.casts.get(e.type.name) if isinstance(e.value, str) else None
        return f"CAST({text} AS {cast})" if cast else text

    casts: ClassVar[Mapping[str, str]] = {}

    def literal(self, value: object) -> str:
        """A literal."""
        if value is None:
            return "NULL"
        if isinstance(value, bool):
            return self.true if value else self.false
        if isinstance(value, str):
            return quoted_text(value)
        if isinstance(value, float):
            return repr(value)
        if isinstance(value, int | Decimal):
            text = format(Decimal(value), "f")
            return f"({text})" if value < 0 else text
        return self.temporal(value)

    def temporal(self, value: object) -> str:
        """A DateTime, Date or Duration."""
        raise NotInSqlError(f"{type(value).__name__} has no translation to SQL")

    @_emit.register
    def _field(self, e: x.Field) -> str:
        return self.typed(self.column("old" if e.row == "old" else "row", e.name), e.type)

    def column(self, row: str, name: str) -> str:
        """A column of the row, or of the alias `old`."""
        column = quoted_name(self._columns.get(name, name))
        return f"old.{column}" if row == "old" else column

    def typed(self, column: str, type_: Type) -> str:
        """A column so that it compares as its type does."""
        del type_
        return column

    @_emit.register
    def _changed(self, e: x.Changed) -> str:
        return f"({self.column('row', e.name)} {self.distinct} {self.column('old', e.name)})"

    @_emit.register
    def _unary(self, e: x.Unary) -> str:
        return f"(NOT {self.sql(e.of)})" if e.op == "not" else f"(- {self.sql(e.of)})"

    @_emit.register
    def _binary(self, e: x.Binary) -> str:
        if e.op in ("in", "not_in"):
            return self._membership(e)
        left, right = self.sql(e.left), self.sql(e.right)
        words = {"and": "AND", "or": "OR", "eq": self.equal, "ne": self.distinct}
        if e.op in words:
            return f"({left} {words[e.op]} {right})"
        if e.op == "coalesce":
            return f"COALESCE({left}, {right})"
        if e.op == "div":
            return self.quotient(left, right, e.type)
        if e.op == "mod":
            return self._rest(e, left, right)
        return self.operator(e, left, right)

    def operator(self, e: x.Binary, left: str, right: str) -> str:
        """A comparison or arithmetic."""
        return f"({left} {_SIGNS[e.op]} {right})"

    def quotient(self, left: str, right: str, type_: Type) -> str:
        """A division; null for a zero divisor."""
        wide = self.wide if type_.name == "Decimal" else self.wide_float
        return f"(CAST({left} AS {wide}) / NULLIF({right}, 0))"

    def _rest(self, e: x.Binary, left: str, right: str) -> str:
        if e.type.name != "Int":
            raise NotInSqlError("% has a translation to SQL between whole numbers only")
        divisor = f"NULLIF({right}, 0)"
        return f"((({left} % {divisor}) + {divisor}) % {divisor})"

    def _membership(self, e: x.Binary) -> str:
        left, items = self.sql(e.left), self._items(e.right)
        some = [self.literal(item) for item in items if item is not None]
        found = f"{left} IN ({', '.join(some)})" if some else self.false
        if e.left.type.nullable:
            found = f"({left} IS NOT NULL AND {found})"
        if None in items:
            found = f"({left} IS NULL OR {found})"
        return f"({found})" if e.op == "in" else f"(NOT ({found}))"

    @staticmethod
    def _items(e: x.Expr) -> tuple[object, ...]:
        if isinstance(e, x.Constant) and isinstance(e.value, tuple):
            return e.value
        if isinstance(e, x.ListOf) and all(isinstance(item, x.Constant) for item in e.items):
            return tuple(item.value for item in e.items if isinstance(item, x.Constant))
        raise NotInSqlError("`in` has a translation to SQL for lists of literals only")

    @_emit.register
    def _call(self, e: x.Call) -> str:
        method = self.methods.get(e.name)
        if method is None or e.of.type.is_list:
            raise NotInSqlError(f"{e.name}() has no translation to SQL")
        return method(self.sql(e.of), *(self.sql(a) for a in e.args))

    methods: Mapping[str, Callable[..., str]] = {}


_TRIMMED = quoted_text(BLANKS)
_SHARED: Mapping[str, Callable[..., str]] = {
    "lower": lambda o: f"lower({o})",
    "upper": lambda o: f"upper({o})",
    "length": lambda o: f"length({o})",
    "replace": lambda o, old, new: f"replace({o}, {old}, {new})",
}


class _Sqlite(_Writer):
    """Booleans are 0 and 1, moments are text, spans are seconds."""

    true, false = "1", "0"
    equal, distinct = "IS", "IS NOT"
    wide, wide_float = "REAL", "REAL"
    methods: Mapping[str, Callable[..., str]] = {
        **_SHARED,
        "trim": lambda o: f"trim({o}, {_TRIMMED})",
        "contains": lambda o, part: f"(instr({o}, {part}) > 0)",
        "starts_with": lambda o, part: f"(substr({o}, 1, length({part})) = {part})",
        "ends_with": lambda o, part: (
            f"(length({part}) = 0 OR substr({o}, -length({part})) = {part})"
        ),
        "to_decimal": lambda o: f"CAST({o} AS REAL)",
        "to_float": lambda o: f"CAST({o} AS REAL)",
    }

    def temporal(self, value: object) -> str:
        if isinstance(value, datetime):
            return self._moment(quoted_text(value.astimezone(UTC).isoformat()))
        if isinstance(value, date):
            return quoted_text(value.isoformat())
        if isinstance(value, timedelta):
            return f"({value / timedelta(seconds=1)!r})"
        return super().temporal(value)

    @staticmethod
    def _moment(sql: str) -> str:
        return f"strftime('%Y-%m-%dT%H:%M:%fZ', {sql})"

    def typed(self, column: str, type_: Type) -> str:
        forms: Mapping[str, str] = {
            "UUID": f"lower({column})",
            "ID": f"CAST({column} AS TEXT)",
            "Decimal": f"CAST({column} AS REAL)",
            "DateTime": self._moment(column),
        }
        return forms.get(type_.name, column)

    def operator(self, e: x.Binary, left: str, right: str) -> str:
        names = (e.left.type.name, e.right.type.name)
        if "Date" in names and e.op in ("add", "sub"):
            raise NotInSqlError("arithmetic with dates has no translation to SQLite")
        if e.op == "sub" and names == ("DateTime", "DateTime"):
            return f"((julianday({left}) - julianday({right})) * 86400.0)"
        if e.op in ("add", "sub") and names == ("DateTime", "Duration"):
            sign = "" if e.op == "add" else "-"
            shift = f"({sign}{right}) || ' seconds'"
            return f"strftime('%Y-%m-%dT%H:%M:%fZ', {left}, {shift})"
        return f"({left} || {right})" if _joins(e) else super().operator(e, left, right)


def _joins(e: x.Binary) -> bool:
    return e.op == "add" and e.left.type.name == "String"


class _Postgres(_Writer):
    """Booleans, numeric, timestamptz and interval are the database's own."""

    casts: ClassVar[Mapping[str, str]] = {"UUID": "uuid"}

    true, false = "TRUE", "FALSE"
    equal, distinct = "IS NOT DISTINCT FROM", "IS DISTINCT FROM"
    wide, wide_float = "numeric", "double precision"
    methods: Mapping[str, Callable[..., str]] = {
        **_SHARED,
        "trim": lambda o: f"btrim({o}, {_TRIMMED})",
        "contains": lambda o, part: f"(position({part} in {o}) > 0)",
        "starts_with": lambda o, part: f"starts_with({o}, {part})",
        "ends_with": lambda o, part: f"(right({o}, length({part})) = {part})",
        "to_decimal": lambda o: f"CAST({o} AS numeric)",
        "to_float": lambda o: f"CAST({o} AS double precision)",
    }

    def temporal(self, value: object) -> str:
        if isinstance(value, datetime):
            return f"TIMESTAMPTZ {quoted_text(value.isoformat())}"
        if isinstance(value, date):
            return f"DATE {quoted_text(value.isoformat())}"
        if isinstance(value, timedelta):
            count = value // timedelta(microseconds=1)
            return f"INTERVAL '{count} microseconds'"
        return super().temporal(value)

    def typed(self, column: str, type_: Type) -> str:
        return f"CAST({column} AS text)" if type_.name == "ID" else column

    def operator(self, e: x.Binary, left: str, right: str) -> str:
        if _joins(e):
            return f"({left} || {right})"
        byte_order = ' COLLATE "C"' if e.left.type.name in ("String", "ID") else ""
        return f"({left} {_SIGNS[e.op]} {right}{byte_order})"
