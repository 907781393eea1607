"""Finding one's way: help, versions, what was meant, and where a picture is shown."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fql.cli.operating import versions
from fql.terminal.environment import NAMES
from fqlc import __version__
from tests.cli_compiler.conftest import Command
from tests.cli_compiler.test_talk import EVERY


def test_help_says_all_about_a_command(fqlc: Command) -> None:
    done = fqlc("help", "dlq", "replay")
    assert done.code == 0
    assert done.out.startswith("Usage: fqlc dlq replay [OPTIONS]")
    assert "Exit codes:\n  0    fine" in done.out
    assert all(name in done.out for name in NAMES)
    assert fqlc("help").out.startswith("Usage: fqlc [OPTIONS] COMMAND")


def test_help_goes_through_the_pager_of_the_terminal(
    fqlc: Command, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal alone: elsewhere PAGER is not asked."""
    monkeypatch.setenv("PAGER", f"{sys.executable} -c 'raise SystemExit(1)'")
    assert fqlc("help", "check").out.startswith("Usage: fqlc check")
    assert shop.exists()


def test_every_name_of_the_environment_is_in_a_help(fqlc: Command) -> None:
    import click

    texts = [
        fqlc("--help").out,
        *(command.get_help(click.Context(command)) for _, command in EVERY),
    ]
    flat = " ".join(" ".join(texts).split())
    for name in NAMES:
        assert (name in flat) if name == "FQLC_CACHE_DIR" else (f"[env: {name}" in flat), name
    assert "env var" not in flat


def test_no_option_that_destroys_has_a_name_of_the_environment() -> None:
    for path, command in EVERY:
        for param in command.params:
            if {"--unsafe-fixes", "--fix", "--prune", "--force", "--replace", "--all"} & {
                *param.opts
            }:
                assert param.envvar is None, path


def test_the_version_of_all_that_it_needs(fqlc: Command) -> None:
    assert fqlc("--version").out == f"fqlc {__version__}\n"
    lines = fqlc("--version", "-v").out.splitlines()
    assert lines[0] == f"fqlc {__version__}"
    assert [line.split()[0] for line in lines[1:3]] == ["Python", "SQLite"]
    assert any(line.startswith("extra nats nats-py ") for line in lines)
    assert lines[-1].startswith("cache ")


def test_extras_that_are_not_installed_are_one_line(
    fqlc: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "_installed", lambda _: versions._ABSENT)
    extras = [line for line in fqlc("--version", "-v").out.splitlines() if "extra" in line]
    assert len(extras) == 1
    assert "extras that are not installed: contracts, import, lsp, " in extras[0]
    assert " all" not in extras[0]


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (("chek",), "did you mean `check`?"),
        (("dlq", "lst"), "did you mean `list`?"),
        (("check", "--formt", "json"), "did you mean `--format`?"),
        (("check", "--format", "jsn"), "did you mean `json`?"),
        (("explain", "FQL2011"), "did you mean `FQL201`?"),
        (("help", "chek"), "did you mean `check`?"),
        (("config", "store.ulr"), "did you mean `store.url`?"),
        (("graph", "--observer", "order_creatd", "shop.fql"), "did you mean `order_created`?"),
        (("config", "stor"), "did you mean `store`?"),
        (("explain", "FQL021"), "did you mean `FQL201`?"),
        (("explain", "FQL999"), "`fqlc explain --list` has all of them"),
        (("completion",), "see `fqlc completion --help`"),
        (("export",), "see `fqlc export --help`"),
        (("run", "--dry-run"), "`fqlc explain --event FILE` shows what would be sent, and why"),
    ],
)
def test_a_slip_is_answered_in_one_wording(
    fqlc: Command, arguments: tuple[str, ...], meant: str
) -> None:
    done = fqlc(*arguments)
    assert (done.code, done.out) == (2, "")
    first, second = done.err.splitlines()
    assert first.startswith("error: ")
    assert second == f"  help: {meant}"


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "gone.fql"),
        ("compile", "gone.fql"),
        ("fmt", "gone.fql"),
        ("graph", "gone.json"),
        ("list", "gone"),
        ("test", "gone.fql"),
        ("diff", "gone.json", "shop.fql"),
        ("import", "gone.sql"),
        ("explain", "--event", "gone.jsonl", "shop.fql"),
        ("run", "gone.json"),
        ("emit", "gone.jsonl"),
        ("doctor", "gone.json"),
        ("capture", "status", "--database", "app.db", "gone.json"),
        ("store", "activate", "gone.json"),
        ("store", "restore", "gone.db"),
        ("check", "--settings", "gone.toml"),
        ("status", "--settings", "gone.toml"),
        ("runs", "list", "--store", "sqlite:///gone.db"),
    ],
)
def test_a_path_that_is_not_there_ends_with_3(fqlc: Command, arguments: tuple[str, ...]) -> None:
    done = fqlc(*arguments)
    assert (done.code, done.out) == (3, "")
    assert "gone" in done.err
    assert done.err.startswith("error: ")
    assert "\n  help: " in done.err


@pytest.mark.parametrize(
    ("place", "help_"),
    [
        ("gone/plan.json", "make its folder first, or name a file in another one"),
        ("folder", "that is a folder: name a file in it"),
        ("shop.fql/plan.json", "a part of the path is a file: name another one"),
        ("/dev/full", "free some space, or name a file on another disk"),
        ("x" * 300, "name it shorter"),
    ],
)
def test_a_file_that_cannot_be_written_says_what_to_do(
    fqlc: Command, shop: Path, place: str, help_: str
) -> None:
    (shop / "folder").mkdir()
    for line in (
        ("compile", "-o", place, "shop.fql"),
        ("check", "--format", "sarif", "--output-file", place, "shop.fql"),
        ("graph", "-o", place, "--format", "dot", "shop.fql"),
        ("observability", "alerts", "-o", place),
    ):
        done = fqlc(*line)
        assert (done.code, done.out) == (3, "")
        assert f"{place} cannot be written: " in done.err
        assert done.err.endswith(f"  help: {help_}\n")


def test_a_page_is_opened_where_there_is_a_display(
    fqlc: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def opens(url: str) -> bool:
        opened.append(url)
        return True

    monkeypatch.setattr("webbrowser.open", opens)
    monkeypatch.setenv("DISPLAY", ":0")
    done = fqlc("graph", "--open", "shop.fql")
    assert (done.code, done.out) == (0, "")
    (url,) = opened
    assert "order_created" in Path(url.removeprefix("file://")).read_text()
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    without = fqlc("graph", "--open", "shop.fql")
    page = Path(without.out.strip())
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert len(opened) == (1 if sys.platform == "linux" else 2)
    page.unlink()
    Path(url.removeprefix("file://")).unlink()
