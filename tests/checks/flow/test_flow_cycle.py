"""FQL301."""

from __future__ import annotations

from tests.checks.harness import expect, reports, shop

A = """
  webhook a { url: "https://a.example.com", body: { id } }
  webhook b { url: "https://b.example.com", body: { id } }
  webhook c { url: "https://c.example.com", body: { id } }
"""


def test_a_ring_is_reported_once_at_its_last_edge() -> None:
    expect(shop(A + "flow { a -> b -> c\n c -> a } # error: FQL301 `a` -> `b` -> `c` -> `a`"))


def test_a_cycle_over_a_failure_edge() -> None:
    expect(shop(A + "flow { a -> b -> c\n c else a } # error: FQL301 cycle"))


def test_each_edge_of_the_ring_has_a_label() -> None:
    (found,) = reports(shop(A + "flow { a -> b -> c\n c -> a }"))
    assert [label.message for label in found.labels] == [
        "`b` waits for `a`",
        "`c` waits for `b`",
    ]


def test_a_diamond_is_no_ring() -> None:
    expect(shop(A + "flow { a -> [b, c] }"))
