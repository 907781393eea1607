# ruff: noqa: E501 - sources in the language are shown as they are written
"""The command line itself: help, wrong usage, exit codes, start-up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

import fqlc.cli.main as command_line
from fql.cli import RUNTIME_COMMANDS, commands
from fqlc.cli.main import COMPILER_COMMANDS, SECTIONS
from fqlc.cli.main import fqlc as main
from tests.cli_compiler.conftest import Command

FQLC = [sys.executable, "-m", "fqlc"]


QUICK: dict[str, int] = {
    "": 45,
    "--version": 45,
    "--help": 45,
    "help check": 70,
    "check --help": 70,
    "completion zsh": 50,
    "config": 60,
    "config store.url -v": 60,
    "explain --list": 75,
    "explain FQL201": 75,
}
"""Command lines that answer below 150 ms, and how many modules of ours they may import."""

_START = """
import contextlib, io, sys
from fqlc.cli.main import run
with contextlib.redirect_stdout(io.StringIO()):
    code = run(sys.argv[1:])
heavy = {"lark", "jinja2", "pydantic", "networkx", "graphviz", "httpx", "asyncio", "sqlite3"}
own = [name for name in sys.modules if name.split(".")[0] in ("fql", "fqlc", "fql_grammar")]
print(code, len(own), *sorted(heavy & set(sys.modules)))
"""


@pytest.mark.parametrize("line", QUICK)
def test_what_only_tells_imports_next_to_nothing(shop: Path, line: str) -> None:
    """How long a start takes is a matter of what is imported, and that can be counted."""
    (shop / "fql.toml").write_text('[project]\nname = "shop"\n[webhooks]\ntimeout = "5s"\n')
    started = [sys.executable, "-c", _START, *line.split()]
    for _ in range(1 + line.startswith("config")):  # settings are read once, and kept
        done = subprocess.run(started, capture_output=True, text=True, check=False)
    code, own, *heavy = done.stdout.split()
    assert (code, heavy, done.stderr) == ("0", [], "")
    assert int(own) <= QUICK[line]


def test_check_imports_no_runtime(shop: Path) -> None:
    code = (
        "import sys\nfrom fqlc.cli.main import run\nassert run(['check', 'shop.fql']) == 0\n"
        "heavy = {'pydantic', 'networkx', 'graphviz', 'httpx', 'orjson', 'sqlite3', 'asyncio'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "late = ('fqlc.contracts', 'fqlc.checks.contract', 'fqlc.checks.rules.contract_')\n"
        "read = [name for name in sys.modules if name.startswith(late)]\n"
        "assert not read, read"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "Error" not in done.stderr


def test_every_command_is_in_the_help(fqlc: Command) -> None:
    names = {name for _, section in SECTIONS for name in section}
    missing = {*COMPILER_COMMANDS, *commands()} - names
    assert not missing, f"{missing}: add it to SECTIONS in fqlc/cli/main.py"
    assert names == {*COMPILER_COMMANDS, *commands()}
    done = fqlc("--help")
    assert done.code == 0
    for name in names:
        assert f"\n  {name} " in done.out


@pytest.mark.parametrize("name", sorted(RUNTIME_COMMANDS))
def test_the_help_says_of_a_command_what_it_says_itself(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.get_short_help_str(200) == RUNTIME_COMMANDS[name][1]


@pytest.mark.parametrize("name", sorted({*COMPILER_COMMANDS, *commands()}))
def test_every_command_has_help_with_examples(fqlc: Command, name: str) -> None:
    done = fqlc(name, "--help")
    assert done.code == 0
    assert "Usage: fqlc" in done.out
    assert "Example" in done.out


def test_without_a_command_it_prints_its_help(fqlc: Command) -> None:
    """A first look is not wrong usage, and can be piped into a pager."""
    asked, plain = fqlc("--help"), fqlc()
    assert (plain.code, plain.out, plain.err) == (0, asked.out, "")
    assert plain.out.startswith("Usage: fqlc [OPTIONS] COMMAND [ARGS]...")


def test_a_misspelt_command(fqlc: Command) -> None:
    done = fqlc("chek")
    assert done.code == 2
    assert "did you mean `check`?" in done.err


def test_a_wrong_option(fqlc: Command) -> None:
    assert fqlc("check", "--formt", "json").code == 2


def test_a_fault_of_ours_is_one_line(fqlc: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("fqlc.pipeline.check_project", fail)
    done = fqlc("check", "shop.fql")
    assert done.code == 3
    assert "FQL901" in done.err
    assert "Traceback" not in done.err
    assert "Traceback" in fqlc("--debug", "check", "shop.fql").err


def test_an_interrupt(fqlc: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("fqlc.pipeline.check_project", interrupted)
    assert fqlc("check", "shop.fql").code == 130


def test_a_closed_pipe_is_quiet(shop: Path) -> None:
    """`fqlc compile | head -c 1` must not complain."""
    rows = "\n".join(f"  field_{n}: String" for n in range(3_000))
    (shop / "big.fql").write_text(f"""entity Big {{ id: ID @key\n{rows} }}
      observer o {{ on: Big.insert  webhook a {{ url: "https://a.example.com", body: {{ id }} }} }}""")
    process = subprocess.Popen([*FQLC, "compile", "big.fql"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(1)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 0


def test_colour_is_for_people_and_by_request(fqlc: Command, shop: Path) -> None:
    (shop / "shop.fql").write_text("let")
    assert "\x1b[" not in fqlc("check", "shop.fql").out
    assert "\x1b[" in fqlc("--color", "always", "check", "shop.fql").out


def test_there_is_one_place_that_ends_it() -> None:
    assert callable(command_line.run)
