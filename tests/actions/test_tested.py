"""`test_url` takes what `publish` and `call` would send, and nothing else happens."""

from __future__ import annotations

from fql import Runtime
from fql.testing import MockWebhookServer, Reply
from tests.app.plans import plan_of, settings_of

TEXT = """
type Shelf { shelf: String }
entity Order { id: ID @key }
observer o { on: Order.insert
  call find { function: stock.find arguments: { order: id } response: Shelf }
  publish tell { subject: "${STAGE}.{{ find.response.shelf }}" body: { id }
    headers: { "X-Token": "${TOKEN}" } } }
"""


async def test_messages_and_calls_go_to_the_test_url(webhook_server: MockWebhookServer) -> None:
    """No server of NATS and no function is needed, and no value of the environment leaves."""
    webhook_server.always(Reply(200, {"shelf": "A"}))
    found = settings_of(f'[webhooks]\ntest_url = "{webhook_server.url}/here"\n')
    environment = {"STAGE": "prod", "TOKEN": "s3cret-token-9"}
    plan = plan_of(TEXT, entity="")
    async with Runtime(plan, store="memory:", settings=found, environment=environment) as running:
        await running.emit("Order.insert", new={"id": "o1"})
        assert (await running.until_idle(10)).done == 1
    called, told = webhook_server.requests
    assert (called.path, called.payload) == ("/here", {"order": "o1"})
    assert called.headers["fql-test-target"] == "call:stock.find"
    assert (told.headers["fql-test-target"], told.payload) == ("nats:test-masked.A", {"id": "o1"})
    assert told.headers["x-token"] == "test-masked"
    assert called.key != told.key
