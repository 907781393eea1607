"""What a message of a stream is read as, whatever is in it."""

from __future__ import annotations

import json

import pytest

from fql.intake.nats.messages import MAX_BODY, Delivered, arrival

ROW = {"new": {"id": 1}}
CLOUD = {
    "specversion": "1.0", "type": "com.example.Order.insert", "source": "/shop", "id": "A1",
    "time": "2026-03-02T14:00:00Z", "subject": "o1", "data": ROW,
}  # fmt: skip
ATTRIBUTES = {
    f"ce-{name}": text for name, text in CLOUD.items() if isinstance(text, str)
}  # fmt: skip
TYPED = {"Content-Type": "application/cloudevents+json; charset=UTF-8"}
JSON = {"content-type": "application/json"}


def read(body: object, **headers: str) -> tuple[dict[str, object], str]:
    """Envelope and problem of a message."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    message = Delivered("$JS.ACK.x", 7, 1_772_000_000_000_000_000, "s.a", headers, data)
    found = arrival(message, "nats:S@1", 0)
    return found.envelope, found.problem


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (CLOUD, {}),
        (CLOUD, TYPED),
        (ROW, ATTRIBUTES),
        (ROW, ATTRIBUTES | JSON),
        (ROW, {name.upper(): text for name, text in ATTRIBUTES.items()}),
    ],
    ids=["untyped", "structured", "binary", "binary typed", "other case"],
)
def test_a_cloud_event_is_the_same_event_in_each_mode(
    body: object, headers: dict[str, str]
) -> None:
    envelope, problem = read(body, **headers, **{"Nats-Msg-Id": "m"})
    assert problem == ""
    assert envelope == {
        "entity": "Order", "event": "insert", "id": "A1", "key": "/shop A1", "new": {"id": 1},
        "timestamp": "2026-03-02T14:00:00Z",
        "context": {"cloudevents_source": "/shop", "cloudevents_subject": "o1"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "headers", "told"),
    [
        ({**CLOUD, "specversion": "0.3"}, {}, "`specversion` of the CloudEvent must be"),
        ({**CLOUD, "id": 1}, {}, "`id` of the CloudEvent must be text, not 1"),
        ({**CLOUD, "type": "order"}, {}, "must be text that ends with ENTITY.EVENT"),
        ({"entity": "Order", "event": "insert"}, TYPED, "`specversion` of the CloudEvent"),
        (ROW, {"ce-specversion": "1.0"}, "`type` of the CloudEvent must be text, not nothing"),
        (ROW, {**ATTRIBUTES, "content-type": "text/plain"}, "`datacontenttype` of the CloudEvent"),
        (b"<a/>", ATTRIBUTES, "is not JSON"),
        ([CLOUD], {"content-type": "application/cloudevents-batch+json"}, "is not a JSON object"),
    ],
)
def test_the_attribute_that_is_wrong_is_named(
    body: object, headers: dict[str, str], told: str
) -> None:
    _, problem = read(body, **headers)
    assert problem.startswith("the message on s.a")
    assert told in problem


def test_an_envelope_may_have_a_field_of_that_name() -> None:
    event = {"entity": "Order", "event": "insert", **ROW, "context": {"specversion": "1.0"}}
    assert read(event)[1] == ""


def test_a_message_beyond_16_mb_is_no_event_and_its_start_is_kept() -> None:
    envelope, problem = read(b"x" * (MAX_BODY + 1))
    assert problem == "the message is longer than 16 MB"
    assert envelope["text"] == "x" * 10_000
