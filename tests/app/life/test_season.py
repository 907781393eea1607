"""A runtime is used between its start and its end, in its process, on its event loop."""

from __future__ import annotations

import asyncio
import inspect
import os
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from fql import blocking
from fql.app import Runtime
from fql.client import Client
from fql.engine.process.receipts import Receipt
from fql.errors import FqlError, SettingsError, StoreLocked, UsageError
from fql.store.memory import MemoryStore
from fql.store.sqlite.store import SqliteStore
from fql.testing import MockWebhookServer, Reply
from tests.app.plans import order, plan_of, settings_of
from tests.app.test_runtime import runtime

GIVEN: dict[str, Any] = {
    "event": "Order.insert",
    "envelope": {"entity": "Order", "event": "insert", "new": order(1)},
    "envelopes": [{"entity": "Order", "event": "insert", "new": order(1)}],
    "receipt": Receipt("evt_1", runs=("run_1",)),
    "plan": plan_of(),
}
"""What the calls are given; a new call with another argument is named by the failing test."""


def coroutines() -> dict[str, Callable[..., Awaitable[object]]]:
    """Every public coroutine of a runtime, found and not written down."""
    found = inspect.getmembers(Runtime, inspect.iscoroutinefunction)
    return {name: call for name, call in found if not name.startswith("_")}


def called(name: str, running: object) -> Any:
    call = getattr(running, name)
    needed = [p for p in inspect.signature(call).parameters.values() if p.default is p.empty]
    return call(**{p.name: GIVEN[p.name] for p in needed if p.kind is not p.VAR_KEYWORD})


async def told(name: str, running: Runtime) -> str:
    """What a call is refused with, at once."""
    with pytest.raises(UsageError) as refused:
        await asyncio.wait_for(called(name, running), 5)
    return refused.value.message


@pytest.mark.parametrize("name", coroutines())
async def test_another_event_loop_is_refused_at_once(
    webhook_server: MockWebhookServer, name: str
) -> None:
    """A session-wide runtime in a test of its own loop, `asyncio.run` in a thread."""
    async with runtime(webhook_server) as running:
        said = await asyncio.to_thread(lambda: asyncio.run(told(name, running)))
        assert "another event loop" in said
        await running.until_idle(5)
    assert not webhook_server.called


@pytest.mark.parametrize("name", coroutines())
async def test_before_the_start_and_after_the_end_every_call_says_so(
    webhook_server: MockWebhookServer, name: str
) -> None:
    running = runtime(webhook_server)
    assert "has not been started" in await told(name, running)
    async with running:
        pass
    assert "has ended" in await told(name, running)


@pytest.mark.parametrize("name", coroutines())
async def test_another_process_is_refused(webhook_server: MockWebhookServer, name: str) -> None:
    async with runtime(webhook_server) as running:
        child = os.fork()
        if child == 0:
            os._exit(_told_to_a_child(name, running))
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0


def _told_to_a_child(name: str, running: Runtime) -> int:
    """0 where the child is told what is wrong; it must never go on as the test."""
    try:
        called(name, running).send(None)
    except UsageError as problem:
        return 0 if "another process" in problem.message else 1
    except BaseException:
        return 2
    return 3


async def test_leaving_on_another_loop_is_refused(webhook_server: MockWebhookServer) -> None:
    async with runtime(webhook_server) as running:
        leaving = running.__aexit__(None, None, None)
        with pytest.raises(UsageError, match="another event loop"):
            await asyncio.to_thread(lambda: asyncio.run(leaving))
        assert (await running.emit("Order.insert", new=order(1))).runs


def test_a_loop_that_is_not_asyncios_is_refused(webhook_server: MockWebhookServer) -> None:
    with pytest.raises(UsageError, match="asyncio event loop"):
        runtime(webhook_server).__aenter__().send(None)


