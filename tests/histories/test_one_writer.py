"""An application without a busy timeout is not harmed by `fqlc run`; benchmarks/one_writer is the
long form."""

from __future__ import annotations

import pytest

from tests.benchmarks.one_writer import measure


@pytest.mark.parametrize(("journal", "transactions"), [("wal", 1_500), ("delete", 300)])
def test_no_transaction_of_one_writer_fails(journal: str, transactions: int) -> None:
    """BEGIN, SELECT, INSERT, UPDATE, COMMIT, as fast as it goes."""
    found = measure("triggers and run", transactions, journal, immediate=False)
    assert found.failed == 0
