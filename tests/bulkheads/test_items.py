"""One item that raises, of each kind: it is given up, the others go on, and so does a new start."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from fql.actions.port import Delivery, Outcome, Request
from fql.actions.requests.webhook import WebhookAction
from fql.app import Runtime
from fql.client import Client, open_client
from fql.engine.program.match import _Candidate
from fql.errors import StoreError
from fql.expressions.scope import Scope
from fql.observe.events import Lifecycle
from fql.store.shown import DeadLetter
from fql.store.sqlite.store import SqliteStore
from fql.testing import MockWebhookServer
from tests.app.plans import order, plan_of
from tests.app.test_runtime import runtime

TWO = """
observer bad {
  on: Order.insert
  when: total > 1 && status.length() > 0
  webhook harm { endpoint: shop path: "/harm" body: { id } retry: { max_attempts: 1 } }
}
observer good {
  on: Order.insert
  webhook help { endpoint: shop path: "/help" body: { id } }
}
"""
BATCHED = TWO.replace(
    '"/harm" body: { id }', '"/harm" body: { all: each { id } } batch: { size: 2, timeout: 10ms }'
)
TYPED = """
type Found { n: Int }
""" + TWO.replace('path: "/harm" body: { id }', 'path: "/harm" body: { id } response: Found')


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'fql.db'}"
    return str(request.getfixturevalue("postgresql_url"))


async def letters_of(running: Runtime) -> list[DeadLetter]:
    return await running.client.dead_letters()


def helped(server: MockWebhookServer) -> set[str]:
    """The orders that the other observer has told of."""
    bodies = [one.payload for one in server.requests if one.path == "/help"]
    return {str(body["id"]) for body in bodies if isinstance(body, dict)}


async def check_others(server: MockWebhookServer, store: str, text: str, *names: str) -> None:
    """By the engine of now, and by the next one."""
    async with runtime(server, plan=plan_of(text), store=store) as again:
        await again.emit("Order.insert", new=order(0, id="later"))
        await again.until_idle(20)
    assert helped(server) >= {*names, "later"}


@pytest.mark.parametrize("kind", [ValueError, MemoryError, RecursionError])
async def test_a_condition_that_raises_is_the_end_of_one_observer_of_one_event(
    webhook_server: MockWebhookServer, store: str, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture, kind: type[Exception],
) -> None:  # fmt: skip
    """Its event can be taken in again for that observer, and is: once."""
    holds = _Candidate.holds

    def raising(self: _Candidate, scope: Scope) -> bool:
        if self.name == "bad":
            raise kind("a secret")
        return holds(self, scope)

    async with runtime(webhook_server, plan=plan_of(TWO), store=store) as running:
        with monkeypatch.context() as patch:
            patch.setattr(_Candidate, "holds", raising)
            await running.emit("Order.insert", new=order(1), id="e1")
            assert (await running.until_idle(20)).left == 0
        [letter] = await letters_of(running)
        assert (letter.observer, letter.error_class, letter.run) == ("bad", "internal", None)
        assert kind.__name__ in letter.reason
        assert "secret" not in letter.reason + caplog.text
        trace = await running.client.trace("e1")
        assert [one.dlq_id for one in trace.dead_letters] == [letter.dlq_id]
        for _ in range(2):
            await running.replay(letter.dlq_id)
        await running.until_idle(20)
        assert await letters_of(running) == []
    paths = [request.path for request in webhook_server.requests]
    assert sorted(paths) == ["/harm", "/help"]
    await check_others(webhook_server, store, TWO, "o1")


async def test_three_hundred_requests_that_cannot_be_rendered_cost_no_sender(
    webhook_server: MockWebhookServer, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    render = WebhookAction.render

    def raising(self: WebhookAction, scope: Scope) -> Request:
        if self._user == "action harm":
            raise KeyError("must")
        return render(self, scope)

    monkeypatch.setattr(WebhookAction, "render", raising)
    async with runtime(webhook_server, plan=plan_of(TWO), store=store) as running:
        emits = [running.emit("Order.insert", new=order(n), id=f"e{n}") for n in range(300)]
        await asyncio.gather(*emits)
        assert (await running.until_idle(60)).left == 0
        found = await letters_of(running)
        assert {(one.observer, one.action, one.error_class) for one in found} == {
            ("bad", "harm", "internal")
        }
        assert len(found) == 300
        assert "KeyError at " in found[0].reason
    await check_others(webhook_server, store, TWO, *(f"o{n}" for n in range(300)))


Perform = Callable[[WebhookAction, Request, Delivery, int], object]
ENDS: dict[str, Outcome | BaseException] = {
    "half a pair": Outcome(failure="reset", error="\ud800"),
    "no json": Outcome(status=200, answer=object()),
    "wide": Outcome(status=200, duration_ms=1 << 70),
    "raises": OverflowError("int too large"),
    "cancelled": asyncio.CancelledError(),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("text", [TWO, BATCHED], ids=["alone", "batched"])
async def test_an_outcome_that_nobody_expected(
    webhook_server: MockWebhookServer, store: str, monkeypatch: pytest.MonkeyPatch,
    end: str, text: str,
) -> None:  # fmt: skip
    """No store can take it, or it is none at all."""
    perform = WebhookAction.perform

    async def odd(self: WebhookAction, request: Request, delivery: Delivery, ms: int) -> Outcome:
        if self._user != "action harm":
            return await perform(self, request, delivery, ms)
        found = ENDS[end]
        if isinstance(found, BaseException):
            raise found
        return found

    monkeypatch.setattr(WebhookAction, "perform", odd)
    async with runtime(webhook_server, plan=plan_of(text), store=store) as running:
        await asyncio.gather(*(running.emit("Order.insert", new=order(n)) for n in range(4)))
        assert (await running.until_idle(20)).left == 0
        found = await letters_of(running)
        batched_success = end == "no json" and text is BATCHED
        assert {one.error_class for one in found} == (set() if batched_success else {"internal"})
        assert len(found) == (0 if batched_success else 4)
    monkeypatch.undo()
    await check_others(webhook_server, store, text, *(f"o{n}" for n in range(4)))


ENTRIES = [
    ("frobnicate", b"{}"),
    ("replay", b"not json"),
    ("replay", b'{"run": "x", "node": []}'),
    ("replay", b'{"colour": "red"}'),
    ("replay", b'{"run": 99999999999999999999999, "node": "harm"}'),
    ("cancel", b'{"run": [1]}'),
    ("resend", b'{"run": 1, "consumed": 5}'),
    ("pause", b'{"name": {"a": 1}}'),
    ("discard", b'{"letter": 5}'),
    ("emit", b"["),
    ("emit", b'{"source": 1}'),
    ("emit", b'{"source": "s", "position": "p", "envelope": 7}'),
    ("recapture", b'{"source": "s", "position": "p", "envelope": {"entity": {"a": []}}}'),
    ("emit", b"\xff\xfe"),
    ("pause", b'{"name": "\\ud800"}'),
    ("discard", b'{"letter": "\\udfff"}'),
    ("replay", b'{"run": -9223372036854775809, "node": "harm"}'),
    ("resend", b'{"run": 1, "node": "\\ud800", "due": 99999999999999999999999}'),
    ("recapture", b'{"source": "s", "position": "p", "letter": 5, "envelope": ENVELOPE}'),
    ("recapture", b'{"source": "s", "position": "p", "letter": "\\ud800", "envelope": ENVELOPE}'),
    ("emit", b'{"source": 7, "position": ["p"], "envelope": ENVELOPE}'),
    ("emit", b'{"source": "s\\ud800", "position": "p", "only": [], "envelope": ENVELOPE}'),
]
ENVELOPE = (
    b'{"entity": "Order", "event": "insert", "new": {"id": "bad", "status": "", "total": "1"}}'
)


async def test_entries_of_the_inbox_that_cannot_be_carried_out(
    webhook_server: MockWebhookServer, store: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Each is taken out and told of; of an event a dead letter is kept."""
    async with runtime(webhook_server, plan=plan_of(TWO), store=store) as running:
        async with open_client(store) as other:
            await other._store.append(
                [(kind, body.replace(b"ENVELOPE", ENVELOPE)) for kind, body in ENTRIES], now=0
            )
        await running.emit("Order.insert", new=order(1))
        assert await running.client.wait_taken(10)
        assert (await running.until_idle(20)).left == 0
        found = await letters_of(running)
        assert [one.run for one in found] == [None] * len(found)
        assert len(found) == sum(kind in ("emit", "recapture") for kind, _ in ENTRIES)
    told = [one for one in caplog.records if one.levelno >= logging.ERROR]
    assert len(told) >= len(ENTRIES) - 2
    await check_others(webhook_server, store, TWO, "o1")


