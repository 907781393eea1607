"""Questions to a PostgreSQL store that may take so long and no longer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import psycopg

from fql.errors import StoreSlow
from fql.store.postgresql.wire.line import Wire

T = TypeVar("T")


def within(wire: Wire, work: Callable[[Wire], T], seconds: float, where: str) -> T:
    """Do this in a transaction that only reads; each statement of it may take so many `seconds`.
    It also holds where a pooler is in front of the server. Raises StoreSlow."""
    bound = (
        f"SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = {max(1, round(1000 * seconds))}"
    )
    try:
        with wire.connection.transaction():
            wire.connection.execute(bound.encode(), prepare=False)
            return work(wire)
    except psycopg.errors.QueryCanceled as problem:
        raise StoreSlow(where, seconds) from problem
