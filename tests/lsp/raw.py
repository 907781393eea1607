"""A client that says what no editor would: messages as they are, one after the other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.lsp.editor import SERVER


class Raw:
    """A server as a process, and its pipes."""

    def __init__(self, folder: Path, server: Sequence[str] = SERVER) -> None:
        self.process = subprocess.Popen(
            server, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stdin is not None and self.process.stdout is not None
        self.given, self.out = self.process.stdin, self.process.stdout
        self.heard: list[dict[str, Any]] = []
        self._count = 0

    def __enter__(self) -> Raw:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe is not None
            with suppress(BrokenPipeError):
                pipe.close()

    def body(self, body: bytes, header: bytes = b"Content-Length") -> None:
        """Send bytes as a message."""
        self.given.write(header + b": %d\r\n\r\n" % len(body) + body)
        self.given.flush()

    def send(self, message: object) -> None:
        """Send a message."""
        self.body(json.dumps(message).encode())

    def tell(self, method: str, params: object = None) -> None:
        """Send a notification."""
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def request(self, method: str, params: object = None) -> int:
        """Send a request; its id."""
        self._count += 1
        self.send({"jsonrpc": "2.0", "id": self._count, "method": method, "params": params})
        return self._count

    def hear(self) -> dict[str, Any]:
        """The next message of the server."""
        length = 0
        while line := self.out.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name == b"Content-Length" else length
        found: dict[str, Any] = json.loads(self.out.read(length))
        self.heard.append(found)
        return found

    def answer(self, identity: int | None) -> dict[str, Any]:
        """The answer to a request."""
        while True:
            found = self.hear()
            if "method" not in found and found.get("id") == identity:
                return found

    def ask(self, method: str, params: object = None) -> dict[str, Any]:
        """Send a request and wait for its answer."""
        return self.answer(self.request(method, params))

    def start(self, process: int | None = None) -> dict[str, Any]:
        """Initialize."""
        given: dict[str, object] = {
            "processId": process or os.getpid(),
            "rootUri": None,
            "capabilities": {},
        }
        found = self.ask("initialize", given)
        self.tell("initialized", {})
        return found

    def open(self, uri: str, text: str) -> None:
        """Open a text."""
        item = {"uri": uri, "languageId": "fql", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": item})

    def talk(self, *, end: bool = True) -> str:
        """What it wrote to standard error, when it has ended."""
        if end:
            self.given.close()
        assert self.process.stderr is not None
        return self.process.stderr.read().decode()


def patched(code: str) -> list[str]:
    """A server in which something is replaced by Python code."""
    run = "import sys; from fqlc.__main__ import main; sys.argv = ['fqlc', 'lsp']; main()"
    return [sys.executable, "-c", f"{code}\n{run}"]
