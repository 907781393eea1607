"""The conditions of observers as queries, to be run against the application's tables."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from fql.plan.language.nodes import load_expression
from fql.plan.model import Entity, Observer, Plan
from fql.plan.table import TypeTable
from fql.sql.clause import Clause, DialectName, where_clause
from fql.sql.text import NotInSqlError, quoted_name
from fql.terminal.lines import data, json_line


@dataclass(frozen=True, slots=True)
class Explained:
    """An observer's query, or the sentence that says why there is none."""

    observer: str
    query: str | None
    notes: tuple[str, ...] = ()
    refused: str | None = None


def explain_sql(plan: Plan, dialect: DialectName, form: str) -> None:
    """Print a SELECT for each observer, with what it rests upon; for what SQL cannot say, why."""
    types = TypeTable.of(plan)
    for observer in plan.observers:
        found = _explained(observer, types, dialect)
        if form == "json":
            json_line(asdict(found))
        else:
            data(_explained_text(found))


def _explained(observer: Observer, types: TypeTable, dialect: DialectName) -> Explained:
    entity = types.entities[observer.on[0].entity]
    clause = Clause("TRUE", ())
    try:
        if observer.when is not None:
            clause = where_clause(load_expression(observer.when), dialect, entity, types)
    except NotInSqlError as error:
        return Explained(observer.name, None, refused=str(error))
    query = f"SELECT * FROM {_table(entity, dialect)} AS new WHERE {clause.sql};"  # noqa: S608 - shown, never run
    return Explained(observer.name, query, clause.notes)


def _table(entity: Entity, dialect: DialectName) -> str:
    """The table's name; SQLite has no schemas."""
    parts = (entity.table or entity.name).split(".")
    return ".".join(map(quoted_name, parts[-1:] if dialect == "sqlite" else parts))


def _explained_text(found: Explained) -> str:
    lines = [f"-- {found.observer}", *(f"-- {note}" for note in found.notes)]
    lines.append(found.query or f"-- cannot be written in SQL: {found.refused}")
    return "\n".join(lines) + "\n"
