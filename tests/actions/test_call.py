# ruff: noqa: E501 - sources in the language are shown as they are written
"""`call`: real functions in real threads, on a real engine."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import fql.blocking
from fql import Runtime, SettingsError, UsageError
from fql.actions import Delivery, Permanent, Retry
from fql.actions.calls.threads import NoThread, Threads
from fql.plan.model import Plan
from fql.store.shown import DeadLetter
from tests.app.plans import plan_of, settings_of

ENTITY = """
type Answer { shelf: String  left: Int }
entity Order { id: ID @key  total: Decimal  at: DateTime  items: JSON  note: String? }
"""
ROW: dict[str, Any] = {
    "id": "o1", "total": "9.50", "at": "2026-03-02T14:00:00Z", "items": {"a": [1]}, "note": None,
}  # fmt: skip
FAST = "retry: { initial_delay: 1ms, max_delay: 5ms }"


def calling(keys: str = "", more: str = "", function: str = "check") -> Plan:
    """An observer with one call, and what follows it."""
    text = f"observer o {{ on: Order.insert\n{FAST}\ncall ask {{ function: {function} {keys} }}"
    return plan_of(f"{text}\n{more} }}", entity=ENTITY)


async def run(
    plan: Plan, function: Callable[..., object], *, environment: Mapping[str, str] | None = None
) -> tuple[list[DeadLetter], Runtime]:
    """One order through the plan; the dead letters."""
    runtime = Runtime(plan, store="memory:", calls={"check": function}, environment=environment)
    async with runtime:
        await runtime.emit("Order.insert", new=ROW)
        await runtime.until_idle(20)
        return await runtime.client.dead_letters(), runtime


async def test_arguments_are_typed_and_the_delivery_is_given_to_who_asks() -> None:
    seen: list[tuple[Any, ...]] = []

    def check(
        order: str, total: Decimal, at: datetime, note: str | None, delivery: Delivery
    ) -> None:
        seen.append(
            (order, total, at.year, note, delivery.key, delivery.action, threading.current_thread())
        )

    plan = calling("arguments: { order: id, total, at, note }")
    letters, _ = await run(plan, check)
    ((order, total, year, note, key, action, thread),) = seen
    assert (letters, order, total, year, note, action) == (
        [],
        "o1",
        Decimal("9.50"),
        2026,
        None,
        "ask",
    )
    assert (len(key), thread is threading.main_thread()) == (32, False)


async def test_an_async_function_is_awaited_on_the_loop() -> None:
    seen: list[threading.Thread] = []

    async def check() -> None:
        await asyncio.sleep(0)
        seen.append(threading.current_thread())

    assert (await run(calling(), check))[0] == []
    assert seen == [threading.current_thread()]


async def test_what_a_function_does_to_its_arguments_stays_there() -> None:
    seen: list[Any] = []

    def check(items: dict[str, Any]) -> None:
        seen.append(repr(items))
        items["a"].append(2)
        raise ValueError("again")

    await run(calling("arguments: { items }"), check)
    assert seen == ["{'a': [1]}"] * 3


async def test_an_exception_is_tried_again_and_told_masked() -> None:
    keys: list[str] = []

    def check(delivery: Delivery) -> None:
        keys.append(delivery.key)
        raise LookupError("no shelf for s3cret-token-9\0")

    plan = calling(
        more='webhook b { url: "https://a.example.com" headers: { "X": "${TOKEN}" } body: { id } }'
    )
    (letter,), _ = await run(plan, check, environment={"TOKEN": "s3cret-token-9"})
    assert letter.error_class == "exhausted"
    assert letter.reason == "raised: LookupError: no shelf for *** (attempt 3 of 3)"
    assert [one.error for one in letter.attempts] == ["raised: LookupError: no shelf for ***"] * 3
    assert (letter.request, set(keys)) == (
        {"kind": "call", "function": "check", "arguments": {}}, {letter.key},
    )  # fmt: skip


async def test_permanent_ends_it_at_once() -> None:
    def check() -> None:
        raise Permanent("the order is closed")

    (letter,), _ = await run(calling(), check)
    assert (letter.error_class, letter.reason, len(letter.attempts)) == (
        "permanent", "permanent: the order is closed", 1,
    )  # fmt: skip


@pytest.mark.parametrize("after", [0.2, timedelta(milliseconds=200)])
async def test_retry_waits_as_long_as_it_says(after: float | timedelta) -> None:
    times: list[float] = []

    async def check() -> None:
        times.append(time.monotonic())
        if len(times) < 2:
            raise Retry(after)

    assert (await run(calling(), check))[0] == []
    assert times[1] - times[0] >= 0.19


@pytest.mark.parametrize("after", [-1, float("inf"), float("nan")])
def test_retry_takes_a_time(after: float) -> None:
    with pytest.raises(ValueError, match="0 or more seconds"):
        Retry(after)


async def test_what_is_returned_is_the_response() -> None:
    told: list[Any] = []

    def check() -> object:
        return {"shelf": "A", "left": 3, "more": Decimal("1.5")}

    plan = calling(
        "response: Answer",
        "call tell { function: tell arguments: { shelf: ask.response.shelf, left: ask.response.left } }",
    )
    calls = {"check": check, "tell": lambda **given: told.append(given)}
    async with Runtime(plan, store="memory:", calls=calls) as runtime:
        await runtime.emit("Order.insert", new=ROW)
        await runtime.until_idle(10)
    assert told == [{"shelf": "A", "left": 3}]


@pytest.mark.parametrize(("value", "said"), [
    (None, "does not fit its type: response"),
    ({"shelf": "A", "left": "three"}, "does not fit its type: response.left"),
    ({"shelf": object()}, "has no JSON form"),
    ({"shelf": float("nan"), "left": 1}, ""),
])  # fmt: skip
async def test_what_does_not_fit_the_response_is_permanent(value: object, said: str) -> None:
    (letter,), _ = await run(calling("response: Answer"), lambda: value)
    assert (letter.error_class, len(letter.attempts)) == ("permanent", 1)
    assert said in letter.reason
    assert letter.reason.startswith("response: what check returned")


async def test_what_is_returned_beyond_max_response_is_refused() -> None:
    plan = calling("response: Answer max_response: 20B")
    (letter,), _ = await run(plan, lambda: {"shelf": "A" * 50, "left": 1})
    assert "longer than max_response (20B)" in letter.reason


async def test_what_nobody_reads_may_be_anything() -> None:
    assert (await run(calling(), object))[0] == []


async def test_past_the_timeout_the_result_is_ignored(caplog: pytest.LogCaptureFixture) -> None:
    released, count = threading.Event(), [0]

    def check() -> object:
        count[0] += 1
        if count[0] == 1:
            released.wait(10)
        return {"shelf": "late" if count[0] == 1 else "A", "left": 1}

    plan = calling("response: Answer timeout: 100ms")
    runtime = Runtime(plan, store="memory:", calls={"check": check})
    with caplog.at_level(logging.WARNING, "fql"):
        async with runtime:
            await runtime.emit("Order.insert", new=ROW)
            summary = await runtime.until_idle(10)
            released.set()
            while "is ignored" not in caplog.text:
                await asyncio.sleep(0.01)
            (shown,) = await runtime.client.runs()
            trace = await runtime.client.trace(shown.run)
    assert (summary.done, count[0]) == (1, 2)
    attempts = [one.error or one.status for one in trace.attempts[shown.run]]
    assert attempts == ["timeout: check did not return in time", 200]


async def test_an_async_function_past_its_timeout_is_cancelled() -> None:
    ended: list[str] = []

    async def check() -> None:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            ended.append("cancelled")
            await asyncio.sleep(10)  # not a moment longer is waited for it

    started = time.monotonic()
    (letter,), _ = await run(calling("timeout: 50ms"), check)
    assert letter.reason.startswith("timeout: check did not return in time")
    assert ended == ["cancelled"] * 3
    assert time.monotonic() - started < 5


async def test_threads_are_bounded_and_a_full_house_is_a_shortage() -> None:
    late: list[str] = []
    threads = Threads(lambda name, _seconds: late.append(name), most=2)
    loop, released = asyncio.get_running_loop(), threading.Event()
    for _ in range(2):
        with pytest.raises(TimeoutError):
            await threads.run("stuck", lambda: released.wait(10), loop.time() + 0.05)
    called: list[int] = []
    with pytest.raises(NoThread):
        await threads.run("other", lambda: called.append(1), loop.time() + 0.05)
    assert (called, threads.overdue) == ([], 2)
    released.set()
    ran = await threads.run("other", lambda: called.append(1), loop.time() + 5)
    while len(late) < 2:
        await asyncio.sleep(0.001)
    assert (ran.raised, called, threads.overdue, late) == (None, [1], 0, ["stuck", "stuck"])


async def test_the_process_of_a_function_that_exits_goes_on() -> None:
    async def check() -> None:
        raise SystemExit(3)

    (letter,), _ = await run(calling(), check)
    assert letter.reason.startswith("raised: SystemExit: 3")
    (letter,), _ = await run(calling(), lambda: (_ for _ in ()).throw(SystemExit(3)))
    assert letter.reason.startswith("raised: SystemExit: 3")


@pytest.mark.parametrize(("calls", "said"), [
    ({}, "the plan calls functions that were not given: check (for action o.ask), stock.take (for action o.take)"),
    ({"chek": print, "stock.take": print}, "check (for action o.ask)"),
    ({"check": print, "stock.take": lambda order: None}, "stock.take has no parameter extra (action o.take)"),
    ({"check": print, "stock.take": lambda order, extra, more: None}, "stock.take needs more, which action o.take does not give"),
    ({"check": print, "stock.take": lambda order, /, extra: None}, "stock.take has no parameter order"),
    ({"Check": print}, "'Check' is not a name for a function"),
    ({"check": 5}, "check is not a function, but 5"),
])  # fmt: skip
async def test_an_engine_that_cannot_call_does_not_start(calls: dict[str, Any], said: str) -> None:
    plan = calling(more="call take { function: stock.take arguments: { order: id, extra: total } }")
    with pytest.raises(SettingsError) as found:
        async with Runtime(plan, store="memory:", calls=calls):
            pass
    assert said in found.value.message


@pytest.mark.parametrize("function", [
    lambda **given: None,
    lambda order, extra, more=1: None,
    lambda order, extra, delivery: None,
    lambda *, extra, order: None,
])  # fmt: skip
async def test_signatures_that_fit(function: Callable[..., object]) -> None:
    plan = calling("arguments: { order: id, extra: total }")
    assert (await run(plan, function))[0] == []


async def test_a_reload_to_a_plan_that_cannot_be_called_changes_nothing() -> None:
    async with Runtime(calling(), store="memory:", calls={"check": lambda: None}) as runtime:
        with pytest.raises(SettingsError, match="not given"):
            await runtime.reload(calling(function="other"))
        await runtime.emit("Order.insert", new=ROW)
        assert (await runtime.until_idle(10)).done == 1


def test_a_blocking_runtime_calls_as_well() -> None:
    seen: list[str] = []
    plan = calling("arguments: { order: id }")
    calls = {"check": lambda order: seen.append(str(order))}
    with fql.blocking.Runtime(plan, store="memory:", calls=calls) as runtime:
        runtime.wait(runtime.emit("Order.insert", new=ROW))
    assert seen == ["o1"]


async def test_runs_of_an_older_plan_wait_for_the_function_that_only_it_names(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As for a secret that only an older plan names: said, and nothing is lost."""
    store, called = f"sqlite:///{tmp_path}/s.db", list[str]()
    slow = "retry: { max_attempts: 50, initial_delay: 50ms, max_delay: 50ms, jitter: none }"

    def fails() -> None:
        raise ValueError("not yet")

    calls: dict[str, Callable[..., object]] = {"check": fails}
    async with Runtime(calling(slow), store=store, calls=calls) as runtime:
        await runtime.emit("Order.insert", new=ROW)
        await asyncio.sleep(0.1)
    newer = calling(function="other")
    calls = {"other": lambda: called.append("other")}
    async with Runtime(newer, store=store, calls=calls) as runtime:
        await runtime.emit("Order.insert", new=ROW)
        await asyncio.sleep(0.3)
        states = sorted(run.state for run in await runtime.client.runs())
    assert (called, states) == (["other"], ["done", "open"])
    assert "waits: the plan calls functions that were not given: check" in caplog.text
    calls["check"] = lambda: called.append("check")
    async with Runtime(newer, store=store, calls=calls) as runtime:
        assert (await runtime.until_idle(10)).left == 0
        states = sorted(run.state for run in await runtime.client.runs())
    assert (called, states) == (["other", "check"], ["done", "done"])


async def test_the_endpoint_of_a_kind_is_paused_by_its_name() -> None:
    called: list[str] = []
    plan = calling(more='publish tell { subject: "x" body: { id } }')
    calls = {"check": lambda: called.append("check")}
    settings = settings_of('[nats]\nurl = "nats://127.0.0.1:9"\n')
    async with Runtime(plan, store="memory:", calls=calls, settings=settings) as runtime:
        with pytest.raises(UsageError, match="no endpoint or observer `call:chek`"):
            await runtime.client.pause("call:chek")
        for name in ("call:check", "nats"):
            await runtime.client.pause(name)
        await runtime.emit("Order.insert", new=ROW)
        await asyncio.sleep(0.2)
        assert called == []
        await runtime.client.resume("call:check")
        while not called:
            await asyncio.sleep(0.01)
