"""One store and what happens to it: real plans, engine, store and inbox; receivers and time are
played."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from random import Random
from typing import Any

from fql.actions.port import Action, Delivery, Outcome, Request
from fql.actions.requests.factory import WebhookActions
from fql.app import Runtime
from fql.engine.loop.clock import SystemClock
from fql.events.decoding import Problem, decoder
from fql.events.intake import Intake
from fql.exact.reading import read_json
from fql.expressions.scope import Scope
from fql.plan.language.types import parse_type
from fql.plan.model import Endpoint, Plan, PlanNode
from fql.plan.table import TypeTable
from fql.plan.web.addresses import EgressSettings
from fql.settings.reading import read_settings
from fql.store.port import Store
from tests.histories.versions import Version, first

NAMES = {"OLD_TOKEN": "t1", "NEW_TOKEN": "t2", "OLD_SECRET": "s1", "NEW_SECRET": "s2"}
SAMPLES: dict[str, object] = {
    "Int": 7, "ID": "seven", "Float": 1.5, "String": "n", "JSON": {"b": [1, 2.50]},
}  # fmt: skip
CLASSES = {"permanent", "exhausted", "evaluation"}
STATUS = {"good": 200, "busy": 503, "bad": 400}


SETTINGS = '[store]\nkeep_runs = "3650d"\n[webhooks.dlq]\nretention = "3650d"\n'


class Shifted(SystemClock):
    """A clock that also jumps when it is told to."""

    shift = 0

    def now(self) -> int:
        return super().now() + self.shift


class Played:
    """An action that renders as it would and is sent nowhere."""

    def __init__(self, inner: Action, plan: Plan, node: PlanNode, receivers: Receivers) -> None:
        self._inner = inner
        self._receivers = receivers
        self._body = node.config.body
        self._table = TypeTable.of(plan)
        self._answer: object = _sample(plan, node.config.response)

    def render(self, scope: Scope) -> Request:
        return self._inner.render(scope)

    async def perform(self, request: Request, delivery: Delivery, timeout_ms: int) -> Outcome:
        path = getattr(request.target, "path", "").removeprefix("/v2")
        status = await self._receivers.status(path.split("/")[1])
        self._receivers.ledger.append((delivery.key, delivery.run, delivery.attempt, status))
        self._receivers.wrong += wrong_values(self._body, read_json(request.body), self._table)
        if status != 200:
            return Outcome(status=status)
        return Outcome(status=200, answer=self._answer)


def wrong_values(body: Any, sent: Any, table: TypeTable) -> list[str]:
    """What a body holds that its own plan says cannot be there."""
    if body["op"] == "object":
        return [
            wrong
            for entry in body["entries"]
            for wrong in wrong_values(entry["value"], sent[entry["key"]], table)
        ]
    if body["op"] == "each":
        return [wrong for one in sent for wrong in wrong_values(body["body"], one, table)]
    problems: list[Problem] = []
    decoder(parse_type(body["t"]), table)(sent, str(body.get("name", body["op"])), problems)
    return [str(one) for one in problems]


def _sample(plan: Plan, wanted: str | None) -> object:
    """What the real reader would give for an answer of this type."""
    if wanted is None:
        return None
    declared = {one.name: one.fields for one in plan.types}[wanted]
    value = {each.name: SAMPLES[parse_type(each.type).name] for each in declared}
    return Intake(plan).fit_answer(wanted, value)


class Receivers:
    """Answer by the first part of a path, or all of them well. The ledger has key, run or batch,
    attempt and status of each request."""

    def __init__(self) -> None:
        self.well = False
        self.released = asyncio.Event()
        self.ledger: list[tuple[str, str, int, int]] = []
        self.wrong: list[str] = []
        self._inner = WebhookActions(EgressSettings())

    async def status(self, kind: str) -> int:
        if kind == "hang" and not self.well:
            await self.released.wait()
            return 503
        return 200 if self.well else STATUS.get(kind, 200)

    def __call__(
        self, plan: Plan, node: PlanNode, endpoint: Endpoint | None, environment: Mapping[str, str]
    ) -> Played:
        return Played(self._inner(plan, node, endpoint, environment), plan, node, self)


class History:
    """One store and what happens to it."""

    def __init__(self, store: str | Store, seed: int) -> None:
        self.chance = Random(seed)
        self.store = store
        self.clock = Shifted()
        self.receivers = Receivers()
        self.names = dict(NAMES)
        self.version: Version = first()
        plan = self.version.plan()
        assert plan is not None
        self.plan: Plan = plan
        self.log: list[str] = []
        self.emitted = 0
        self.runs: dict[str, str] = {}
        self.cancelled: set[str] = set()
        self.running: Runtime | None = None

    @property
    def now(self) -> Runtime:
        assert self.running is not None
        return self.running

    async def start(self) -> None:
        settings = read_settings(SETTINGS)
        self.running = Runtime(
            self.plan, store=self.store, settings=settings, environment=self.names, listeners=(),
            actions=self.receivers, clock=self.clock,
        )  # fmt: skip
        self.receivers.released = asyncio.Event()
        await self.running.__aenter__()

    async def end(self, *, kill: bool = False) -> None:
        running, self.running = self.now, None
        if kill:
            await running.engine.kill()
        self.receivers.released.set()
        with suppress(Exception):
            await running.__aexit__(None, None, None)

    async def emit(self, *kinds: str) -> None:
        """Orders with what their entity has by now."""
        entity = self.plan.entities[0]
        for kind in kinds:
            self.emitted += 1
            row: dict[str, object] = {}
            for each in entity.fields:
                type_ = parse_type(each.type)
                row[each.name] = None if type_.nullable else VALUES.get(type_.name, "1")
            row |= {"id": f"o{self.emitted}", "kind": kind}
            receipt = await self.now.emit("Order.insert", new=row)
            self.runs |= dict.fromkeys(receipt.runs, kind)

    async def settle(self) -> None:
        """Until nothing moves but what waits for a time or a receiver that hangs."""
        await self.now.engine.submit(())
        calm = 0
        while calm < 3:
            state = self.now.engine.state
            busy = any(
                e.ready and not e.paused and e.alone is None for e in state.endpoints.values()
            )
            hanging = all(work.spec.observer == "armed" for work in state.in_flight)
            moving = busy or not hanging or state.wanted_ids or state.pending
            calm = 0 if moving and not state.paused else calm + 1
            await asyncio.sleep(0.005)

    async def pass_time(self, milliseconds: int) -> None:
        self.clock.shift += milliseconds
        self.now.engine._wake.set()
        await self.settle()

    async def states(self) -> dict[str, str]:
        return {one.run: one.state for one in await self.now.client.runs(limit=10_000)}


VALUES: dict[str, object] = {
    "Int": 5, "Float": 1.5, "Decimal": "2.50", "Boolean": True, "String": "12", "ID": "x",
    "JSON": {"b": 1},
}  # fmt: skip
