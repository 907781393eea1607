"""What grows with a plan. Each measure gives pairs of a size and its cost, CPU as a rule, which is
steadier than time."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from hashlib import sha256
from pathlib import Path

from fql import Runtime, load_plan
from fql.client import open_client
from fql.egress.sealing.secrets import Masker
from fql.engine.program.match import Matcher
from fql.events.model import Event
from fql.plan.language import expressions as x
from fql.settings.reading import read_settings
from tests.benchmarks.expressions import cost
from tests.benchmarks.page.curves import Curve, Points
from tests.benchmarks.receiver import receiver
from tests.growth.plans import (
    BOOLEAN,
    STRING,
    When,
    country_is,
    field,
    op,
    sized,
    sized_bytes,
    with_endpoints,
)

ROW = {"id": "1", "country": "DE", "total": "5.5", "count": 5, "note": None}
LOOPBACK = '[egress]\nallow = ["127.0.0.1/32"]\n'


# Start -------------------------------------------------------------------------------------------


async def _start(count: int, secrets: bool) -> dict[str, float]:
    environment = {f"S{n}": f"whsec_{n:032}{'A' * 12}" for n in range(count)} if secrets else {}
    data = sized_bytes(count, secret="S{}".format if secrets else None)
    gc.collect()
    begin = time.process_time()
    plan = load_plan(data)
    loaded = time.process_time()
    async with Runtime(plan, store="memory://", environment=environment):
        started = time.process_time()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return {
        "load": loaded - begin,
        "start": started - loaded,
        "memory": pages * os.sysconf("SC_PAGE_SIZE") / 1e6,
    }


def _started(what: str, counts: Sequence[int], secrets: bool = False) -> Points:
    """Each in a process of its own, as memory is not given back."""
    return [(count, _child("start", str(count), str(int(secrets)))[what]) for count in counts]


def _child(*arguments: str) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.growth.plans", "--child", *arguments]
    found: dict[str, float] = json.loads(subprocess.check_output(command, text=True))
    return found


# Masking, matching, emitting ---------------------------------------------------------------------


def masking(counts: Sequence[int] = (10, 100, 1_000)) -> Points:
    """Microseconds for an answer of 1,000 characters, by the secrets that are known."""
    answer = json.dumps({"items": [{"id": n, "name": f"item number {n}"} for n in range(30)]})
    found = []
    for count in counts:
        masker = Masker(sha256(b"%d" % n).hexdigest()[:24] for n in range(count))
        found.append((count, cost(lambda: masker.text(answer[:1_000]), 0.1)))  # noqa: B023
    return found


def matching(when: When, counts: Sequence[int] = (250, 500, 1_000)) -> Points:
    """Microseconds for an event that one observer matches."""
    new = {**ROW, "total": Decimal("5.5"), "country": "C77"}
    now = datetime(2026, 3, 2, tzinfo=UTC)
    event = Event("Order", "insert", new, None, "e", now, "test", "1", b"", None, {})
    found = []
    for count in counts:
        matcher = Matcher(sized(count, when=when))
        assert matcher.matching(event) == ("o77",), when
        found.append((count, cost(lambda: matcher.matching(event), 0.1)))  # noqa: B023
    return found


def _begins(number: int) -> x.Expr:
    argument = x.Constant(type=STRING, value=f"C{number}")
    begins = x.Call(type=BOOLEAN, name="starts_with", of=field("country"), args=(argument,))
    return op("and", begins, op("lt", field("count"), number - 71))


def _between(number: int) -> x.Expr:
    low, high = Decimal(number - 72), Decimal(number - 71)
    return op("and", op("ge", field("total"), low), op("lt", field("total"), high))


def _either(number: int) -> x.Expr:
    return op("or", country_is(number), op("eq", field("country"), f"D{number}"))


async def _emitted(count: int, events: int = 2_000, in_flight: int = 64) -> float:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/store.db"
        async with Runtime(sized(count), store=url, environment={}):
            pass
        numbers = iter(range(events))
        async with open_client(url) as client:
            envelope = {"entity": "Order", "event": "insert", "new": ROW}

            async def caller() -> None:
                for _ in numbers:
                    await client.emit(envelope)

            await client.emit(envelope)
            begin = time.process_time()
            await asyncio.gather(*[caller() for _ in range(in_flight)])
            return (time.process_time() - begin) / events * 1e6


def emitting(counts: Sequence[int] = (1, 100, 1_000)) -> Points:
    """Microseconds of CPU for each `Client.emit` of many in flight, by the observers."""
    return [(count, asyncio.run(_emitted(count))) for count in counts]


async def _in_bundles(size: int, events: int = 4_096) -> float:
    envelope = {"entity": "Order", "event": "insert", "new": {**ROW, "country": "nobody's"}}
    bundle = [envelope] * size
    with tempfile.TemporaryDirectory() as folder:
        store = f"sqlite:///{folder}/store.db"
        async with Runtime(sized(1), store=store, environment={}) as runtime:
            await runtime.emit_many(bundle)
            begin = time.process_time()
            for _ in range(events // size):
                await runtime.emit_many(bundle)
            return (time.process_time() - begin) / events * 1e6


def bundles(sizes: Sequence[int] = (1, 16, 256)) -> Points:
    """Microseconds of CPU for an event, by those of a call of `Runtime.emit_many`; one call after
    the other, and no observer wants them."""
    return [(size, asyncio.run(_in_bundles(size))) for size in sizes]


# Endpoints ---------------------------------------------------------------------------------------


async def _delivered(target: str, count: int, events: int) -> float:
    plan = with_endpoints(sized(count), target)
    settings = read_settings(LOOPBACK, "fql.toml")
    async with Runtime(plan, store="memory://", environment={}, settings=settings) as runtime:
        begin = 0.0
        for rounds in range(2):
            if rounds:
                begin = time.process_time()
            calls = [
                runtime.emit("Order.insert", new={**ROW, "country": f"C{number % count}"})
                for number in range(events)
            ]
            await asyncio.gather(*calls)
            await runtime.until_idle()
        return (time.process_time() - begin) / events * 1e6


def endpoints(counts: Sequence[int] = (10, 100, 1_000)) -> Points:
    """Microseconds of CPU a delivery, by the endpoints, all at one address."""
    with receiver() as target:
        return [(n, asyncio.run(_delivered(target.url, n, 2_000))) for n in counts]


OBSERVERS = (2_500, 5_000, 10_000)
SECRETS = (250, 500, 1_000)
CURVES = (
    Curve("load", "observers", "load of a plan: CPU s", "1 s at 10,000",
         partial(_started, "load", OBSERVERS)),
    Curve("start", "observers", "start of a runtime: CPU s", "1 s at 10,000",
         partial(_started, "start", OBSERVERS)),
    Curve("memory", "observers", "memory after the start: MB", "150 MB at 10,000",
         partial(_started, "memory", OBSERVERS)),
    Curve("secrets", "actions with a secret each", "start of a runtime: CPU s", "1 s at 1,000",
         partial(_started, "start", SECRETS, secrets=True)),
    Curve("masking", "secrets", "masking 1,000 characters: us", "20 us at any number", masking),
    Curve("emit", "observers", "Client.emit, 64 in flight: CPU us", "200 us at any size", emitting),
    Curve("emit-many", "events in a call", "Runtime.emit_many: CPU us an event", "below n^0",
         bundles),
    Curve("match-equal", "observers, country == C", "match: us", "20 us",
         partial(matching, country_is)),
    Curve("match-or", "observers, a == C or a == D", "match: us", "20 us",
         partial(matching, _either)),
    Curve("match-between", "observers, a between C and D", "match: us", "20 us",
         partial(matching, _between)),
    Curve("match-begins", "observers, starts_with", "match: us", "20 us",
         partial(matching, _begins)),
    Curve("endpoints", "endpoints", "CPU us a delivery", "+20 % at 1,000", endpoints),
)  # fmt: skip


if __name__ == "__main__" and sys.argv[1:2] == ["--child"]:
    print(json.dumps(asyncio.run(_start(int(sys.argv[3]), sys.argv[4] == "1"))))
