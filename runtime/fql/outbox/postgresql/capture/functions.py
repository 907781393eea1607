"""The function and the triggers that capture one entity, as SQL. Pure: text from facts.

Nothing here may fail the application's statement, keep it from changing its tables, or depend on
the settings of its session. So no column is named in a trigger, because PostgreSQL would then
refuse to change or drop it; whatever reads values runs in a block of its own, whose failure becomes
a `problem` in the outbox; and the function pins each setting that changes how a value is written.
"""

# ruff: noqa: S608  (writing SQL is the job here; names are quoted)
from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fql.events import row_key
from fql.outbox.marks import Mark
from fql.outbox.postgresql.names import Names
from fql.outbox.postgresql.schema import LARGEST
from fql.sql.text import quoted_name, quoted_text

VERSION = 1
"""Of the function bodies: raised when what they do has changed."""

SETTINGS: Mapping[str, str] = {
    "search_path": "pg_catalog, pg_temp",
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "lc_monetary": "C",
    "quote_all_identifiers": "off",
    "standard_conforming_strings": "on",
}
"""What the function sets while it runs. Other sessions write 0.3 for 0.30000000000000004."""

ROW, INSERT, DELETE, UPDATE, TRUNCATE = 1, 4, 8, 16, 32
"""Bits of `tgtype`."""
TYPES: Mapping[str, int] = {
    "insert": ROW | INSERT, "update": ROW | UPDATE, "delete": ROW | DELETE, "truncate": TRUNCATE,
}  # fmt: skip

_REVISION = re.compile(r"fql_revision CONSTANT integer := \d+;")


@dataclass(frozen=True, slots=True)
class Test:
    """What is tested before an event is written: `sql` on `NEW` and `OLD`, and the columns of which
    one must have changed. With neither, every row is written."""

    sql: str = ""
    changed: tuple[str, ...] = ()

    def digest(self, event: str) -> str:
        """A short form of it; empty where every row is written."""
        text = " ".join([*self.changed, self.sql])
        return f"{event}={hashlib.sha256(text.encode()).hexdigest()[:16]}" if text else ""


@dataclass(frozen=True, slots=True)
class Captured:
    """What is captured of one entity: events, columns of a row, columns of the row before an
    update; `columns` are `all` where no column of the table is left out. `key` is the column whose
    value names a row, or empty."""

    entity: str
    table: tuple[str, str]
    events: tuple[str, ...]
    columns: tuple[str, ...]
    old: tuple[str, ...] = ()
    key: str = ""
    whole: bool = False
    tests: Mapping[str, Test] = field(default_factory=dict)

    def test(self, event: str) -> Test:
        """What is tested before it is written."""
        return self.tests.get(event, Test())

    def mark(self, names: Names) -> Mark:
        """What the function supplies."""
        digests = (self.test(event).digest(event) for event in self.events)
        return Mark(
            names.project,
            self.entity,
            VERSION,
            self.events,
            fields=tuple(sorted(self.columns)),
            old=tuple(sorted(self.old)),
            conditions=tuple(filter(None, digests)),
        )


@dataclass(frozen=True, slots=True)
class Trigger:
    """One trigger: on which table, quoted, for which event, and whether it has a WHEN."""

    name: str
    on: str
    event: str
    tested: bool
    sql: str


def function_sql(captured: Captured, names: Names, revision: int) -> str:
    """The statement that makes the function of an entity."""
    name = f"{names.schema}.{quoted_name(names.function(captured.entity))}"
    settings = " ".join(
        f'SET "{key}" = {value if key == "search_path" else quoted_text(value)}'
        for key, value in SETTINGS.items()
    )
    text = body(captured, names, revision)
    tag = _tag(text)
    return (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER"
        f" {settings} AS {tag}{text}{tag}"
    )


def _tag(text: str) -> str:
    number = 0
    while f"$fql{number or ''}$" in text:
        number += 1
    return f"$fql{number or ''}$"


def body(captured: Captured, names: Names, revision: int) -> str:
    """The text of the function."""
    entity = quoted_text(captured.entity)
    parts = [_truncated(captured, names, entity)] if "delete" in captured.events else []
    parts += [_tested(event, captured.test(event)) for event in captured.events]
    told = "\n".join(filter(None, parts))
    return f"""
{captured.mark(names).comment()}
DECLARE
  fql_revision CONSTANT integer := {revision};
  fql_told boolean := true;
  fql_new json;
  fql_old json;
  fql_key text;
  fql_problem text;
BEGIN
{told}
  BEGIN
{_read(captured)}
    IF coalesce(octet_length(fql_new::text), 0) + coalesce(octet_length(fql_old::text), 0)
       > {LARGEST} THEN
      RAISE EXCEPTION 'the row is longer than {LARGEST} bytes as JSON';
    END IF;
  EXCEPTION WHEN OTHERS THEN
    fql_new := NULL;
    fql_old := NULL;
    fql_problem := 'the row could not be captured: ' || SQLERRM || ' (' || SQLSTATE || ')';
  END;
{_keyed(captured)}  INSERT INTO {names.outbox} (entity, event, new, old, row_key, revision, problem)
  VALUES ({entity}, lower(TG_OP), fql_new, fql_old, fql_key, fql_revision, fql_problem);
  RETURN NULL;
END
"""


