"""A question of a view takes as long as the page waits and no longer; commands take their time."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import psycopg
import pytest

from fql.store.choosing import LetterGroup
from fql.store.port import Counts
from fql.store.postgresql.reading.patience import within
from fql.store.postgresql.wire.line import wire_to
from fql.store.sqlite.reading.patience import Patience
from fql.testing import MockWebhookServer
from fql.ui.present.now import Now
from fql.ui.present.state import Seen, needs_of
from tests.ui.site import Site, site

JSON = {"accept": "application/json"}
MANY = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 800)
INSERT INTO webhook_dlq SELECT {columns} FROM n, webhook_dlq
"""
"""Enough for SQLite to look at the clock while it reads them all."""


def fill(file: Path) -> None:
    """Copies of the one dead letter that there is."""
    with sqlite3.connect(file) as connection:
        names = [row[1] for row in connection.execute("PRAGMA table_info(webhook_dlq)")]
        told = {"dlq_id": "'dlq_' || i || '_reserve'"}
        columns = ", ".join(told.get(one, one) for one in names)
        connection.execute(MANY.format(columns=columns))
    connection.close()


async def check_slow(here: Site, path: str, kept: str) -> None:
    """The view says what helps, and still has what could be read."""
    answer = await here.browser.get(path)
    assert answer.status_code == 503, path
    assert "Not found in time:</b> the dead letters" in answer.text
    assert "Narrow the filter" in answer.text
    assert kept in answer.text and "None matches" not in answer.text


BESIDE: dict[str, tuple[str, ...]] = {
    "/": ("one thing needs you", "dead letters by action: this took too long", "Flow of placed"),
    "/endpoints": ("shop", "placed.reserve", "not counted"),
    "/endpoints/shop": ("placed.label", "Time to answer"),
    "/plan": ("placed", "Plans in use"),
    "/runs": ("placed", "reserve dead"),
}
"""What a view still has where dead letters cannot be counted."""


async def check_parts(here: Site) -> None:
    """Each part fails alone: the page says which, and has the others. A program gets all or
    nothing, and nobody is told that nothing is there."""
    for path, kept in BESIDE.items():
        answer = await here.browser.get(path)
        assert answer.status_code == 200, (path, answer.text)
        assert "Not found in time:</b>" in answer.text, path
        for words in kept:
            assert words in answer.text, (path, words)
    for path in ("/", "/endpoints"):
        told = await here.browser.get(path, headers=JSON)
        assert told.status_code == 503 and "has not answered within" in told.json()["error"]
    part = await here.browser.get("/", headers={"fql-part": "needs,missing"})
    assert part.status_code == 200 and "nothing needs you" not in part.text


async def test_what_takes_too_long_in_sqlite_is_said_beside_what_was_found(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    async with site(tmp_path, webhook_server) as here:
        await here.fail(1)
        form = re.search(r'name="token" value="([^"]+)"', (await here.browser.get("/dead")).text)
        assert form is not None
        here.desk.within = 1e-9
        fill(tmp_path / "s.db")
        await check_slow(here, "/dead?reason=nowhere", '<input name="reason" size="8" value="no')
        told = await here.browser.get("/dead?reason=nowhere", headers=JSON)
        assert told.status_code == 503 and told.json()["help"].startswith("narrow the filter")
        await check_parts(here)
        assert (await here.browser.get("/runs?row=Order+o1")).status_code == 200
        asked = await here.post("/dead/replay", reason="503", token=form[1])
        assert "Replay 801 dead letters?" in asked.text, "a command reads all it is about"
        exported = await here.browser.get("/dead/export?reason=503")
        assert len(exported.text.splitlines()) == 801


async def test_what_takes_too_long_in_postgresql(
    tmp_path: Path, postgresql_url: str, webhook_server: MockWebhookServer
) -> None:
    """A lock of somebody else makes it slow."""
    async with site(tmp_path, webhook_server, store=postgresql_url) as here:
        await here.fail(1)
        assert (await here.browser.get("/dead?reason=503")).status_code == 200
        here.desk.within = 0.1
        with psycopg.connect(postgresql_url) as other:
            other.execute("LOCK TABLE fql_main.fql_letter IN ACCESS EXCLUSIVE MODE")
            await check_slow(here, "/dead?reason=nowhere", 'value="nowhere"')
            await check_parts(here)
        assert (await here.browser.get("/dead?reason=503")).status_code == 200


def test_a_question_cannot_change_a_store(tmp_path: Path, postgresql_url: str) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        Patience(1).ask(lambda one: one.execute("CREATE TABLE t(x)"), tmp_path / "s.db")
    wire = wire_to(postgresql_url, "fql_main", "here", 10)
    with wire.connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        within(wire, lambda one: one.run("CREATE TABLE t(x int)"), 1, "here")


def test_a_group_that_was_not_counted_to_its_end_says_so() -> None:
    groups = [LetterGroup("placed", "reserve", "exhausted", 10_001, 1, 2)]
    (need, *_) = needs_of(Seen(Counts(0, {}, {}, 0, frozenset()), groups, Now()))
    assert need.chip == "more than 10,000 dead letters" and "10,001" not in need.text
