"""Each view once on a store in PostgreSQL and in NATS: what tests of SQLite show holds there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fql.testing import MockWebhookServer
from tests.app.plans import CHAIN, CHANGED, order, plan_of
from tests.servers.nats import fresh
from tests.ui.site import site
from tests.ui.test_now import shown

Url = Callable[[pytest.FixtureRequest], tuple[str, str]]
STORES: dict[str, Url] = {
    "postgresql": lambda request: (request.getfixturevalue("postgresql_url"), "main"),
    "nats": lambda request: (request.getfixturevalue("nats_url"), fresh()),
}


@pytest.mark.parametrize("kind", STORES)
async def test_every_view_and_a_replay(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    url, project = STORES[kind](request)
    plan = plan_of(CHAIN + CHANGED)
    async with site(tmp_path, webhook_server, plan=plan, store=url, project=project) as here:
        await here.fail(1, 2)
        assert here.runtime is not None
        row = order(3, status="Shipped")
        await here.runtime.emit("Order.update", new=row, old={**row, "status": "paid"}, key="3")
        await here.runtime.until_idle(20)
        first = await shown(here, "/", "Running", "2 dead letters")
        assert "one thing needs you" in first
        (letter, _) = (
            await here.browser.get("/dead", headers={"accept": "application/json"})
        ).json()
        views = {
            "/runs?state=dead&row=Order+o1": "placed", f"/runs/{letter['run']}": "maintenance",
            "/events?row=Order+o3": "Matched no observer", "/dead?reason=503": "2 match",
            "/dead?row=Order+o2": "1 matches", f"/dead/{letter['dlq_id']}": "waits for it",
            "/endpoints": "2 dead", "/endpoints/shop": "placed.reserve", "/batches": "Sealed",
            "/plan": "placed", "/find?q=Order+o2": "placed",
        }  # fmt: skip
        for path, words in views.items():
            answer = await here.browser.get(path, follow_redirects=True)
            assert answer.status_code == 200 and words in answer.text, path
        asked = await here.post("/dead/replay", id=letter["dlq_id"])
        assert "Replay 1 dead letter?" in asked.text
        await here.post("/dead/replay", id=letter["dlq_id"], confirm="yes")
        await here.runtime.until_idle(30)
        assert [one.path for one in webhook_server.requests] == ["/reserve", "/label"]
