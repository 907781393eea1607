"""SIGKILL at random moments: real processes, a real file, a real receiver with a ledger."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from fql.testing import MockWebhookServer

CHILD = """
import asyncio, sys
from fql.app import Runtime
from tests.app.plans import CHAIN, order, plan_of, settings_of

async def main(store, receiver, first, count):
    runtime = Runtime(plan_of(CHAIN), store=store, environment={"RECEIVER": receiver},
                      settings=settings_of(), listeners=())
    async with runtime:
        print("ready", flush=True)
        for number in range(first, first + count):
            await runtime.emit("Order.insert", new=order(number), key=str(number))
            print(number, flush=True)
        await runtime.until_idle(30)
        print("idle", flush=True)

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
"""


def child(store: str, server: MockWebhookServer, first: int, count: int) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", CHILD, store, server.url, str(first), str(count)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


def test_nothing_is_lost_over_kills(tmp_path: Path) -> None:
    """What `emit` returned for is delivered, in order, under one key; after a restart work in
    flight is sent again at once."""
    rng = random.Random(4)
    store = f"sqlite:///{tmp_path}/s.db"
    accepted: set[int] = set()
    with MockWebhookServer() as server:
        for round_ in range(3):
            with child(store, server, round_ * 1000, 1000) as process:
                assert process.stdout is not None
                assert process.stdout.readline() == "ready\n"
                time.sleep(rng.uniform(0.1, 0.4))
                process.send_signal(signal.SIGKILL)
                lines = process.stdout.read().split()
            accepted |= {int(line) for line in lines if line.isdigit()}
        last = child(store, server, 9000, 1)
        output, _ = last.communicate(timeout=60)
        assert output.split()[-1] == "idle"
        requests = server.requests
    places: dict[tuple[str, str], list[int]] = {}
    keys: dict[tuple[str, str], set[str]] = {}
    for index, request in enumerate(requests):
        place = (request.path, request.payload["id"])  # type: ignore[index]
        places.setdefault(place, []).append(index)
        keys.setdefault(place, set()).add(request.key)
    assert len(accepted) > 20, "the test must do something"
    for number in accepted:
        reserve, label = places[("/reserve", f"o{number}")], places[("/label", f"o{number}")]
        assert reserve[0] < label[0]
    assert all(len(found) == 1 for found in keys.values())
    repeated = sum(len(found) - 1 for found in places.values())
    assert repeated <= 3 * 256
    again = [request for request in requests if request.headers.get("fql-redelivery") == "1"]
    assert len(again) >= repeated
