"""The parts of a plan's conditions that a function tests before it writes an event.

The test may be true for a row that the runtime then finds not to match. It is never false for one
that matches, nor for one with a value that its field cannot hold, which must become a dead letter.
So only parts are tested that `fql.sql` translates exactly, on columns of a type that means the same
to both, and values that a field cannot hold are written whatever the condition says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from fql.outbox.postgresql.capture.facts import Column, TableFacts
from fql.outbox.postgresql.capture.functions import Test
from fql.outbox.wanted import MOST_CONDITIONS, Wanted
from fql.plan.language import expressions as x
from fql.plan.language.types import BOOLEAN, NULL, Type
from fql.plan.table import TypeTable
from fql.sql.dialect import Row
from fql.sql.postgresql import PostgreSQL
from fql.sql.pushed import Sides
from fql.sql.text import NotInSqlError, quoted_name, quoted_text
from fql.sql.writer import OLD_NOTE, Writer

LONGEST_TEST = 10_000
_SIDES: Mapping[str, Sides] = {
    "insert": Sides(new="NEW"), "update": Sides(new="NEW", old="OLD"), "delete": Sides(old="OLD"),
}  # fmt: skip
_TEXTS = ("text", "varchar")
_WHOLE = ("int2", "int4", "int8")
_FITTING: Mapping[str, tuple[str, ...]] = {
    "Int": _WHOLE, "Boolean": ("bool",), "String": _TEXTS, "ID": (*_TEXTS, *_WHOLE, "uuid"),
    "UUID": ("uuid",), "Decimal": ("numeric",), "Float": ("float8",), "Enum": _TEXTS,
    "DateTime": ("timestamptz",), "Date": ("date",),
}  # fmt: skip
_NOT_FINITE = "{0} IN ('NaN', 'Infinity', '-Infinity')"
_LONG = "(abs({0}) >= 1e100 OR scale({0}) > 100)"
"""NaN is above every number; neither it nor an infinity has a scale."""
_NOT_A_DAY = "({0} < '0001-01-02' OR {0} > '9999-12-30')"
_UNFIT: Mapping[str, tuple[str, ...]] = {
    "numeric": (_LONG,), "float8": (_NOT_FINITE,),
    "timestamptz": (_NOT_A_DAY,), "date": (_NOT_A_DAY,),
}  # fmt: skip
"""Values that no field can hold, or that may be too long for one."""


def test_of(wanted: Wanted, event: str, table: TableFacts) -> Test:
    """The test for an event of this entity, for rows that one of its conditions may match."""
    conditions = wanted.conditions.get(event, ())
    sides = _SIDES[event]
    if not conditions or len(conditions) > MOST_CONDITIONS:
        return Test()
    changed = wanted.test(event, sides).changed if event == "update" else ()
    columns = {field.name: field.column or field.name for field in wanted.entity.fields}
    walk = _Walk(sides, Row.of(wanted.entity, wanted.types), wanted.types, table)
    parts = [walk.part(condition) for condition in conditions]
    sql = ""
    if all(parts):
        tests = [part.sql for part in parts if part]
        unfit = sorted({one for part in parts if part for one in part.unfit})
        sql = " OR ".join(dict.fromkeys([*tests, *unfit]))
    return Test(
        sql if len(sql) <= LONGEST_TEST else "",
        tuple(sorted(columns[name] for name in changed)),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    sql: str
    unfit: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Walk:
    """One condition over rows of one entity."""

    sides: Sides
    row: Row
    types: TypeTable
    table: TableFacts

    def part(self, e: x.Expr) -> _Part | None:
        """A test that is true whenever the condition is; None where nothing can be tested."""
        if isinstance(e, x.Binary) and e.op in ("and", "or"):
            found = [self.part(side) for side in (e.left, e.right)]
            parts = [one for one in found if one is not None]
            if len(parts) == 2:
                unfit = parts[0].unfit | parts[1].unfit
                return _Part(f"({parts[0].sql} {e.op.upper()} {parts[1].sql})", unfit)
            return parts[0] if parts and e.op == "and" else None
        return self._exact(e)

    def _exact(self, e: x.Expr) -> _Part | None:
        placed = self._placed(e)
        if placed is None:
            return None
        fields = list(_fields(placed))
        if not all(self._fits(field) for field in fields):
            return None
        dialect = PostgreSQL()
        writer = Writer(self.row, dialect, new=self.sides.new, old=self.sides.old)
        try:
            sql = writer.sql(placed)
        except NotInSqlError:
            return None
        if set(dialect.notes) - {OLD_NOTE}:
            return None
        return _Part(sql, frozenset(one for field in fields for one in self._unfit(field)))

    def _placed(self, e: x.Expr) -> x.Expr | None:  # noqa: PLR0911 - a line a kind
        """The same, with each field in the row that it belongs to; None for what is not in rows."""
        match e:
            case x.Constant():
                return e
            case x.Field():
                side = e.row if e.row != "row" else ("new" if self.sides.new else "old")
                there = getattr(self.sides, side)
                return replace(e, row=side) if there else x.Constant(type=NULL, value=None)
            case x.Changed():
                both = self.sides.new and self.sides.old
                return e if both else x.Constant(type=BOOLEAN, value=False)
            case x.Unary():
                of = self._placed(e.of)
                return None if of is None else replace(e, of=of)
            case x.Binary():
                left, right = self._placed(e.left), self._placed(e.right)
                if left is None or right is None:
                    return None
                return replace(e, left=left, right=right)
            case x.Call():
                return self._placed_call(e)
            case x.ListOf() if all(isinstance(item, x.Constant) for item in e.items):
                return e
        return None

    def _placed_call(self, e: x.Call) -> x.Expr | None:
        of, args = self._placed(e.of), [self._placed(one) for one in e.args]
        known = tuple(one for one in args if one is not None)
        return None if of is None or len(known) < len(args) else replace(e, of=of, args=known)

    def _kind(self, type_: Type) -> str:
        return "Enum" if type_.name in self.row.enums else type_.name

    def _column(self, field: x.Field) -> Column | None:
        return self.table.columns.get(self.row.columns[field.name])

    def _fits(self, field: x.Field) -> bool:
        """Whether the values of the column mean the same to both sides."""
        column, kind = self._column(field), self._kind(self.row.fields[field.name])
        if (
            column is None
            or column.array
            or not column.exact
            or self.row.fields[field.name].is_list
        ):
            return False
        return column.type in _FITTING.get(kind, ()) or (kind == "Enum" and column.kind == "e")

    def _unfit(self, field: x.Field) -> Iterator[str]:
        """A test that is true for values that the field cannot hold. It is the same whether the
        column allows them now or not: that may change, and must not make the function out of
        date."""
        column, type_ = self._column(field), self.row.fields[field.name]
        if column is None:
            return
        name = quoted_name(self.row.columns[field.name])
        place = f"{getattr(self.sides, field.row)}.{name}"
        if not type_.nullable:
            yield f"{place} IS NULL"
        for test in _UNFIT.get(column.type, ()):
            yield f"coalesce({test.format(place)}, false)"
        if type_.name in self.row.enums:
            known = ", ".join(map(quoted_text, self.types.enums[type_.name].members))
            yield f"coalesce({place}::text NOT IN ({known}), false)"


def _fields(e: x.Expr) -> Iterator[x.Field]:
    match e:
        case x.Field():
            yield e
        case x.Changed():
            type_ = e.type
            yield from (x.Field(type=type_, row=row, name=e.name) for row in ("new", "old"))
        case x.Unary():
            yield from _fields(e.of)
        case x.Binary():
            yield from _fields(e.left)
            yield from _fields(e.right)
        case x.Call():
            for part in (e.of, *e.args):
                yield from _fields(part)
