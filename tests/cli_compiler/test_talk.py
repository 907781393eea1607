"""How much a command says: `-q`, `-qq`, `-v`, `-vv`; what a progress line is for."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

import fql.terminal.progress as progress_module
from fql.terminal.progress import Progress
from fqlc.cli.main import fqlc as root
from tests.cli_compiler.conftest import Command


def commands(group: click.Group, context: click.Context) -> list[tuple[str, click.Command]]:
    """Every command that does something, by its path."""
    found = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context)
        if isinstance(command, click.Group):
            found += commands(command, inner)
        if not isinstance(command, click.Group) or command.invoke_without_command:
            found.append((inner.command_path, command))
    return found


EVERY = commands(root, click.Context(root, info_name="fqlc"))


@pytest.mark.parametrize("command", [c for _, c in EVERY], ids=[path for path, _ in EVERY])
def test_every_command_can_say_less_and_more(command: click.Command) -> None:
    flags = {flag for param in command.params for flag in param.opts}
    assert {"-q", "--quiet", "-v", "--verbose"} <= flags


def test_quiet_leaves_findings_and_data(fqlc: Command, shop: Path) -> None:
    assert fqlc("check", "-q", "shop.fql").err == ""
    assert fqlc("compile", "-q", "-o", "plan.json", "shop.fql").err == ""
    (shop / "bad.fql").write_text("observer o { on: Nope.insert }\n")
    assert "error[FQL307]" in fqlc("check", "-q", "bad.fql").out
    assert "error[FQL307]" in fqlc("compile", "-q", "bad.fql").err


def test_twice_quiet_leaves_the_exit_code_and_errors(fqlc: Command, shop: Path) -> None:
    (shop / "bad.fql").write_text("observer o { on: Nope.insert }\n")
    done = fqlc("check", "-qq", "bad.fql")
    assert (done.code, done.out, done.err) == (1, "", "")
    assert fqlc("compile", "-qq", "shop.fql").out.startswith("{"), "data that was asked for stays"
    assert fqlc("check", "-qq", "gone.fql").err.startswith("error: gone.fql does not exist")


def test_verbose_says_what_is_read_and_how_long_it_takes(
    fqlc: Command, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FQLC_CACHE_DIR", str(shop / "kept"))
    (shop / "fql.toml").write_text('[project]\nexclude = ["old.fql"]\n')
    (shop / "old.fql").write_text("let\n")
    (shop / "other").mkdir()
    (shop / "other" / "fql.toml").write_text("")
    first = fqlc("check", "-v", ".").err
    for said in ("settings: fql.toml", "left out: old.fql: [project] exclude",
                 "left out: other: it has its own fql.toml", "cache, which has no answer: ",
                 "syntax: ", "names: ", "types: ", "rules: "):  # fmt: skip
        assert said in first, said
    second = fqlc("check", "-vv", ".").err
    assert "cache: " in second
    assert "reads shop.fql" in second
    assert "reads shop.fql" not in first
    assert fqlc("check", "-v", ".").out == ""


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_progress_comes_after_half_a_second_and_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(progress_module, "renew", lambda text="": shown.append(text))
    monkeypatch.setattr(progress_module, "on_screen", lambda err: err)
    monkeypatch.delenv("CI", raising=False)
    clock = Clock()
    progress = Progress(clock)
    progress.show("checking 1 of 9 files")
    clock.now = 0.6
    progress.show("checking 5 of 9 files")
    clock.now = 0.65
    progress.show("checking 6 of 9 files")
    progress.end()
    progress.end()
    assert shown == ["checking 5 of 9 files", ""]
    monkeypatch.setenv("CI", "true")
    clock.now = 9
    progress.show("checking 9 of 9 files")
    progress.end()
    assert len(shown) == 2
