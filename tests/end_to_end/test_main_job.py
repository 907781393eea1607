"""The main job on real input: example 06 under load, a receiver that fails, two `kill -9`.

Several client processes change real rows; the receiver's ledger must show every matching change,
each step after the one before it, none lost, and a repeated delivery only with the same key.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path

from fql.testing import MockWebhookServer
from fql.testing.received import ReceivedRequest
from fql.testing.replies import Reply
from tests.end_to_end.support import EXAMPLES, FQLC, SECRET, environment, fqlc

CLIENTS = 4
ORDERS = 400


@dataclass(frozen=True)
class Expected:
    """A delivery that must arrive: action and order."""

    action: str
    order: int


def expected_of(order: dict[str, object]) -> Iterator[Expected]:
    """What the conditions of the example say about one order."""
    number = int(str(order["id"]))
    total = Decimal(str(order["total"]))
    yield Expected("pick", number)
    if order["shipped"] and (total > 100 or order["priority"]):
        yield Expected("label", number)
        yield Expected("crm", number)
        if total >= 200:
            yield Expected("statistics", number)


def order_of(request: ReceivedRequest) -> int:
    """The order a request is about."""
    payload = request.payload
    assert isinstance(payload, dict)
    return int(payload["id"])


class Flaky:
    """A receiver's mood: one request in eight fails somehow. Keeps what it accepted."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.accepted: list[ReceivedRequest] = []

    def __call__(self, request: ReceivedRequest) -> Reply:
        mood = self.chance.random()
        if mood < 0.06:
            return Reply(status=503)
        if mood < 0.09:
            return Reply(status=500)
        if mood < 0.10:
            return Reply(status=429, headers={"Retry-After": "0"})
        if mood < 0.125:
            return Reply(fault="reset")
        self.accepted.append(request)
        return Reply(status=200)


@contextmanager
def runner(folder: Path, server: MockWebhookServer) -> Iterator[subprocess.Popen[bytes]]:
    """`fqlc run` as a process beside the database."""
    log = (folder / "run.log").open("ab")
    process = subprocess.Popen(
        [FQLC, "run", "shop.fql"], cwd=folder, env=environment(server), stdout=log, stderr=log
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0, (folder / "run.log").read_text(encoding="utf-8")
        log.close()


def clients(folder: Path) -> list[subprocess.Popen[str]]:
    """The application's own processes."""
    return [
        subprocess.Popen(
            [sys.executable, "shop.py", "work", "shop.db", str(n + 1), str(ORDERS)],
            cwd=folder, stdout=subprocess.PIPE, text=True,
        )
        for n in range(CLIENTS)
    ]  # fmt: skip


def has_accepted(mood: Flaky, count: int) -> bool:
    """True once the receiver accepted so many requests."""
    return len(mood.accepted) >= count


def wait_until(check: Callable[[], bool], seconds: float) -> bool:
    """Poll `check` for some seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if check():
            return True
        time.sleep(0.05)
    return False


def test_every_matching_change_arrives(tmp_path: Path) -> None:
    """Thousands of row changes, a failing receiver, two kills: nothing is lost or out of order."""
    folder = Path(shutil.copytree(EXAMPLES / "06_shop_with_sqlite", tmp_path / "shop"))
    subprocess.run([sys.executable, "shop.py", "create", "shop.db"], cwd=folder, check=True)
    fqlc("capture", "install", "--database", "shop.db", "shop.fql", cwd=folder)
    mood = Flaky(random.Random(7))
    with MockWebhookServer(verify=None) as server:
        server.always(mood)
        working = clients(folder)
        for kill_after in (400, 1200):
            with runner(folder, server) as process:
                assert wait_until(partial(has_accepted, mood, kill_after), 60)
                process.kill()
                process.wait()
        committed = [
            json.loads(line) for c in working for line in c.communicate(timeout=60)[0].splitlines()
        ]
        wanted = {e for order in committed for e in expected_of(order)}
        with runner(folder, server):
            done = wait_until(lambda: len({r.key for r in mood.accepted}) >= len(wanted), 90)
        assert done, f"{len({r.key for r in mood.accepted})} of {len(wanted)} arrived"
        check_ledger(server, mood, wanted)


def check_ledger(server: MockWebhookServer, mood: Flaky, wanted: set[Expected]) -> None:
    """Nothing lost, nothing invented, one key for each intent, successors after predecessors."""
    keys: dict[Expected, set[str]] = defaultdict(set)
    for request in server.requests:
        keys[Expected(request.headers["fql-action"], order_of(request))].add(request.key)
    assert set(keys) == wanted
    assert all(len(found) == 1 for found in keys.values()), "one key for each delivery"
    assert len({k for found in keys.values() for k in found}) == len(wanted), "no key twice"
    accepted: dict[Expected, float] = {}
    for request in mood.accepted:
        accepted.setdefault(Expected(request.headers["fql-action"], order_of(request)), request.at)
    assert set(accepted) == wanted
    first: dict[Expected, float] = {}
    for request in server.requests:
        first.setdefault(Expected(request.headers["fql-action"], order_of(request)), request.at)
    for entry in wanted:
        if entry.action in ("crm", "statistics"):
            assert first[entry] > accepted[Expected("label", entry.order)]


def test_signatures_of_the_example_are_genuine(tmp_path: Path) -> None:
    """The warehouse endpoint signs; a receiver with the secret accepts."""
    folder = Path(shutil.copytree(EXAMPLES / "06_shop_with_sqlite", tmp_path / "shop"))
    subprocess.run([sys.executable, "shop.py", "create", "shop.db"], cwd=folder, check=True)
    fqlc("capture", "install", "--database", "shop.db", "shop.fql", cwd=folder)
    subprocess.run(
        [sys.executable, "shop.py", "work", "shop.db", "1", "5"],
        cwd=folder, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    with MockWebhookServer(verify=SECRET) as server:
        fqlc("run", "shop.fql", "--until-idle", cwd=folder, server=server)
        picks = [r for r in server.requests if r.headers["fql-action"] == "pick"]
        assert len(picks) == 5
        assert all(r.genuine for r in picks)
