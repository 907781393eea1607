"""Every block of the README, walked: what it shows works as it is written."""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
import subprocess
import sys
import textwrap
import time
from contextlib import closing
from pathlib import Path

import pytest

from fql.testing import MockWebhookServer, Reply
from tests.docs.test_docs import ROOT
from tests.docs.walk import commands

README = (ROOT / "README.md").read_text(encoding="utf-8")
TABLE = """
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT NOT NULL, status TEXT NOT NULL,
                     total TEXT NOT NULL);
INSERT INTO orders VALUES (1, 'Ada', 'paid', '120.00');
"""
LABEL = {"label_url": "https://labels.example.com/1"}


def block(kind: str) -> str:
    """The first block of a kind."""
    found, *_ = re.findall(rf"^```{kind}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture
def server() -> MockWebhookServer:
    """Stands in for all three receivers: requests go to it by `test_url`."""
    server = MockWebhookServer()
    server.always(lambda request: _answer(request.headers["fql-action"]))
    return server


def _answer(action: str) -> Reply:
    return Reply(200, LABEL if action == "label" else {})


@pytest.fixture
def project(tmp_path: Path, server: MockWebhookServer) -> Path:
    """The README's program and settings, beside a database that has its table."""
    (tmp_path / "shop.fql").write_text(block("fql"), encoding="utf-8")
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        connection.executescript(TABLE)
    return tmp_path


def environment() -> dict[str, str]:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    return {**os.environ, "CARRIER_SECRET": secret, "NO_COLOR": "1"}


def settings(server: MockWebhookServer) -> str:
    """The README's lines, and that everything goes to the receiver of this test."""
    return f'{block("toml")}\n[webhooks]\ntest_url = "{server.url}"\n'


def fqlc(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *line.split()], cwd=folder, env=environment(),
        capture_output=True, text=True, check=False, timeout=110,
    )  # fmt: skip


def test_beside_a_database(project: Path, server: MockWebhookServer) -> None:
    """Name the database, install, run: the row that changes makes its calls."""
    *before, run = block("sh").splitlines()
    with server:
        (project / "fql.toml").write_text(settings(server), encoding="utf-8")
        for line in before:
            done = fqlc(project, line)
            assert done.returncode == 0, (line, done.stderr)
        process = subprocess.Popen(
            [sys.executable, "-m", *run.split()], cwd=project, env=environment(),
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            time.sleep(1)
            with closing(sqlite3.connect(project / "shop.db", timeout=20)) as connection:
                connection.execute("UPDATE orders SET status = 'shipped' WHERE id = 1")
                connection.commit()
            assert server.wait_for(3, 30)
        finally:
            process.terminate()
            process.wait(30)
        actions = [request.headers["fql-action"] for request in server.requests]
    assert actions[0] == "label"
    assert sorted(actions[1:]) == ["books", "crm"]


def test_without_the_settings_it_says_what_is_missing(project: Path) -> None:
    """A run that listens to nothing does not say `ready` and wait for ever."""
    installed = fqlc(project, "fqlc capture install --database shop.db shop.fql")
    assert installed.returncode == 0, installed.stderr
    shown = installed.stdout + installed.stderr
    assert block("toml").rstrip() in textwrap.dedent(shown.partition("fql.toml\n")[2]), shown
    process = subprocess.Popen(
        [sys.executable, "-m", "fqlc", "run", "shop.fql"], cwd=project, env=environment(),
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        said = ""
        for line in process.stderr:
            said += line
            if "[sources" in said or "ready" in said:
                break
        assert "[sources" in said, said
    finally:
        process.kill()
        process.communicate()


async def test_inside_an_application(project: Path, server: MockWebhookServer) -> None:
    """The block as it stands, in a function that has both rows."""
    with server:
        (project / "fql.toml").write_text(settings(server), encoding="utf-8")
        (compiled,) = re.findall(r"`(fqlc compile [^`]*)`", README)
        done = await asyncio.to_thread(fqlc, project, compiled)
        assert done.returncode == 0, done.stderr
        shown = block("python").replace('sqlite:///fql.db"', 'sqlite:///fql.db", settings=found')
        code = (
            "import asyncio\nfrom fql import load_settings\n"
            "found = load_settings('fql.toml')\n"
            "found = found.model_copy(update={'sources': {}})\n"
            "after = {'id': 1, 'customer': 'Ada', 'status': 'shipped', 'total': '120.00'}\n"
            "before = {**after, 'status': 'paid'}\n"
            "async def main():\n"
            + textwrap.indent(shown, "    ")
            + "        await runtime.wait(receipt)\n"
            "asyncio.run(main())\n"
        )
        ran = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-c", code], cwd=project, env=environment(),
            capture_output=True, text=True, check=False, timeout=110,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        assert server.call_count == 3


def test_every_block_is_known_here() -> None:
    """A new block needs a walk of its own: `console` is walked by `test_walk`."""
    kinds = re.findall(r"^```(\w+)$", README, re.MULTILINE)
    assert sorted(kinds) == ["console", "fql", "python", "sh", "sh", "toml"]
    assert commands(README)
