"""The triggers of one entity.

What is written follows from the plan: only the events that observers watch, only rows that one of
their conditions may hold for (`fql.sql.pushed`), only declared fields, and old values of an update
only where an observer requires them.

**Replaced rows.** `INSERT OR REPLACE` deletes rows without firing delete triggers (unless the
writer has set `recursive_triggers`), so an insert over an existing row must be recognised. A
BEFORE trigger notes the rows that the new one collides with; the AFTER trigger fires only if the
row was really written, and then the colliding rows must be gone: one with the same primary key was
replaced, which is an `update`; one that collided in another unique column was deleted, which is a
`delete`. Where recursive triggers did fire, the delete trigger marks the note with the event it
made, so that nothing is written twice.

Notes outlive their statement, above all those of statements that wrote nothing (`OR IGNORE`,
upsert): each BEFORE trigger drops what earlier statements left, before anybody reads notes. So
what is written does not depend on the order in which SQLite fires the triggers of one event.
"""

# ruff: noqa: S608  (writing SQL is the job here; every name passes through `quoted_name`)
from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fql.outbox.marks import Mark
from fql.outbox.sqlite.capture.facts import Part, TableFacts
from fql.outbox.sqlite.capture.kept import MOST_VALUES, Keeper, Kept
from fql.outbox.sqlite.tables import Names
from fql.outbox.wanted import Wanted, column_name
from fql.plan.model import EntityField
from fql.sql.pushed import Sides, Test
from fql.sql.text import quoted_name, quoted_text

INSERTED = Sides(new="NEW")
UPDATED = Sides(new="NEW", old="OLD")
DELETED = Sides(old="OLD")
REPLACED = Sides(new="NEW", old="t")


class Body(NamedTuple):
    """A trigger without its name and table. It fires where `test` is true, or always without."""

    suffix: str
    when: str
    statements: Sequence[str]
    test: str = ""


