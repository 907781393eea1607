"""`Runtime.emit_many`: one commit for many events, and each is taken or refused by itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from fql import blocking
from fql.app import Runtime
from fql.engine.process.receipts import Receipt
from fql.errors import EventRefused, StoreFull, UsageError
from fql.observe.events import CycleCommitted, Lifecycle
from fql.store.memory import MemoryStore
from fql.store.port import Lease, Verdict
from fql.store.records import Mutations
from fql.testing import MockWebhookServer
from tests.app.plans import order, plan_of, settings_of


class Full(MemoryStore):
    """Takes no event."""

    async def commit(self, lease: Lease, mutations: Mutations) -> Verdict:
        if mutations.events:
            raise StoreFull("there is no room")
        return await super().commit(lease, mutations)


def envelope(number: int, **new: object) -> dict[str, object]:
    return {"entity": "Order", "event": "insert", "new": order(number, **new)}


async def test_one_commit_takes_what_fits_and_says_what_does_not(
    webhook_server: MockWebhookServer,
) -> None:
    commits: list[int] = []

    def listen(event: Lifecycle) -> None:
        if isinstance(event, CycleCommitted):
            commits.append(event.events)

    given: list[Mapping[str, object]] = [{**envelope(n), "id": f"e{n}"} for n in range(300)]
    given[7] = envelope(7, total="much")
    given[200] = {"entity": "Nothing", "event": "insert", "new": {}}
    given[201] = None  # type: ignore[call-overload]
    given[298] = given[299] = {**envelope(299), "key": "twice"}
    async with Runtime(
        plan_of(), store="memory:", settings=settings_of(), listeners=(listen,),
        environment={"RECEIVER": webhook_server.url},
    ) as runtime:  # fmt: skip
        taken = await runtime.emit_many(given)
        assert [n for n, one in enumerate(taken) if isinstance(one, EventRefused)] == [7, 200, 201]
        assert "total" in str(taken[7])
        receipts = [one for one in taken if isinstance(one, Receipt)]
        assert [number for number in commits if number] == [296]
        assert [one.duplicate for one in receipts[-2:]] == [False, True]
        assert receipts[-1].id == receipts[-2].id
        assert (await runtime.until_idle(30)).done == 296
        sent = {json.loads(one.body)["id"] for one in webhook_server.requests}
        assert sent == {f"o{n}" for n in range(300)} - {"o7", "o200", "o201", "o298"}
        assert [one.event_id for one in receipts[:7]] == [f"e{number}" for number in range(7)]
        with pytest.raises(UsageError, match="a single event"):
            await runtime.emit_many(envelope(1))  # type: ignore[arg-type]
        assert await runtime.emit_many([]) == []


async def test_a_full_store_takes_none_of_them() -> None:
    environment = {"RECEIVER": "http://127.0.0.1:9"}
    async with Runtime(plan_of(), store=Full(), environment=environment) as runtime:
        with pytest.raises(StoreFull):
            await runtime.emit_many([envelope(1), envelope(2)])


def test_beside_the_engine_of_another_runtime(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    """And with `async = false` each receipt says how its runs have ended."""
    settings = settings_of("[webhooks.dispatch]\nasync = false\n")

    def runtime() -> blocking.Runtime:
        return blocking.Runtime(
            plan_of(), store=f"sqlite:///{tmp_path}/s.db", settings=settings,
            environment={"RECEIVER": webhook_server.url},
        )  # fmt: skip

    given = [envelope(1), envelope(2, total=[]), envelope(3)]
    with runtime() as first, runtime() as second:
        assert first.leads and not second.leads
        for one in (first, second):
            taken = one.emit_many(given)
            assert isinstance(taken[1], EventRefused)
            for receipt in taken[::2]:
                assert isinstance(receipt, Receipt)
                assert set(receipt.states.values()) == {"done"}
    assert webhook_server.call_count == 4
