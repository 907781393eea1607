"""One role owns what `capture install` makes, one runs the plan, one hands events in; and what an
older plan needed is removed when that is asked for. All from the command line."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from tests.cli_runtime.conftest import Fqlc
from tests.cli_runtime.shop import write_project
from tests.cli_runtime.test_postgresql import TABLE, write_plan
from tests.servers.databases import Databases

import fql.outbox
from fql.testing import MockWebhookServer
from fqlc import compile_text

GRANTS = """ALTER TABLE orders OWNER TO {owner};
GRANT USAGE, CREATE ON SCHEMA public TO {owner};
GRANT SELECT, INSERT, UPDATE ON orders TO {app};
GRANT CREATE ON DATABASE {database} TO {engine};
GRANT CREATE ON SCHEMA public TO {engine}"""


def test_each_role_needs_only_its_own(
    tmp_path: Path,
    fqlc: Fqlc,
    postgresql_server: Databases,
    webhook_server: MockWebhookServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with (
        postgresql_server.role() as owner,
        postgresql_server.role() as engine,
        postgresql_server.role() as app,
        postgresql_server.database() as url,
    ):
        with psycopg.connect(url) as by_admin:
            by_admin.execute(TABLE)
            names = {
                "owner": owner.name, "engine": engine.name, "app": app.name,
                "database": by_admin.info.dbname,
            }  # fmt: skip
            text = sql.SQL(GRANTS).format(**{k: sql.Identifier(v) for k, v in names.items()})
            by_admin.execute(text)
        theirs = engine.url(url)
        settings = (
            f'[sources.shop]\nkind = "postgresql"\nurl = "{theirs}"\n'
            f'[store]\nurl = "{theirs}"\nschema = "engine_of_shop"\n'
        )
        write_project(tmp_path, webhook_server.url, settings=settings)
        write_plan(tmp_path)
        monkeypatch.setenv("RECEIVER", webhook_server.url)
        installed = fqlc(
            "capture", "install", "plan.json", "--database", url, "--owner", owner.name,
            "--engine", engine.name, "--emitter", app.name,
        )  # fmt: skip
        assert installed.code == 0, installed.err
        with psycopg.connect(app.url(url)) as by_app:
            by_app.execute("INSERT INTO orders VALUES (1, 'new', 5)")
            by_app.execute("UPDATE orders SET status = 'paid'")
            old, new = {"id": 2, "status": "new"}, {"id": 2, "status": "paid"}
            fql.outbox.emit(by_app, "Order.update", old=old, new=new)
            with pytest.raises(psycopg.errors.InsufficientPrivilege), by_app.transaction():
                by_app.execute("DELETE FROM fql_main.outbox")
        ended = fqlc("run", "plan.json", "--until-idle", "--timeout", "60s")
        assert ended.out.startswith("2 events, 2 runs: 2 done"), ended.err
        with psycopg.connect(url) as by_admin:
            owners = by_admin.execute(
                "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'fql_main'"
            ).fetchall()
        assert owners == [(owner.name,)]


FEWER = """
entity Order from "orders" {
  id: Int @key
}
observer made {
  on: Order.insert
  webhook tell { url: "https://shop.example.com/" body: { id } }
}
"""


def test_what_only_an_older_plan_needs_goes_when_that_is_asked_for(
    tmp_path: Path, fqlc: Fqlc, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project(
        tmp_path, "http://127.0.0.1:9",
        settings=f'[sources.shop]\nkind = "postgresql"\nurl = "{postgresql_url}"\n',
    )  # fmt: skip
    write_plan(tmp_path)
    monkeypatch.setenv("RECEIVER", "http://127.0.0.1:9")
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(TABLE)
        assert fqlc("capture", "install", "plan.json").code == 0
        before = triggers(connection)
        fewer = compile_text(FEWER)
        assert fewer.plan is not None, fewer.diagnostics
        (tmp_path / "fewer.json").write_bytes(fewer.plan)
        assert fqlc("capture", "install", "fewer.json").code == 0
        assert triggers(connection) >= before
        pruned = fqlc("capture", "install", "fewer.json", "--prune")
        assert pruned.code == 0, pruned.err
        after = triggers(connection)
    assert {"!fql_main.Order.update"} <= before
    assert {name for name in after if "Order" in name} == {"!fql_main.Order.insert"}


def triggers(connection: psycopg.Connection[tuple[object, ...]]) -> set[str]:
    query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    return {str(row[0]) for row in connection.execute(query).fetchall()}
