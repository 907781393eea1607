"""The part of a condition that a trigger of SQLite may test before it writes an event.

The test may be true for a row that the runtime then finds not to match; never false for one that
matches. So a condition is walked in two ways: `may` writes what is true whenever the condition is,
`must` what is true only when it is. A part that SQLite cannot judge exactly is left out of an
`and`, and makes an `or` untestable. A value that does not fit its field (a text in an Int, a null
where none may be) is not a reason to be silent: `misfits` are true for such rows, so that they are
written and become dead letters with a reason.

Only what cannot fail is tested: an error in a trigger would fail the application's statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fql.plan.language import expressions as x
from fql.plan.language.types import BOOLEAN, NULL
from fql.plan.model import Entity
from fql.plan.table import TypeTable
from fql.sql.dialect import Row
from fql.sql.misfits import JUDGED, misfit
from fql.sql.sqlite import SQLite
from fql.sql.text import NotInSqlError, quoted_name
from fql.sql.writer import Writer, literal_items

_NUMBERS = ("Int", "Decimal", "Float")
_SEARCHES = ("contains", "starts_with")
_ABSENT = x.Constant(type=NULL, value=None)
_DIFFER = {("ne", True), ("lt", True), ("gt", True), ("eq", False), ("le", False), ("ge", False)}
"""Comparisons of a field with itself before the change that tell, when true or false, that it
changed."""


@dataclass(frozen=True, slots=True)
class Sides:
    """What the rows before and after a change are called; empty where there is none. With `hidden`
    there is one before, and what it holds is not to be looked at."""

    new: str = ""
    old: str = ""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A test, and what is true for rows with values that it cannot judge."""

    sql: str
    misfits: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Test:
    """What a trigger tests; `part` is None where every row must be told. `changed` are fields of
    which one must have changed; empty where that is not sure."""

    part: Part | None = None
    changed: frozenset[str] = frozenset()

    @property
    def sql(self) -> str:
        """The test with its misfits; empty where every row must be told."""
        if self.part is None:
            return ""
        return " OR ".join([self.part.sql, *sorted(self.part.misfits)])


def pushed_test(condition: x.Expr, sides: Sides, entity: Entity, types: TypeTable) -> Test:
    """What of a condition a trigger may test, where the rows are called as `sides` says."""
    changed = _changed(condition, True) if sides.new and sides.old else None
    part = _Walk(sides, entity, types).may(condition)
    return Test(part, changed or frozenset())


def any_of(tests: Sequence[Test]) -> Test:
    """The test for rows that one of several conditions may match."""
    changed = frozenset[str]().union(*(test.changed for test in tests))
    sure = all(test.changed for test in tests)
    parts = [test.part for test in tests if test.part is not None]
    part = _joined("OR", parts) if len(parts) == len(tests) else None
    return Test(part, changed if sure else frozenset())


def _joined(word: str, parts: Sequence[Part]) -> Part:
    """Balanced, as SQLite bounds the depth of an expression."""
    distinct = list(dict.fromkeys(parts))
    if len(distinct) == 1:
        return distinct[0]
    middle = len(distinct) // 2
    left, right = _joined(word, distinct[:middle]), _joined(word, distinct[middle:])
    return Part(f"({left.sql} {word} {right.sql})", left.misfits | right.misfits)


def _changed(e: x.Expr, true: bool) -> frozenset[str] | None:
    """Fields of which one has changed when `e` is so; None where that is not sure."""
    match e:
        case x.Unary(op="not"):
            return _changed(e.of, not true)
        case x.Changed() if true:
            return frozenset({e.name})
        case x.Binary(op="and" | "or"):
            sides = [_changed(side, true) for side in (e.left, e.right)]
            found = [side for side in sides if side is not None]
            if (e.op == "and") is true:
                return min(found, key=len, default=None)
            return found[0] | found[1] if len(found) == 2 else None
        case x.Binary(left=x.Field() as left, right=x.Field() as right):
            before = [side.row == "old" for side in (left, right)]
            told = (e.op, true) in _DIFFER and left.name == right.name and sum(before) == 1
            return frozenset({left.name}) if told else None
    return None


