"""CloudEvents 1.0 in their three forms, as events of the plan."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from fql.testing import MockWebhookServer
from tests.http_intake.support import order, running

ONE = "application/cloudevents+json"
MANY = "application/cloudevents-batch+json"
DATA = {"new": order(1)["new"]}


def event(**changes: Any) -> dict[str, Any]:
    given = {
        "specversion": "1.0", "type": "com.example.Order.insert", "source": "/shop", "id": "A1",
        "time": "2026-03-02T14:00:00Z", "datacontenttype": "application/json", "data": DATA,
        "subject": "o1",
    } | changes  # fmt: skip
    return {name: value for name, value in given.items() if value is not None}


async def test_structured_binary_and_batched_events_are_one_event(
    webhook_server: MockWebhookServer,
) -> None:
    attributes = {f"ce_{name}": value for name, value in event(data=None).items()}
    del attributes["ce_datacontenttype"]
    async with running(webhook_server) as web:
        first = await web.post(event(), content_type=f"{ONE}; charset=utf-8")
        binary = await web.post(DATA, **attributes)
        batch = await web.post([event(), event(id="A2")], content_type=MANY)
        elsewhere = await web.post(event(source="/other"), content_type=ONE)
        stored = await web.runtime.client.runs()
    assert (first.status, binary.status, batch.status, elsewhere.status) == (202, 200, 202, 202)
    assert first.value["event_id"] == binary.value["event_id"] == "A1"
    assert [one["duplicate"] for one in batch.value["receipts"]] == [True, False]
    assert len(stored) == 3


WRONG = {
    "old version": (event(specversion="0.3"), "specversion"),
    "no version": (event(specversion=None), "specversion"),
    "no id": (event(id=None), "id"),
    "no source": (event(source=""), "source"),
    "id that is no text": (event(id=1), "id"),
    "type without an event": (event(type="order"), "type"),
    "unknown entity": (event(type="Ordr.insert"), "entity"),
    "unknown event": (event(type="Order.created"), "event"),
    "no data": (event(data=None), "data"),
    "text": (event(data="x", datacontenttype="text/plain"), "datacontenttype"),
    "row without `new`": (event(data=DATA["new"]), "new"),
    "time": (event(time="yesterday"), "timestamp"),
    "long id": (event(id="x" * 1_001), "id"),
}


@pytest.mark.parametrize("case", WRONG)
async def test_the_attribute_that_is_wrong_is_named(
    webhook_server: MockWebhookServer, case: str
) -> None:
    value, name = WRONG[case]
    async with running(webhook_server) as web:
        answer = await web.post(value, content_type=ONE)
        in_batch = await web.post([event(), value], content_type=MANY)
        assert await web.runtime.client.runs() == []
    assert (answer.status, in_batch.status) == (422, 422)
    assert answer.value["problems"][0]["field"] == name
    assert in_batch.value["line"] == 2


async def test_a_cloud_event_brings_its_own_key_and_its_trace(
    webhook_server: MockWebhookServer,
) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with running(webhook_server) as web:
        keyed = await web.post(event(), content_type=ONE, idempotency_key="k")
        await web.post(event(traceparent=trace), content_type=ONE)
        empty = await web.post([], content_type=MANY)
        none = await web.post(orjson.loads(b"{}"), content_type=MANY)
        await web.runtime.until_idle(30)
    assert "Idempotency-Key" in keyed.value["error"]
    assert [keyed.status, empty.status, none.status] == [422] * 3
    assert webhook_server.requests[0].headers["traceparent"] == trace
