"""All statements that capture needs in a database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fql.outbox.marks import Mark
from fql.outbox.sqlite.capture.facts import TableFacts, table_name
from fql.outbox.sqlite.capture.kept import MOST_VALUES
from fql.outbox.sqlite.capture.triggers import Writer
from fql.outbox.sqlite.tables import (
    Names,
    outbox_statements,
    replaced_statement,
    upgrade_statement,
    widening,
)
from fql.outbox.wanted import column_name, wanted_of
from fql.plan.model import Entity, Plan


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
    """What must be in a database: `statements` for our tables, `triggers`, and what prevents it
    (`problems`, one sentence each; with any of them nothing must be installed). The tables need
    `width` columns for values."""

    statements: tuple[str, ...]
    triggers: tuple[Trigger, ...]
    problems: tuple[str, ...]
    width: int


def capture_sql(
    plan: Plan, facts: Mapping[str, TableFacts], names: Names, present: Mapping[str, int]
) -> Capture:
    """The statements for a SQLite database; `facts` are by table name, `names` those of the
    project; `present` says how many columns for values those of its tables have that exist."""
    triggers: list[Trigger] = []
    problems: list[str] = []
    width = 0
    for wanted in wanted_of(plan):
        table = facts.get(table_name(wanted.entity))
        found = _problems(wanted.entity, table)
        problems += found
        if table is not None and not found:
            writer = Writer(wanted, table, names)
            triggers += _triggers(writer, wanted.entity, table, names)
            width = max(width, writer.values if writer.values <= MOST_VALUES else 0)
    tables = (*outbox_statements(names, width), replaced_statement(names, width))
    made = (*tables, upgrade_statement(names))
    wider = [s for table, count in present.items() for s in widening(table, count, width)]
    return Capture((*made, *wider), tuple(triggers), tuple(problems), width)


def _triggers(writer: Writer, entity: Entity, table: TableFacts, names: Names) -> list[Trigger]:
    bodies = writer.bodies()
    mark = writer.mark(bodies)
    made = []
    for body in bodies:
        name = names.trigger(entity.name, body.suffix)
        sql = writer.sql(name, body, mark)
        made.append(Trigger(name, entity.name, table.name, sql, body.suffix, mark))
    return made


def _problems(entity: Entity, table: TableFacts | None) -> list[str]:
    if table is None:
        return [f"the table `{table_name(entity)}` of entity {entity.name} does not exist"]
    if table.kind != "table":
        return [f"`{table.name}` of entity {entity.name} is a {table.kind}; triggers need a table"]
    found = [_column_problem(table, column_name(field), field.type) for field in entity.fields]
    return [problem for problem in found if problem]


def _column_problem(table: TableFacts, name: str, type_text: str) -> str:
    column = table.column(name)
    if column is None:
        return f"the table `{table.name}` has no column `{name}`"
    if column.declared.upper().startswith("BLOB") and type_text.rstrip("?") != "UUID":
        return f"column `{name}` of `{table.name}` is a BLOB, which no event can carry"
    return ""
