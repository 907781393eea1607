"""The check of arriving events: what fits becomes typed values, what does not is named."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from fql.errors import EventRefused
from fql.events.intake import EventMisfit, Intake, UnknownEntity
from fql.events.model import Envelope, Event
from fql.exact.numbers import JsonNumber, NumericId
from fql.exact.reading import read_foreign, read_json
from fql.plan.model import (
    FORMAT,
    DeclaredType,
    Entity,
    EntityField,
    Enum,
    Observer,
    Plan,
    Requirements,
    Trigger,
)

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)
TYPES = (
    "ID", "String", "Int", "Float", "Decimal", "Boolean", "UUID", "DateTime", "Date", "JSON",
    "Status", "Item", "[Int]", "[Item]?", "Int?", "Status?",
)  # fmt: skip


def fields(*pairs: tuple[str, str]) -> tuple[EntityField, ...]:
    """Fields by name and type."""
    return tuple(EntityField(name=name, type=type_) for name, type_ in pairs)


PLAN = Plan(
    format=FORMAT,
    compiler="0",
    digest="",
    enums=(Enum(name="Status", members=("open", "shipped")),),
    types=(DeclaredType(name="Item", fields=fields(("sku", "String"), ("parts", "[Item]?"))),),
    entities=(
        *(Entity(name=f"T{i}", fields=fields(("v", type_))) for i, type_ in enumerate(TYPES)),
        Entity(name="Order", fields=fields(("id", "ID"), ("status", "Status"), ("total", "Int"))),
        Entity(name="Free", fields=fields(("id", "ID"), ("note", "String?"))),
    ),
    observers=(
        Observer(
            name="o",
            on=(Trigger(entity="Order", event="update"),),
            requires=Requirements(old_values=("status",)),
            nodes=(),
            edges=(),
        ),
    ),
)
INTAKE = Intake(PLAN)


def check(envelope: Any) -> Event:
    """Check with fixed circumstances."""
    return INTAKE.check(envelope, source="test", position="7", new_id=lambda: "made", now=NOW)


def accept(type_: str, value: object) -> object:
    """The typed value of one that fits; it also survives storage."""
    entity = f"T{TYPES.index(type_)}"
    event = check({"entity": entity, "event": "insert", "new": {"v": value}})
    restored, _old = INTAKE.restore(entity, "insert", event.payload)
    assert restored == event.new
    assert event.new is not None
    return event.new["v"]


@pytest.mark.parametrize(
    ("type_", "value", "typed"),
    [
        ("ID", "a", "a"),
        ("ID", 7, NumericId("7")),
        ("Int", -3, -3),
        ("Int", 2**80, 2**80),
        ("Int", JsonNumber("5.0"), 5),
        ("Float", 3, 3.0),
        ("Float", JsonNumber("0.1"), 0.1),
        ("Decimal", "600.00", Decimal("600.00")),
        ("Decimal", JsonNumber("1.10"), Decimal("1.10")),
        ("Decimal", 0.1, Decimal("0.1")),
        ("Decimal", 3, Decimal(3)),
        ("UUID", "6F1C0A52-0000-4000-8000-000000000001", "6f1c0a52-0000-4000-8000-000000000001"),
        ("UUID", UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ("DateTime", "2026-03-02T14:00:00+02:00", datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ("DateTime", NOW, NOW),
        ("Date", "2024-02-29", date(2024, 2, 29)),
        ("Status", "open", "open"),
        ("Status?", None, None),
        ("JSON", {"a": [1, JsonNumber("1.50"), None]}, {"a": [1, JsonNumber("1.50"), None]}),
        ("JSON", 1.5, JsonNumber("1.5")),
        ("Item", {"sku": "s", "other": 1}, {"sku": "s", "parts": None}),
        ("Item", {"sku": "s", "parts": [{"sku": "t"}]},
         {"sku": "s", "parts": [{"sku": "t", "parts": None}]}),
        ("[Int]", [1, 2], [1, 2]),
        ("[Item]?", None, None),
    ],
)  # fmt: skip
def test_what_fits(type_: str, value: object, typed: object) -> None:
    """Each type takes its forms, and storage keeps them."""
    accepted = accept(type_, value)
    assert accepted == typed
    assert type(accepted) is type(typed)


@pytest.mark.parametrize(
    ("type_", "value", "message"),
    [
        ("ID", True, "new.v must be a text or a whole number, but true came"),
        ("String", 5, "new.v must be a text, but 5 came"),
        ("String", None, "but null came"),
        ("String", "\ud800", "must be a text"),
        ("Int", "5", 'a whole number, but the text "5" came'),
        ("Int", 5.5, "a whole number"),
        ("Int", True, "a whole number, but true came"),
        ("Int", 10**1000, "a number of more than 1000 digits came"),
        ("Float", float("nan"), "a finite number"),
        ("Float", JsonNumber("1e400"), "a finite number"),
        ("Decimal", "NaN", "a decimal number"),
        ("Decimal", " 1", "a decimal number"),
        ("Decimal", "1e999999", "at most 1000 digits"),
        ("Decimal", float("inf"), "a decimal number"),
        ("Boolean", 1, "true or false, but 1 came"),
        ("UUID", "6f1c0a5200004000800000000000001", "a UUID"),
        ("DateTime", "2026-03-02T14:00:00", "with an offset"),
        ("DateTime", "2026-13-02T14:00:00Z", "a date and time"),
        ("DateTime", "0001-01-01T00:00:00+10:00", "a date and time"),
        ("DateTime", datetime(2026, 1, 1), "with an offset"),
        ("Date", "2026-02-30", "a date such as"),
        ("Date", NOW, "a date such as"),
        ("Status", "shiped", 'a member of Status: open, shipped, but the text "shiped" came'),
        ("Status", ["open"], "but a list came"),
        ("JSON", None, "a JSON value"),
        ("JSON", {"a": float("inf")}, "new.v.a must be"),
        ("Item", {"parts": [{"sku": 1}]}, "new.v.sku must be a text, but nothing came"),
        ("Item", {"sku": "s", "parts": [{"sku": 1}]}, r"new\.v\.parts\[0\]\.sku must be a text"),
        ("[Int]", [1, None], r"new\.v\[1\] must be a whole number, but null came"),
        ("[Int]", "12", "a list"),
    ],
)
def test_what_does_not_fit(type_: str, value: object, message: str) -> None:
    """The message has the path, the expected type and what came."""
    with pytest.raises(EventMisfit, match=message):
        accept(type_, value)


def nested(levels: int) -> object:
    """Lists in lists."""
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


def test_deep_json_is_refused() -> None:
    """Nesting has a limit, and no depth makes the check fail otherwise."""
    accept("JSON", nested(90))
    with pytest.raises(EventMisfit, match="at most 100 levels"):
        accept("JSON", nested(150))


ORDER = {"id": "o1", "status": "open", "total": 5}


@pytest.mark.parametrize(
    ("envelope", "message"),
    [
        ([], "the event must be an object, but a list came"),
        ({}, "entity must be the name of an entity, but nothing came"),
        ({"entity": "Order", "event": "upsert"}, "event must be insert, update or delete"),
        ({"entity": "Order", "event": "insert"}, "new must be the row after the change"),
        ({"entity": "Order", "event": "insert", "new": 5}, "new must be the row"),
        ({"entity": "Order", "event": "delete", "new": ORDER}, "old must be the row before"),
        ({"entity": "Order", "event": "update", "new": ORDER}, "old must be the row before"),
        ({"entity": "Order", "event": "update", "new": ORDER, "old": {"total": 1}}, "old.status"),
        ({"entity": "Order", "event": "insert", "new": ORDER, "id": 5}, "id must be a text"),
        ({"entity": "Order", "event": "insert", "new": ORDER, "key": ""}, "key must be a text"),
        ({"entity": "Order", "event": "insert", "new": ORDER, "timestamp": "now"}, "timestamp"),
        ({"entity": "Order", "event": "insert", "new": ORDER, "context": {"a": 1}}, "context"),
    ],
)
def test_misshapen_envelopes(envelope: Any, message: str) -> None:
    """Whatever comes in place of an event is refused in words."""
    with pytest.raises(EventRefused, match=message):
        check(envelope)


def test_unknown_entity_is_told_apart() -> None:
    """The engine counts and ignores these, so they have a class of their own."""
    with pytest.raises(UnknownEntity, match="Odrer"):
        check({"entity": "Odrer", "event": "insert", "new": {}})


def test_problems_are_listed_together_up_to_ten() -> None:
    """All problems in one message, never more than ten."""
    with pytest.raises(EventMisfit) as caught:
        check({"entity": "Order", "event": "insert", "new": {"status": 1}})
    assert [p.path for p in caught.value.problems] == ["new.id", "new.status", "new.total"]
    with pytest.raises(EventMisfit) as caught:
        accept("[Int]", ["x"] * 1_000)
    assert len(caught.value.problems) == 10


def test_old_values_that_no_condition_needs_may_be_absent() -> None:
    """Sources bring the old values that conditions use; the others are null."""
    event = check({"entity": "Order", "event": "update", "new": ORDER, "old": {"status": "open"}})
    assert event.old == {"id": None, "status": "open", "total": None}
    free = check({"entity": "Free", "event": "update", "new": {"id": 1}})
    assert free.old is None


def test_identity_of_an_event() -> None:
    """Given id, key, time and context are kept; otherwise they are made."""
    given = check(
        Envelope(
            "Free", "insert", new={"id": "x"}, id="evt", timestamp="2026-01-01T00:00:00Z",
            context={"traceparent": "00-1"},
        )
    )  # fmt: skip
    assert (given.id, given.key) == ("evt", "evt")
    assert given.timestamp == datetime(2026, 1, 1, tzinfo=UTC)
    assert given.context == {"traceparent": "00-1"}
    made = check({"entity": "Free", "event": "insert", "new": {"id": "x", "dropped": 1}})
    assert (made.id, made.key, made.timestamp) == ("made", None, NOW)
    assert (made.source, made.position) == ("test", "7")
    assert made.payload == b'{"new":{"id":"x","note":null},"old":null}'


def test_numbers_pass_through_no_float() -> None:
    """Digits beyond a float survive from the text of the event to its stored form."""
    text = '{"entity": "T4", "event": "insert", "new": {"v": 12345678901234567890.10}}'
    event = check(read_json(text))
    assert event.payload == b'{"new":{"v":"12345678901234567890.10"},"old":null}'


@pytest.mark.parametrize("text", ["NaN", "-Infinity", "{", "[" * 100_000, '{"a": 1,}', b"\xff"])
def test_what_is_not_json(text: str | bytes) -> None:
    """Bad JSON is a ValueError, however bad."""
    with pytest.raises(ValueError):
        read_json(text)


@pytest.mark.parametrize(
    ("type_", "body", "value"),
    [
        ("Item", b'{"sku": "s"}', {"sku": "s", "parts": None}),
        ("Item?", b"null", None),
        ("[Int]", b"[1]", [1]),
        ("JSON?", b'{"a": 1.5}', {"a": JsonNumber("1.5")}),
    ],
)
def test_answers(type_: str, body: bytes, value: object) -> None:
    """The answer of a receiver is checked like a row."""
    assert INTAKE.fit_answer(type_, read_foreign(body)) == value


@pytest.mark.parametrize(
    ("type_", "body", "message"),
    [
        ("Item", b'{"sku": 1}', "response.sku must be a text, but 1 came"),
        ("Item", b"[]", "an object of type Item, but a list came"),
    ],
)
def test_answers_that_do_not_fit(type_: str, body: bytes, message: str) -> None:
    """A misfit of an answer says where and what."""
    with pytest.raises(ValueError, match=message):
        INTAKE.fit_answer(type_, read_foreign(body))


@pytest.mark.parametrize(
    ("type_", "value", "text"),
    [
        ("ID", "o/1", "o/1"), ("ID", 'say "x"', 'say "x"'), ("ID", "a\0b", "a\\u0000b"),
        ("Int", 48213, "48213"), ("Decimal", "1.50", "1.50"), ("Boolean", True, "true"),
        ("UUID", "6F9619FF-8B86-D011-B42D-00C04FC964FF", "6f9619ff-8b86-d011-b42d-00c04fc964ff"),
        ("Date", "2026-03-02", "2026-03-02"),
    ],
)  # fmt: skip
def test_the_key_of_a_row_is_a_text(type_: str, value: object, text: str) -> None:
    """Of the row after the change; of a deleted row as it was."""
    key = EntityField(name="k", type=type_, key=True)
    plan = Plan(
        format=FORMAT, compiler="0", digest="", observers=(),
        entities=(Entity(name="T", fields=(*fields(("a", "Int")), key)),),
    )  # fmt: skip

    def row_key(**envelope: object) -> str:
        event = {"entity": "T", **envelope}
        checked = Intake(plan).check(event, source="s", position="1", new_id=str, now=NOW)
        return checked.row_key

    row = {"a": 1, "k": value}
    assert row_key(event="insert", new=row) == text
    assert row_key(event="update", new=row) == text
    assert row_key(event="delete", old=row) == text


def test_an_entity_without_a_key_has_no_row_key() -> None:
    event = {"entity": "Free", "event": "insert", "new": {"id": "1"}}
    assert check(event).row_key == ""
