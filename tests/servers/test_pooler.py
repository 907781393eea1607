"""The pooler of the tests is as hard as those that people use."""

from __future__ import annotations

from itertools import pairwise
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.servers.databases import Databases
from tests.servers.pooler import Pooler
from tests.servers.postgresql import Server


def test_nothing_outlives_a_transaction(postgresql_server: Databases, postgresql_url: str) -> None:
    if not isinstance(postgresql_server, Server):
        pytest.skip("a server of your own may not listen here")
    process = "SELECT pg_backend_pid()"
    with (
        Pooler(postgresql_server.port, urlsplit(postgresql_url).path[1:]) as pooler,
        psycopg.connect(pooler.url, autocommit=True, prepare_threshold=None) as connection,
    ):
        seen = [connection.execute(process).fetchone() for _ in range(8)]
        assert len(set(seen)) == 4
        assert all(one != another for one, another in pairwise(seen))
        with connection.transaction():
            inside = {connection.execute(process).fetchone() for _ in range(3)}
        assert len(inside) == 1
        connection.execute("SET work_mem = '1MB'")
        assert connection.execute("SHOW work_mem").fetchone() == ("4MB",)
        connection.prepare_threshold = 0
        with pytest.raises(psycopg.errors.InvalidSqlStatementName):
            connection.execute("SELECT 1")
