"""What a plan needs in a PostgreSQL database, from facts of its tables. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from fql.outbox.marks import Mark
from fql.outbox.postgresql.capture.conditions import test_of
from fql.outbox.postgresql.capture.facts import TableFacts, table_name
from fql.outbox.postgresql.capture.functions import Captured, Trigger, triggers_of_entity
from fql.outbox.postgresql.names import Names
from fql.outbox.wanted import Wanted, column_name, wanted_of
from fql.plan.model import Entity, Plan

KINDS: Mapping[str, str] = {
    "v": "a view", "m": "a materialized view", "f": "a foreign table",
}  # fmt: skip
Tables = Mapping[tuple[str, str], TableFacts]


@dataclass(frozen=True, slots=True)
class Capture:
    """What must be in a database: what is captured of each entity, its triggers, and what prevents
    it (one sentence each; with any of them nothing must be installed). `uncaptured` are tables for
    which there can be no triggers."""

    captured: tuple[Captured, ...]
    triggers: Mapping[str, tuple[Trigger, ...]]
    problems: tuple[str, ...]
    uncaptured: tuple[str, ...] = ()


def capture_of(plan: Plan, tables: Tables, names: Names) -> Capture:
    """What this plan needs."""
    captured: list[Captured] = []
    triggers: dict[str, tuple[Trigger, ...]] = {}
    problems: list[str] = []
    uncaptured: list[str] = []
    for wanted in wanted_of(plan):
        table = tables.get(table_name(wanted.entity))
        found = _problems(wanted.entity, table)
        problems += found
        if table is None or found:
            uncaptured.append(wanted.entity.table)
            continue
        one = _captured(wanted, table)
        captured.append(one)
        triggers[one.entity] = triggers_of_entity(one, names, table.leaves)
    return Capture(tuple(captured), triggers, tuple(problems), tuple(uncaptured))


def tables_of(plan: Plan) -> list[tuple[str, str]]:
    """The tables that capture would be on."""
    return [table_name(wanted.entity) for wanted in wanted_of(plan)]


def _captured(wanted: Wanted, table: TableFacts) -> Captured:
    columns = tuple(map(column_name, wanted.entity.fields))
    keys = [column_name(field) for field in wanted.entity.fields if field.key]
    return Captured(
        entity=wanted.entity.name,
        table=table_name(wanted.entity),
        events=wanted.events,
        columns=columns,
        old=tuple(map(column_name, wanted.old)) if "update" in wanted.events else (),
        key=keys[0] if len(keys) == 1 else "",
        whole=set(columns) >= set(table.columns),
        tests={event: test_of(wanted, event, table) for event in wanted.events},
    )


def expanded(one: Captured, present: Mark | None, table: TableFacts) -> Captured:
    """What is captured so that another plan, whose function carries the mark `present`, keeps
    working until `install --prune`. Only the digest of that plan's test is known: where it differs,
    every row is written."""
    if present is None:
        return one
    columns = _joined(one.columns, present.fields, table)
    events = tuple(
        event for event in ("insert", "update", "delete")
        if event in one.events or event in present.events
    )  # fmt: skip
    tests = {
        event: one.test(event)
        for event in one.events
        if event not in present.events or one.test(event).digest(event) in present.conditions
    }
    return replace(
        one,
        events=events,
        columns=columns,
        old=_joined(one.old, present.old, table),
        whole=set(columns) >= set(table.columns),
        tests=tests,
    )


def _joined(mine: Sequence[str], others: Iterable[str], table: TableFacts) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*mine, *(one for one in others if one in table.columns)]))


def _problems(entity: Entity, table: TableFacts | None) -> list[str]:
    if table is None:
        return [f"the table `{entity.table}` of entity {entity.name} does not exist"]
    if kind := KINDS.get(table.kind):
        return [f"`{entity.table}` of entity {entity.name} is {kind}; triggers need a table"]
    return list(filter(None, (_column_problem(table, column_name(f)) for f in entity.fields)))


def _column_problem(table: TableFacts, name: str) -> str:
    column = table.columns.get(name)
    if column is None:
        return f"the table `{table.schema}.{table.name}` has no column `{name}`"
    if column.generated == "virtual":
        return (
            f"column `{name}` of `{table.schema}.{table.name}` is generated and not stored, so no"
            " trigger sees its value"
        )
    return ""
