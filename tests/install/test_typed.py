"""The installed package is typed for its users: mypy --strict on an application, with the wheel."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APPLICATION = """\
import asyncio
from datetime import datetime, timedelta

import fql
import fqlc
from fql import Receipt, Runtime, blocking, load_plan, load_settings
from fql.outbox import emit
from fql.testing import Harness, MockWebhookServer
from fql.webhooks import replay_dlq, verify_webhook
import sqlite3


async def main() -> None:
    plan = load_plan("plan.json")
    async with Runtime(plan, settings=load_settings("fql.toml")) as runtime:
        receipt: Receipt = await runtime.emit("Order.insert", new={"id": "1"}, key="k")
        await runtime.wait(receipt)
        since = datetime.now() - timedelta(days=1)
        await runtime.replay(filter={"observer": "o"}, failed_after=since)
        print(receipt.duplicate)


def sync() -> None:
    with blocking.Runtime(load_plan("plan.json"), store="sqlite:///fql.db") as runtime:
        runtime.emit("Order.insert", new={"id": "1"})
    emit(sqlite3.connect("shop.db"), "Order.insert", new={"id": "1"})
    replay_dlq(dlq_id="dlq_1")
    data: bytes = fqlc.compile_paths(["shop.fql"]).plan_or_raise()
    result = Harness(load_plan("plan.json"), answers={"a": [503, 200]}).emit("A.insert", new={})
    print(data, result.run().sent, verify_webhook({}, b"", "s"))
    with MockWebhookServer() as server:
        print(server.called)


asyncio.run(main())
"""
MISTAKES = (
    ('new={"id": "1"}, key="k")', 'nwe={"id": "1"}, key="k")'),
    ('new={"id": "1"})\n    emit', 'nwe={"id": "1"})\n    emit'),
    ('replay(filter=', 'replay(fliter='),
    ('store="sqlite:///fql.db"', 'stoer="sqlite:///fql.db"'),
    ('.emit("A.insert", new={})', '.emit("A.insert", nwe={})'),
)  # fmt: skip
"""Slips that a checker finds only where nothing takes any keyword."""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the wheel, and with what this one has."""
    folder = tmp_path_factory.mktemp("typed")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "v")], check=True)
    packages = next((folder / "v").glob("lib/python*/site-packages"))
    zipfile.ZipFile(wheel).extractall(packages)
    # The libraries come from here; this checkout does not: a .pth inside of a .pth is not read.
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    return folder / "v" / "bin" / "python"


def checked(installed: Path, folder: Path, text: str) -> tuple[int, str]:
    (folder / "application.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(installed),
         "--cache-dir", str(folder.parent / "mypy_cache"), "application.py"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


@pytest.mark.timeout(400)
@pytest.mark.skipif(sys.platform == "win32", reason="the fixture builds a POSIX environment")
def test_an_application_is_checked(installed: Path, tmp_path: Path) -> None:
    code, said = checked(installed, tmp_path, APPLICATION)
    assert code == 0, said
    wrong = APPLICATION
    for right, slip in MISTAKES:
        assert right in wrong
        wrong = wrong.replace(right, slip)
    code, said = checked(installed, tmp_path, wrong)
    assert said.count("Unexpected keyword argument") == len(MISTAKES), said


def test_the_markers_are_in_the_wheel(installed: Path) -> None:
    packages = next(installed.parents[1].glob("lib/python*/site-packages"))
    for name in ("fql", "fqlc", "fql_grammar"):
        assert (packages / name / "py.typed").is_file()
    assert list(packages.glob("fqlc-*.data/data/share/man/man1/fqlc.1")), "man pages are in it too"
