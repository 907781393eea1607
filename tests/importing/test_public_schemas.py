"""Schemas of others are imported, compiled and captured without a hand's change."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from fqlc.cli.main import fqlc
from tests.importing.importing import imported, observed

SCHEMAS = Path(__file__).parent / "schemas"
FEWEST = 50
"""Tables that each of them has at least."""


LONG = pytest.mark.soak
NAMES = ["nova.sql", *(pytest.param(n, marks=LONG) for n in ("neutron.sql", "django_oscar.sql"))]


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_captured_as_it_is(name: str, tmp_path: Path, postgresql_url: str) -> None:
    ddl = (SCHEMAS / name).read_text(encoding="utf-8")
    database, dialect = postgresql_url, "postgresql"
    if name == "django_oscar.sql":
        database, dialect = str(tmp_path / "shop.db"), "sqlite"
        with sqlite3.connect(database) as made:
            made.executescript(ddl)
    else:
        with psycopg.connect(postgresql_url, autocommit=True) as connection:
            connection.execute(ddl.encode())
    text = imported(database)
    assert text == imported(str(SCHEMAS / name), "--dialect", dialect)
    assert len(re.findall(r"^entity ", text, re.MULTILINE)) >= FEWEST
    program = tmp_path / "shop.fql"
    program.write_text(observed(text), encoding="utf-8")
    done = CliRunner().invoke(fqlc, ["capture", "install", str(program), "--database", database])
    assert (done.exit_code, "warning" in done.stderr) == (0, False), done.stderr
