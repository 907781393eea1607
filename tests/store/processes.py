"""Other processes on a store: each runs a few lines with the store at hand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HEAD = """
import asyncio, os, signal, sys, time
from fql.errors import *
from fql.store.records import *
from fql.store.sqlite.store import SqliteStore
from tests.store.rows import *
async def main(store):
{body}
async def opened():
    store = SqliteStore(sys.argv[1])
    try:
        await store.open()
        await main(store)
    except FqlError as error:
        print(type(error).__name__, error.message)
    finally:
        await store.close()
asyncio.run(opened())
"""
WAITS = "print('ready', flush=True); sys.stdin.readline()"


def _command(path: Path, lines: str) -> list[str]:
    body = "\n".join(f"    {line}" for line in lines.splitlines())
    return [sys.executable, "-c", HEAD.format(body=body), str(path)]


def ran(path: Path, lines: str, **options: object) -> str:
    """What a process prints that does this with a store of its own on the path."""
    done = subprocess.run(
        _command(path, lines), capture_output=True, text=True, timeout=60, check=False,
        **options,  # type: ignore[call-overload]
    )  # fmt: skip
    assert not done.stderr, done.stderr
    return str(done.stdout).strip()


@contextmanager
def beside(path: Path, lines: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has done this, and lives until the block ends."""
    with subprocess.Popen(
        _command(path, f"{lines}\n{WAITS}"), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.kill()
