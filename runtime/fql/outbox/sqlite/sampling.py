"""The first rows of a captured table, read as capture would read them: which would not fit?"""

# ruff: noqa: S608  (every name is quoted)
from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from fql.errors import EventRefused
from fql.events.intake import EventMisfit, Intake
from fql.exact.reading import read_object
from fql.exact.writing import json_text
from fql.outbox.sqlite.capture.facts import TableFacts
from fql.outbox.sqlite.rows import RowReader, row_reader
from fql.outbox.sqlite.values import Text, rows_in_json
from fql.outbox.wanted import column_name
from fql.plan.model import Entity, Plan
from fql.sql.text import quoted_name

SAMPLE = 1_000
"""Rows of a table that are looked at."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sample:
    """What the first `rows` rows of a table say: how many do not fit, and why the first does not,
    with its key."""

    entity: str
    table: str
    rows: int
    unfit: int
    first: str

    def __str__(self) -> str:
        if not self.unfit:
            return f"{self.table}: the first {self.rows} rows fit {self.entity}"
        return (
            f"warning {self.entity}: {self.unfit} of the first {self.rows} rows of `{self.table}`"
            f" do not fit; {self.first}"
        )


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
    intake, reader, count = Intake(plan), row_reader(entity.fields), len(columns)
    problems = [_problem(intake, reader, entity, label, row[:count]) for row in rows]
    unfit = [at for at, problem in enumerate(problems) if problem]
    first = ""
    if unfit:
        first = f"{_shown(key, rows[unfit[0]][count:])}: {problems[unfit[0]]}"
    return Sample(entity.name, table.name, len(rows), len(unfit), first)


def _problem(
    intake: Intake, reader: RowReader, entity: Entity, label: bytes, values: Sequence[object]
) -> str:
    data, _, problem = rows_in_json(label, None, values)
    if problem or data is None:
        return problem
    try:
        row = reader(read_object(data))
        envelope = {"entity": entity.name, "event": "insert", "new": row}
        intake.check(envelope, source="", position="", new_id=str, now=_EPOCH)
    except EventMisfit as misfit:
        return str(misfit.problems[0])
    except (EventRefused, ValueError) as error:
        return str(error)
    return ""


def _shown(key: Sequence[str], values: Sequence[object]) -> str:
    texts = [str(one, "utf-8", "replace")[:60] if isinstance(one, bytes) else "" for one in values]
    pairs = zip(key, texts, strict=False)
    return ", ".join(f"{name} = {text}" for name, text in pairs) or "a row"