@pytest.mark.parametrize("answer", [{"n": "x@example.com"}, [1], {"n": 1.5}, "text", 5])
async def test_a_supplied_answer_that_does_not_fit_changes_nothing(
    webhook_server: MockWebhookServer, store: str, answer: object, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor does it on its way through the inbox, whoever has put it there. The log says where, and
    not what came."""
    webhook_server.reply(400, path="/harm")
    async with runtime(webhook_server, plan=plan_of(TYPED), store=store) as running:
        await running.emit("Order.insert", new=order(1))
        await running.until_idle(20)
        [letter] = await letters_of(running)
        number = int(str(letter.run).removeprefix("run_"), 16)
        body = {"run": number, "node": "harm", "letter": letter.dlq_id, "answer": answer}
        await running.client._append([("replay", body)])
        await running.client.wait_taken(10)
        await running.until_idle(20)
        [after] = await letters_of(running)
        assert (after.dlq_id, after.state) == (letter.dlq_id, "dead")
    assert "was not carried out: response" in caplog.text
    assert " came" not in caplog.text
    assert "example.com" not in caplog.text
    await check_others(webhook_server, store, TYPED, "o1")


class Failing(SqliteStore):
    """One call of it fails once, as a disk does or a fault of ours."""

    fails: str = ""
    problem: Exception = TypeError("a fault of ours")

    def _strike(self, name: str) -> None:
        if self.fails == name:
            self.fails = ""
            raise self.problem

    def _has_news(self) -> bool:
        self._strike("look")
        return super()._has_news()

    async def known(self, keys):  # type: ignore[no-untyped-def]
        self._strike("known")
        return await super().known(keys)

    async def page(self, page):  # type: ignore[no-untyped-def]
        self._strike("page")
        return await super().page(page)

    async def commit(self, lease, mutations):  # type: ignore[no-untyped-def]
        self._strike("commit")
        return await super().commit(lease, mutations)

    async def fetch(self, limit, but):  # type: ignore[no-untyped-def]
        self._strike("fetch")
        return await super().fetch(limit, but)

    async def acquire(self, holder):  # type: ignore[no-untyped-def]
        self._strike("acquire")
        return await super().acquire(holder)

    async def load(self, lease):  # type: ignore[no-untyped-def]
        self._strike("load")
        return await super().load(lease)


@pytest.mark.parametrize("call", ["look", "known", "page", "commit", "fetch"])
@pytest.mark.parametrize("problem", [TypeError("ours"), sqlite3.DatabaseError("malformed"),
                                     StoreError("the disk said no")], ids=type)  # fmt: skip
async def test_a_call_of_the_store_that_fails_once(
    webhook_server: MockWebhookServer, tmp_path: Path, call: str, problem: Exception
) -> None:
    """Events that were refused are repeated by their caller; the inbox goes on by itself."""
    store = Failing(tmp_path / "fql.db")
    async with runtime(webhook_server, plan=plan_of(TWO), store=store) as running:
        async with open_client(f"sqlite:///{tmp_path / 'fql.db'}") as client:
            for number in range(6):
                store.problem, store.fails = problem, call
                if number % 2:
                    await client.emit(envelope(number))
                else:
                    await emitted(running, number)
                await asyncio.sleep(0.02)
            store.fails = ""
            assert await client.wait_taken(10)
        assert (await running.until_idle(20)).left == 0
    assert helped(webhook_server) == {f"o{number}" for number in range(6)}


async def emitted(running: Runtime, number: int) -> None:
    """Repeated until it is accepted."""
    for _ in range(10):
        try:
            await running.emit("Order.insert", new=order(number), key=str(number))
        except StoreError:
            continue
        return
    raise AssertionError("never accepted")


def envelope(number: int) -> dict[str, object]:
    return {"entity": "Order", "event": "insert", "new": order(number), "id": f"e{number}"}


@pytest.mark.parametrize("call", ["acquire", "load"])
@pytest.mark.parametrize("problem", [StoreError("no space"), TypeError("ours")], ids=type)
async def test_a_client_whose_first_try_to_take_over_fails_goes_on_trying(
    webhook_server: MockWebhookServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture, call: str, problem: Exception,
) -> None:  # fmt: skip
    monkeypatch.setattr("fql.engine.process.leading.TAKE_OVER_EVERY", 0.05)
    path, plan = tmp_path / "fql.db", plan_of(TWO)
    waiting = Failing(path)
    waiting.problem, waiting.fails = problem, call
    async with runtime(webhook_server, plan=plan, store=f"sqlite:///{path}") as first:
        second = runtime(webhook_server, plan=plan, store=waiting)
        waiting.fails = ""
        await second.__aenter__()
        waiting.fails = call
        await first.emit("Order.insert", new=order(1))
        await first.until_idle(20)
    try:
        for number in (2, 3):
            await second.emit("Order.insert", new=order(number))
        assert await webhook_server.arrived(6, 10)
        await second.until_idle(20)
        second.engine  # noqa: B018 - it leads
    finally:
        await second.__aexit__(None, None, None)
    assert "cannot become the engine, and goes on trying" in caplog.text
    assert helped(webhook_server) == {"o1", "o2", "o3"}


async def test_a_listener_that_raises_is_told_of_and_hinders_nobody(
    webhook_server: MockWebhookServer, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[str] = []

    def broken(event: Lifecycle) -> None:
        raise ZeroDivisionError

    def fine(event: Lifecycle) -> None:
        heard.append(type(event).__name__)

    async with runtime(webhook_server, plan=plan_of(TWO), listeners=(broken, fine)) as running:
        await running.emit("Order.insert", new=order(1))
        assert (await running.until_idle(20)).left == 0
    assert {"EngineStarted", "AttemptEnded", "RunFinished", "EngineStopped"} <= set(heard)
    assert "ZeroDivisionError" in caplog.text


async def test_a_dead_letter_of_class_internal_is_found_by_its_class(
    webhook_server: MockWebhookServer, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def raising(*_: object) -> Outcome:
        raise KeyError("x")

    async with runtime(webhook_server, plan=plan_of(TWO), store=store) as running:
        with monkeypatch.context() as patch:
            patch.setattr(WebhookAction, "perform", raising)
            await running.emit("Order.insert", new=order(1))
            await running.until_idle(20)
        client: Client = running.client
        found = await client.dead_letters(filter={"class": "internal"})
        assert {one.action for one in found} == {"harm", "help"}
        assert all(one.request for one in found), "what may have been sent is shown"
        for one in found:
            await running.replay(one.dlq_id)
        await running.until_idle(20)
        assert await letters_of(running) == []
    assert webhook_server.call_count == 2