def comparable(text: str) -> str:
    """A body without its revision, which counts and means nothing."""
    return _REVISION.sub("", text)


def _truncated(captured: Captured, names: Names, entity: str) -> str:
    del captured
    said = "TRUNCATE removed all rows of the table, and no event tells of any of them: "
    return f"""  IF TG_OP = 'TRUNCATE' THEN
    INSERT INTO {names.outbox} (entity, event, revision, problem)
    VALUES ({entity}, 'delete', fql_revision,
      {quoted_text(said)} || TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME);
    RETURN NULL;
  END IF;"""


def _tested(event: str, test: Test) -> str:
    """Where the test itself fails, the row is written."""
    tests = [f"({test.sql})"] if test.sql else []
    if test.changed:
        rows = (", ".join(f"{row}.{quoted_name(c)}" for c in test.changed) for row in ROWS)
        new, old = rows
        tests.insert(0, f"record_image_ne(ROW({new}), ROW({old}))")
    if not tests:
        return ""
    return f"""  IF TG_OP = '{event.upper()}' THEN
    BEGIN
      fql_told := ({" AND ".join(tests)}) IS NOT FALSE;
    EXCEPTION WHEN OTHERS THEN
      fql_told := true;
    END;
    IF NOT fql_told THEN
      RETURN NULL;
    END IF;
  END IF;"""


ROWS = ("NEW", "OLD")


def _read(captured: Captured) -> str:
    """Reads the rows. Where some columns are left out and reading the others fails, as after a
    change of the table in a session that had read it before, the whole row is taken."""
    statements = []
    if {"insert", "update"} & set(captured.events):
        new = _row("NEW", captured.columns, whole=captured.whole)
        statements.append(f"    IF TG_OP <> 'DELETE' THEN\n{_assigned('new', new)}\n    END IF;")
    if "delete" in captured.events:
        old = _row("OLD", captured.columns, whole=captured.whole)
        statements.append(f"    IF TG_OP = 'DELETE' THEN\n{_assigned('old', old)}\n    END IF;")
    if "update" in captured.events and captured.old:
        old = _row("OLD", captured.old, whole=False)
        statements.append(f"    IF TG_OP = 'UPDATE' THEN\n{_assigned('old', old)}\n    END IF;")
    return "\n".join(statements)


def _row(row: str, columns: Sequence[str], *, whole: bool) -> str:
    if whole:
        return f"to_json({row})"
    values = ", ".join(
        f"{row}.{quoted_name(column)} AS {quoted_name(column)}" for column in columns
    )
    return f"(SELECT to_json(fql_row) FROM (SELECT {values}) AS fql_row)"


def _assigned(side: str, value: str) -> str:
    plain = f"to_json({'NEW' if side == 'new' else 'OLD'})"
    if value == plain:
        return f"      fql_{side} := {value};"
    return f"""      BEGIN
        fql_{side} := {value};
      EXCEPTION WHEN OTHERS THEN
        fql_{side} := {plain};
      END;"""


def _keyed(captured: Captured) -> str:
    if not captured.key:
        return ""
    column = quoted_name(captured.key)
    return f"""  BEGIN
    IF TG_OP = 'DELETE' THEN
      fql_key := OLD.{column}::text;
    ELSE
      fql_key := NEW.{column}::text;
    END IF;
    IF length(fql_key) > {row_key.LONGEST} THEN
      fql_key := left(fql_key, {row_key.KEPT}) || '...'
        || left(encode(sha256(convert_to(fql_key, 'UTF8')), 'hex'), {row_key.HASH});
    END IF;
  EXCEPTION WHEN OTHERS THEN
    fql_key := NULL;
  END;
"""


def triggers_of_entity(
    captured: Captured, names: Names, leaves: Sequence[str]
) -> tuple[Trigger, ...]:
    """The triggers of an entity. `leaves` are the tables that hold its rows: each of them reports
    its TRUNCATE, since the parent does not see that of one partition."""
    on = ".".join(map(quoted_name, captured.table))
    made = [_trigger(captured, names, event, on) for event in captured.events]
    if "delete" in captured.events:
        made += [_trigger(captured, names, "truncate", leaf) for leaf in leaves]
    return tuple(made)


def _trigger(captured: Captured, names: Names, event: str, on: str) -> Trigger:
    name = names.trigger(captured.entity, event)
    tested = event == "update" and bool(captured.test("update").changed)
    each = "STATEMENT" if event == "truncate" else "ROW"
    # Bytes are compared: json and point have no equality, which would fail the UPDATE itself.
    when = "\nWHEN (OLD.* *<> NEW.*)" if tested else ""
    function = f"{names.schema}.{quoted_name(names.function(captured.entity))}"
    sql = (
        f"CREATE TRIGGER {quoted_name(name)} AFTER {event.upper()} ON {on} FOR EACH {each}{when}"
        f"\nEXECUTE FUNCTION {function}()"
    )
    return Trigger(name, on, event, tested, sql)
