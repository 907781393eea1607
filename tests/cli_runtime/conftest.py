"""Commands run in a folder of their own: in this process, or as users run them."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from tests.published import hold

from fql.cli import commands
from fql.terminal.commands import Reporting


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, object]]:
        """The objects of JSON output."""
        return [json.loads(line) for line in self.out.splitlines()]


Fqlc = Callable[..., Ended]


class Mounted(Reporting):
    """The runtime's commands without a compiler beside them."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command."""
        module, _, attribute = commands()[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@pytest.fixture
def fqlc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fqlc:
    """Run a command of the runtime in the test's folder, in this process."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, stdin: str = "", env: Mapping[str, str] | None = None) -> Ended:
        result = CliRunner().invoke(Mounted("fqlc"), arguments, input=stdin, env=env)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        hold(arguments, result.stdout)
        return Ended(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def process(tmp_path: Path) -> Fqlc:
    """Run `fqlc` in the test's folder as a process of its own."""

    def run(*arguments: str, stdin: str = "", env: Mapping[str, str] | None = None) -> Ended:
        done = subprocess.run(
            [sys.executable, "-m", "fqlc", *arguments],
            cwd=tmp_path, input=stdin, capture_output=True, text=True, timeout=110, check=False,
            env={**os.environ, "NO_COLOR": "1", **(env or {})},
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        hold(arguments, done.stdout)
        return Ended(done.returncode, done.stdout, done.stderr)

    return run
