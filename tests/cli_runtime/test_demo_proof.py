"""The proof of the demo finds each broken promise."""

from __future__ import annotations

import pytest

from fql.cli.demo.proof import Entry, prove

EXPECTED = {"/stock/1", "/books/1"}
GOOD = [Entry("/stock/1", "a", 503), Entry("/stock/1", "a", 200), Entry("/books/1", "b", 200)]


def test_ledger_in_order_proves_the_promises() -> None:
    proof = prove(EXPECTED, [*GOOD, Entry("/books/1", "b", 200)])
    assert proof.faults == ()
    assert (proof.expected, proof.delivered, proof.refused, proof.repeated) == (2, 2, 1, 1)


@pytest.mark.parametrize(
    ("ledger", "says"),
    [
        (GOOD[:2], "1 never delivered, such as /books/1"),
        ([*GOOD, Entry("/crm/1", "c", 200)], "1 delivered without a reason, such as /crm/1"),
        ([*GOOD, Entry("/books/1", "x", 200)], "1 sent with more than one key"),
        ([*GOOD[:2], Entry("/books/1", "a", 200)], "2 sharing their key with another"),
        ([GOOD[0], GOOD[2], GOOD[1]], "1 sent before the stock was told, such as /books/1"),
        ([Entry("/stock/1", "", 200), GOOD[2]], "1 sent with more than one key"),
    ],
)
def test_each_broken_promise_is_a_fault(ledger: list[Entry], says: str) -> None:
    proof = prove(EXPECTED, ledger)
    assert any(says in fault for fault in proof.faults), proof.faults