async def test_entering_twice_is_refused_and_nothing_is_left(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    before = asyncio.all_tasks()
    running = runtime(webhook_server, store=f"sqlite:///{tmp_path}/s.db")
    async with running:
        with pytest.raises(UsageError, match="started already"):
            await running.__aenter__()
        assert (await running.emit("Order.insert", new=order(1))).runs
    assert asyncio.all_tasks() == before
    with pytest.raises(UsageError, match="has ended"):
        await running.__aenter__()
    async with runtime(webhook_server, store=f"sqlite:///{tmp_path}/s.db", takes_over=False):
        pass


async def test_leaving_twice_is_refused(webhook_server: MockWebhookServer) -> None:
    running = runtime(webhook_server)
    async with running:
        pass
    with pytest.raises(UsageError, match="has ended"):
        await running.__aexit__(None, None, None)


async def test_leaving_that_is_cancelled_leaves_nothing_running(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """`asyncio.timeout` around the `async with`, or a second Ctrl-C, while a receiver hangs."""
    webhook_server.always(Reply(200, delay=30))
    before = asyncio.all_tasks()
    store = f"sqlite:///{tmp_path}/s.db"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5), runtime(webhook_server, store=store) as running:
            await running.emit("Order.insert", new=order(1))
            assert await webhook_server.arrived(1)
    assert asyncio.all_tasks() == before
    assert not [one.name for one in threading.enumerate() if one.name.startswith("fql-store")]
    webhook_server.always(200)
    async with runtime(webhook_server, store=store, takes_over=False) as again:
        assert (await again.until_idle(30)).left == 0
    assert [request.headers.get("fql-redelivery") for request in webhook_server.requests] == [
        None, "1",
    ]  # fmt: skip


class Hanging(MemoryStore):
    """Its start never ends."""

    async def acquire(self, holder: str) -> Any:
        await asyncio.sleep(3600)


class Broken(MemoryStore):
    """Something nobody thought of."""

    async def acquire(self, holder: str) -> Any:
        raise RuntimeError("no idea")


@pytest.mark.parametrize(("store", "kind"), [(Hanging(), TimeoutError), (Broken(), RuntimeError)])
async def test_a_start_that_fails_leaves_nothing_running(
    webhook_server: MockWebhookServer, store: MemoryStore, kind: type[Exception]
) -> None:
    before = asyncio.all_tasks()
    running = runtime(webhook_server, store=store)
    for _ in range(2):  # it may be tried again
        with pytest.raises(kind):
            async with asyncio.timeout(0.2), running:
                pass
        assert asyncio.all_tasks() == before
        assert "has not been started" in await told("prune", running)


async def test_a_start_that_failed_may_be_tried_again(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    store = SqliteStore(tmp_path / "s.db")
    await store.open()
    await store.acquire("other")
    running = runtime(webhook_server, store=f"sqlite:///{tmp_path}/s.db", takes_over=False)
    with pytest.raises(StoreLocked):
        await running.__aenter__()
    await store.close()
    async with running:
        await running.emit("Order.insert", new=order(1))
        assert (await running.until_idle(30)).done == 1


async def test_a_port_that_is_taken_leaves_nothing_running(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    before = asyncio.all_tasks()
    text = f"[observability.prometheus]\nenabled = true\nport = {webhook_server.port}\n"
    store = f"sqlite:///{tmp_path}/s.db"
    with pytest.raises(SettingsError):
        async with runtime(webhook_server, store=store, settings=settings_of(text)):
            pass
    assert asyncio.all_tasks() == before
    async with runtime(webhook_server, store=store, takes_over=False):
        pass


# The blocking runtime.


def blocked(server: MockWebhookServer, **options: Any) -> blocking.Runtime:
    return blocking.Runtime(
        plan_of(), store="memory:", settings=settings_of(),
        environment={"RECEIVER": server.url}, **options,
    )  # fmt: skip


STORED = "gives what is stored, to the page and to commands"
NOT_OFFERED = {
    "engine": "its calls belong to the engine's own thread",
    **dict.fromkeys(("stored_runs", "stored_plans", "unmatched_row", "active"), STORED),
    **dict.fromkeys(("active_digest", "mark", "size"), STORED),
}
"""Public names of `fql.Runtime` and its client that the blocking ones have not, and why."""


def public(kind: type) -> dict[str, object]:
    found = [pair for base in reversed(kind.__mro__[:-1]) for pair in vars(base).items()]
    return {name: one for name, one in found if not name.startswith("_")}


@pytest.mark.parametrize(
    ("there", "here"), [(Runtime, blocking.Runtime), (Client, blocking.Client)]
)
def test_the_blocking_runtime_has_the_same_calls(there: type, here: type) -> None:
    """The same names with the same parameters and results, but for `await`."""
    theirs, ours = public(there), public(here)
    assert set(theirs) - set(NOT_OFFERED) == set(ours)
    for name in ours:
        one, other = theirs[name], ours[name]
        if isinstance(one, property):
            assert isinstance(other, property)
            one, other = one.fget, other.fget
        assert signature_of(one) == signature_of(other), name


def signature_of(call: Any) -> str:
    """As written; what is iterated over there with `async for` is here with `for`."""
    return str(inspect.signature(call)).replace("AsyncIterator", "Iterator")


def test_it_is_made_with_the_same_arguments() -> None:
    assert inspect.signature(Runtime) == inspect.signature(blocking.Runtime)


def test_the_blocking_client(webhook_server: MockWebhookServer) -> None:
    running = blocked(webhook_server)
    with pytest.raises(UsageError, match="has not been started"):
        assert running.client
    webhook_server.reply(400)
    with running:
        running.emit("Order.insert", new=order(1))
        running.until_idle(20)
        ((letter,),) = running.client.dead_letter_pages()
        assert [len(page) for page in running.client.foreseen(all=True)] == [1]
        assert running.client.dead_letter_counts() == {"placed": 1}
        assert running.client.replay(letter.dlq_id, wait=True)[0].letter.state == "resolved"
        assert running.client.runs()[0].state == "done"


def test_a_blocking_runtime_used_twice_says_so(webhook_server: MockWebhookServer) -> None:
    before = threading.active_count()
    with blocked(webhook_server) as running:
        with pytest.raises(UsageError, match="started already"), running:
            pass
        assert running.emit("Order.insert", new=order(1)).runs
    with pytest.raises(UsageError, match="has ended"), running:
        pass
    assert threading.active_count() == before


def test_one_that_is_never_started_leaves_no_loop(webhook_server: MockWebhookServer) -> None:
    before = len(list(Path("/dev/fd").iterdir()))
    for _ in range(3):
        blocked(webhook_server)
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_who_waits_in_another_thread_is_told_of_the_end(
    webhook_server: MockWebhookServer,
) -> None:
    webhook_server.always(503)
    with ThreadPoolExecutor(2) as pool:
        with blocked(webhook_server) as running:
            receipt = running.emit("Order.insert", new=order(1))
            waiting: list[Future[Any]] = [
                pool.submit(running.wait, receipt),
                pool.submit(running.failed),
            ]
        for one in waiting:
            with pytest.raises(UsageError, match="has ended"):
                one.result(20)


def test_a_call_from_its_own_thread_is_refused(webhook_server: MockWebhookServer) -> None:
    """A listener that emits would wait for itself for ever."""
    said: list[str] = []

    def listen(_event: object) -> None:
        try:
            running.emit("Order.insert", new=order(2))
        except FqlError as error:
            said.append(error.message)

    running = blocked(webhook_server, listeners=[listen])
    with running:
        running.emit("Order.insert", new=order(1))
    assert any("cannot wait for itself" in one for one in said)


def test_a_url_is_checked_when_it_is_given(tmp_path: Path) -> None:
    for url in ("mysql://x", "sqlite:///", "sqlite:///:memory:", "sqlite:///~/x.db", ""):
        with pytest.raises(SettingsError):
            Runtime(plan_of(), store=url)
        with pytest.raises(SettingsError):
            blocking.Runtime(plan_of(), store=url)
