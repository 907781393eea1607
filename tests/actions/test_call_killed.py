"""A process that is killed while a function of a `call` runs."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

CALLER = """
import asyncio, json, os, signal, sys
from tests.actions.test_call import *

def entered(delivery, total):
    with open(sys.argv[2], "a") as ledger:
        line = {"key": delivery.key, "attempt": delivery.attempt, "again": delivery.redelivery}
        ledger.write(json.dumps(line) + chr(10))
    if not delivery.redelivery:
        os.kill(os.getpid(), signal.SIGKILL)

async def awaited(delivery, total):
    entered(delivery, total)

async def main(store, ledger, way):
    check = entered if way == "thread" else awaited
    plan = calling("arguments: { total }")
    async with Runtime(plan, store=store, calls={"check": check}) as runtime:
        if not os.path.exists(ledger):
            await runtime.emit("Order.insert", new=ROW)
        assert (await runtime.until_idle(30)).dead == 0
        print([run.state for run in await runtime.client.runs()])

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("way", ["thread", "loop"])
async def test_killed_in_the_middle_of_a_call_it_is_called_again_under_its_key(
    way: str, tmp_path: Path
) -> None:
    """The function may have done its work: the key is the same, and `redelivery` says so."""
    store, ledger = f"sqlite:///{tmp_path}/s.db", tmp_path / "ledger"
    for code, told in ((-signal.SIGKILL, ""), (0, "['done']\n")):
        ended = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-c", CALLER, store, str(ledger), way],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (ended.returncode, ended.stdout) == (code, told), ended.stderr
    first, second = map(json.loads, ledger.read_text().splitlines())
    assert first == {"key": second["key"], "attempt": 1, "again": False}
    assert second == {"key": first["key"], "attempt": 2, "again": True}
