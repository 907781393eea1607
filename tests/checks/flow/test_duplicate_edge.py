"""FQL304."""

from __future__ import annotations

from tests.checks.harness import expect, shop

A = """
  webhook a { url: "https://a.example.com", body: { id } }
  webhook b { url: "https://b.example.com", body: { id } }
"""


def test_an_edge_written_twice() -> None:
    expect(shop(A + "flow { a -> b\n a -> b } # error: FQL304 written twice"))


def test_an_edge_to_itself() -> None:
    expect(shop(A + "flow { a -> a -> b } # error: FQL304 after itself"))


def test_success_and_failure_to_the_same_action() -> None:
    expect(shop(A + "flow { a -> b\n a else b } # error: FQL304 both on success and on failure"))
