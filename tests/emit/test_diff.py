"""What changes between two plans."""

from __future__ import annotations

import pytest

from fqlc.emit.diff import Area, differences
from tests.lower.harness import ORDER, plan

BASE = (
    ORDER
    + """
endpoint shop { url: "https://shop.example.com", timeout: 5s }
observer o {
  on: Order.insert
  when: status == "a"
  webhook a { endpoint: shop, path: "/x", body: { id } }
  webhook b { url: "https://b.example.com", body: { id } }
}
"""
)


def changes(old: str, new: str) -> list[tuple[Area, str]]:
    """Area and place of what changes when a part of the program is replaced."""
    assert old in BASE
    found = differences(plan(BASE), plan(BASE.replace(old, new)))
    return [(c.area, c.where) for c in found]


@pytest.mark.parametrize(
    ("old", "new", "area", "where"),
    [
        ("Order.insert", "[Order.insert, Order.update]", Area.TRIGGERS, "observer o"),
        ('"a"', '"b"', Area.TRIGGERS, "observer o"),
        ("observer o", "observer p", Area.TRIGGERS, "observer o"),
        ("/x", "/y", Area.PAYLOAD, "observer o, action a"),
        ("https://shop.", "https://shop2.", Area.PAYLOAD, "endpoint shop"),
        ("5s", "6s", Area.DELIVERY, "endpoint shop"),
        ("id: ID", "id: Int", Area.PAYLOAD, "Order.id"),
        ("on: Order", 'webhook c { url: "https://c.example.com" }\n on: Order',
         Area.TRIGGERS, "observer o, action c"),
    ],
)  # fmt: skip
def test_areas(old: str, new: str, area: Area, where: str) -> None:
    assert (area, where) in changes(old, new)


def test_words_name_what_came_and_went() -> None:
    new = BASE.replace('path: "/x", body: { id }', 'path: "/x", body: { order: id }')
    (change,) = differences(plan(BASE), plan(new))
    assert change.what == "the body changed: new `order`, gone `id`"


def test_layout_and_comments_are_cosmetic() -> None:
    (change,) = differences(plan(BASE), plan("# hello\n\n" + BASE))
    assert change.area is Area.COSMETIC


def test_the_same_plan() -> None:
    assert differences(plan(BASE), plan(BASE)) == ()
