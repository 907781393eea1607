"""Which rows of the application changed while the store forgot: a query for each table. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from fql.outbox.sqlite.capture.facts import table_name
from fql.outbox.wanted import column_name, wanted_of
from fql.plan.model import Entity, EntityField, Plan
from fql.sql.text import quoted_name

NAMES = ("updated_at", "modified_at", "changed_at", "last_modified", "updated", "modified")
"""Names under which tables keep when a row changed last, the usual ones first."""
CREATED = ("created_at", "inserted_at", "placed_at", "created")
"""Those of when it was made."""


def changed_rows(plan: Plan, since: int, until: int, *, on_server: bool) -> list[str]:
    """A query for the rows of each captured table that changed between two moments, in milliseconds
    since 1970, for SQLite or for a server; a comment for a table that does not keep when its rows
    change."""
    return [_query(wanted.entity, since, until, on_server=on_server) for wanted in wanted_of(plan)]


def _query(entity: Entity, since: int, until: int, *, on_server: bool) -> str:
    table = entity.table if on_server else table_name(entity)
    found = _time_field(entity, NAMES) or _time_field(entity, CREATED)
    if found is None:
        return f"-- {table}: the entity has no field such as updated_at; compare with the receiver"
    column = quoted_name(column_name(found))
    column = column if on_server else f"datetime({column})"
    name = ".".join(map(quoted_name, table.split(".")))
    zone = "+00:00" if on_server else ""
    times = " AND ".join(f"'{_as_sql(at)}{zone}'" for at in (since, until + 999))
    query = f"SELECT * FROM {name} WHERE {column} BETWEEN {times};"  # noqa: S608
    return query if _time_field(entity, NAMES) else f"{query}  -- new rows only"


def _time_field(entity: Entity, names: tuple[str, ...]) -> EntityField | None:
    times = [one for one in entity.fields if one.type.rstrip("?") in ("DateTime", "Date")]
    by_name = {column_name(one).lower(): one for one in times}
    return next((by_name[name] for name in names if name in by_name), None)


def _as_sql(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M:%S}"
