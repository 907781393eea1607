"""What an engine has counted by the minute is what its receiver has got."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from fql.engine.core.held.inputs import RunEnded, Step, Tally
from fql.engine.core.history import minutes as counting
from fql.engine.core.history.minutes import EVERY, Minutes
from fql.errors import StoreError
from fql.exact.kinds import as_object
from fql.looking import Looking
from fql.store.history.minutes import MINUTE
from fql.store.history.rows import MinuteRow
from fql.store.memory import MemoryStore
from fql.store.port import Lease, Store, Verdict
from fql.store.records import Mutations
from fql.testing import MockWebhookServer, Reply
from fql.testing.received import ReceivedRequest
from tests.app.plans import CHAIN, ONE, order, plan_of, settings_of
from tests.app.test_runtime import runtime

COUNT = 12
QUICK = "retry quick { max_attempts: 3, backoff: fixed, initial_delay: 10ms, jitter: none }\n"
RETRIED = QUICK + ONE.replace("on: Order.insert", "on: Order.insert\n  retry: quick")
NOW = 1_800_000_000_000 // MINUTE * MINUTE


class Ledger:
    """A receiver that refuses each third order once, and one of them for good."""

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()
        self.failed = 0

    def __call__(self, request: ReceivedRequest) -> Reply:
        name = str(as_object(request.payload)["id"])
        self.sent[name] += 1
        if name == "o1" or (int(name[1:]) % 3 == 0 and self.sent[name] == 1):
            self.failed += 1
            return Reply(503 if name != "o1" else 400)
        return Reply()


async def sums(asked: Looking) -> tuple[dict[str, Counter[str]], Counter[str]]:
    """What all minutes add up to, and how many attempts were measured."""
    found: dict[str, Counter[str]] = {}
    measured: Counter[str] = Counter()
    for one in await asked.minutes(0):
        name = f"{one.kind} {one.name}".strip()
        found.setdefault(name, Counter()).update(one.counts)
        measured[name] += sum(one.ms)
    return found, measured


async def reasons(asked: Looking) -> dict[str, int]:
    """Why attempts failed, of all names."""
    found: Counter[str] = Counter()
    for one in await asked.minutes(0):
        assert not one.why or one.kind == "endpoint"
        found.update(one.why)
    return dict(found)


async def check(ledger: Ledger, asked: Looking) -> None:
    found, measured = await sums(asked)
    tried = {"sent": ledger.sent.total(), "failed": ledger.failed}
    ended = {"done": COUNT - 1, "dead": 1}
    assert ledger.failed == COUNT // 3 + 1
    assert found == {
        "engine": {
            **tried, **ended, "events": COUNT + 1, "duplicates": 1, "runs": COUNT,
            "retries": ledger.failed - 1, "letters": 1,
        },
        "observer placed": {**tried, **ended, "runs": COUNT, "letters": 1},
        "action placed/tell": {**tried, "letters": 1},
        "endpoint shop": tried,
    }  # fmt: skip
    assert set(measured.values()) == {ledger.sent.total()}
    assert await reasons(asked) == {"503": ledger.failed - 1, "400": 1}


@pytest.mark.parametrize("kind", ["memory", "sqlite", "postgresql"])
async def test_what_was_counted_is_what_the_receiver_has_got(
    kind: str, tmp_path: Path, webhook_server: MockWebhookServer, request: pytest.FixtureRequest
) -> None:
    """Two engines, one after the other, also where a commit fails."""
    store: str | Store = f"sqlite:///{tmp_path}/fql.db"
    if kind == "postgresql":
        store = request.getfixturevalue("postgresql_url")
    if kind == "memory":
        store = Failing()
    ledger = Ledger()
    webhook_server.always(ledger)
    for numbers in (range(COUNT // 2), range(COUNT // 2, COUNT)):
        options = {"plan": plan_of(RETRIED), "store": store, "settings": settings_of()}
        async with runtime(webhook_server, **options) as running:  # type: ignore[arg-type]
            for number in numbers:
                await running.emit("Order.insert", new=order(number), key=str(number))
            if numbers[0]:
                assert (await running.emit("Order.insert", new=order(0), key="0")).duplicate
                await running.emit("Order.insert", new=order(0, total="1.00"))
            await running.until_idle(30)
    async with runtime(webhook_server, **options) as running:  # type: ignore[arg-type]
        await check(ledger, running.client)


class Failing(MemoryStore):
    """Its first commit of attempts alone fails."""

    failed = False

    async def commit(self, lease: Lease, mutations: Mutations) -> Verdict:
        if mutations.attempts and not mutations.events and not self.failed:
            self.failed = True
            raise StoreError("the disk has a fault")
        return await super().commit(lease, mutations)


async def test_with_too_many_names_observers_are_counted(
    webhook_server: MockWebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "MOST", 3)
    store = MemoryStore()
    async with runtime(webhook_server, plan=plan_of(CHAIN), store=store) as running:
        await running.emit("Order.insert", new=order(1))
        await running.until_idle(30)
    async with runtime(webhook_server, plan=plan_of(CHAIN), store=store) as running:
        found, _ = await sums(running.client)
    assert found.keys() == {"engine", "observer placed", "action placed/reserve", "endpoint shop"}
    assert found["observer placed"]["sent"] == found["engine"]["sent"] == 2
    assert found["action placed/reserve"]["sent"] == 1


def ended(observer: str, mutations: Mutations | None = None) -> Step:
    return Step(mutations or Mutations(), ended=[RunEnded(1, 1, observer, "done")])


def written(minutes: Minutes, now: int, *, counts: bool = True) -> list[MinuteRow]:
    """What goes with a commit, which counts or fails."""
    mutations = Mutations()
    minutes.go_with(mutations, now)
    rows = [] if mutations.history is None else list(mutations.history.minutes)
    if counts:
        minutes.count(Step(mutations), Tally(), Tally(), now)
    return rows


def test_rows_go_with_a_commit_and_say_what_changed() -> None:
    minutes = Minutes()
    minutes.begin(7)
    assert written(minutes, NOW) == [], "nothing was counted"
    minutes.count(ended("a"), Tally(), Tally(), NOW)
    rows = written(minutes, NOW, counts=False)
    assert [(row.kind, row.name, row.session) for row in rows] == [
        ("engine", "", 7), ("observer", "a", 7),
    ]  # fmt: skip
    assert written(minutes, NOW) == rows, "the commit before had failed"
    minutes.count(ended("b"), Tally(), Tally(), NOW + 1)
    assert written(minutes, NOW + EVERY - 1) == [], "the last time is less than ten seconds ago"
    rows = written(minutes, NOW + EVERY)
    assert [(row.name, row.numbers) for row in rows] == [("", '{"done":2}'), ("b", '{"done":1}')]
    assert written(minutes, NOW + MINUTE) == [], "nothing was counted since"


def test_a_minute_that_is_over_is_still_written() -> None:
    minutes = Minutes()
    minutes.count(ended("a"), Tally(), Tally(), NOW)
    written(minutes, NOW)
    minutes.count(ended("a"), Tally(), Tally(), NOW + 1)
    minutes.begin(8)
    minutes.count(ended("a"), Tally(), Tally(), NOW + MINUTE)
    rows = [(row.at - NOW, row.numbers) for row in minutes.rows() if row.kind == "observer"]
    assert rows == [(0, '{"done":2}'), (MINUTE, '{"done":1}')]
    assert written(minutes, NOW + MINUTE) and minutes.rows() == []
