"""FQL307."""

from __future__ import annotations

from tests.checks.harness import SHOP, expect


def test_an_observer_that_does_nothing() -> None:
    expect("observer idle { on: Order.insert } # error: FQL307 `idle` has no actions\n" + SHOP)


def test_an_unknown_block_is_the_only_cause() -> None:
    expect(
        "observer o { on: Order.insert\n webhok a { # error: FQL204 no block `webhok`\n"
        'url: "https://a.example.com", body: { id } }\n}\n' + SHOP
    )
