"""A `publish` leans on an endpoint called `nats`, which it does not name."""

from __future__ import annotations

from fqlc.incremental.layout import lay_out

FILES = {
    "a.fql": b'endpoint nats { url: "https://a.example.com" }\nentity Order { id: ID @key }\n',
    "b.fql": b'import "a.fql"\n\nobserver o { on: Order.insert\n'
    b'  publish tell { subject: "x" body: { id } } }\n',
}


def test_both_are_judged_together() -> None:
    found = lay_out(["a.fql", "b.fql"], FILES.get, "salt")
    assert found is not None
    number = next(n for n, unit in enumerate(found.units) if unit.text.startswith("observer"))
    assert any(unit.text.startswith("endpoint nats") for unit in found.near(number))
