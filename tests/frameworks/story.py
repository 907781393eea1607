"""An example as its own processes: what is started, asked, killed, and what its receiver got."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import httpx

from fql.testing import MockWebhookServer

EXAMPLES = Path(__file__).parents[2] / "examples"


class Story:
    """A copy of an example, compiled, with a receiver that keeps a ledger."""

    def __init__(self, name: str, folder: Path, receiver: MockWebhookServer) -> None:
        ignored = shutil.ignore_patterns("fql.db*", "shop.db*", "broker", "__pycache__")
        self.folder = Path(shutil.copytree(EXAMPLES / name, folder / "shop", ignore=ignored))
        self.receiver = receiver
        self.environment = os.environ | {"RECEIVER": receiver.url, "PYTHONDONTWRITEBYTECODE": "1"}
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30)
        self.do("fqlc", "compile", "orders.fql", "-o", "plan.json")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def do(self, *words: str) -> None:
        """Run a command of the page of the example."""
        subprocess.run(self.command(*words), cwd=self.folder, env=self.environment, check=True)

    def command(self, *words: str) -> list[str]:
        """A program of this environment."""
        program = Path(sys.executable).with_name(words[0])
        return [str(program), *words[1:]]

    @contextmanager
    def process(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """A command that goes on, in a group of its own; SIGTERM ends it."""
        process = subprocess.Popen(
            self.command(*words), cwd=self.folder, env=self.environment, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(40)
            finally:
                kill_group(process.pid)

    def place(self, order: str) -> None:
        """Repeats what was not acknowledged."""

        def is_acknowledged() -> bool:
            try:
                done = self.http.post("/orders", json={"id": order, "total": "12.50"})
            except httpx.TransportError:
                return False
            return done.status_code == 201

        until(is_acknowledged)

    def engine(self) -> int:
        """The process among the web workers that is the engine."""
        found: list[int] = []

        def is_found() -> bool:
            try:  # each time a new connection, so that each worker answers
                answer = httpx.get(f"http://127.0.0.1:{self.port}/engine", timeout=30).json()
            except httpx.TransportError:
                return False
            found.extend([answer["process"]] if answer["leads"] else [])
            return bool(found)

        until(is_found)
        return found[0]

    def came(self) -> set[tuple[str, str]]:
        """What the receiver got: the path and the order."""
        payloads = [(r.path, r.payload) for r in list(self.receiver.requests)]
        return {(path, str(one["id"])) for path, one in payloads if isinstance(one, dict)}

    def is_complete(self, orders: list[str], *paths: str) -> None:
        """Wait until everything arrived; each delivery under one key."""
        wanted = {(path, order) for path in paths for order in orders}
        until(lambda: wanted <= self.came())
        assert self.came() == wanted
        keys = {(r.path, r.body): {q.key for q in self.receiver.requests if q.body == r.body
                and q.path == r.path} for r in list(self.receiver.requests)}  # fmt: skip
        assert all(len(found) == 1 for found in keys.values()), keys


def until(holds: Callable[[], bool], seconds: float = 80) -> None:
    """Wait for something."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


def kill_group(group: int) -> None:
    """What a killed parent left."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
