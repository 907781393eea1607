"""`pip install fqlc` alone: what needs an extra says so, and nothing else needs one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

EXTRAS = ("nats", "nkeys", "psycopg", "uvloop", "prometheus_client", "opentelemetry")
BARE = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {EXTRAS!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
"""
ON_SERVERS = (
    "fql.nats", "fql.intake.nats", "fql.intake.postgresql", "fql.outbox.postgresql",
    "fql.store.nats", "fql.store.postgresql", "fql.store.copies.streams", "fql.store.copies.tables",
    "fql.cli.capturing.on_server", "fql.cli.examining.examine_letters",
    "fql.cli.examining.examine_nats", "fql.cli.examining.examine_server",
    "fql.observe", "fql.actions.traced", "fqlc.importing.postgresql.live",
)  # fmt: skip
"""Rooms and modules that are imported late, by what asks for the extra first."""
IMPORTS = """
import importlib, json, pkgutil
import fql, fqlc

broken = {}
for package in (fql, fqlc):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith("__main__"):
            try:
                importlib.import_module(module.name)
            except Exception as problem:
                broken[module.name] = repr(problem)
print(json.dumps(broken))
"""
COMMANDS = """
import contextlib, io, json, os
from fqlc.__main__ import main

said = []
for folder, arguments in json.loads(sys.argv.pop()):
    os.chdir(folder)
    sys.argv[1:] = arguments
    out, code = io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            main()
        except SystemExit as end:
            code = end.code
    said.append([code, out.getvalue()])
print(json.dumps(said))
"""
ORDER = (
    'entity Order { id: ID }\nobserver o { on: Order.insert webhook w { url: "https://a.test" } }'
)
EVENTS = '[sources.f]\nkind = "json_lines"\npath = "events"\n'
NATS = '[nats]\nurl = "nats://127.0.0.1:1"\n'
SETTINGS = (
    ("nats", NATS + '[sources.n]\nkind = "nats"\nstream = "S"\nsubjects = ["a"]\n'),
    ("nats", NATS + EVENTS + '[webhooks.dlq]\nbackend = "nats"\n'),
    ("postgres", '[sources.p]\nkind = "postgresql"\nurl = "postgresql://127.0.0.1:1/x"\n'),
    ("postgres", '[store]\nurl = "postgresql://127.0.0.1:1/x"\n'),
    ("server", "[observability.prometheus]\nenabled = true\nport = 0\n"),
)


def bare(program: str, *arguments: str) -> Any:
    """What a program without any extra prints as JSON."""
    command = [sys.executable, "-c", BARE + program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def project(folder: Path, settings: str = "") -> str:
    folder.mkdir()
    (folder / "a.fql").write_text(ORDER, encoding="utf-8")
    (folder / "fql.toml").write_text(settings, encoding="utf-8")
    (folder / "events").touch()
    return str(folder)


def test_only_what_asks_for_an_extra_first_needs_it() -> None:
    broken = bare(IMPORTS)
    assert {name: said for name, said in broken.items() if not name.startswith(ON_SERVERS)} == {}


def test_commands_without_extras(tmp_path: Path) -> None:
    plain = project(tmp_path / "plain")
    fine = [[plain, arguments] for arguments in (["--help"], ["doctor", "--offline"])]
    wanting = [
        [project(tmp_path / f"{number}{command}", settings), [command]]
        for number, (_, settings) in enumerate(SETTINGS)
        for command in ("doctor", "run")
    ]
    extras = [extra for extra, _ in SETTINGS for _ in range(2)]
    answers = bare(COMMANDS, json.dumps([*fine, *wanting]))
    assert [code for code, _ in answers[: len(fine)]] == [0] * len(fine), answers
    for extra, (code, said) in zip(extras, answers[len(fine) :], strict=True):
        assert f'pip install "fqlc[{extra}]"' in " ".join(said.split()), said
        assert code in {1, 3} and "Traceback" not in said, said
