"""SIGKILL of the page and of the engine while many dead letters are replayed from the page."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import unescape
from pathlib import Path

import httpx
import pytest

from fql.client import open_client
from fql.plan.stored.codec import read_plan
from fql.testing import MockWebhookServer
from fqlc import compile_text
from tests.app.letters.many import multiply
from tests.app.letters.test_bulks import ONE, RUN, bulk_of, numbers
from tests.app.letters.test_replays import engine, fail
from tests.app.plans import ENTITY
from tests.ui.site import TOKEN

SETTINGS = f"""
[egress]
allow = ["127.0.0.0/8"]
[store]
url = "sqlite:///s.db"
[ui]
listen = "127.0.0.1:0"
token = "{TOKEN}"
"""
WAIT = 120
"""Seconds; a start on a busy machine took over 20."""


@contextmanager
def killed(
    folder: Path, *arguments: str, environment: Mapping[str, str], heard: bool = False
) -> Iterator[subprocess.Popen[str]]:
    """A process that is killed at the end, as a machine that loses power does it. Only one that is
    `heard` has a pipe: a full one that nobody reads would stop an engine that logs."""
    out = subprocess.PIPE if heard else subprocess.DEVNULL
    with subprocess.Popen(
        [sys.executable, "-m", "fqlc", *arguments], cwd=folder, env=environment,
        stdout=out, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)


@contextmanager
def page(folder: Path, environment: Mapping[str, str]) -> Iterator[httpx.Client]:
    """The page of the folder's store for a program, killed at the end."""
    with killed(folder, "ui", environment=environment, heard=True) as process:
        assert process.stdout is not None
        url = re.search(r"http://[^/\s,]+", process.stdout.readline())
        assert url is not None, process.stdout.read()
        headers = {"authorization": f"Bearer {TOKEN}"}
        with httpx.Client(
            base_url=url[0], headers=headers, trust_env=False, timeout=WAIT
        ) as program:
            yield program


def begun(program: httpx.Client, rate: float) -> tuple[str, dict[str, str]]:
    """A bulk as the page begins it, and the form that was sent for it."""
    asked = program.post("/dead/replay", data={"observer": "placed"}).text
    held = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', asked)
    form = {name: unescape(value) for name, value in held} | {"rate": str(rate)}
    return sent(program, form), form


def sent(program: httpx.Client, form: dict[str, str]) -> str:
    """Which bulk this form is."""
    answer = program.post("/dead/replay", data=form)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].rpartition("bulk=")[2]


async def both_killed(server: MockWebhookServer, folder: Path, number: int, rate: float) -> None:
    compiled = compile_text(ENTITY + ONE).plan
    assert compiled is not None
    (folder / "plan.json").write_bytes(compiled)
    (folder / "fql.toml").write_text(SETTINGS)
    async with engine(server, folder, read_plan(compiled)) as running:
        await fail(running, server, 1)
    multiply(folder / "s.db", number)
    environment = {**os.environ, "RECEIVER": server.url}
    async with open_client(f"sqlite:///{folder}/s.db") as client:
        with page(folder, environment) as program:
            name, form = await asyncio.to_thread(begun, program, rate)
        with killed(folder, *RUN[3:], environment=environment), page(folder, environment) as again:
            assert await asyncio.to_thread(sent, again, form) == name, "one form, one bulk"
            async with asyncio.timeout(WAIT):
                while not (found := await client.bulks()) or found[0].marked < number // 3:
                    await asyncio.sleep(0.02)
        half = await bulk_of(client)
        assert half.id == name and half.marked < number
        with killed(folder, *RUN[3:], environment=environment), page(folder, environment) as last:
            async with asyncio.timeout(WAIT):
                ended = await client.bulk_ended(name)
            told = (await asyncio.to_thread(last.get, "/dead")).text
    assert (ended.state, numbers(ended)) == ("ended", (number, number, number, 0, 0))
    assert f"{number:,} of {number:,}" in told and "None. What a receiver refuses" in told
    keys = [one.key for one in server.requests]
    assert len(set(keys)) == number
    assert len(keys) - number <= 256, "what was on the wire comes again"


async def test_page_and_engine_are_killed_midway(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    await both_killed(webhook_server, tmp_path, 300, 150)


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_page_and_engine_are_killed_in_ten_thousand(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    await both_killed(webhook_server, tmp_path, 10_000, 1_000)
