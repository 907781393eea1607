"""FQL303."""

from __future__ import annotations

from tests.checks.harness import expect, shop


def test_an_action_outside_the_flow() -> None:
    expect(
        shop("""
  webhook a { url: "https://a.example.com", body: { id } }
  webhook b { url: "https://b.example.com", body: { id } } # error: FQL303 `b` is declared
  flow { a }""")
    )


def test_without_a_flow_all_actions_run() -> None:
    expect(
        shop("""
  webhook a { url: "https://a.example.com", body: { id } }
  webhook b { url: "https://b.example.com", body: { id } }""")
    )


def test_an_action_behind_a_failure_edge_only_is_reached() -> None:
    expect(
        shop("""
  webhook a { url: "https://a.example.com", body: { id } }
  webhook b { url: "https://b.example.com", body: { id, why: a.error.message } }
  flow { a else b }""")
    )
