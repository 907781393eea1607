"""An engine says how it is while somebody watches, and nothing otherwise."""

from __future__ import annotations

import asyncio

from fql.engine.core.held.inputs import CoreSettings, Order
from fql.engine.core.history.pulse import EVERY, WATCHED
from fql.exact.reading import read_object
from fql.testing import MockWebhookServer
from tests.app.test_runtime import runtime
from tests.engine.programs import observer, program
from tests.simulation.world import World


def pulses(w: World) -> list[int]:
    return [row.at for row in w.store.tables.pulses.values()]


def test_a_pulse_is_one_row_that_is_renewed_each_second_while_somebody_watches() -> None:
    w = World(program(observer("a")), 1, CoreSettings(), failure_rate=0.0)
    w.emit(1)
    w.cycle()
    assert pulses(w) == [], "nobody watches"
    w.inputs.orders.append(Order("watch"))
    w.cycle()
    began = w.clock.now()
    assert pulses(w) == [began]
    (row,) = w.store.tables.pulses.values()
    body = read_object(row.body)
    assert body["in_flight"] == 1 and row.session == w.state.next_number >> 32
    assert list(body["endpoints"]) == ["here"]  # type: ignore[call-overload]
    assert body["actions"] == {"watch/a": {"armed": 1}} and body["oldest_due"] == began
    w.clock.advance(EVERY - 1)
    w.cycle()
    assert pulses(w) == [began], "not yet"
    w.clock.advance(1)
    w.cycle()
    assert pulses(w) == [began + EVERY]
    w.clock.advance(WATCHED)
    w.cycle()
    assert pulses(w) == [began + EVERY], "nobody watches any more"


async def test_a_client_that_watches_sees_the_engine(webhook_server: MockWebhookServer) -> None:
    async with runtime(webhook_server) as running:
        await running.client.watch()
        while not (found := await running.client.pulses()):
            await asyncio.sleep(0.01)
    assert [one.silent for one in found] == [False]
    assert found[0].body["in_flight"] == 0
