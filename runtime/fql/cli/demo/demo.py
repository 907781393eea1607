"""`fqlc demo`: the whole path on this machine, with real processes, failures and kills."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from fql.cli.demo.proof import Entry, Proof, prove
from fql.cli.demo.shop import expected_paths, write_shop
from fql.errors import FqlError, UsageError
from fql.terminal.lines import prose, say
from fql.testing.received import ReceivedRequest
from fql.testing.replies import Reply
from fql.testing.server import MockWebhookServer

SECRET = "whsec_" + "ZGVtby1zZWNyZXQtZm9yLXRoaXMtbWFjaGluZQ=="
CLIENTS = 4
FAILING = 0.08
"""Share of requests that the receiver refuses; a quarter of them by closing the connection."""


class Receiver:
    """A real receiver that fails at times and keeps a ledger of everything."""

    def __init__(self) -> None:
        self.server = MockWebhookServer(verify=SECRET)
        self.server.always(self._answer)
        self._chance = random.Random(1)  # noqa: S311  (a story, no secret)
        self._lock = threading.Lock()
        self._ledger: list[Entry] = []
        self._delivered: set[str] = set()

    def _answer(self, request: ReceivedRequest) -> Reply:
        fails, closes = self._chance.random() < FAILING, self._chance.random() < 0.25
        status = 200 if not fails else 0 if closes else 503
        with self._lock:
            self._ledger.append(Entry(request.path, request.key, status))
            if status == 200:
                self._delivered.add(request.path)
        return Reply(status) if status else Reply(fault="reset")

    @property
    def ledger(self) -> list[Entry]:
        """Everything that came, in order."""
        with self._lock:
            return list(self._ledger)

    def delivered(self) -> set[str]:
        """The paths that were answered with success."""
        with self._lock:
            return set(self._delivered)


class Story:
    """The demo, step by step. `orders` is for each of the clients."""

    def __init__(self, folder: Path, receiver: Receiver, orders: int) -> None:
        self._folder = folder
        self._receiver = receiver
        self._orders = orders
        self._started = time.monotonic()
        self._log = (folder / "run.log").open("ab")
        self._engine: subprocess.Popen[bytes] | None = None

    def tell(self, text: str) -> None:
        """One line of progress."""
        seconds = time.monotonic() - self._started
        say(f"{click.style(f'{seconds:5.1f} s', dim=True)}  {text}")

    def fqlc(self, *arguments: str) -> None:
        """Run a command of fqlc to its end. Raises FqlError with what it said."""
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "fqlc", *arguments],
            cwd=self._folder, capture_output=True, text=True, check=False, env=_environment(),
        )  # fmt: skip
        if done.returncode:
            raise FqlError(f"fqlc {arguments[0]} failed: {done.stderr.strip()}")

    def prepare(self) -> None:
        """A shop with a database, its plan, its triggers."""
        write_shop(self._folder, self._receiver.server.url)
        self.fqlc("compile", "-o", "plan.json", "shop.fql")
        self.tell("compiled shop.fql: stock -> [crm, books] for each valuable order that ships")
        self.fqlc("capture", "install", "plan.json")
        self.tell("installed triggers on the table `orders` of shop.db")

    def start(self) -> None:
        """Start `fqlc run` as a process of its own."""
        self._engine = subprocess.Popen(
            [sys.executable, "-m", "fqlc", "run", "plan.json"],
            cwd=self._folder, stdout=self._log, stderr=self._log, env=_environment(),
        )  # fmt: skip

    def kill(self) -> None:
        """End the engine as a power cut would, and start it again."""
        if self._engine is None:
            return
        self._engine.send_signal(signal.SIGKILL)
        self._engine.wait()
        count = len(self._receiver.delivered())
        self.tell(click.style(f"kill -9 after {count:,} deliveries", fg="red") + ", starting again")
        self.start()

    def stop(self) -> None:
        """Let the engine drain and end."""
        if self._engine is not None and self._engine.poll() is None:
            self._engine.terminate()
            self._engine.wait(10)
        self._log.close()

    @contextmanager
    def clients(self) -> Iterator[list[subprocess.Popen[bytes]]]:
        """Processes that change rows; ended at the latest with the story."""
        database = str(self._folder / "shop.db")
        found = [
            subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "fql.cli.demo.shop", database,
                 str(1 + n * 1_000_000), str(self._orders)]
            )
            for n in range(CLIENTS)
        ]  # fmt: skip
        try:
            yield found
        finally:
            for client in found:
                client.kill()
                client.wait()

    def run(self, limit: float) -> Proof:
        """Changes, two kills, and the wait for the last delivery. Raises FqlError when that takes
        more than `limit` seconds."""
        self.start()
        self.tell(f"started fqlc run, and {CLIENTS} clients that change rows")
        with self.clients() as clients:
            kills = [int(self._orders * CLIENTS * share) for share in (0.3, 1.0)]
            in_time = self._watch(clients, kills, time.monotonic() + limit)
        if not in_time:
            raise FqlError(
                f"{len(self._receiver.delivered()):,} deliveries were made in {limit:g} seconds,"
                " and others are still to come",
                hint=f"a slow or busy machine needs more time: fqlc demo --limit {4 * limit:g}",
            )
        expected = expected_paths(self._folder / "shop.db")
        return prove(expected, self._receiver.ledger)

    def _watch(self, clients: list[subprocess.Popen[bytes]], kills: list[int], end: float) -> bool:
        """Whether everything was delivered before the `end`."""
        next_line = time.monotonic() + 1
        while time.monotonic() < end:
            time.sleep(0.05)
            delivered = self._receiver.delivered()
            if kills and len(delivered) >= kills[0]:
                kills.pop(0)
                self.kill()
            if time.monotonic() >= next_line:
                next_line += 1
                self.tell(f"{len(delivered):,} delivered")
            if self._engine is not None and self._engine.poll() is not None:
                raise FqlError("fqlc run ended unexpectedly", hint=self._last_words())
            ended = not kills and all(client.poll() is not None for client in clients)
            if ended and delivered >= expected_paths(self._folder / "shop.db"):
                return True
        return False

    def _last_words(self) -> str:
        lines = (self._folder / "run.log").read_text("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


def _environment() -> dict[str, str]:
    return {**os.environ, "SHOP_SECRET": SECRET}


@click.command(epilog="\b\nExamples:\n  fqlc demo\n  fqlc demo --keep ./demo")
@click.option("--orders", default=500, show_default=True, help="Orders of each of four clients.")
@click.option("--limit", default=60.0, show_default=True, help="Seconds after which it gives up.")
@click.option("--keep", metavar="DIR", help="Work in this new folder and keep it.")
def demo(orders: int, limit: float, keep: str | None) -> None:
    """Show fql at work on this machine.

    A shop whose rows change, a receiver that fails at times, two kills, and the proof.
    """
    with _folder(keep) as folder, (receiver := Receiver()).server:
        story = Story(folder, receiver, orders)
        try:
            story.prepare()
            proof = story.run(limit)
        finally:
            story.stop()
        _conclude(story, proof, orders)
    if proof.faults:
        raise click.exceptions.Exit(1)


@contextmanager
def _folder(keep: str | None) -> Iterator[Path]:
    if keep is not None:
        yield _new(Path(keep))
        return
    with tempfile.TemporaryDirectory(prefix="fql-demo-") as folder:
        yield Path(folder)


def _new(folder: Path) -> Path:
    """A folder that is made now. Raises UsageError where that is not possible."""
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise UsageError(
            f"the folder {folder} cannot be made: {error.strerror}", hint="name a new one"
        ) from error
    return folder


def _conclude(story: Story, proof: Proof, orders: int) -> None:
    story.tell(f"{CLIENTS * orders:,} orders placed and changed, each change its own transaction")
    prose(f"\nThe ledger of the receiver: {proof.requests:,} requests, every signature checked.")
    prose(f"  {proof.delivered:,} of {proof.expected:,} expected deliveries were made")
    prose(f"  {proof.refused:,} attempts were refused or cut off, and made again")
    prose(f"  {proof.repeated:,} deliveries came twice after a kill, each with the same key")
    if not proof.faults:
        prose(click.style("Nothing lost, everything in order.", fg="green", bold=True))
    for fault in proof.faults:
        prose(click.style(f"FAULT: {fault}", fg="red", bold=True))
