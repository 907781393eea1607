"""An hour of one store under load: too much of it, or with everything that can go wrong.

    python -m tests.endurance.soak overload shared --seconds 3600
    python -m tests.endurance.soak faults sqlite --seconds 3600 --seed 7

`overload`: a warehouse takes half of what is for it the whole time, in order and out of it; another
receiver takes its own at once. Then the warehouse takes all, and the backlog must drain. `faults`:
engines are killed, stand still and end, and so do the servers of their store, as in `tests/kills`,
while all receivers keep up. Both refuse a few requests, and both end with the ledger.

Prints a line each minute, and in the end a row for each quarter of the time. Raises AssertionError
when a promise is broken.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import psutil

from fql.testing import MockWebhookServer
from fql.testing.received import ReceivedRequest
from fql.testing.replies import Reply
from tests.endurance.watched import MINUTE, Watch
from tests.kills.loop import LAST, PATIENCE, Life, Pace
from tests.kills.places import KINDS, Place, place_of
from tests.kills.shop import PACKED, Shop, check_ledger, fqlc, running, write_shop

ORDERS = 4.0
"""A second. Nine in ten are committed, and half of them are paid: the warehouse is asked 2.4 times
for each."""
TAKEN = ORDERS * 2.4 / 2
STEPS = ("/welcome", "/pack")
"""What comes of each order."""
REFUSED = 0.03
FAULTS = Pace(order=1 / 4, round=20.0, still=0.1)
DRAIN = 1500.0
"""Seconds for the backlog of an hour at most, on a machine with other work."""


class Warehouse:
    """Takes `rate` requests a second, those that wait in a queue; after `heal`, all at once."""

    def __init__(self, rate: float) -> None:
        self._gap = 1 / rate
        self._free = 0.0
        self.asked = 0

    def heal(self) -> None:
        """From now on it keeps up."""
        self._gap = 0.0

    def __call__(self, request: ReceivedRequest) -> Reply:
        self.asked += 1
        status = 503 if self.asked % round(1 / REFUSED) == 0 else 200
        if request.path == "/welcome":
            return Reply(status)
        now = time.monotonic()
        self._free = max(now, self._free) + self._gap
        return Reply(status, delay=self._free - now if self._gap else 0.0)


def overload(folder: Path, place: Place, seconds: float) -> Watch:
    """So long, then the backlog drains; the ledger is complete."""
    warehouse = Warehouse(TAKEN)
    with MockWebhookServer() as server, ExitStack() as ending:
        server.always(warehouse)
        write_shop(folder, server.url, place.store, place.settings, PACKED)
        engines = [ending.enter_context(running(folder)) for _ in range(place.most)]
        shop = Shop(folder, pause=1 / ORDERS)
        processes = [psutil.Process(one.pid) for one in engines]
        watch = Watch(server, shop, place, lambda: processes, STEPS, every=_every(seconds))
        with watch:
            with shop:
                _while(lambda: time.monotonic() < watch.begun + seconds)
            watch.ended()
            warehouse.heal()
            _while(lambda: watch.backlog() > 0, DRAIN)
            watch.drained()
        for one in engines:
            one.terminate()
            assert one.wait(PATIENCE) == 0, (folder / "run.log").read_text()[-3000:]
        fqlc(folder, *LAST, seconds=900)
        # An engine that gets no CPU for longer than its lease is fenced: as good as killed.
        fenced = (folder / "run.log").read_text().count("lost its lease")
        check_ledger(server.requests, shop, fenced, STEPS)
    return watch


def faults(folder: Path, place: Place, seconds: float, seed: int) -> Watch:
    """So long; what is left drains at the end of the life."""
    most = 2 if "single" in place.settings else place.most
    life = Life(folder, replace(place, most=most), seed, FAULTS)

    def alive() -> list[psutil.Process]:
        return [psutil.Process(one.process.pid) for one in life.engines if one.process.is_alive()]

    watch = Watch(life.server, life.shop, place, alive, counts=life.counts, every=_every(seconds))
    with watch:
        life.live(lambda: time.monotonic() < watch.begun + seconds)
        watch.drained()
    return watch


def _every(seconds: float) -> float:
    return min(MINUTE, seconds / 8)


def _while(holds: Callable[[], bool], most: float = float("inf")) -> None:
    end = time.monotonic() + most
    while holds():
        assert time.monotonic() < end, "the backlog does not drain"
        time.sleep(0.2)


def main() -> None:
    """Take the arguments, and go on for so long."""
    parser = argparse.ArgumentParser(prog="python -m tests.endurance.soak")
    parser.add_argument("kind", choices=["overload", "faults"])
    parser.add_argument("store", choices=KINDS)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="fql-soak-"))  # it stays where a promise is broken
    with place_of(given.store) as place:
        if given.kind == "overload":
            watch = overload(folder, place, given.seconds)
        else:
            watch = faults(folder, place, given.seconds, given.seed)
    print(watch.summary(f"{given.kind}, {given.store}"))
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
