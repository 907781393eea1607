"""What of a plan's conditions a function tests before it writes an event."""

from __future__ import annotations

from fql.outbox.capture.wanted import Wanted
from fql.outbox.postgresql.facts import TableFacts
from fql.outbox.postgresql.functions import Test


def test_of(wanted: Wanted, event: str, table: TableFacts) -> Test:
    """The test for an event of this entity."""
    del wanted, event, table
    return Test()
