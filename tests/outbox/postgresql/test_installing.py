"""Installing in PostgreSQL: what other plans need stays, roles have the least rights."""

from __future__ import annotations

import psycopg
import pytest
from tests.outbox.plans import entity, plan
from tests.outbox.postgresql.conftest import Application, told
from tests.servers.databases import Databases

from fql.errors import StoreError
from fql.outbox.postgresql.connection import Connection, connect
from fql.outbox.postgresql.installing import Roles, install, uninstall
from fql.outbox.postgresql.names import Names
from fql.outbox.postgresql.status import status

MAIN = Names()
FIRST = plan("Order.insert", entities=[entity(fields=[("id", "Int"), ("email", "String?")])])
SECOND = plan("Order.delete", entities=[entity(fields=[("id", "Int"), ("status", "String")])])


def test_another_plan_keeps_what_it_needs_until_prune(app: Application, ours: Connection) -> None:
    install(ours, FIRST, MAIN)
    assert install(ours, SECOND, MAIN)[0].named("differs", "missing") == ()
    assert status(ours, FIRST, MAIN).named("differs", "missing") == ()
    app.execute("INSERT INTO orders (id, email, status) VALUES (1, 'e', 's')")
    assert told(app) == [("insert", None, {"id": 1, "status": "s", "email": "e"}, None)]
    pruned, changed = install(ours, SECOND, MAIN, prune=True)
    assert pruned.in_step
    assert changed.removed == ("!fql_main.Order.insert",)
    app.execute("INSERT INTO orders (id, status) VALUES (2, 's')")
    app.execute("DELETE FROM orders WHERE id = 2")
    assert told(app) == [("delete", {"id": 2, "status": "s"}, None, None)]


def test_uninstall_leaves_nothing_and_loses_nothing(app: Application, ours: Connection) -> None:
    install(ours, FIRST, MAIN)
    app.execute("INSERT INTO orders (id, status) VALUES (1, 's')")
    with pytest.raises(StoreError, match="1 events wait"):
        uninstall(ours, MAIN)
    uninstall(ours, MAIN, force=True)
    left = app.execute("SELECT count(*) FROM pg_namespace WHERE nspname = 'fql_main'").fetchone()
    assert left == (0,)
    app.execute("INSERT INTO orders (id, status) VALUES (2, 's')")


def test_roles_have_the_least_rights(
    app: Application, ours: Connection, postgresql_server: Databases, postgresql_url: str
) -> None:
    role = postgresql_server.role
    with role() as engine, role() as user, role() as owner:
        app.execute(f"ALTER ROLE {owner.name} NOLOGIN".encode())
        roles = Roles(owner.name, (engine.name,), (user.name,))
        install(ours, FIRST, MAIN, roles=roles)
        assert install(ours, FIRST, MAIN, roles=roles)[0].in_step
        app.execute(f"GRANT SELECT, INSERT ON orders TO {user.name}".encode())
        with psycopg.connect(user.url(postgresql_url), autocommit=True) as application:
            application.execute("INSERT INTO orders (id, status) VALUES (1, 's')")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                application.execute("SELECT FROM fql_main.outbox")
            application.execute(
                "SELECT fql_main.emit('Order', 'insert', '{}', NULL, NULL, 'key', NULL)"
            )
        with connect(engine.url(postgresql_url)) as reader:
            assert status(reader, FIRST, MAIN).in_step
            assert reader.execute("DELETE FROM fql_main.outbox").rowcount == 2
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute("INSERT INTO fql_main.outbox (entity, event) VALUES ('a', 'b')")
        app.execute(f"DROP OWNED BY {engine.name}, {user.name}, {owner.name} CASCADE".encode())
