"""The launcher of PostgreSQL: it starts fast, ends with its owner, and runs do not meet."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.servers import owned, postgresql
from tests.servers.databases import Databases
from tests.servers.postgresql import Server
from tests.servers.programs import ServerFailed

OWNER = """
import time
from tests.servers import owned, postgresql
with postgresql.running() as server:
    print(server.folder, server.process.pid, server.url(), flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One that may be taken away; fsync is on, since it is killed."""
    with postgresql.running({"fsync": "on"}) as started:
        yield started


def value(url: str, query: str) -> object:
    """The first column of the first row."""
    with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
        row = connection.execute(query.encode()).fetchone()
        return None if row is None else row[0]


def run(url: str, statement: str) -> None:
    """One statement, committed."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def _gone(pid: int) -> bool:
    """True when the process has ended (a zombie has)."""
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return True


def test_databases_of_tests_are_apart(postgresql_server: Databases) -> None:
    with postgresql_server.database() as one, postgresql_server.database() as other:
        run(one, "CREATE TABLE mine (x int)")
        assert value(other, "SELECT to_regclass('mine') IS NULL") is True
        assert one != other


@pytest.mark.parametrize("tcp", [False, True])
def test_a_role_has_its_password_and_nothing_else(server: Server, tcp: bool) -> None:
    with server.role() as role, server.database() as url:
        run(url, "CREATE TABLE secret (x int)")
        place = server.url(url.split("?")[0].rpartition("/")[2], tcp=tcp)
        theirs = role.url(place)
        assert value(theirs, "SELECT current_user::text") == role.name
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            value(theirs, "SELECT x FROM secret")
        with pytest.raises(psycopg.OperationalError, match="password"):
            value(theirs.replace(role.password, "wrong"), "SELECT 1")


def test_it_answers_on_the_socket_and_on_tcp(server: Server) -> None:
    assert value(server.url(), "SELECT inet_server_addr() IS NULL") is True
    assert value(server.url(tcp=True), "SELECT host(inet_server_addr())") == "127.0.0.1"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_it_ends_with_a_killed_owner_and_does_not_disturb_others(server: Server) -> None:
    """SIGKILL leaves no time to clean up: the server ends all the same, ours stays, and the next
    run sweeps the folder."""
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    folder, pid, url = owner.stdout.readline().split()
    owner.stdout.close()
    assert value(url, "SELECT 1") == 1
    owner.kill()
    owner.wait()
    end = time.monotonic() + 5
    while not _gone(int(pid)) and time.monotonic() < end:
        time.sleep(0.01)
    assert _gone(int(pid))
    assert value(server.url(), "SELECT 1") == 1
    os.utime(folder, (0, 0))  # an hour later
    owned.sweep(Path(folder).parent, postgresql.PREFIX)
    assert not Path(folder).exists()
    assert server.folder.exists()


@pytest.mark.parametrize("end", [Server.kill, Server.stop])
def test_a_server_that_was_taken_away_comes_back(
    server: Server, end: Callable[[Server], None]
) -> None:
    """What was committed is there after a crash and after an orderly stop."""
    with server.database() as url:
        run(url, "CREATE TABLE kept AS SELECT 7 AS x")
        end(server)
        assert server.process is not None
        assert server.process.returncode == (-signal.SIGKILL if end is Server.kill else 0)
        with pytest.raises(psycopg.OperationalError):
            value(url, "SELECT 1")
        server.start()
        assert value(url, "SELECT x FROM kept") == 7


def test_a_paused_server_answers_when_it_goes_on(server: Server) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        with server.paused():
            connection.pgconn.send_query(b"SELECT 1")
            time.sleep(0.1)
            connection.pgconn.consume_input()
            assert connection.pgconn.is_busy()
        assert connection.pgconn.get_result() is not None
        connection.pgconn.get_result()


def test_a_standby_that_lags_is_promoted_without_what_it_missed(server: Server) -> None:
    run(server.url(), "CREATE TABLE orders (x int)")
    with server.standby() as standby:
        run(server.url(), "INSERT INTO orders VALUES (1)")
        end = time.monotonic() + 10
        while value(standby.url(), "SELECT count(*) FROM orders") == 0 and time.monotonic() < end:
            time.sleep(0.01)
        standby.detach()
        run(server.url(), "INSERT INTO orders VALUES (2)")
        standby.promote()
        run(standby.url(), "INSERT INTO orders VALUES (3)")
        assert value(standby.url(), "SELECT array_agg(x ORDER BY x) FROM orders") == [1, 3]
        assert value(server.url(), "SELECT array_agg(x ORDER BY x) FROM orders") == [1, 2]


def test_what_it_said_is_in_the_error() -> None:
    with (
        pytest.raises(ServerFailed, match="no_such_setting"),
        postgresql.running({"no_such_setting": "1"}),
    ):
        pass
