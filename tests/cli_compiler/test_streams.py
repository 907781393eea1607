"""Data on standard output, talk on standard error: every command, whatever reads it.

Each runs with every format, quietly, into a full disk and into a pipe that nobody reads.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO
from xml.etree import ElementTree

import click
import pytest

from fqlc.cli.main import run
from tests.cli_compiler.conftest import SHOP
from tests.cli_compiler.test_talk import EVERY

EVENT = '{"entity": "Order", "event": "insert", "new": {"id": "1", "total": 500, "status": "x"}}\n'
TESTS = """
test "an order is told" {
  given: Order.insert { new: { id: "1", total: 500, status: "x" } }
  expect: send warehouse
}
"""

CALLS: dict[str, tuple[str, ...]] = {
    "check": ("bad.fql",),
    "compile": ("-o", "new.json", "bad.fql"),
    "fmt": ("--diff", "ugly.fql"),
    "graph": ("shop.fql",),
    "list": ("shop.fql",),
    "explain": ("shop.fql",),
    "diff": ("plan.json", "other.fql"),
    "test": ("shop.fql",),
    "export": ("openapi", "shop.fql"),
    "schema": (),
    "contract check": (),
    "contract show": ("crm",),
    "import": ("--dialect", "sqlite", "orders.sql"),
    "config": (),
    "completion": ("zsh",),
    "help": ("check",),
    "init": ("new",),
    "run": ("--until-idle", "plan.json"),
    "emit": ("events.jsonl",),
    "runs": (),
    "runs list": (),
    "runs cancel": ("RUN",),
    "runs resend": ("RUN",),
    "dlq list": (),
    "dlq show": ("LETTER",),
    "dlq stats": (),
    "dlq bulks": (),
    "dlq replay": ("LETTER",),
    "dlq discard": ("LETTER",),
    "trace": ("RUN",),
    "store info": (),
    "store check": (),
    "store vacuum": (),
    "store backup": ("copy.db",),
    "store upgrade": (),
    "observability alerts": (),
    "observability dashboard": (),
    "pause": ("order_created",),
    "resume": ("order_created",),
    "capture install": ("--database", "app.db", "plan.json"),
    "capture plan": ("--database", "app.db", "plan.json"),
    "capture status": ("--database", "app.db", "plan.json"),
    "capture release": ("--database", "app.db"),
    "capture uninstall": ("--database", "app.db"),
    "status": (),
    "support": ("plan.json",),
    "health": (),
    "doctor": ("--offline", "plan.json"),
}
"""How each command is called to write something."""
ELSEWHERE = {
    "ui": "serves until it is ended", "ui link": "asks a page that runs",
    "demo": "lasts half a minute", "store restore": "needs a backup that is older than the store",
    "store activate": "needs a store on PostgreSQL", "lsp": "speaks a protocol with an editor",
    "dlq stop": "needs a replay of many that is under way",
    "contract update": "needs a server that has the contract",
}  # fmt: skip
COMMANDS = {path.removeprefix("fqlc "): command for path, command in EVERY}
"""All commands, by their paths."""
SERIES = frozenset({"json"})
"""Formats of one JSON object a line."""


def test_no_command_is_left_out() -> None:
    assert COMMANDS.keys() == CALLS.keys() | ELSEWHERE.keys()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a store in which a run failed, made once."""
    folder = tmp_path_factory.mktemp("streams")
    (folder / "shop.fql").write_text(SHOP)
    (folder / "other.fql").write_text(SHOP.replace("> 100", "> 200"))
    (folder / "bad.fql").write_text("observer o { on: Nope.insert }\n")
    (folder / "ugly.fql").write_text("entity   Cat { id:Int @key }\n")
    (folder / "orders.sql").write_text("CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL);")
    (folder / "events.jsonl").write_text(EVENT)
    (folder / "fql.toml").write_text(
        '[project]\nfiles = ["shop.fql"]\n[webhooks.retry]\nmax_attempts = 1\n'
    )
    with sqlite3.connect(folder / "app.db") as application:
        application.execute('CREATE TABLE "Order"(id TEXT PRIMARY KEY, total REAL, status TEXT)')
    here = Path.cwd()
    os.chdir(folder)
    try:
        assert run(["compile", "-q", "-o", "plan.json", "shop.fql"]) == 0
        run(["run", "-q", "--until-idle", "--events", "events.jsonl", "plan.json"])
        assert run(["pause", "-q", "order_created"]) == 0
        assert run(["capture", "install", "-q", "--database", "app.db", "plan.json"]) == 0
    finally:
        os.chdir(here)
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, as the working folder."""
    folder = tmp_path / "project"
    shutil.copytree(made, folder)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return folder


@contextmanager
def streams(monkeypatch: pytest.MonkeyPatch, out: TextIO) -> Iterator[Path]:
    """Standard output as given; standard error in a file, which is no terminal."""
    told = Path("told.txt").resolve()
    with told.open("w") as err, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        yield told


def called(path: str, *more: str) -> list[str]:
    """The command line of a command, with ids of the store in it."""
    with sqlite3.connect("fql.db") as store:
        ((run_id,),) = store.execute("SELECT id FROM fql_run")
        ((letter,),) = store.execute("SELECT dlq_id FROM webhook_dlq")
    ids = {"RUN": f"run_{run_id:x}", "LETTER": letter}
    return [*path.split(), *(ids.get(one, one) for one in CALLS[path]), *more]


def wrote(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> tuple[int, str, str]:
    """The exit code of a command line, its data and its talk."""
    with Path("data.txt").open("w+") as out:
        with streams(monkeypatch, out) as told:
            code = run(arguments)
        out.seek(0)
        return code, out.read(), told.read_text()


def forms_of(command: click.Command) -> list[str]:
    """The formats that a command has, without those that need a program or are bytes."""
    found = next((p.type for p in command.params if "--format" in p.opts), None)
    forms = [str(one) for one in found.choices] if isinstance(found, click.Choice) else []
    return [one for one in forms if one not in ("png", "pdf")]


READERS: dict[str, Callable[[str], object]] = {
    "json": lambda text: [json.loads(line) for line in text.splitlines()],
    "sarif": json.loads, "gitlab": json.loads, "junit": ElementTree.fromstring,
    "svg": ElementTree.fromstring,
}  # fmt: skip


@pytest.mark.parametrize("path", CALLS)
def test_standard_output_has_data_and_nothing_else(
    project: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """With `-q` the data are the same, and what is left of the talk are errors and warnings."""
    assert project.exists()
    for form in forms_of(COMMANDS[path]) or [""]:
        more = ("--format", form) if form else ()
        keep = shutil.copytree(".", f"../{form or 'plain'}")
        code, data, talk = wrote(monkeypatch, called(path, *more))
        assert "Traceback" not in talk
        assert code in (0, 1), talk
        if form in READERS and (form, path) != ("json", "graph"):
            READERS[form](data)
        assert "\x1b" not in data + talk
        with monkeypatch.context() as patch:
            patch.chdir(keep)
            quiet = wrote(patch, called(path, *more, "-q"))
        assert quiet[0] == code
        assert quiet[1].count("\n") == data.count("\n")
        assert len(quiet[2]) <= len(talk)


@pytest.mark.parametrize("path", CALLS)
def test_a_full_disk_is_said_once(
    project: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    keep = shutil.copytree(project, "../before")
    code, data, _ = wrote(monkeypatch, called(path))
    monkeypatch.chdir(keep)
    full = os.fdopen(os.open("/dev/full", os.O_WRONLY), "w")
    with streams(monkeypatch, full) as told:
        found = run(called(path))
    with suppress(OSError):
        full.close()
    talk = told.read_text()
    if data:
        assert found == 3
        assert talk.count("error: standard output cannot be written: No space left") == 1
    else:
        assert found == code
    assert "Traceback" not in talk
    assert "FQL901" not in talk


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_stream_that_was_closed_takes_what_nobody_reads(project: Path, closed: str) -> None:
    """A service may be started without them."""
    line = f"{sys.executable} -m fqlc list shop.fql {closed}"
    done = subprocess.run(line, shell=True, cwd=project, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("path", CALLS)
def test_a_reader_that_goes_is_no_fault(
    project: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    assert project.exists()
    reads, writes = os.pipe()
    os.close(reads)
    out = os.fdopen(writes, "w")
    with streams(monkeypatch, out) as told:
        code = run(called(path))
    with suppress(OSError):
        out.close()
    assert code in (0, 1)
    assert not [line for line in told.read_text().splitlines() if "pipe" in line.lower()]
