"""Walks an expression and writes it in a dialect.

Moments and dates have two forms: the database's own, and whole numbers (microseconds or days since
1970) in which they are computed with. Where a computed one meets another, both are numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import singledispatchmethod

from fql.exact.writing import json_text
from fql.plan.language import expressions as x
from fql.plan.language.types import BOOLEAN, Type
from fql.plan.show import show
from fql.sql.dialect import ARITHMETIC, DAY, Dialect, Json, Row, count_of
from fql.sql.text import NotInSqlError, joined, quoted_name

_MOMENTS = ("DateTime", "Date")
OLD_NOTE = "`old` is the row before the change: join it from where you keep it"
_ITEM = "in"  # no variable has this name
_UNITS = {"epoch": 1_000_000, "epoch_ms": 1_000}
"""The microseconds of what a moment is counted in."""


@dataclass(frozen=True)
class Writer:
    """Writes expressions. `names` are the variables of enclosing quantifiers. In a query of its
    own inside the clause, `depth` of them, columns are qualified: SQLite's table of items has
    columns such as "id". `new` and `old` are what the rows are called; without `new` its columns
    stand alone."""

    row: Row
    dialect: Dialect
    names: Mapping[str, Json] = field(default_factory=dict)
    depth: int = 0
    new: str = ""
    old: str = "old"

    def sql(self, e: x.Expr) -> str:
        """The SQL of a scalar, an atom or in parentheses. Raises NotInSqlError."""
        return self._emit(e)

    @singledispatchmethod
    def _emit(self, e: x.Expr) -> str:
        raise NotInSqlError(f"`{show(e)}` is not in the rows of a table")

    @_emit.register
    def _constant(self, e: x.Constant) -> str:
        return "NULL" if e.value is None else self.dialect.literal(e.value, self._kind(e.type))

    @_emit.register
    def _field(self, e: x.Field) -> str:
        return self.dialect.read_column(self._column(e), self._kind(e.type))

    @_emit.register(x.Variable)
    @_emit.register(x.Member)
    def _part(self, e: x.Variable | x.Member) -> str:
        return self.dialect.read_json(self._json(e), self._kind(e.type))

    @_emit.register
    def _changed(self, e: x.Changed) -> str:
        type_ = self.row.fields[e.name].optional()
        old, new = (x.Field(type=type_, row=row, name=e.name) for row in ("old", "new"))
        return self._unequal(new, old)

    @_emit.register
    def _unary(self, e: x.Unary) -> str:
        of = self.sql(e.of)
        return f"(NOT {of})" if e.op == "not" else self.dialect.negative(e, of)

    @_emit.register
    def _call(self, e: x.Call) -> str:
        if e.of.type.is_list:
            return self.dialect.size(self._json(e.of))
        if e.of.type.name == "JSON":
            return self.dialect.read_loose(self._json(e.of), e.name)
        if e.name in _UNITS:
            return self.dialect.floored(self._instant(e.of), _UNITS[e.name])
        return self.dialect.called(e, self.sql(e.of), [self.sql(a) for a in e.args])

    @_emit.register
    def _binary(self, e: x.Binary) -> str:
        match e.op:
            case "and" | "or":
                return joined(e.op.upper(), [self.sql(part) for part in x.operands(e)])
            case "eq" | "ne":
                return (self._equal if e.op == "eq" else self._unequal)(e.left, e.right)
            case "in" | "not_in":
                return self._among(e) if e.op == "in" else f"(NOT {self._among(e)})"
            case "coalesce":
                return f"COALESCE({', '.join(self._pair(e.left, e.right))})"
            case "lt" | "le" | "gt" | "ge":
                return self.dialect.ordered(e, *self._pair(e.left, e.right))
        return self._arithmetic(e)

    def _arithmetic(self, e: x.Binary) -> str:
        if e.type.name in _MOMENTS:
            return self._shifted(e)
        if e.type.name == "Duration":
            return self._span(e)
        return self.dialect.computed(e, self.sql(e.left), self.sql(e.right))

    def _inside(self) -> Writer:
        """The writer for a query inside the clause."""
        return replace(self, depth=self.depth + 1)

    def _column(self, e: x.Field) -> str:
        column = quoted_name(self.row.columns[e.name])
        if e.row == "old":
            self.dialect.notes[OLD_NOTE] = None
            return f"{self.old}.{column}"
        if self.depth or self.new:
            return f"{self.new or 'new'}.{column}"
        return column

    def _kind(self, type_: Type) -> str:
        return "Enum" if type_.name in self.row.enums else type_.name

    def _is_document(self, type_: Type) -> bool:
        return type_.is_list or type_.name == "JSON" or type_.name in self.row.declared

    # Equality ------------------------------------------------------------------------

    def _equal(self, left: x.Expr, right: x.Expr) -> str:
        if _is_null(left) or _is_null(right):
            return f"({self._nullable(right if _is_null(left) else left)} IS NULL)"
        if self._is_document(left.type) or self._is_document(right.type):
            return self._same_places(left, right)
        maybe = left.type.nullable or right.type.nullable
        first, second = self._pair(left, right)
        return f"({first} {self.dialect.same if maybe else '='} {second})"

    def _unequal(self, left: x.Expr, right: x.Expr) -> str:
        if _is_null(left) or _is_null(right):
            return f"({self._nullable(right if _is_null(left) else left)} IS NOT NULL)"
        if self._is_document(left.type) or self._is_document(right.type):
            return f"(NOT {self._same_places(left, right)})"
        maybe = left.type.nullable or right.type.nullable
        first, second = self._pair(left, right)
        return f"({first} {self.dialect.different if maybe else '<>'} {second})"

    def _nullable(self, e: x.Expr) -> str:
        """A value so far as it is null or not."""
        if self._is_document(e.type):
            return self.dialect.document(self._json(e))
        return self._column(e) if isinstance(e, x.Field) else self.sql(e)

    def _same_places(self, left: x.Expr, right: x.Expr) -> str:
        inner, type_ = self._inside(), left.type
        if type_.item is not None and type_.item.name == "Int":
            type_ = right.type  # it may be of Decimals: the wider one reads both
        return inner._same(type_, inner._json(left), inner._json(right), frozenset())

    def _same(self, type_: Type, left: Json, right: Json, inside: frozenset[str]) -> str:
        """Null-safe equality of two places of one type, read as the runtime reads them."""
        if type_.name == "JSON":
            return self.dialect.same_documents(left, right)
        if type_.item is not None:
            return self._same_lists(type_.item, left, right, inside)
        if type_.name in self.row.declared:
            return self._same_objects(type_, left, right, inside)
        read, kind = self.dialect.read_json, self._kind(type_)
        return f"({read(left, kind)} {self.dialect.same} {read(right, kind)})"

    def _same_objects(self, type_: Type, left: Json, right: Json, inside: frozenset[str]) -> str:
        """Both null, or no declared field differs; what else is in the documents does not count."""
        if type_.name in inside:
            raise NotInSqlError(f"equality of `{type_.name}`, which holds values of its own type")
        inner, document = inside | {type_.name}, self.dialect.document
        parts = [
            self._same(of, left.at(name), right.at(name), inner)
            for name, of in self.row.declared[type_.name].items()
        ]
        nulls = f"(({document(left)} IS NULL) = ({document(right)} IS NULL))"
        return f"({' AND '.join([nulls, *parts])})"

    def _same_lists(self, item: Type, left: Json, right: Json, inside: frozenset[str]) -> str:
        """Of one length (or both null), and no item differs from the one at the same position."""
        d, inner = self.dialect, self._inside()
        one, other = (quoted_name(f"{side}_{inner.depth}") for side in ("left", "right"))
        same = inner._same(item, d.item(left, one), d.item(right, other), inside)
        positions = f"{one}.{d.numbering} = {other}.{d.numbering}"
        tables = f"{d.items(left, one)} JOIN {d.items(right, other)} ON {positions}"
        differ = f"EXISTS (SELECT 1 FROM {tables} WHERE NOT {same})"  # noqa: S608 - never run here
        return f"(({d.size(left)} {d.same} {d.size(right)}) AND NOT {differ})"

    def _among(self, e: x.Binary) -> str:
        items = literal_items(e.right)
        if items is None:
            return self._among_stored(e)
        plain = [i for i in items if isinstance(i, x.Constant) and i.value is not None]
        if len(plain) < len(items) or e.left.type.nullable or self._is_moved(e.left):
            found = " OR ".join(self._equal(e.left, item) for item in items)
        else:
            found = ", ".join(self.sql(item) for item in plain)
            found = found and f"{self.sql(e.left)} IN ({found})"
        return f"({found})" if found else self.dialect.false

    def _among_stored(self, e: x.Binary) -> str:
        found = x.Variable(type=e.right.type.item or e.left.type, name=_ITEM)
        body = x.Binary(type=BOOLEAN, op="eq", left=e.left, right=found)
        return self._quantifier(
            x.Quantifier(type=BOOLEAN, op="any", of=e.right, variable=_ITEM, body=body)
        )

    @_emit.register
    def _choose(self, e: x.Choose) -> str:
        if self._is_document(e.type):
            raise NotInSqlError(f"`{show(e)}` chooses between documents")
        branches = "".join(
            f"WHEN {self.sql(test)} THEN {self._chosen(value, e)} " for test, value in e.branches
        )
        return f"(CASE {branches}ELSE {self._chosen(e.otherwise, e)} END)"

    def _chosen(self, value: x.Expr, e: x.Choose) -> str:
        """A value in the form of the choice."""
        if self._is_moved(e):
            return self._instant(value)
        sql = self.sql(value)
        if e.type.name != "Float" or value.type.name != "Int":
            return sql
        return self.dialect.called(x.Call(type=e.type, name="to_float", of=value), sql, [])

    # Documents -------------------------------------------------------------------------

    def _json(self, e: x.Expr) -> Json:
        """The place of a value that is a document, or of an item or member of one."""
        match e:
            case x.Field():
                return Json(self.dialect.column_document(self._column(e)))
            case x.Variable():
                return self.names[e.name]
            case x.Member():
                return self._json(e.of).at(e.name)
            case x.Index():
                return self._indexed(e)
            case x.Binary(op="coalesce"):
                sides = (self.dialect.document(self._json(side)) for side in (e.left, e.right))
                return Json(f"COALESCE({', '.join(sides)})")
            case x.ListOf() | x.Constant() if (items := literal_items(e)) is not None:
                return Json(self.dialect.literal_document(_json_text(e, items)))
        raise NotInSqlError(f"`{show(e)}` is not a list or JSON that is stored in a row")

    def _indexed(self, e: x.Index) -> Json:
        place, key = self._json(e.of), e.key
        if not isinstance(key, x.Constant) or not isinstance(key.value, str | int):
            return self.dialect.step(place, key, self.sql(key))
        negative = isinstance(key.value, int) and key.value < 0
        return Json(self.dialect.nowhere) if negative else place.at(key.value)

    @_emit.register
    def _quantifier(self, e: x.Quantifier) -> str:
        if e.op not in ("any", "all", "sum", "min", "max") or self._is_moved(e.body):
            raise NotInSqlError(f"`{show(e)}` has no translation to SQL")
        inner = self._inside()
        place, alias = inner._json(e.of), quoted_name(f"{e.variable}_{inner.depth}")
        found = self.dialect.item(place, alias)
        body = replace(inner, names={**self.names, e.variable: found}).sql(e.body)
        items = self.dialect.items(place, alias)
        if e.op in ("sum", "min", "max"):
            # In a query of its own: an aggregate of outer columns only would be the outer query's.
            values = f"(SELECT {body} AS v FROM {items}) AS values_{inner.depth}"  # noqa: S608
            return f"(SELECT {self.dialect.aggregated(e, 'v')} FROM {values})"  # noqa: S608
        wanted = body if e.op == "any" else f"NOT {body}"
        query = f"EXISTS (SELECT 1 FROM {items} WHERE {wanted})"  # noqa: S608 - never run here
        return query if e.op == "any" else f"(NOT {query})"

    # Moments, dates, durations ------------------------------------------------------------

    def _pair(self, left: x.Expr, right: x.Expr) -> tuple[str, str]:
        """Two operands in one form: as numbers where one is a moment that was computed."""
        if self._is_moved(left) or self._is_moved(right):
            return self._instant(left), self._instant(right)
        return self.sql(left), self.sql(right)

    def _is_moved(self, e: x.Expr) -> bool:
        if isinstance(e, x.Choose) and e.type.name in _MOMENTS:
            return any(map(self._is_moved, (*(value for _, value in e.branches), e.otherwise)))
        if not isinstance(e, x.Binary) or e.type.name not in _MOMENTS:
            return False
        return e.op in ("add", "sub") or self._is_moved(e.left) or self._is_moved(e.right)

    def _instant(self, e: x.Expr) -> str:
        """A moment in microseconds since 1970, a date in days."""
        if self._is_moved(e):
            return self.sql(e)
        if isinstance(e, x.Constant) and isinstance(e.value, date):
            return str(count_of(e.value))
        if isinstance(e, x.Constant):
            return "NULL"
        return self.dialect.counted(self.sql(e), e.type.name)

    def _shifted(self, e: x.Binary) -> str:
        """A moment or date that is moved by a duration, within the years 1 to 9999."""
        moment, span = e.left, e.right
        if moment.type.name == "Duration":
            moment, span = span, moment
        by, first, last = self.sql(span), datetime.min, datetime.max
        bounds = count_of(first), count_of(last)
        if e.type.name == "Date":
            by, bounds = self.dialect.whole_days(by), (count_of(date.min), count_of(date.max))
        number = f"{self._instant(moment)} {ARITHMETIC[e.op]} {by}"
        return self.dialect.clamped(number, *bounds)

    def _span(self, e: x.Binary) -> str:
        """A duration that is computed."""
        if e.left.type.name in _MOMENTS:
            unit = f" * {DAY}" if e.left.type.name == "Date" else ""
            return f"(({self._instant(e.left)} - {self._instant(e.right)}){unit})"
        number = f"{self.sql(e.left)} {ARITHMETIC[e.op]} {self.sql(e.right)}"
        return self.dialect.span(number)


def _is_null(e: x.Expr) -> bool:
    return isinstance(e, x.Constant) and e.value is None


def literal_items(e: x.Expr) -> tuple[x.Expr, ...] | None:
    """The items of a list that is written in the condition; None for a stored list."""
    if isinstance(e, x.ListOf):
        return e.items
    if isinstance(e, x.Constant) and isinstance(e.value, tuple) and e.type.item is not None:
        return tuple(x.Constant(type=e.type.item, value=value) for value in e.value)
    return None


def _json_text(e: x.Expr, items: tuple[x.Expr, ...]) -> str:
    """A list of literals as JSON. Raises NotInSqlError where an item is none."""
    if not all(isinstance(item, x.Constant) for item in items):
        raise NotInSqlError(f"`{show(e)}` is not a list of literals")
    values = [item.value for item in items if isinstance(item, x.Constant)]
    return json_text(values)
