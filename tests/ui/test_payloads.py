"""What of rows, requests and answers is shown: `[ui] payloads`."""

from __future__ import annotations

from pathlib import Path

import pytest

from fql.plan.model import Plan
from fql.testing import MockWebhookServer, Reply
from fql.ui.payload.hiding import Payloads
from tests.app.plans import plan_of
from tests.ui.site import TOKEN, Site, site

ENTITY = """
type Line { sku: String  buyer: String @sensitive }
entity Order {
  id: ID @key
  email: String @sensitive
  age: Int @sensitive
  line: Line
}
endpoint shop { url: "${RECEIVER}"  accepts: [sensitive]
  auth: { type: bearer, token: "${TOKEN}" } }
"""
SHOP = """
observer placed {
  on: Order.insert
  webhook tell {
    endpoint: shop  path: "/of/{{ email }}"  retry: { max_attempts: 1 }
    headers: { "X-Who": "who {{ email }}" }
    body: {
      id, shout: email.upper(), grown: age > 18, line, buyer: line.buyer, first: email.slice(0, 6)
    }
  }
}
"""
ROW = {
    "id": "o1",
    "email": "jane.doe@example.org",
    "age": 4242,
    "line": {"sku": "tea", "buyer": "Ann"},
}
SECRETS = (
    "jane.doe", "JANE.DOE", "jane.d", "4242", "Ann", "a-token-of-the-receiver",
)  # fmt: skip


def plan() -> Plan:
    return plan_of(SHOP, entity=ENTITY)


async def failed(here: Site) -> tuple[str, str]:
    """A dead letter whose receiver repeats what it was sent; its id, and its run's."""
    assert here.runtime is not None
    here.receiver.always(Reply(500, "no jane.doe@example.org here, age 4242"))
    await here.runtime.emit("Order.insert", new=ROW, key="1")
    await here.runtime.until_idle(10)
    headers = {"accept": "application/json"}
    (letter,) = (await here.browser.get("/dead", headers=headers)).json()
    return letter["dlq_id"], letter["run"]


def everywhere(letter: str, run: str) -> list[str]:
    event = "/find?q="
    return ["/", "/dead", f"/dead/{letter}", "/dead/export", "/runs", f"/runs/{run}", event + run]


@pytest.mark.parametrize("payloads", ["masked", "none"])
async def test_what_is_marked_is_nowhere(
    payloads: Payloads, tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    """Nor what is made of it, nor what an answer repeats of it, for people and for programs."""
    async with site(tmp_path, webhook_server, plan=plan(), payloads=payloads) as here:
        letter, run = await failed(here)
        for path in everywhere(letter, run):
            for accept in ("text/html", "application/json"):
                answer = await here.browser.get(path, headers={"accept": accept})
                assert answer.status_code in (200, 303), path
                found = [secret for secret in SECRETS if secret in answer.text]
                assert found == [], (path, accept)
        shown = (await here.browser.get(f"/runs/{run}")).text
        assert ("masked: @sensitive" in shown) == (payloads == "masked")
        assert ("tea" in shown) == (payloads == "masked")
        assert "Bearer ${TOKEN}" in shown or payloads == "none"


async def test_everything_is_shown_where_it_may_be(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    """But for secrets: the names of those are shown."""
    async with site(tmp_path, webhook_server, plan=plan(), payloads="all") as here:
        _, run = await failed(here)
        shown = (await here.browser.get(f"/runs/{run}")).text
        for value in ("jane.doe@example.org", "JANE.DOE@EXAMPLE.ORG", "4242", "Ann"):
            assert value in shown
        (sent,) = here.receiver.requests
        assert f"POST ${{RECEIVER}}{sent.path}" in shown
        assert f"webhook-id:</span> {sent.headers['webhook-id']}" in shown
        assert "a-token-of-the-receiver" not in shown
        assert "curl -X POST" in shown and TOKEN not in shown
