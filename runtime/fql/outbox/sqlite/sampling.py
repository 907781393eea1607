"""The first rows of a SQLite table, as capture would read them."""

# ruff: noqa: S608  (every name is quoted)
from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from fql.exact.reading import read_object
from fql.exact.writing import json_text
from fql.outbox.sampling import SAMPLE, Sample, Sampled, judged_sample, shown_key
from fql.outbox.sqlite.capture.facts import TableFacts
from fql.outbox.sqlite.rows import RowReader, row_reader
from fql.outbox.sqlite.values import Text, rows_in_json
from fql.outbox.wanted import column_name
from fql.plan.model import Entity, Plan
from fql.sql.text import quoted_name


def sample(
    connection: sqlite3.Connection, plan: Plan, entity: Entity, table: TableFacts,
    limit: int = SAMPLE,
) -> Sample:  # fmt: skip
    """Read up to `limit` rows. Changes nothing; all columns of the entity must exist."""
    columns = [quoted_name(column_name(field)) for field in entity.fields]
    key = list(table.primary_key) or [column_name(f) for f in entity.fields if f.key]
    shown = [f"quote({quoted_name(name)})" for name in key] or ["NULL"]
    find = f"SELECT {', '.join(columns + shown)} FROM {quoted_name(table.name)} LIMIT ?"
    before, connection.text_factory = connection.text_factory, Text
    try:
        rows = connection.execute(find, (limit,)).fetchall()
    finally:
        connection.text_factory = before
    label = json_text([field.name for field in entity.fields]).encode()
    reader, count = row_reader(entity.fields), len(columns)
    return judged_sample(
        plan,
        entity,
        table.name,
        (_sampled(reader, label, row[:count], _shown_row(key, row[count:])) for row in rows),
    )


def _sampled(reader: RowReader, label: bytes, values: Sequence[object], key: str) -> Sampled:
    data, _, problem = rows_in_json(label, None, values)
    if problem or data is None:
        return Sampled(key, {}, problem)
    try:
        return Sampled(key, reader(read_object(data)))
    except ValueError as error:
        return Sampled(key, {}, str(error))


def _shown_row(key: Sequence[str], values: Sequence[object]) -> str:
    texts = [str(one, "utf-8", "replace") if isinstance(one, bytes) else "" for one in values]
    return shown_key(key, texts)