class Writer:
    """Writes the triggers of one entity over one table."""

    def __init__(self, wanted: Wanted, table: TableFacts, names: Names) -> None:
        self._wanted = wanted
        self._table = table
        self._names = names
        self._name = quoted_text(wanted.entity.name)
        self._fields = wanted.entity.fields
        self._kept = Keeper(names, wanted.entity.name, table, wide=self.values > MOST_VALUES)
        self._unique = table.unique if table.rowid else ()

    @property
    def values(self) -> int:
        """How many values the widest event has, or would have if they were kept in columns."""
        old = len(self._wanted.old) if self._tells("update") else 0
        return len(self._wanted.entity.fields) + old

    def bodies(self) -> list[Body]:
        """All triggers that are needed, in the order in which they are made: of those for one
        event SQLite fires the youngest first, so that a row that is replaced is written before the
        new one."""
        made = [self._insert()] if self._tells("insert") else []
        if self._collides:
            made += [self._before_insert(), *self._replacing()]
        if self._tells("update"):
            made.append(self._update())
        if self._tells("delete"):
            made += [*self._update_replacing(), self._delete()]
        return made

    def mark(self, bodies: Sequence[Body]) -> Mark:
        """What these triggers supply."""
        return Mark(
            self._names.project,
            self._wanted.entity.name,
            events=self._wanted.events,
            suffixes=tuple(body.suffix for body in bodies),
            fields=tuple(map(_supplied, self._wanted.entity.fields)),
            old=tuple(map(_supplied, self._wanted.old)),
            conditions=tuple(filter(None, map(self._digest, self._wanted.events))),
        )

    def sql(self, name: str, body: Body, mark: Mark) -> str:
        """The statement that makes one."""
        statements = "\n".join(f"  {statement};" for statement in body.statements)
        on = f"CREATE TRIGGER {quoted_name(name)} {body.when} ON {quoted_name(self._table.name)}"
        test = f"\nWHEN {body.test}" if body.test else ""
        return f"{on}\n{mark.comment()}{test}\nBEGIN\n{statements}\nEND"

    def _tells(self, event: str) -> bool:
        return event in self._wanted.events

    @property
    def _collides(self) -> bool:
        """Whether an insert can replace a row that anybody wants to know of."""
        return bool(self._table.primary_key or (self._tells("delete") and self._unique))

    def _digest(self, event: str) -> str:
        """A short form of what is tested; empty where every row is written."""
        test = self._test(event)
        text = " ".join([*self._columns(test), test.sql])
        return f"{event}={hashlib.sha256(text.encode()).hexdigest()[:16]}" if text else ""

    def _test(self, event: str) -> Test:
        sides = {"insert": INSERTED, "update": UPDATED, "delete": DELETED}[event]
        return self._wanted.test(event, sides)

    # The plain events ------------------------------------------------------------------

    def _insert(self) -> Body:
        test = self._test("insert").sql
        if self._table.primary_key:
            fresh = f"NOT EXISTS (SELECT 1 {self._notes('r.same')})"
            test = f"({test}) AND {fresh}" if test else fresh
        event = self._kept.event("insert", self._row("NEW"), None)
        return Body("insert", "AFTER INSERT", [event], test)

    def _update(self) -> Body:
        """A column that no statement names keeps its value."""
        test = self._test("update")
        of = ", ".join(map(quoted_name, self._columns(test)))
        when = f"AFTER UPDATE OF {of}" if of else "AFTER UPDATE"
        event = self._kept.event("update", self._row("NEW"), self._old_row("OLD"))
        return Body("update", when, [event], test.sql)

    def _columns(self, test: Test) -> list[str]:
        """The columns of fields of which one must have changed; none where statements may change
        one without naming it: a generated one, or the row id by its other names."""
        fields = [f for f in self._wanted.entity.fields if f.name in test.changed]
        names = [column_name(field) for field in fields]
        found = [self._table.column(name) for name in names]
        alias = self._table.primary_key if self._table.key_is_rowid else ()
        hidden = {name.lower() for name in alias} & {name.lower() for name in names}
        sure = all(column is not None and not column.generated for column in found)
        return names if sure and not hidden else []

    def _delete(self) -> Body:
        event = self._kept.event("delete", None, self._row("OLD"))
        mark = (
            f"UPDATE {self._names.replaced} SET emitted = last_insert_rowid()"
            f" WHERE entity = {self._name} AND place = {self._place('OLD')}"
        )
        statements = [event, mark] if self._collides else [event]
        return Body("delete", "AFTER DELETE", statements, self._test("delete").sql)

    # Replaced rows -----------------------------------------------------------------------

    def _before_insert(self) -> Body:
        """Notes rows that the new one collides with, where anybody wants to know of it."""
        others = [f"({_equal(key)}){self._interest_in_others()}" for key in self._noted_keys()]
        found = [self._exists(f"({self._same}){self._interest_in_same()}")] if self._same else []
        likely = self._likely()
        if found and likely:
            found = [f"({likely}) AND {found[0]}"]
        same = [f"({self._same}){self._interest_in_same()}"] if self._same else []
        note = self._note(self._sameness(), [*same, *others])
        test = " OR ".join([*found, *map(self._exists, others), self._any_note])
        return Body("before_insert", "BEFORE INSERT", [self._forget(), note], test)

    def _noted_keys(self) -> Sequence[Sequence[Part]]:
        return self._unique if self._tells("delete") else ()

    @property
    def _same(self) -> str:
        columns = map(quoted_name, self._table.primary_key)
        return " AND ".join(f"t.{column} = NEW.{column}" for column in columns)

    def _sameness(self) -> str:
        """1 for a row that is replaced, -1 where nobody wants to know of it, 0 for another row."""
        if not self._same:
            return "0"
        test = self._wanted.test("update", REPLACED).sql if self._tells("update") else ""
        told = f"CASE WHEN {test} THEN 1 ELSE -1 END" if test else "1"
        return f"CASE WHEN {self._same} THEN {told} ELSE 0 END"

    def _interest_in_same(self) -> str:
        """A replaced row matters if that is written, or if a new or deleted row would be."""
        sides = {"insert": INSERTED, "update": REPLACED, "delete": Sides(old="t")}
        return _and([self._wanted.test(event, sides[event]).sql for event in self._wanted.events])

    def _interest_in_others(self) -> str:
        return _and([self._wanted.test("delete", Sides(old="t")).sql])

    def _likely(self) -> str:
        """What the new row alone tells of that interest: it is cheaper than to look for a row."""
        if self._tells("delete"):
            return ""
        sides = {"insert": INSERTED, "update": Sides(new="NEW", old="t", hidden=True)}
        tests = [self._wanted.test(event, sides[event]).sql for event in self._wanted.events]
        return " OR ".join(f"({test})" for test in tests) if all(tests) else ""

    def _replacing(self) -> list[Body]:
        """Tells of the rows that an insert has replaced."""
        statements = []
        if self._tells("delete"):
            emitted = f"SELECT r.emitted {self._notes('r.same')}"
            statements.append(f"DELETE FROM {self._names.outbox} WHERE seq IN ({emitted})")
            statements += [self._deleted_others()] if self._unique else []
        if self._tells("update"):
            old = self._kept.noted("r", self._wanted.old, self._noted) if self._wanted.old else None
            source = self._notes("r.same > 0")
            statements.append(self._kept.event("update", self._row("NEW"), old, source))
        when = "AFTER INSERT"
        return [Body("replacing", when, statements, self._any_note)] if statements else []

    def _update_replacing(self) -> list[Body]:
        """`UPDATE OR REPLACE` deletes rows that the changed one collides with."""
        key = tuple(map(Part, self._table.primary_key))
        keys = [*self._unique, *([key] if key else [])]
        if not self._table.rowid or not keys:
            return []
        columns = ", ".join(dict.fromkeys(quoted_name(p.column) for key in keys for p in key))
        more = f" AND {self._place('t')} <> {self._place('OLD')}{self._interest_in_others()}"
        others = [f"({_equal(key)}){more}" for key in keys]
        test = " OR ".join([*map(self._exists, others), self._any_note])
        note = [self._forget(), self._note("0", others)]
        return [
            Body("before_update", f"BEFORE UPDATE OF {columns}", note, test),
            Body(
                "replaced", f"AFTER UPDATE OF {columns}", [self._deleted_others()], self._any_note
            ),
        ]

    def _deleted_others(self) -> str:
        """Rows noted as colliding that are gone now, and whose deletion nobody has told."""
        old = self._kept.noted("r", self._fields, self._noted)
        source = (
            f"FROM {self._names.replaced} AS r"
            f" WHERE r.entity = {self._name} AND NOT r.same AND r.emitted IS NULL"
            f" AND NOT EXISTS (SELECT 1 FROM {self._from} WHERE {self._place('t')} = r.place)"
        )
        return self._kept.event("delete", None, old, source)

    def _note(self, same: str, wanted: Sequence[str]) -> str:
        old = self._kept.row("t", self._noted) if self._noted else None
        source = f"FROM {self._from} WHERE {' OR '.join(f'({one})' for one in wanted)}"
        return self._kept.note(same, self._place("t"), old, source)

    @property
    def _noted(self) -> Sequence[EntityField]:
        """The fields of a row that may be replaced that are noted."""
        return self._fields if self._tells("delete") else self._wanted.old

    def _notes(self, which: str) -> str:
        """The notes about the row that was just inserted."""
        found = f"FROM {self._names.replaced} AS r WHERE r.entity = {self._name} AND {which}"
        if self._table.key_is_rowid:
            # Before the insert an automatic row id reads as -1; only now it is known.
            found += f" AND r.place = {self._place('NEW')}"
        return found

    @property
    def _any_note(self) -> str:
        notes = f"{self._names.replaced} WHERE entity = {self._name}"
        return f"EXISTS (SELECT 1 FROM {notes})"

    def _exists(self, equal: str) -> str:
        return f"EXISTS (SELECT 1 FROM {self._from} WHERE {equal})"

    def _forget(self) -> str:
        return f"DELETE FROM {self._names.replaced} WHERE entity = {self._name}"

    # Rows ----------------------------------------------------------------------------------

    @property
    def _from(self) -> str:
        return f"{quoted_name(self._table.name)} AS t"

    def _place(self, row: str) -> str:
        """What tells one row from another inside a statement."""
        if self._table.rowid:
            return f"{row}.{self._table.rowid}"
        columns = map(quoted_name, self._table.primary_key)
        return " || ',' || ".join(f"quote({row}.{column})" for column in columns)

    def _row(self, row: str) -> Kept:
        return self._kept.row(row, self._fields)

    def _old_row(self, row: str) -> Kept | None:
        """What an update brings of the row before: the fields that some observer needs."""
        return self._kept.row(row, self._wanted.old) if self._wanted.old else None


def _equal(key: Iterable[Part]) -> str:
    """Whether a row is equal to the new one in a unique index."""
    return " AND ".join(
        f"t.{quoted_name(part.column)} = NEW.{quoted_name(part.column)}"
        f"{'' if part.collation == 'BINARY' else f' COLLATE {quoted_name(part.collation)}'}"
        for part in key
    )


def _and(tests: Sequence[str]) -> str:
    """A further condition, that one of the tests holds; none where one of them always does."""
    return f" AND ({' OR '.join(f'({test})' for test in tests)})" if all(tests) else ""


def _supplied(field: EntityField) -> str:
    return f"{field.name}={column_name(field)}"
