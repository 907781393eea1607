"""Numbers stay what they were wherever an event or a dead letter passes through a store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import fql
from fql.exact.reading import read_json
from fql.testing import MockWebhookServer
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
