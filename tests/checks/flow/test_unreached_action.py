"""FQL303."""

from __future__ import annotations

from tests.checks.harness import expect, reports, shop


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


def test_nothing_is_unreached_where_the_flow_may_lack_a_part() -> None:
    """A flow that could not be read, and one with an unknown name, may lead to it."""
    actions = """
  webhook a { url: "https://a.example.com", body: { id } }
  webhook b { url: "https://b.example.com", body: { id } }
"""
    for flow in ("flow { a -> }", "flow { a -> c }"):
        assert "FQL303" not in [one.code for one in reports(shop(actions + flow))]
