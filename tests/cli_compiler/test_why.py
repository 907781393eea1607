"""`fqlc trace ENTITY KEY` and `fqlc explain --row`: why nothing came of a row."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from fql.app import Runtime
from fql.store.sqlite.store import SqliteStore
from fql.testing import MockWebhookServer
from tests.app.plans import plan_of, settings_of
from tests.cli_compiler.conftest import Command

SHOP = """
entity Order { id: Int @key  status: String  total: Decimal  card: String @sensitive }
endpoint shop { url: "${RECEIVER}" }
observer shipped {
  on: Order.insert
  when: status == "shipped" && total > 5 && card == "4711"
  webhook tell { endpoint: shop body: { id } }
}
observer large {
  on: Order.insert
  when: total > 100 && total < 200
  webhook tell { endpoint: shop body: { id } }
}
observer gone { on: Order.delete webhook tell { endpoint: shop body: { id } } }
"""


async def story(path: Path, url: str) -> None:
    """One order that comes to nothing, and its deletion, which does not."""
    async with Runtime(
        plan_of(SHOP, entity=""), store=SqliteStore(path), settings=settings_of(),
        environment={"RECEIVER": url},
    ) as runtime:  # fmt: skip
        row = {"id": 2, "status": "Shipped", "total": "12.00", "card": "0815"}
        await runtime.emit("Order.insert", new=row, id="evt-2")
        await runtime.emit("Order.delete", old=row, id="evt-3")
        await runtime.until_idle(30)


def test_why_an_order_did_not_fire_is_told_afterwards(fqlc: Command, tmp_path: Path) -> None:
    with MockWebhookServer() as server:
        asyncio.run(story(tmp_path / "fql.db", server.url))
    store = ("--store", f"sqlite:///{tmp_path}/fql.db")
    told = fqlc("trace", "Order", "2", *store).out
    assert "Order.insert evt-2" in told and "no observer matched it" in told
    assert "gone (run_" in told and told.index("evt-2") < told.index("evt-3")
    assert fqlc("trace", "Order 2", *store).out == told
    asked = json.loads(fqlc("trace", "Order 2", "--format", "json", *store).out)
    assert asked["unmatched"][0]["new"]["card"] == "(sensitive)"
    why = fqlc("explain", "--row", "Order 2", *store).out
    assert "shipped: does not match, the nearest" in why
    assert '(status is "Shipped")  <- differs in case only' in why
    assert why.index("shipped: does") < why.index("large: does")
    assert "not watching Order.insert: gone" in why and "0815" not in why + told
    data = json.loads(fqlc("explain", "--row", "Order 2", "--format", "json", *store).out)
    assert data["observers"][0]["hints"] == {'status == "shipped"': "differs in case only"}
    assert fqlc("runs", "list", "--row", "Order 2", *store).out.count("run_") == 1
    nothing = fqlc("trace", "Order", "3", *store).out
    assert "nothing is stored of Order 3" in nothing
