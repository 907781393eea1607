"""The proxy in front of PostgreSQL does to one statement what it was told, and to no other."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg
import pytest

from tests.servers import postgresql
from tests.servers.postgresql import Server
from tests.servers.proxy import Kind, StatementProxy
from tests.servers.test_postgresql import run, value

COUNT = "SELECT count(*) FROM seen"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """With a table."""
    with postgresql.running() as started:
        run(started.url(), "CREATE TABLE seen (x int)")
        yield started


@pytest.fixture
def proxy(server: Server) -> Iterator[StatementProxy]:
    """In front of it, with the table empty."""
    run(server.url(), "TRUNCATE seen")
    with StatementProxy(server.port) as started:
        yield started


def connect(server: Server, proxy: StatementProxy) -> psycopg.Connection[tuple[object, ...]]:
    """Through the proxy."""
    return psycopg.connect(proxy.address(server.url(tcp=True)), autocommit=True)


@pytest.mark.parametrize(("kind", "carried_out"), [("cut_before", 0), ("cut_after", 1)])
@pytest.mark.parametrize("prepared", [False, True])
def test_a_cut_ends_the_connection_before_or_after(
    server: Server, proxy: StatementProxy, kind: Kind, carried_out: int, prepared: bool
) -> None:
    with connect(server, proxy) as connection:
        insert = "INSERT INTO seen VALUES (%s)"
        connection.execute(insert, (1,), prepare=prepared)
        fault = proxy.next(kind, of=b"insert into seen")
        connection.execute("SELECT 1")
        assert not fault.met.is_set()
        with pytest.raises(psycopg.OperationalError):
            connection.execute(insert, (2,), prepare=prepared)
        fault.wait()
    with connect(server, proxy) as again:
        again.execute(insert, (3,), prepare=prepared)
    assert value(server.url(), COUNT) == 2 + carried_out


def test_a_held_statement_is_delivered_after_its_client_has_gone(
    server: Server, proxy: StatementProxy
) -> None:
    late = proxy.next("hold", of=b"insert into seen")
    connection = connect(server, proxy)
    connection.pgconn.send_query(b"INSERT INTO seen VALUES (1)")
    late.wait()
    connection.close()
    time.sleep(0.1)
    assert value(server.url(), COUNT) == 0
    late.release()
    assert value(server.url(), COUNT) == 1


def test_a_swallowed_answer_never_comes(server: Server, proxy: StatementProxy) -> None:
    with closing(connect(server, proxy)) as connection:
        fault = proxy.next("swallow", of=b"insert into seen")
        connection.pgconn.send_query(b"INSERT INTO seen VALUES (1)")
        fault.wait()
        assert value(server.url(), COUNT) == 1
        connection.pgconn.consume_input()
        assert connection.pgconn.is_busy()


def test_silence_delay_and_another_server(server: Server, proxy: StatementProxy) -> None:
    with connect(server, proxy) as connection:
        proxy.delay = {"answers": 0.2}
        began = time.monotonic()
        connection.execute("SELECT 1")
        assert time.monotonic() - began >= 0.2
        proxy.delay = {}
        with ThreadPoolExecutor() as pool:
            with proxy.silent("requests"):
                answer = pool.submit(lambda: connection.execute(COUNT).fetchone())
                time.sleep(0.1)
                run(server.url(), "INSERT INTO seen VALUES (7)")
            assert answer.result(10) == (1,)
        with postgresql.running() as other:
            proxy.lead_to(other.port)
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
            with connect(other, proxy) as led, pytest.raises(psycopg.errors.UndefinedTable):
                led.execute(COUNT)


def test_a_client_can_take_it_for_a_pooler(server: Server, proxy: StatementProxy) -> None:
    proxy.pools = True
    with connect(server, proxy) as connection:
        assert connection.info.backend_pid == 1
        assert connection.execute("SELECT pg_backend_pid() > 1").fetchone() == (True,)
