"""Numbers stay what they were wherever an event or a dead letter passes through a store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import fql
from fql.exact.reading import read_json
from fql.testing import MockWebhookServer, Reply
from tests.app.plans import plan_of, settings_of

ENTITY = """
entity Meter { id: Int @key  reading: Decimal  share: Float  more: JSON? }
endpoint shop { url: "${RECEIVER}" }
"""
OBSERVER = """
observer read {
  on: Meter.insert
  webhook tell { endpoint: shop path: "/m" body: { id, reading, share, more } retry: { max_attempts: 1 } }
}
"""  # noqa: E501
LINE = (
    '{"entity": "Meter", "event": "insert", "id": "m1", "new": {"id": %s, "reading":'
    ' 12345678901234567.8900, "share": 0.25, "more": {"x": 1.50, "wide": 12345678901234567890123}}}'
)
SENT = (
    '{"id":98765432109876543210987,"reading":"12345678901234567.8900","share":0.25,'
    '"more":{"x":1.50,"wide":12345678901234567890123}}'
)


@pytest.fixture
def parts(webhook_server: MockWebhookServer, tmp_path: Path) -> dict[str, object]:
    return {
        "store": f"sqlite:///{tmp_path}/m.db",
        "settings": settings_of(
            f'[webhooks.dlq]\nbackend = "file"\npath = "{tmp_path}/dead.jsonl"\n'
        ),
        "environment": {"RECEIVER": webhook_server.url},
    }


async def test_events_of_a_client_are_exact(
    webhook_server: MockWebhookServer, parts: dict[str, object]
) -> None:
    async with fql.Runtime(plan_of(OBSERVER, entity=ENTITY), **parts) as runtime:  # type: ignore[arg-type]
        async with fql.open_client(str(parts["store"])) as client:
            await client.emit(read_json(LINE % "98765432109876543210987"))  # type: ignore[arg-type]
            assert await client.wait_taken()
        await runtime.until_idle(5)
    assert [request.body.decode() for request in webhook_server.requests] == [SENT]


async def test_dead_letters_are_exact_where_they_are_shown_copied_and_replayed(
    webhook_server: MockWebhookServer, parts: dict[str, object], tmp_path: Path
) -> None:
    """The first does not fit for its id alone; a looser plan takes it up."""
    strict = ENTITY.replace("share: Float", "share: Float  place: String")
    async with fql.Runtime(plan_of(OBSERVER, entity=ENTITY), **parts):  # type: ignore[arg-type]
        pass
    async with fql.open_client(str(parts["store"])) as client:
        await client.emit(read_json(LINE % "98765432109876543210987"))  # type: ignore[arg-type]
    async with fql.Runtime(plan_of(OBSERVER, entity=strict), **parts) as runtime:  # type: ignore[arg-type]
        await runtime.until_idle(5)
        letters = await runtime.client.dead_letters()
        assert [letter.error_class for letter in letters] == ["capture"]
        copied = (tmp_path / "dead.jsonl").read_text()
        assert '"reading":12345678901234567.8900' in copied
        assert '"id":98765432109876543210987' in copied
        webhook_server.always(400)
        await runtime.reload(plan_of(OBSERVER, entity=ENTITY))
        await runtime.replay(letters[0].dlq_id)
        await runtime.until_idle(5)
        [letter] = await runtime.client.dead_letters()
        assert str(letter.as_json()["request"]["body"]["more"]["x"]) == "1.50"  # type: ignore[index]
    assert [request.body.decode() for request in webhook_server.requests] == [SENT]
    assert json.loads((tmp_path / "dead.jsonl").read_text().splitlines()[-1])["action"] == "tell"


ANSWER = (
    '{"id":98765432109876543210987,"price":1.10,"share":0.25,"deep":'
    + "[" * 90
    + "]" * 90
    + ',"wide":[12345678901234567890123,1.50,1e400]}'
)
CHAIN = """
observer read {
  on: Meter.insert
  webhook ask { endpoint: shop path: "/ask" body: { id } %s }
  webhook tell {
    endpoint: shop path: "/tell"
    body: { id: ask.response%s, price: ask.response%s, all: ask.response }
    retry: { initial_delay: 1ms, max_delay: 1ms, max_attempts: 2 }
  }
}
"""
TYPE = """
type Asked { id: Int  price: Decimal  share: Float  deep: JSON  wide: JSON }
"""


@pytest.mark.parametrize("typed", [False, True])
async def test_answers_are_exact_before_and_after_a_restart(
    webhook_server: MockWebhookServer, parts: dict[str, object], typed: bool
) -> None:
    """The body of the later action is the same bytes whether the answer came from the wire or
    from the store."""
    names = (".id", ".price") if typed else ('["id"]', '["price"]')
    text = CHAIN % ("response: Asked" if typed else "", *names)
    plan = plan_of(text, entity=ENTITY + TYPE)
    webhook_server.reply(Reply(body=ANSWER), Reply(500), Reply(500), Reply(200))
    async with fql.Runtime(plan, **parts) as runtime:  # type: ignore[arg-type]
        await runtime.emit("Meter.insert", new={"id": 1, "reading": "1", "share": 0.5})
        await runtime.until_idle(5)
    async with fql.Runtime(plan, **parts) as runtime:  # type: ignore[arg-type]
        [letter] = await runtime.client.dead_letters()
        await runtime.replay(letter.dlq_id, plan="original")
        await runtime.until_idle(5)
    bodies = [r.body.decode() for r in webhook_server.requests if r.path == "/tell"]
    assert len(bodies) == 3
    assert len(set(bodies)) == 1
    assert '"wide":[12345678901234567890123,1.50,1E+400]' in bodies[0]
    assert '"id":98765432109876543210987' in bodies[0]
    assert ('"price":"1.10"' if typed else '"price":1.10') in bodies[0]
