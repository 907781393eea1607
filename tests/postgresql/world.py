"""A shop on PostgreSQL: clients that write, engines that deliver, and a receiver's ledger."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from fql.testing import MockWebhookServer
from tests.kills.shop import SOURCE
from tests.postgresql.applications import Application
from tests.postgresql.ledger import Heard, check, heard

SETTINGS = """
[project]
name = "shop"
[egress]
allow = ["127.0.0.1/32"]
[store]
url = "{store}"
[sources.shop]
{source}
"""


LEASE_AND_MORE = 20.0
"""Seconds within which the lease of an engine that was killed has ended."""


class Engine:
    """A process that is the engine, or stands by. Its requests have its name in their path."""

    def __init__(self, folder: Path, name: str, receiver: str) -> None:
        self.name = name
        self._said = folder / f"{name}.log"
        with self._said.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.postgresql.engine", str(folder)],
                stdout=log, stderr=log, cwd=Path(__file__).parents[2],
                env={**os.environ, "RECEIVER": f"{receiver}/{name}"},
            )  # fmt: skip

    def said(self) -> str:
        """All that it wrote."""
        return self._said.read_text(errors="replace")

    def wait_ready(self, seconds: float = 30) -> Self:
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
    """The folder of the project, and what runs. `store` is where engines find it."""

    folder: Path
    store: str
    application: Application
    exits: ExitStack
    receiver: MockWebhookServer = field(default_factory=MockWebhookServer)
    went_back: list[float] = field(default_factory=list)
    interrupted: int = 0
    _engines: list[Engine] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.exits.enter_context(self.receiver)
        (self.folder / "shop.fql").write_text(SOURCE % "${RECEIVER}")
        (self.folder / "fql.toml").write_text(
            SETTINGS.format(store=self.store, source=self.application.settings)
        )
        self.fqlc("compile", "shop.fql", "-o", "plan.json")
        self.fqlc("capture", "install", "shop.fql")

    def fqlc(self, *arguments: str) -> str:
        """A command of the user's, to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "fqlc", *arguments], cwd=self.folder, capture_output=True,
            text=True, timeout=180, check=False,
            env={**os.environ, "RECEIVER": f"{self.receiver.url}/last", "NO_COLOR": "1"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def engine(self, name: str) -> Engine:
        """Start one, and wait until it works or stands by."""
        engine = Engine(self.folder, name, self.receiver.url)
        self._engines.append(engine)
        self.exits.callback(engine.kill)
        return engine.wait_ready()

    def named(self, name: str) -> Engine:
        """The engine of this name that was started last."""
        return next(one for one in reversed(self._engines) if one.name == name)

    # The ledger

    def heard(self) -> list[Heard]:
        """All requests so far."""
        return heard(self.receiver.requests)

    def wait_heard(self, engine: str, since: int = 0, seconds: float = 30) -> Heard:
        """The first request of this engine after the first `since` ones."""
        found: list[Heard] = []

        def came() -> bool:
            found.extend(one for one in self.heard()[since:] if one.engine == engine)
            return bool(found)

        assert wait_for(came, seconds), f"{engine} sent nothing\n{self._said()}"
        return found[0]

    def wait_more(self, count: int, seconds: float = 40) -> None:
        """Until so many more requests have come."""
        assert self.receiver.wait_for(self.receiver.call_count + count, seconds), self._said()

    def _said(self) -> str:
        return "\n".join(f"{one.name}: {one.said()[-2000:]}" for one in self._engines)

    def check(self) -> None:
        """Let the rest be delivered, and look at the ledger."""
        self.receiver.always(200)
        for engine in self._engines:
            engine.end()
        self.engine("last").wait_said("is its engine now|EngineStarted", LEASE_AND_MORE)
        self._engines[-1].end()
        self.fqlc("run", "shop.fql", "--until-idle", "--timeout", "120s", "--fail-on-dead")
        truth = self.application.truth()
        check(
            self.heard(), truth, interrupted=self.interrupted, went_back=tuple(self.went_back)
        )  # fmt: skip


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
        time.sleep(0.01)
    return True
