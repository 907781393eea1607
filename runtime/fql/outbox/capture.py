"""The triggers that capture changed rows of a SQLite database, as SQL. Pure: text from facts.

What is captured follows from the plan: only the events that observers watch, only declared
fields, and old values of an update only where an observer requires them.

**Replaced rows.** `INSERT OR REPLACE` deletes rows without firing delete triggers (unless the
writer has set `recursive_triggers`), so an insert over an existing row must be recognised. A
BEFORE trigger notes the rows that the new one collides with; the AFTER trigger fires only if the
row was really written, and then the colliding rows must be gone: one with the same primary key was
replaced, which is an `update`; one that collided in another unique column was deleted, which is a
`delete`. Notes of statements that wrote nothing (`OR IGNORE`, upsert) are dropped by the next
BEFORE trigger. Where recursive triggers did fire, the delete trigger marks the note with the
event it made, so that nothing is told twice.
"""

# ruff: noqa: S608  (writing SQL is the job here; every name passes through `quoted` or `text`)
from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from fql.exact.writing import json_text
from fql.outbox.marks import Mark
from fql.outbox.tables import Names, outbox_statements, replaced_statement
from fql.plan.model import Entity, EntityField, Plan

EVENTS = ("insert", "update", "delete")


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What the database says about a table. `unique` holds the columns of each unique index
    besides the primary key; `rowid` is the name under which the row id can be read, or empty for a
    table WITHOUT ROWID; `kind` is `table`, `view` or `virtual`; `columns` maps name to
    declared type."""

    name: str
    columns: Mapping[str, str]
    primary_key: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    rowid: str = "rowid"
    key_is_rowid: bool = False
    kind: str = "table"


@dataclass(frozen=True, slots=True)
class Trigger:
    """One trigger of ours. `suffix` is the end of its name; `mark` says what the triggers of the
    entity supply, and is part of the text."""

    name: str
    entity: str
    table: str
    sql: str
    suffix: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Capture:
    """What has to be in a database: `statements` for our tables, `triggers`, and what stands in
    the way (`problems`, one sentence each; with any of them nothing must be installed)."""

    statements: tuple[str, ...]
    triggers: tuple[Trigger, ...]
    problems: tuple[str, ...]


def table_name(entity: Entity) -> str:
    """The table of an entity in SQLite, which has no schemas: `public.orders` is `orders`."""
    return entity.table.rpartition(".")[2]


def watched(plan: Plan) -> dict[str, tuple[str, ...]]:
    """For each entity that has a table: the events that some observer watches."""
    found: dict[str, set[str]] = {}
    for observer in plan.observers:
        for trigger in observer.on:
            found.setdefault(trigger.entity, set()).add(trigger.event)
    return {
        entity.name: tuple(event for event in EVENTS if event in found[entity.name])
        for entity in plan.entities
        if entity.table and entity.name in found
    }


def needs_old(plan: Plan) -> dict[str, frozenset[str]]:
    """For each entity the fields whose old value an update must bring, where there are any."""
    needed: dict[str, frozenset[str]] = {}
    for observer in plan.observers:
        for trigger in observer.on:
            fields = frozenset(observer.requires.old_values)
            if fields and trigger.event == "update":
                needed[trigger.entity] = needed.get(trigger.entity, frozenset()) | fields
    return needed


def capture_sql(plan: Plan, facts: Mapping[str, TableFacts], names: Names) -> Capture:
    """The statements for a SQLite database; `facts` are by table name, `names` those of the
    project."""
    triggers: list[Trigger] = []
    problems: list[str] = []
    events = watched(plan)
    with_old = needs_old(plan)
    for entity in plan.entities:
        if entity.name not in events:
            continue
        table = facts.get(table_name(entity))
        found = _problems(entity, table)
        problems += found
        if table is not None and not found:
            old = with_old.get(entity.name, frozenset())
            writer = _Writer(entity, table, events[entity.name], old, names)
            triggers += writer.triggers()
    statements = (*outbox_statements(names), replaced_statement(names))
    return Capture(statements, tuple(triggers), tuple(problems))


def _problems(entity: Entity, table: TableFacts | None) -> list[str]:
    if table is None:
        return [f"the table `{table_name(entity)}` of entity {entity.name} does not exist"]
    if table.kind != "table":
        return [f"`{table.name}` of entity {entity.name} is a {table.kind}; triggers need a table"]
    return [
        problem for field in entity.fields
        if (problem := _column_problem(table, field.column or field.name, field.type))
    ]  # fmt: skip


def _column_problem(table: TableFacts, column: str, type_text: str) -> str:
    declared = {name.lower(): kind for name, kind in table.columns.items()}
    if column.lower() not in declared:
        return f"the table `{table.name}` has no column `{column}`"
    if declared[column.lower()].upper().startswith("BLOB") and type_text.rstrip("?") != "UUID":
        return f"column `{column}` of `{table.name}` is a BLOB, which no event can carry"
    return ""


class _Body(NamedTuple):
    """A trigger without its name and table."""

    suffix: str
    when: str
    statements: list[str]


class _Writer:
    """The triggers of one entity."""

    def __init__(
        self,
        entity: Entity,
        table: TableFacts,
        events: Iterable[str],
        old: Container[str],
        names: Names,
    ) -> None:
        self._entity = entity
        self._table = table
        self._events = frozenset(events)
        self._old = tuple(field for field in entity.fields if field.name in old)
        self._name = text(entity.name)
        self._names = names
        self._unique = table.unique if table.rowid else ()

    def triggers(self) -> list[Trigger]:
        bodies = self._bodies()
        mark = Mark(
            self._names.project,
            self._entity.name,
            events=tuple(event for event in EVENTS if event in self._events),
            suffixes=tuple(body.suffix for body in bodies),
            fields=tuple(f"{f.name}={f.column or f.name}" for f in self._entity.fields),
            old=tuple(f"{f.name}={f.column or f.name}" for f in self._old),
        )
        return [self._trigger(body, mark) for body in bodies]

    def _bodies(self) -> list[_Body]:
        collides = bool(self._table.primary_key or ("delete" in self._events and self._unique))
        made = [self._before_insert()] if collides else []
        if collides or "insert" in self._events:
            made.append(self._after_insert(collides))
        if "update" in self._events:
            made.append(_Body("update", "AFTER UPDATE", [self._update_event()]))
        if "delete" in self._events:
            made += self._update_replacing()
            made.append(self._after_delete(collides))
        return made

    def _trigger(self, body: _Body, mark: Mark) -> Trigger:
        name = self._names.trigger(self._entity.name, body.suffix)
        statements = "\n".join(f"  {statement};" for statement in body.statements)
        on = f"CREATE TRIGGER {quoted(name)} {body.when} ON {quoted(self._table.name)}"
        sql = f"{on}\n{mark.comment()}\nBEGIN\n{statements}\nEND"
        return Trigger(name, self._entity.name, self._table.name, sql, body.suffix, mark)

    def _before_insert(self) -> _Body:
        same = " AND ".join(f"t.{quoted(c)} = NEW.{quoted(c)}" for c in self._table.primary_key)
        wanted = [f"({same})"] if same else []
        if "delete" in self._events:
            wanted += [f"({_equal(columns)})" for columns in self._unique]
        return _Body(
            "before_insert", "BEFORE INSERT", [self._forget(), self._note(same or "0", wanted)]
        )

    def _note(self, same: str, wanted: list[str], more: str = "") -> str:
        old = self._row("t") if "delete" in self._events else self._old_row("t")
        return (
            f"INSERT INTO {self._names.replaced} (entity, same, place, old)"
            f" SELECT {self._name}, {same}, {self._place('t')}, {old}"
            f" FROM {quoted(self._table.name)} AS t WHERE ({' OR '.join(wanted)}){more}"
        )

    def _after_insert(self, collides: bool) -> _Body:
        row = self._row("NEW")
        insert = (
            f"INSERT INTO {self._names.outbox} (entity, event, new, raw)"
            f" SELECT {self._name}, 'insert', {row}, 1"
        )
        if not collides:
            return _Body("insert", "AFTER INSERT", [insert])
        same = f"FROM {self._names.replaced} AS r WHERE r.entity = {self._name} AND r.same"
        if self._table.key_is_rowid:
            # Before the insert an automatic row id reads as -1; only now it is known.
            same += f" AND r.place = {self._place('NEW')}"
        statements = []
        if "delete" in self._events:
            statements.append(
                f"DELETE FROM {self._names.outbox} WHERE seq IN (SELECT r.emitted {same})"
            )
            statements += [self._deleted_others()] if self._unique else []
        if "update" in self._events:
            old = "r.old" if self._old else "NULL"
            statements.append(
                f"INSERT INTO {self._names.outbox} (entity, event, new, old, raw)"
                f" SELECT {self._name}, 'update', {row}, {old}, 1 {same}"
            )
        if "insert" in self._events:
            statements.append(f"{insert} WHERE NOT EXISTS (SELECT 1 {same})")
        return _Body("insert", "AFTER INSERT", [*statements, self._forget()])

    def _update_event(self) -> str:
        old = self._old_row("OLD")
        return (
            f"INSERT INTO {self._names.outbox} (entity, event, new, old, raw)"
            f" VALUES ({self._name}, 'update', {self._row('NEW')}, {old}, 1)"
        )

    def _update_replacing(self) -> list[_Body]:
        """`UPDATE OR REPLACE` deletes rows that the changed one collides with."""
        groups = [*self._unique, *([self._table.primary_key] if self._table.primary_key else [])]
        if not self._table.rowid or not groups:
            return []
        columns = ", ".join(dict.fromkeys(quoted(c) for group in groups for c in group))
        wanted = [f"({_equal(group)})" for group in groups]
        others = f" AND {self._place('t')} <> {self._place('OLD')}"
        note = [self._forget(), self._note("0", wanted, others)]
        return [
            _Body("before_update", f"BEFORE UPDATE OF {columns}", note),
            _Body(
                "replaced", f"AFTER UPDATE OF {columns}", [self._deleted_others(), self._forget()]
            ),
        ]

    def _deleted_others(self) -> str:
        """Rows noted as colliding that are gone now, and whose deletion nobody has told."""
        return (
            f"INSERT INTO {self._names.outbox} (entity, event, old, raw)"
            f" SELECT {self._name}, 'delete', r.old, 1 FROM {self._names.replaced} AS r"
            f" WHERE r.entity = {self._name} AND NOT r.same AND r.emitted IS NULL"
            f" AND NOT EXISTS (SELECT 1 FROM {quoted(self._table.name)} AS t"
            f" WHERE {self._place('t')} = r.place)"
        )

    def _after_delete(self, collides: bool) -> _Body:
        event = (
            f"INSERT INTO {self._names.outbox} (entity, event, old, raw)"
            f" VALUES ({self._name}, 'delete', {self._row('OLD')}, 1)"
        )
        mark = (
            f"UPDATE {self._names.replaced} SET emitted = last_insert_rowid()"
            f" WHERE entity = {self._name} AND place = {self._place('OLD')}"
        )
        return _Body("delete", "AFTER DELETE", [event, mark] if collides else [event])

    def _forget(self) -> str:
        return f"DELETE FROM {self._names.replaced} WHERE entity = {self._name}"

    def _place(self, row: str) -> str:
        """What tells one row from another inside a statement."""
        if self._table.rowid:
            return f"{row}.{self._table.rowid}"
        return " || ',' || ".join(f"quote({row}.{quoted(c)})" for c in self._table.primary_key)

    def _old_row(self, row: str) -> str:
        """What an update brings of the row before: the fields that some observer needs."""
        return self._row(row, self._old) if self._old else "NULL"

    def _row(self, row: str, fields: Sequence[EntityField] = ()) -> str:
        """Fields (all declared ones, if none are named) as JSON text. No value may make the
        application's statement fail."""
        parts = []
        for number, field in enumerate(fields or self._entity.fields):
            key = f"{',' if number else '{'}{json_text(field.name)}:"
            parts.append(f"{text(key)} || {_json(row, field.column or field.name)}")
        return " || ".join([*parts, "'}'"])


def _equal(columns: Iterable[str]) -> str:
    return " AND ".join(f"t.{quoted(c)} = NEW.{quoted(c)}" for c in columns)


def _json(row: str, column: str) -> str:
    """A value of SQLite as JSON text: reals with all their digits, blobs and infinities marked, so
    that they are found not to fit when the event is read, not here."""
    value = f"{row}.{quoted(column)}"
    return (
        f"CASE typeof({value})"
        f" WHEN 'real' THEN CASE WHEN abs({value}) < 1.8e308 THEN printf('%!.18g', {value})"
        f" ELSE json_object('infinite', {value} > 0) END"
        f" WHEN 'blob' THEN json_object('blob', hex({value}))"
        f" ELSE json_quote({value}) END"
    )


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text as SQL writes it."""
    return "'" + value.replace("'", "''") + "'"
