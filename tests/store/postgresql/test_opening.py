"""Opening a PostgreSQL store: what is made, what is refused, and what a role needs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from fql.errors import StoreError, StoreGone
from fql.outbox.postgresql import connection
from fql.store.choosing import RunFilter
from fql.store.opening import Place, require_store
from fql.store.postgresql.store import PostgresStore, exists
from fql.store.postgresql.tables import schema
from fql.store.records import Mutations, Retention
from tests.servers.databases import Databases, Role
from tests.servers.postgresql import Server
from tests.store.postgresql.conftest import Open
from tests.store.rows import letter, one_run

Admin = psycopg.Connection[tuple[object, ...]]
PASSWORD = "hunter2"
ENGINE = """GRANT USAGE ON SCHEMA fql_main TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA fql_main TO {role}"""
READER = """GRANT USAGE ON SCHEMA fql_main TO {role};
GRANT SELECT ON ALL TABLES IN SCHEMA fql_main TO {role}"""
EMITTER = """GRANT USAGE ON SCHEMA fql_main TO {role};
GRANT SELECT ON fql_main.fql_meta, fql_main.fql_inbox TO {role};
GRANT INSERT ON fql_main.fql_inbox TO {role}"""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dbname": "missing"}, "cannot be opened"),
        ({"user": "nobody"}, "refuses this user"),
        ({"port": "1"}, "cannot be reached"),
        ({"host": "127.0.0.1", "port": "1"}, "cannot be reached"),
    ],
)
async def test_a_wrong_url_says_what_is_wrong_and_no_password(
    postgresql_url: str, change: dict[str, str], words: str
) -> None:
    url = make_conninfo(postgresql_url, password=PASSWORD, **change)
    store = PostgresStore(url)
    with pytest.raises(StoreError, match=words) as caught:
        await store.open()
    assert PASSWORD not in caught.value.message + caught.value.hint + store.where
    assert caught.value.hint
    await store.close()


async def test_an_old_server_is_refused(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "OLDEST", 990000)
    with pytest.raises(StoreError, match="needs 99 or later"):
        await PostgresStore(postgresql_url).open()


async def test_columns_are_those_of_the_records(opened: Open, admin: Admin) -> None:
    await opened()
    for table in schema.TABLES:
        found = admin.execute(
            "SELECT attname, format_type(atttypid, -1) FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum",
            (f"fql_main.{table.name}",),
        ).fetchall()
        assert found == [(name, kind.name) for name, kind in table.columns]


async def test_two_that_open_at_once_make_one_store(postgresql_url: str) -> None:
    stores = [PostgresStore(postgresql_url) for _ in range(5)]
    await asyncio.gather(*(store.open() for store in stores))
    assert len({(await store.identity()).id for store in stores}) == 1
    for store in stores:
        await store.close()


async def test_projects_have_schemas_of_their_own(opened: Open) -> None:
    first, second = await opened(), await opened(schema='Other "one"')
    assert (await first.identity()).id != (await second.identity()).id
    lease = await second.acquire("x")
    assert await second.commit(lease, one_run()) == "ok"
    assert await first.runs(RunFilter()) == []


def test_looking_makes_nothing(postgresql_url: str, admin: Admin) -> None:
    assert not exists(postgresql_url, "fql_main")
    with pytest.raises(StoreError, match="there is no store in the schema fql_main"):
        require_store(Place(postgresql_url))
    found = admin.execute("SELECT count(*) FROM pg_namespace WHERE nspname ~ 'fql'").fetchone()
    assert found == (0,)


async def test_a_store_is_found_by_those_who_look(opened: Open, postgresql_url: str) -> None:
    await opened()
    assert exists(postgresql_url, "fql_main")
    require_store(Place(postgresql_url))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        ("UPDATE fql_main.fql_meta SET value = '99' WHERE name = 'version'", "newer version"),
        ("UPDATE fql_main.fql_meta SET value = 'x' WHERE name = 'version'", "no readable format"),
        ("DELETE FROM fql_main.fql_meta", "no readable format"),
        ("DROP TABLE fql_main.fql_meta", "does not hold a whole store"),
        ("ALTER TABLE fql_main.fql_run DROP COLUMN works", "fql_run.works text is missing"),
        ("ALTER TABLE fql_main.fql_meta RENAME value TO other", "does not belong to a store"),
    ],
)
async def test_tables_that_are_not_ours_are_left_alone(
    opened: Open, postgresql_url: str, admin: Admin, spoil: str, words: str
) -> None:
    await opened()
    admin.execute(spoil.encode())
    with pytest.raises(StoreError, match=words) as caught:
        await PostgresStore(postgresql_url).open()
    assert caught.value.hint


async def test_a_standby_of_the_server_is_refused(postgresql_server: Databases) -> None:
    if not isinstance(postgresql_server, Server):
        pytest.skip("a server of your own has no standby here")
    with (
        postgresql_server.standby() as standby,
        pytest.raises(StoreError, match="is on a standby") as caught,
    ):
        await PostgresStore(standby.url()).open()
    assert "target_session_attrs" in caught.value.hint


async def test_commits_that_a_crash_would_lose_are_refused(
    postgresql_url: str, admin: Admin
) -> None:
    name = admin.info.dbname
    admin.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off'.encode())
    with pytest.raises(StoreError, match="would lose commits in a crash"):
        await PostgresStore(postgresql_url).open()


async def test_a_role_that_may_only_read_by_its_settings_is_told_so(
    opened: Open, postgresql_url: str, admin: Admin
) -> None:
    await opened()
    name = admin.info.dbname
    admin.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'.encode())
    store = await opened(postgresql_url)
    with pytest.raises(StoreError, match="is read-only") as caught:
        await store.acquire("x")
    assert "default_transaction_read_only" in caught.value.hint


async def test_a_database_that_cannot_hold_every_text_is_refused(
    postgresql_server: Databases,
) -> None:
    with psycopg.connect(postgresql_server.admin, autocommit=True) as by_admin:
        by_admin.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
        try:
            with pytest.raises(StoreError, match="keeps texts as LATIN1") as caught:
                await PostgresStore(postgresql_server.url("latin")).open()
            assert "ENCODING 'UTF8'" in caught.value.hint
        finally:
            by_admin.execute("DROP DATABASE latin WITH (FORCE)")


@pytest.mark.parametrize("mode", ["require", "verify-full"])
async def test_encryption_that_the_server_has_not_is_named(
    postgresql_server: Databases, mode: str
) -> None:
    if not isinstance(postgresql_server, Server):
        pytest.skip("a server of your own may have encryption")
    url = f"{postgresql_server.url('postgres', tcp=True)}?sslmode={mode}"
    with pytest.raises(StoreError, match="encryption that the URL asks for") as caught:
        await PostgresStore(url).open()
    assert "sslmode" in caught.value.hint


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("ALTER ROLE {role} CONNECTION LIMIT 0", "no free connection"),
        ("ALTER DATABASE {database} CONNECTION LIMIT 0", "no free connection"),
        ("REVOKE CONNECT ON DATABASE {database} FROM PUBLIC", "lacks a right"),
        ("ALTER DATABASE {database} ALLOW_CONNECTIONS false", "cannot be reached"),
        ("ALTER ROLE {role} NOLOGIN", "refuses this user"),
    ],
)
async def test_a_database_that_takes_nobody_for_a_while_is_not_gone(
    granted: str, role: Role, postgresql_server: Databases, change: str, words: str
) -> None:
    """An engine ends where its store is gone, and goes on trying where it is not."""
    with psycopg.connect(postgresql_server.admin, autocommit=True) as by_owner:
        names = {"role": role.name, "database": urlsplit(granted).path[1:]}
        text = sql.SQL(change).format(**{k: sql.Identifier(v) for k, v in names.items()})
        by_owner.execute(text)
    with pytest.raises(StoreError, match=words) as caught:
        await PostgresStore(role.url(granted)).open()
    assert not isinstance(caught.value, StoreGone)


async def test_passwords_and_options_of_every_kind(postgresql_server: Databases) -> None:
    """And the password is shown nowhere."""
    odd = "p@ss:w/o#r%d ?&=é'\\\""
    if not isinstance(postgresql_server, Server):
        pytest.skip("a server of your own may not listen here")
    with postgresql_server.role("SUPERUSER") as role, postgresql_server.database() as own:
        with psycopg.connect(own, autocommit=True) as by_admin:
            by_admin.execute(
                sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role.name), odd)
            )
        database = urlsplit(own).path[1:]
        url = (
            f"postgresql://{role.name}:{quote(odd, safe='')}@127.0.0.1:{postgresql_server.port}"
            f"/{database}?options=-c%20work_mem%3D8MB&connect_timeout=3&application_name=mine"
            "&target_session_attrs=read-write&keepalives=0"
        )
        store = PostgresStore(url)
        await store.open()
        await store.acquire("x")
        with psycopg.connect(own) as by_admin:
            names = by_admin.execute(
                "SELECT DISTINCT application_name FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ).fetchall()
        assert names == [("mine",)]
        assert (await store.identity()).where == store.where
        await store.close()
        assert quote(odd, safe="") not in store.where
        assert "p@ss" not in store.where
        wrong = PostgresStore(url.replace(quote(odd, safe=""), "wrong%20one"))
        with pytest.raises(StoreError, match="refuses this user") as caught:
            await wrong.open()
        assert "wrong" not in caught.value.message + caught.value.hint


async def test_a_schema_that_is_dropped_is_gone(opened: Open, admin: Admin) -> None:
    store = await opened()
    lease = await store.acquire("x")
    admin.execute("DROP SCHEMA fql_main CASCADE")
    with pytest.raises(StoreGone, match="are gone"):
        await store.commit(lease, one_run())
    with pytest.raises(StoreGone):
        await store.runs(RunFilter())


# Roles -------------------------------------------------------------------------------------------


@pytest.fixture
def role(postgresql_server: Databases) -> Iterator[Role]:
    with postgresql_server.role() as made:
        yield made


@pytest.fixture
def granted(role: Role, postgresql_server: Databases) -> Iterator[str]:
    """A database that ends before its role does."""
    with postgresql_server.database() as url:
        yield url


def grant(url: str, what: str, role: Role) -> None:
    with psycopg.connect(url, autocommit=True) as by_owner:
        by_owner.execute(sql.SQL(what).format(role=sql.Identifier(role.name)))


async def made(url: str) -> None:
    store = PostgresStore(url)
    await store.open()
    await store.close()


async def test_an_engine_needs_no_right_to_create(granted: str, role: Role) -> None:
    await made(granted)
    grant(granted, ENGINE, role)
    store = PostgresStore(role.url(granted))
    await store.open()
    store.note_copies()
    lease = await store.acquire("x")
    changed = one_run()
    changed.letters = [letter("d1")]
    assert await store.commit(lease, changed) == "ok"
    await store.append([("pause", b"{}")], now=1)
    assert await store.commit(lease, Mutations(consumed=[1], pauses={"x": True})) == "ok"
    assert (await store.prune(Retention(1 << 40, 1 << 40, 1 << 40))).letters == 1
    assert (await store.size()).bytes > 0
    await store.release(lease, clean=True)
    await store.close()


async def test_who_only_reads_needs_only_to_read(granted: str, role: Role) -> None:
    await made(granted)
    grant(granted, READER, role)
    store = PostgresStore(role.url(granted))
    await store.open()
    assert (await store.counts()).events == 0
    with pytest.raises(StoreError, match="the role lacks a right") as caught:
        await store.acquire("x")
    assert "docs/how-to/postgresql.md" in caught.value.hint
    await store.close()


async def test_who_only_emits_needs_only_the_inbox(granted: str, role: Role) -> None:
    await made(granted)
    grant(granted, EMITTER, role)
    store = PostgresStore(role.url(granted))
    await store.open()
    [number] = await store.append([("emit", b"{}")], now=1)
    assert await store.pending([number]) == {number}
    await store.close()


async def test_without_the_right_to_create_it_says_what_is_missing(
    granted: str, role: Role
) -> None:
    with pytest.raises(StoreError, match="permission denied for database"):
        await PostgresStore(role.url(granted)).open()
