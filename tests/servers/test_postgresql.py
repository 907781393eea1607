"""The launcher of PostgreSQL: it starts fast, ends with its owner, and runs do not meet."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from tests.servers import postgresql

OWNER = """
import time
from tests.servers import postgresql
with postgresql.running() as server:
    print(server.folder, server.process.pid, server.url(), flush=True)
    time.sleep(60)
"""


def _value(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
        return None if row is None else row[0]


def _run(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def _gone(pid: int) -> bool:
    """True when the process has ended (a zombie has)."""
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return True


def test_databases_of_tests_are_apart(postgresql_server: postgresql.Server) -> None:
    with postgresql_server.database() as one, postgresql_server.database() as other:
        _run(one, "CREATE TABLE mine (x int)")
        assert _value(other, "SELECT to_regclass('mine') IS NULL") is True
        assert one != other


def test_it_answers_on_the_socket_and_on_tcp(postgresql_server: postgresql.Server) -> None:
    assert _value(postgresql_server.url(), "SELECT inet_server_addr() IS NULL") is True
    over_tcp = postgresql_server.url(tcp=True)
    assert _value(over_tcp, "SELECT host(inet_server_addr())") == "127.0.0.1"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_it_ends_with_a_killed_owner_and_does_not_disturb_others(
    postgresql_server: postgresql.Server,
) -> None:
    """SIGKILL leaves no time to clean up: the server ends all the same, ours stays, and the next
    run sweeps the folder."""
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    folder, pid, url = owner.stdout.readline().split()
    owner.stdout.close()
    assert _value(url, "SELECT 1") == 1
    owner.kill()
    owner.wait()
    end = time.monotonic() + 5
    while not _gone(int(pid)) and time.monotonic() < end:
        time.sleep(0.01)
    assert _gone(int(pid))
    assert _value(postgresql_server.url(), "SELECT 1") == 1
    os.utime(folder, (0, 0))  # an hour later
    postgresql.sweep(Path(folder).parent)
    assert not Path(folder).exists()
    assert postgresql_server.folder.exists()


def test_a_server_that_was_taken_away_comes_back() -> None:
    """What was committed is there after a crash and after an orderly stop."""
    with postgresql.running({"fsync": "on"}) as server:
        _run(server.url(), "CREATE TABLE kept AS SELECT 7 AS x")
        for end in (server.kill, server.stop):
            end()
            with pytest.raises(psycopg.OperationalError):
                _value(server.url(), "SELECT 1")
            server.start()
            assert _value(server.url(), "SELECT x FROM kept") == 7
        process = server.process
    assert process is not None
    assert process.returncode in (0, -signal.SIGQUIT, 2)
    assert not server.folder.exists()


def test_what_it_said_is_in_the_error() -> None:
    with (
        pytest.raises(postgresql.ServerFailed, match="no_such_setting"),
        postgresql.running({"no_such_setting": "1"}),
    ):
        pass
