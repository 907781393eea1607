"""Facts 1 and 2 of capture in PostgreSQL (decision 0100): a standby that lagged is promoted."""

from __future__ import annotations

import logging

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from tests.intake.test_outbox_postgresql import PLAN, keys, opened, run
from tests.outbox.postgresql.conftest import ORDERS
from tests.servers.postgresql import running

from fql.outbox.postgresql.connection import connect
from fql.outbox.postgresql.installing import install
from fql.outbox.postgresql.names import Names


def either(*urls: str) -> str:
    """The server of these that can be written to, as an application names it."""
    known = [conninfo_to_dict(url) for url in urls]
    host, port = (",".join(str(one[name]) for one in known) for name in ("host", "port"))
    shared = {name: str(value) for name, value in known[0].items()}
    shared |= {"host": host, "port": port, "target_session_attrs": "read-write"}
    return make_conninfo("", **shared)


async def test_1_2_numbers_given_again_are_other_rows(caplog: pytest.LogCaptureFixture) -> None:
    """Rows are known by their ids: those with numbers that were read before come as well, and what
    was deleted on the lost server only comes back under its old id."""
    insert = "INSERT INTO orders (id, status) VALUES ({}, 'x')"
    with running() as primary:
        run(primary.url(), ORDERS)
        with connect(primary.url()) as connection:
            install(connection, PLAN, Names())
        run(primary.url(), insert.format(1))
        with primary.standby() as standby:
            standby.detach()
            async with opened(either(primary.url(), standby.url())) as source:
                first = await source.fetch(10)
                await source.done(first)
                for number in range(2, 80):
                    run(primary.url(), insert.format(number))
                await source.done(await source.fetch(100))
                assert await source.fetch(10) == []
                primary.kill()
                standby.promote()
                run(standby.url(), insert.format(500))
                with caplog.at_level(logging.WARNING):
                    found = await source.fetch(10) or await source.fetch(10)
            assert keys(found) == [1, 500]
            assert found[0].position == first[0].position
            assert "went back from" in caplog.text
