"""FQL206: `name?` leaves a key out of a body, and is refused where it would have no effect."""

from __future__ import annotations

import pytest

from tests.checks.harness import expect

SHOP = """\
entity Order {{ id: Int @key, note: String? }}
{0}
"""
ACTION = """\
observer o {{
  on: Order.insert
  webhook w {{
    url: "https://x.example.com/"
    {0}
  }}
}}
"""


@pytest.mark.parametrize(
    "keys",
    [
        "body: { id, note?, deep: { note?: note } }",
        "body: { list: [{ note? }] }",
        'headers: { "X-A"?: "b" } body: { id }  # error: FQL206 only a key of a body',
        "retry: { max_attempts?: 3 } body: { id }  # error: FQL206 only a key of a body",
        "batch: { size?: 2, timeout: 1s } body: { all: each { id } }  # error: FQL206 only a key",
        'signing: { secret?: "${A}" } body: { id }  # error: FQL206 only a key of a body',
    ],
)
def test_of_an_action(keys: str) -> None:
    expect(SHOP.format(ACTION.format(keys)))


def test_of_a_call() -> None:
    expect(
        SHOP.format("observer o { on: Order.insert call c { function: f, arguments: { note? } } }")
    )


def test_of_declarations() -> None:
    text = "defaults { retry: { max_attempts?: 3 } }  # error: FQL206 only a key of a body\n"
    used = ACTION.format("body: { id }")
    expect(SHOP.format(text + used))
