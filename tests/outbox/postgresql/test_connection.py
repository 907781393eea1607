"""Connections to PostgreSQL: what cannot be used is said in words, and no wait is for ever."""

from __future__ import annotations

import time

import psycopg
import pytest
from psycopg import sql

from fql.errors import SettingsError, StoreError, StoreGone
from fql.outbox.postgresql.connection import connect, in_words


def test_statements_are_their_own_transactions_and_carry_a_name(postgresql_url: str) -> None:
    with connect(postgresql_url, application="fqlc test") as connection:
        row = connection.execute(
            "SELECT current_setting('application_name'), current_setting('transaction_isolation')"
        ).fetchone()
    assert row == ("fqlc test", "read committed")


def test_a_url_that_is_none_is_a_fault_of_the_settings() -> None:
    with pytest.raises(SettingsError, match="cannot be used"):
        connect("postgresql://host:port:more/x y")


def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(StoreError) as caught:
        connect("postgresql://me:hunter2@127.0.0.1:1/shop")
    assert "hunter2" not in caught.value.message
    assert "127.0.0.1" in caught.value.message


def test_a_database_that_is_not_there_is_gone(postgresql_url: str) -> None:
    with pytest.raises(StoreError, match="does not exist"):
        connect(postgresql_url.replace("test_", "absent_"))
    with connect(postgresql_url) as connection, pytest.raises(StoreGone), in_words("the store"):
        connection.execute("SELECT FROM absent")


def test_a_statement_without_an_answer_ends(postgresql_url: str) -> None:
    with connect(postgresql_url, patience=0.3) as connection:
        began = time.monotonic()
        with pytest.raises(psycopg.OperationalError, match=r"answer within 0\.3 seconds"):
            connection.execute("SELECT pg_sleep(20)")
        assert time.monotonic() - began < 5
        assert connection.closed


def test_another_isolation_is_refused(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        database = sql.Identifier(connection.info.dbname)
        statement = "ALTER DATABASE {} SET default_transaction_isolation = 'serializable'"
        connection.execute(sql.SQL(statement).format(database))
    with pytest.raises(StoreError, match="starts transactions as serializable"):
        connect(postgresql_url)
