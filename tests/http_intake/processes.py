"""`fqlc run` with an HTTP intake as a process of its own, and a blocking caller."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.app.plans import ENTITY, ONE

FQLC = Path(sys.executable).with_name("fqlc")
TOKEN = "t0ken"
LISTENS = re.compile(r"listens on http://\[?([^ ]+?)\]?:(\d+)/events")


def project(folder: Path, *, listen: str = "127.0.0.1:0", more: str = "") -> None:
    """A plan and its settings in a folder."""
    (folder / "shop.fql").write_text(ENTITY + ONE)
    (folder / "fql.toml").write_text(
        '[egress]\nallow = ["127.0.0.1/32"]\n'
        f'[sources.web]\nkind = "http"\nlisten = "{listen}"\ntoken = "${{INTAKE_TOKEN}}"\n{more}'
    )


@dataclass
class Process:
    """A running `fqlc run` and its log."""

    child: subprocess.Popen[bytes]
    log: Path
    host: str = ""
    port: int = 0

    def wait_until_it_listens(self) -> None:
        self.host, port = self.said(LISTENS).groups()
        self.port = int(port)

    def said(self, words: re.Pattern[str] | str, seconds: float = 60) -> re.Match[str]:
        """Wait for words in the log."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = re.search(words, self.text)
            if found:
                return found
            assert self.child.poll() is None, self.text
            time.sleep(0.02)
        raise AssertionError(f"{words} was not said: {self.text}")

    @property
    def text(self) -> str:
        return self.log.read_text("utf-8")

    def post(self, value: object, *, token: str = TOKEN, key: str = "") -> tuple[int, Any]:
        """One event; raises OSError when nobody answers."""
        caller = http.client.HTTPConnection(self.host, self.port, timeout=30)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        try:
            caller.request("POST", "/events", json.dumps(value), headers)
            answer = caller.getresponse()
            return answer.status, json.loads(answer.read())
        except http.client.HTTPException as problem:
            raise ConnectionError(str(problem)) from problem
        finally:
            caller.close()


@contextmanager
def run(folder: Path, receiver: str, *options: str, **environment: str) -> Iterator[Process]:
    """Started, not necessarily ready; killed in the end."""
    log = folder / f"run-{time.monotonic_ns()}.log"
    with log.open("wb") as out:
        child = subprocess.Popen(
            [FQLC, "run", "shop.fql", *options], cwd=folder, stdout=out, stderr=out,
            env=os.environ | {"RECEIVER": receiver, "INTAKE_TOKEN": TOKEN} | environment,
        )  # fmt: skip
    try:
        yield Process(child, log)
    finally:
        child.kill()
        child.wait(20)
