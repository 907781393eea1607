"""FQL306."""

from __future__ import annotations

from tests.checks.harness import expect, shop

A = """
  webhook a { url: "https://a.example.com", body: { id } }
  webhook b { url: "https://b.example.com", body: { id } }
  webhook c { url: "https://c.example.com", body: { id } }
"""


def test_an_implied_edge_is_a_warning() -> None:
    expect(shop(A + "flow { a -> b -> c\n a -> c } # warning: FQL306 from `a` to `c`"))


def test_a_way_over_a_failure_implies_nothing() -> None:
    expect(shop(A + "flow { a -> c\n a else b -> c }"))