class _Walk:
    """One condition over rows of one entity."""

    def __init__(self, sides: Sides, entity: Entity, types: TypeTable) -> None:
        self._sides = sides
        self._row = Row.of(entity, types)
        self._members = {name: enum.members for name, enum in types.enums.items()}

    def may(self, e: x.Expr) -> Part | None:
        """What is true whenever the condition is; None where that cannot be tested."""
        match e:
            case x.Binary(op="and" | "or"):
                found = [self.may(side) for side in (e.left, e.right)]
                return _together(e.op, found, loose="and")
            case x.Unary(op="not"):
                return _negated(self.must(e.of))
            case x.Changed():
                return self._stored_differ(e.name)
        return self._judged(e)

    def must(self, e: x.Expr) -> Part | None:
        """What is true only when the condition is; None where that cannot be tested."""
        match e:
            case x.Binary(op="and" | "or"):
                found = [self.must(side) for side in (e.left, e.right)]
                return _together(e.op, found, loose="or")
            case x.Unary(op="not"):
                return _negated(self.may(e.of))
            case x.Changed() if self._both:
                type_ = self._row.fields[e.name]
                new, old = (x.Field(type=type_, row=row, name=e.name) for row in ("new", "old"))
                return self._judged(x.Binary(type=BOOLEAN, op="ne", left=new, right=old))
        return self._judged(e)

    @property
    def _both(self) -> bool:
        return bool(self._sides.new and self._sides.old)

    def _stored_differ(self, name: str) -> Part | None:
        """Values of any type that are stored alike are the same value."""
        if not self._both:
            return Part("0")
        if self._sides.hidden:
            return None
        column = quoted_name(self._row.columns[name])
        new, old = f"{self._sides.new}.{column}", f"{self._sides.old}.{column}"
        return Part(f"({new} COLLATE BINARY IS NOT {old})")

    def _judged(self, e: x.Expr) -> Part | None:  # noqa: PLR0911 - a line a kind
        """A part that is as the runtime finds it, except for misfits."""
        match e:
            case x.Binary(op="in" | "not_in"):
                found = self._among(e)
                return found if e.op == "in" else _negated(found)
            case x.Changed():
                return None if self._both else Part("0")
            case x.Constant(value=bool(truth)):
                return Part(str(int(truth)))
            case x.Field() if e.type.name == "Boolean":
                return self._written(e, [e])
            case x.Binary(op="eq" | "ne", left=x.Builtin(name=name), right=x.Constant(value=value)):
                same = self._about_event(name, value)
                return None if same is None else Part(str(int(same == (e.op == "eq"))))
            case x.Binary(op="eq" | "ne"):
                return self._equality(e)
            case x.Binary(op="lt" | "le" | "gt" | "ge"):
                return self._order(e)
            case x.Call(of=x.Field(), args=(x.Constant(),)) if e.name in _SEARCHES:
                return self._written(replace(e, of=self._side(e.of)), [e.of])
        return None

    def _among(self, e: x.Binary) -> Part | None:
        items = literal_items(e.right)
        if items is None:
            return None
        equal = [x.Binary(type=BOOLEAN, op="eq", left=e.left, right=item) for item in items]
        return _together("or", [self._judged(one) for one in equal] or [Part("0")], loose="and")

    def _about_event(self, name: str, value: object) -> bool | None:
        """Whether `_event`, `_new` or `_old` is this, which is known where the trigger is made."""
        events = {(True, False): "insert", (True, True): "update", (False, True): "delete"}
        if name == "_event":
            return value == events[bool(self._sides.new), bool(self._sides.old)]
        if name in ("_new", "_old") and value is None:
            return not getattr(self._sides, name[1:])
        return None

    def _equality(self, e: x.Binary) -> Part | None:
        operands = [self._side(side) for side in (e.left, e.right)]
        kinds = {self._kind(side) for side in operands} - {"Null"}
        comparable = len(kinds) < 2 or kinds == {"Int", "Decimal"}
        if not comparable or not all(isinstance(side, x.Field | x.Constant) for side in operands):
            return None
        return self._written(replace(e, left=operands[0], right=operands[1]), operands)

    def _order(self, e: x.Binary) -> Part | None:
        kinds = {self._kind(side) for side in (e.left, e.right)}
        if not kinds <= set(_NUMBERS) or (len(kinds) > 1 and "Float" in kinds):
            return None
        return self._equality(e)

    def _side(self, e: x.Expr) -> x.Expr:
        """An operand, with the row that it is of; null where there is no such row."""
        if not isinstance(e, x.Field):
            return e
        row = e.row if e.row != "row" else ("new" if self._sides.new else "old")
        return replace(e, row=row) if getattr(self._sides, row) else _ABSENT

    def _kind(self, e: x.Expr) -> str:
        if isinstance(e, x.Constant) and e.value is None:
            return "Null"
        return "Enum" if e.type.name in self._row.enums else e.type.name

    def _written(self, e: x.Expr, operands: Sequence[x.Expr]) -> Part | None:
        fields = [side for side in map(self._side, operands) if isinstance(side, x.Field)]
        hidden = self._sides.hidden and any(side.row == "old" for side in fields)
        if hidden or any(self._kind(side) not in JUDGED for side in fields):
            return None
        writer = Writer(self._row, SQLite(), new=self._sides.new, old=self._sides.old)
        try:
            sql = writer.sql(self._side(e))
            return Part(sql, frozenset(self._misfit(side) for side in fields))
        except NotInSqlError:
            return None

    def _misfit(self, e: x.Field) -> str:
        type_ = self._row.fields[e.name]
        column = f"{getattr(self._sides, e.row)}.{quoted_name(self._row.columns[e.name])}"
        return misfit(column, self._kind(e), type_.nullable, self._members.get(type_.name, ()))


def _together(word: str, found: Sequence[Part | None], *, loose: str) -> Part | None:
    """Parts joined by `word`; what cannot be tested may be missing where the join is `loose`."""
    parts = [part for part in found if part is not None]
    if not parts or (len(parts) < len(found) and word != loose):
        return None
    return _joined(word.upper(), parts)


def _negated(part: Part | None) -> Part | None:
    return None if part is None else replace(part, sql=f"(NOT {part.sql})")
