"""The same project on SQLite and on PostgreSQL, by another URL alone: the same commands say the
same."""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from tests.cli_runtime.conftest import Fqlc
from tests.cli_runtime.shop import SOURCE, paid, write_project
from tests.cli_runtime.test_run import ready, running, until

from fql.store.postgresql.store import PostgresStore
from fql.testing import MockWebhookServer
from fqlc import compile_text

TABLE = "CREATE TABLE orders (id INTEGER PRIMARY KEY, status TEXT NOT NULL, total NUMERIC)"
Run = Callable[[str], object]


def on_sqlite(folder: Path) -> tuple[str, str, Run]:
    """Settings of the source, the URL of the store, and how the application runs a statement."""
    connection = sqlite3.connect(folder / "shop.db", isolation_level=None)
    source = '[sources.shop]\nkind = "sqlite"\ndatabase = "shop.db"\n'
    return source, f"sqlite:///{folder}/fql.db", connection.execute


def on_postgresql(url: str) -> tuple[str, str, Run]:
    """The same on a server."""

    def run(sql: str) -> None:
        with psycopg.connect(url) as connection:
            connection.execute(sql.encode())

    return f'[sources.shop]\nkind = "postgresql"\nurl = "{url}"\n', url, run


def write_plan(folder: Path) -> None:
    compiled = compile_text(SOURCE % "${RECEIVER}").plan
    assert compiled is not None
    (folder / "plan.json").write_bytes(compiled)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_commands_say_the_same_on_both(
    kind: str,
    tmp_path: Path,
    fqlc: Fqlc,
    postgresql_url: str,
    webhook_server: MockWebhookServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Capture, run, dead letters, replay, trace, pause, doctor."""
    source, store, run = on_sqlite(tmp_path) if kind == "sqlite" else on_postgresql(postgresql_url)
    settings = f'{source}[store]\nurl = "{store}"\n'
    write_project(tmp_path, webhook_server.url, settings=settings)
    write_plan(tmp_path)
    monkeypatch.setenv("RECEIVER", webhook_server.url)
    run(TABLE)
    assert fqlc("capture", "status", "plan.json").code == 1
    installed = fqlc("capture", "install", "plan.json")
    assert installed.code == 0, installed.err
    assert re.search(r"\d triggers? on .*orders.* \(\d new\)", installed.err)
    assert "in step with the plan" in fqlc("capture", "status", "plan.json").err
    run("INSERT INTO orders VALUES (1, 'new', 9.90), (2, 'new', 5)")
    run("UPDATE orders SET status = 'paid' WHERE id = 1")
    webhook_server.reply(503, 503)
    ended = fqlc("run", "plan.json", "--until-idle", "--timeout", "60s")
    assert ended.out.strip() == "1 event, 1 run: 0 done, 1 dead, 0 left", ended.err
    (letter,) = fqlc("dlq", "list", "--format", "json").lines
    assert (letter["observer"], letter["action"], letter["class"]) == ("paid", "stock", "exhausted")
    name, letter_run = str(letter["dlq_id"]), str(letter["run"])
    assert "503" in fqlc("dlq", "show", name).out
    assert fqlc("dlq", "replay", name).code == 0
    run("UPDATE orders SET status = 'paid' WHERE id = 2")
    ended = fqlc("run", "plan.json", "--until-idle")
    assert ended.out.strip() == "1 event, 1 run, 1 replayed: 2 done, 0 dead, 0 left", ended.err
    assert fqlc("dlq", "list", "--format", "json").lines == []
    states = [one["state"] for one in fqlc("runs", "list", "--format", "json").lines]
    assert states == ["done", "done"]
    story = fqlc("trace", letter_run).out
    assert [line.split(":")[0].strip() for line in story.splitlines() if "done" in line][1:] == [
        "stock", "books",
    ]  # fmt: skip
    assert "1. " in story
    assert fqlc("pause", "receiver").code == 0
    assert fqlc("resume", "receiver").code == 0
    assert fqlc("pause", "nobody").code == 2
    event = tmp_path / "event.json"
    event.write_text(str(paid(3)).replace("'", '"'))
    assert fqlc("emit", "event.json").code == 0
    assert fqlc("run", "plan.json", "--until-idle").out.startswith("1 event, 1 run: 1 done")
    assert {one.path for one in webhook_server.requests} == {
        f"/{name}/{n}" for name in ("stock", "books") for n in (1, 2, 3)
    }
    examined = fqlc("doctor", "plan.json", "--offline", "--format", "json")
    found = {str(one["subject"]): one["level"] for one in examined.lines}
    assert found["source shop"] == "ok"
    assert found["store"] == "ok"
    assert fqlc("capture", "release").code == 0
    assert fqlc("capture", "uninstall").code == 0


def test_a_plan_is_activated_as_a_step_of_its_own(
    tmp_path: Path,
    fqlc: Fqlc,
    postgresql_url: str,
    webhook_server: MockWebhookServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Forth by a start, back by a command; a start does not bring the old one back."""
    monkeypatch.setenv("RECEIVER", webhook_server.url)
    write_project(tmp_path, webhook_server.url, settings=f'[store]\nurl = "{postgresql_url}"\n')
    write_plan(tmp_path)
    other = compile_text(SOURCE.replace("stock", "shelf") % "${RECEIVER}").plan
    assert other is not None
    (tmp_path / "other.json").write_bytes(other)
    assert fqlc("store", "activate", "plan.json").code == 3, "there is no store yet"
    assert fqlc("run", "plan.json", "--until-idle").code == 0
    assert "was active already" in fqlc("store", "activate", "plan.json").err
    assert "was active on this store" not in fqlc("run", "other.json", "--until-idle").err
    started = fqlc("run", "plan.json", "--until-idle").err
    assert "was active on this store before" in started
    assert "fqlc store activate" in started
    assert "is active; engines work by it" in fqlc("store", "activate", "plan.json").err
    assert "was active on this store" not in fqlc("run", "plan.json", "--until-idle").err
    assert fqlc("store", "activate", "plan.json", "--store", "sqlite:///a.db").code == 3
    assert fqlc("run", "plan.json", "--until-idle", "--store", "sqlite:///a.db").code == 0
    refused = fqlc("store", "activate", "plan.json", "--store", "sqlite:///a.db")
    assert refused.code == 2
    assert "reloads (SIGHUP)" in refused.err


def test_a_row_changed_by_any_client_becomes_a_webhook_and_a_standby_takes_over(
    tmp_path: Path, process: Fqlc, postgresql_url: str, webhook_server: MockWebhookServer
) -> None:
    source, store, run = on_postgresql(postgresql_url)
    settings = f'{source}install = true\n[store]\nurl = "{store}"\n'
    write_project(tmp_path, webhook_server.url, settings=settings)
    run(TABLE)
    run("INSERT INTO orders SELECT n, 'new', 1.5 FROM generate_series(1, 40) AS n")
    with running(tmp_path) as engine:
        ready(engine)
        with running(tmp_path) as standby:
            ready(standby)
            run("UPDATE orders SET status = 'paid' WHERE id <= 20")
            until(lambda: webhook_server.call_count >= 10)
            engine.kill()
            run("UPDATE orders SET status = 'paid' WHERE id > 20")
            until(lambda: len({one.path for one in webhook_server.requests}) == 80, 60)
            assert standby.poll() is None
    keys: dict[str, set[str]] = {}
    for request in webhook_server.requests:
        keys.setdefault(request.path, set()).add(request.key)
    assert all(len(found) == 1 for found in keys.values())


async def test_until_idle_is_never_said_of_work_that_nobody_does(
    tmp_path: Path, process: Fqlc, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another engine's lease lasts on: rows wait in the outbox, so standing by is not the end."""
    source, url, run = on_postgresql(postgresql_url)
    monkeypatch.setenv("RECEIVER", "http://127.0.0.1:1")
    run(TABLE)
    write_project(tmp_path, "http://127.0.0.1:1", settings=f'{source}[store]\nurl = "{url}"\n')
    write_plan(tmp_path)
    assert process("capture", "install", "plan.json").code == 0
    store = PostgresStore(url)
    await store.open()
    await store.acquire("another process")
    run("INSERT INTO orders VALUES (1, 'new', 20)")
    ended = await asyncio.to_thread(process, "run", "plan.json", "--until-idle", "--timeout", "20s")
    assert ended.code == 3
    assert "is in use" in ended.err
    await store.close()


WITHOUT = "import sys; sys.modules['psycopg'] = None; from fqlc.__main__ import main; main()"


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "plan.json", "--store"),
        ("run", "plan.json", "--database"),
        ("capture", "install", "plan.json", "--database"),
        ("dlq", "list", "--store"),
    ],
)
def test_without_psycopg_each_command_names_the_extra(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    write_plan(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, *arguments, "postgresql://me:hunter2@127.0.0.1:1/shop"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "RECEIVER": "http://127.0.0.1:1"},
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert "fqlc[postgres]" in done.stderr
    assert "hunter2" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_server_that_does_not_answer_ends_with_3_and_shows_no_password(
    tmp_path: Path, fqlc: Fqlc
) -> None:
    write_plan(tmp_path)
    url = "postgresql://me:hunter2@127.0.0.1:1/shop"
    for arguments, env in (
        (("dlq", "list", "--store", url), {}),
        (("dlq", "stats"), {"FQLC_STORE": url}),
        (("capture", "status", "--database", url, "plan.json"), {}),
    ):
        ended = fqlc(*arguments, env=env)
        assert ended.code == 3, arguments
        assert "127.0.0.1" in ended.err
        assert "hunter2" not in ended.err + ended.out
