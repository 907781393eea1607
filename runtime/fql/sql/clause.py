"""A condition as a WHERE clause, for `fqlc explain --sql`: to be run against one's own rows.

The clause selects exactly the rows for which the runtime finds the condition true, or there is
none (NotInSqlError). It is two-valued as the language is. Where a database holds less than the
language does (SQLite's numbers), `notes` say for which rows it is exact; tests hold clause and
runtime against each other on real databases within these notes.

The row is a table named `new`, the row before an update one named `old`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from fql.plan.language import expressions as x
from fql.plan.model import Entity
from fql.plan.table import TypeTable
from fql.sql.dialect import Dialect, Row
from fql.sql.postgresql import PostgreSQL
from fql.sql.sqlite import SQLite
from fql.sql.writer import Writer

DialectName = Literal["sqlite", "postgresql"]

_DIALECTS: Mapping[DialectName, Callable[[], Dialect]] = {
    "sqlite": SQLite,
    "postgresql": PostgreSQL,
}


@dataclass(frozen=True, slots=True)
class Clause:
    """The SQL, and sentences that say what it rests upon; without any it holds for all rows."""

    sql: str
    notes: tuple[str, ...]


def where_clause(e: x.Expr, dialect: DialectName, entity: Entity, types: TypeTable) -> Clause:
    """The condition `e` on rows of the entity in SQL. Raises NotInSqlError for what only the
    runtime can judge."""
    chosen = _DIALECTS[dialect]()
    text = Writer(Row.of(entity, types), chosen).sql(e)
    return Clause(text, tuple(chosen.notes))
