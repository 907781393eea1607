"""Keys that are written out win over spreads, wherever they stand: as a receiver gets it."""

from __future__ import annotations

import pytest

from fql.plan.stored.codec import read_plan
from fql.testing import Harness
from fqlc import compile_text

SOURCE = """
type T {{ a: Int, b: Int }}
entity E {{ id: ID @key, t: T, u: T }}
observer o {{ on: E.insert webhook w {{ url: "https://x.example.com/" body: {body} }} }}
"""
ROW = {"id": "e1", "t": {"a": 1, "b": 2}, "u": {"a": 3, "b": 4}}


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ("{ a: 5, ...t }", {"a": 5, "b": 2}),
        ("{ ...t, a: 5 }", {"a": 5, "b": 2}),
        ("{ ...t, ...u }", {"a": 3, "b": 4}),
        ("{ ...u, a: 5, ...t, b: 6 }", {"a": 5, "b": 6}),
        ("{ b: 9, ...t, ...u, a: id }", {"a": "e1", "b": 9}),
        ('{ "a": 5, ...t, id }', {"a": 5, "b": 2, "id": "e1"}),
        ("{ x: { a: 5, ...t } }", {"x": {"a": 5, "b": 2}}),
    ],
)
def test_written_keys_win(body: str, sent: object) -> None:
    plan = compile_text(SOURCE.format(body=body)).plan
    assert plan is not None
    result = Harness(read_plan(plan)).emit("E.insert", new=ROW).run()
    assert result.requests("w")[0]["body"] == sent
