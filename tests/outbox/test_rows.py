"""What SQLite keeps, read by the types of an entity; through real triggers and back."""

from __future__ import annotations

import math
import random
import sqlite3
from collections.abc import Callable
from decimal import Decimal

import pytest
from tests.outbox.conftest import kept
from tests.outbox.plans import entity, plan

from fql.exact.reading import read_json
from fql.outbox.sqlite.rows import row_reader
from fql.plan.model import EntityField

Captured = Callable[[object], sqlite3.Connection]


@pytest.mark.parametrize(
    ("type_text", "stored", "read"),
    [
        ("Boolean", "0", False),
        ("Boolean", "1", True),
        ("Boolean", "2", 2),
        ("Boolean?", "null", None),
        ("Decimal", '"19.90"', "19.90"),
        ("Decimal", "19.9899999999999984", "19.99"),
        ("Decimal", "0.100000000000000006", "0.1"),
        ("Decimal", "100.0", "100"),
        ("Decimal", "1.0e+22", "10000000000000000000000"),
        ("Decimal", "7", "7"),
        ("DateTime", '"2026-03-02 14:00:00"', "2026-03-02T14:00:00Z"),
        ("DateTime", '"2026-03-02T14:00:00.250+02:00"', "2026-03-02T12:00:00.250000Z"),
        ("DateTime", "1772460000", "2026-03-02T14:00:00Z"),
        ("DateTime", "1772460000.5", "2026-03-02T14:00:00.500000Z"),
        ("DateTime", '"soon"', "soon"),
        ("DateTime", "1772460000000", 1772460000000),
        ("Date", '"2026-03-02"', "2026-03-02"),
        ("Date", '"2026-03-02 00:00:00"', "2026-03-02"),
        ("Date", '"2026-03-02 10:00:00"', "2026-03-02 10:00:00"),
        ("UUID", '"6F1C0A5200004000800000000000000A"', "6f1c0a52-0000-4000-8000-00000000000a"),
        ("UUID", '{"blob":"6F1C0A5200004000800000000000000A"}',
         "6f1c0a52-0000-4000-8000-00000000000a"),
        ("String", '"123"', "123"),
        ("JSON", '"{\\"a\\": [1]}"', {"a": [1]}),
        ("JSON", '"plain words"', "plain words"),
        ("[Int]", '"[1, 2]"', [1, 2]),
        ("Address", '"{\\"city\\": \\"Rom\\"}"', {"city": "Rom"}),
        ("OrderStatus", '"paid"', "paid"),
    ],
)  # fmt: skip
def test_stored_value_becomes_the_value_of_an_event(
    type_text: str, stored: str, read: object
) -> None:
    reader = row_reader([EntityField(name="x", type=type_text)])
    assert reader({"x": read_json(stored)}) == {"x": read}


@pytest.mark.parametrize("type_text", ["String", "Int", "JSON", "[Int]", "Address", "Status?"])
@pytest.mark.parametrize(
    ("stored", "says"),
    [
        ('["blob","00FF"]', "a blob of 2 bytes"),
        ('["infinite",true]', "an infinite number"),
        ('["infinite",false]', "an infinite number below zero"),
        ('{"blob":"00FF"}', "a blob of 2 bytes"),
        ('{"infinite":1}', "an infinite number"),
    ],
)
def test_what_no_event_can_carry_is_refused_whatever_the_type(
    type_text: str, stored: str, says: str
) -> None:
    """No marker of capture reaches a receiver, not even through a JSON field."""
    reader = row_reader([EntityField(name="x", type=type_text)])
    with pytest.raises(ValueError, match=f"`x` holds {says}"):
        reader({"x": read_json(stored)})


def test_reals_keep_every_digit_on_their_way_through_a_trigger(
    captured: Captured, database: sqlite3.Connection
) -> None:
    """SQLite's own JSON writes 15 digits; money and measures would change silently."""
    database.execute("CREATE TABLE measures (id INTEGER PRIMARY KEY, x REAL)")
    measure = entity("Measure", "measures", (("id", "Int"), ("x", "Float")))
    db = captured(plan("Measure.insert", entities=[measure]))
    chance = random.Random(7)
    values = [chance.uniform(-1, 1) * 10.0 ** chance.randint(-300, 300) for _ in range(500)]
    values += [0.1, 1e22, 5e-324, 1.7976931348623157e308, 0.1 + 0.2]
    db.executemany("INSERT INTO measures (x) VALUES (?)", [(value,) for value in values])
    reader = row_reader(measure.fields)
    assert [reader(row.new or {})["x"] for row in kept(db)] == values


def test_money_stored_as_real_is_the_decimal_that_was_written(
    captured: Captured, database: sqlite3.Connection
) -> None:
    db = captured(plan("Order.insert"))
    prices = [Decimal(n) / 100 for n in (1, 10, 1999, 123456789, 10**13 + 7)]
    db.executemany(
        "INSERT INTO orders (status, total) VALUES ('x', ?)", [(float(p),) for p in prices]
    )
    reader = row_reader(entity().fields)
    totals = [str(reader(row.new or {})["total"]) for row in kept(db)]
    assert [Decimal(text) for text in totals] == prices
    assert not any(math.isnan(float(text)) for text in totals)
