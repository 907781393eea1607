"""A shop on PostgreSQL: clients that write, engines that deliver, and a receiver's ledger."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from fql.testing import MockWebhookServer
from fql.testing.received import ReceivedRequest
from fql.testing.replies import Reply
from tests.end_to_end.support import FQLC, environment
from tests.end_to_end.test_main_job import Flaky
from tests.histories.story import START
from tests.postgresql.applications import Application
from tests.postgresql.ledger import LEASE_AND_MORE, Happening, Heard, check, heard

SKEWED = [sys.executable, str(Path(__file__).with_name("skewed.py"))]


class Busy(Flaky):
    """A receiver that also takes its time, so that much is on the wire."""

    def __call__(self, request: ReceivedRequest) -> Reply:
        reply = super().__call__(request)
        if reply.status == 200 and reply.fault is None and self.chance.random() < 0.3:
            return Reply(delay=self.chance.uniform(0, 0.5))
        return reply


class Engine:
    """A process of `fqlc run`. Its requests have its name in their path."""

    def __init__(
        self, folder: Path, name: str, command: list[str], variables: dict[str, str]
    ) -> None:
        self.name = name
        self._said = folder / f"{name}.log"
        with self._said.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=folder, env=variables
            )

    def said(self) -> str:
        """All that it wrote."""
        return self._said.read_text(errors="replace")

    def wait_ready(self, seconds: float = START) -> Self:
        """Until it works or stands by."""
        wait_for(lambda: "ready" in self.said() or self.process.poll() is not None, seconds)
        assert self.process.poll() is None, self.said()
        return self

    def wait_said(self, pattern: str, seconds: float) -> None:
        """Until it has written something like this."""
        assert wait_for(lambda: re.search(pattern, self.said()) is not None, seconds), self.said()

    def tell(self, what: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(what)

    def end(self) -> None:
        """Ask it to end, unless it was killed: it drains, and ends well."""
        if self.process.returncode is None:
            self.tell(signal.SIGTERM)
            assert self.process.wait(60) == 0, self.said()

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self.process.kill()
        self.process.wait()

    @contextmanager
    def stopped(self, seconds: float) -> Iterator[None]:
        """SIGSTOP; at the end, but not before `seconds`, SIGCONT."""
        end = time.monotonic() + seconds
        self.tell(signal.SIGSTOP)
        try:
            yield
            time.sleep(max(0.0, end - time.monotonic()))
        finally:
            self.tell(signal.SIGCONT)


@dataclass
class World:
    """The folder of the project, and what runs. `store` is where engines find it; `mood` is how
    the receiver answers."""

    folder: Path
    store: str
    application: Application
    exits: ExitStack
    receiver: MockWebhookServer = field(default_factory=MockWebhookServer)
    mood: Flaky = field(default_factory=lambda: Busy(random.Random(7)))
    happenings: list[Happening] = field(default_factory=list)
    _engines: list[Engine] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.exits.enter_context(self.receiver)
        self.receiver.always(self.mood)
        self.application.prepare(self.folder, self.store)
        self.fqlc("capture", "install", self.application.program)

    def _variables(self, engine: str) -> dict[str, str]:
        receiver = f"{self.receiver.url}/{engine}"
        return environment(None) | {"RECEIVER": receiver, "SHOP_DATABASE": self.store}

    def fqlc(self, *arguments: str) -> str:
        """A command of the user's, to its end."""
        done = subprocess.run(
            [FQLC, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=180,
            check=False, env=self._variables("last"),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    # Engines

    def begin(self, name: str, skew: int = 0) -> Engine:
        """Start an engine, on a machine whose clock is so many seconds ahead."""
        command = [str(FQLC)] if not skew else [*SKEWED, str(skew)]
        command += ["run", self.application.program]
        engine = Engine(self.folder, name, command, self._variables(name))
        self._engines.append(engine)
        self.exits.callback(engine.kill)
        return engine

    def engine(self, name: str) -> Engine:
        """Start one, and wait until it works or stands by."""
        return self.begin(name).wait_ready()

    def named(self, name: str) -> Engine:
        """The engine of this name that was started last."""
        return next(one for one in reversed(self._engines) if one.name == name)

    @contextmanager
    def happening(self, name: str, *, back: bool = False) -> Iterator[None]:
        """What is done within explains that deliveries are repeated."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.happenings.append(Happening(name, began, time.monotonic(), back))

    # The ledger

    def senders(self, since: int = 0) -> list[tuple[str, float]]:
        """Which engine sent each request after the first `since` ones, and when."""
        return [(one.path.split("/")[1], one.at) for one in self.receiver.requests[since:]]

    def wait_heard(self, engine: str, since: int = 0, seconds: float = 30) -> float:
        """When the first request of this engine came, after the first `since` ones."""
        found: list[float] = []

        def came() -> bool:
            found.extend(at for sender, at in self.senders(since) if sender == engine)
            return bool(found)

        assert wait_for(came, seconds), f"{engine} sent nothing\n{self.said()}"
        return found[0]

    def wait_more(self, count: int, seconds: float = 40) -> None:
        """Until so many more requests have come."""
        assert self.receiver.wait_for(self.receiver.call_count + count, seconds), self.said()

    def said(self) -> str:
        """The end of what each engine said."""
        return "\n".join(f"{one.name}: {one.said()[-2000:]}" for one in self._engines)

    def heard(self) -> list[Heard]:
        """All requests so far."""
        return heard(self.receiver.requests, {id(one) for one in self.mood.accepted})

    def check(self) -> Counter[str]:
        """Let the rest be delivered, and look at the ledger. Gives what explains how many
        repetitions."""
        for engine in self._engines:
            engine.end()
        self.engine("last").wait_said("is its engine now|EngineStarted", LEASE_AND_MORE + 5)
        self._engines[-1].end()
        self.fqlc(
            "run", self.application.program, "--until-idle", "--timeout", "120s", "--fail-on-dead"
        )
        truth, told = self.application.truth(), self.heard()
        reasons = check(told, truth, self.happenings, self.application.after)
        print(f"{len(told)} requests, {len(truth.wanted)} deliveries, repeated: {dict(reasons)}")
        return reasons


@contextmanager
def shop(folder: Path, store: str, application: Application) -> Iterator[World]:
    """A world whose processes end with it."""
    with ExitStack() as exits:
        yield World(folder, store, application, exits)


def wait_for(happened: Callable[[], bool], seconds: float) -> bool:
    """Whether it happened in time."""
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            return False
        time.sleep(0.03)
    return True
