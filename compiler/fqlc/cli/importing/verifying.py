"""`fqlc import --check --verify N`: would rows that are there fit?"""

from __future__ import annotations

from fql.errors import UsageError
from fql.outbox.sampling import Sample
from fql.plan.model import Entity, Plan
from fql.settings.databases import is_server, server_at
from fqlc.importing.recognising import file_of_sqlite, kind_of


def verified(source: str, plan: Plan, rows: int) -> list[Sample]:
    """What up to `rows` rows of each table say. Raises UsageError for what holds no rows."""
    entities = [entity for entity in plan.entities if entity.table]
    if is_server(source):
        return _on_server(source, plan, entities, rows)
    if kind_of(source) != "sqlite":
        raise UsageError("--verify reads rows of a live database", hint="give one as SOURCE")
    return _in_file(source, plan, entities, rows)


def _in_file(source: str, plan: Plan, entities: list[Entity], rows: int) -> list[Sample]:
    from fql.outbox.sqlite.capture.facts import table_name
    from fql.outbox.sqlite.database import opened, table_facts
    from fql.outbox.sqlite.sampling import sample

    found = []
    with opened(file_of_sqlite(source), writable=False) as connection:
        for entity in entities:
            facts = table_facts(connection, table_name(entity))
            if facts is not None and _complete(entity, {name.lower() for name in facts.columns}):
                found.append(sample(connection, plan, entity, facts, rows))
    return found


def _on_server(source: str, plan: Plan, entities: list[Entity], rows: int) -> list[Sample]:
    from fql.outbox.postgresql.capture.facts import table_name
    from fql.outbox.postgresql.catalog import tables_named
    from fql.outbox.postgresql.connection import connect, in_words
    from fql.outbox.postgresql.sampling import sample

    database = server_at(source)
    with connect(database.url) as connection, in_words(database.shown):
        facts = tables_named(connection, map(table_name, entities))
        present = ((one, facts.get(table_name(one))) for one in entities)
        found = [
            sample(connection, plan, entity, table, rows)
            for entity, table in present
            if table is not None and _complete(entity, set(table.columns))
        ]
    return [one for one in found if one is not None]


def _complete(entity: Entity, columns: set[str]) -> bool:
    names = {field.column or field.name for field in entity.fields}
    return names <= columns or {name.lower() for name in names} <= columns
