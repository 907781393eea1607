"""FQL351, and an order with a batch."""

from __future__ import annotations

from tests.checks.harness import expect, shop

A = """
  webhook stats { url: "https://a.example.com"
    batch: { size: 10, timeout: 5s } # warning: FQL351 for up to 10 events or 5s
    body: { rows: each { id } } }
  webhook after { url: "https://b.example.com", body: { id } }
"""


def test_others_that_wait_for_a_batch() -> None:
    expect(shop(A))


def test_a_batch_at_the_end_is_fine() -> None:
    expect(
        shop(
            A.split("#")[0]
            + """
    body: { rows: each { id } } }
  webhook after { url: "https://b.example.com", body: { id } }
  flow { after -> stats }"""
        )
    )


def test_an_order_does_not_go_with_a_batch() -> None:
    expect(
        shop("""order_by: id # error: FQL206 batch
  webhook stats { url: "https://a.example.com", batch: { size: 10, timeout: 5s }
    body: { rows: each { id } } }""")
    )
