"""An application without a busy timeout is not harmed by `fqlc run`; the long form is
benchmarks/sqlite/one_writer."""

from __future__ import annotations

import pytest

from tests.benchmarks.sqlite.one_writer import measure

TRIES = 3


@pytest.mark.parametrize(("journal", "transactions"), [("wal", 1_500), ("delete", 300)])
def test_no_transaction_of_one_writer_fails(journal: str, transactions: int) -> None:
    """BEGIN, SELECT, INSERT, UPDATE, COMMIT, as fast as it goes. On a machine so busy that a look
    without a lock fails for a second, the engine takes the lock (decision 0054). So one of three
    measurements must be free of failures; where every look takes the lock, none is."""
    found: list[int] = []
    while len(found) < TRIES and 0 not in found:
        found.append(measure("triggers and run", transactions, journal, immediate=False).failed)
    assert 0 in found, found
