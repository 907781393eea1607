"""Settings of the command: a flag wins over the environment, that over `fql.toml`, and that over
the default. Each is read back by `fqlc config`, and seen in what a command does."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

from fql.terminal.environment import NAMES, unknown_names
from fql.terminal.options import ALL_FORMATS
from tests.cli_compiler.conftest import Command
from tests.cli_compiler.test_talk import EVERY

BROKEN = "observer o { on: Nope.insert }\n"
DEFAULT = "default"

Case = tuple[str, str, str, dict[str, str], list[str], object, str]
"""A key, the level that wins, what `fql.toml` has, the environment, the flags, value and origin."""

STORE = '[store]\nurl = "sqlite:///file.db"\n'
TABLE: list[Case] = [
    ("store.url", "default", "", {}, [], "sqlite:///fql.db", DEFAULT),
    ("store.url", "file", STORE, {}, [], "sqlite:///file.db", "fql.toml:2"),
    ("store.url", "env", STORE, {"FQLC_STORE": "memory:"}, [], "memory:", "FQLC_STORE"),
    ("store.url", "flag", STORE, {"FQLC_STORE": "memory:"}, ["--store", "sqlite:///f.db"],
     "sqlite:///f.db", "--store"),
    ("settings", "default", "", {}, [], "fql.toml", DEFAULT),
    ("settings", "env", "", {"FQLC_SETTINGS": "other.toml"}, [], "other.toml", "FQLC_SETTINGS"),
    ("settings", "flag", "", {"FQLC_SETTINGS": "gone.toml"}, ["--settings", "other.toml"],
     "other.toml", "--settings"),
    ("format", "default", "", {}, [], "text", DEFAULT),
    ("format", "env", "", {"FQLC_FORMAT": "json"}, [], "json", "FQLC_FORMAT"),
    ("format", "flag", "", {"FQLC_FORMAT": "text"}, ["--format", "json"], "json", "--format"),
    ("quiet", "default", "", {}, [], 0, DEFAULT),
    ("quiet", "env", "", {"FQLC_QUIET": "2"}, [], 2, "FQLC_QUIET"),
    ("quiet", "flag", "", {"FQLC_VERBOSE": "2"}, ["-q"], 1, "--quiet"),
    ("verbose", "env", "", {"FQLC_VERBOSE": "yes"}, [], 1, "FQLC_VERBOSE"),
    ("verbose", "flag", "", {"FQLC_QUIET": "1"}, ["-vv"], 2, "--verbose"),
    ("no_cache", "default", "", {}, [], False, DEFAULT),
    ("no_cache", "env", "", {"FQLC_NO_CACHE": "1"}, [], True, "FQLC_NO_CACHE"),
    ("no_cache", "flag", "", {"FQLC_NO_CACHE": "0"}, ["--no-cache"], True, "--no-cache"),
    ("cache_dir", "env", "", {"FQLC_CACHE_DIR": "kept"}, [], "kept", "FQLC_CACHE_DIR"),
    ("project.name", "default", "", {}, [], "main", DEFAULT),
    ("project.name", "file", '[project]\nname = "shop"\n', {}, [], "shop", "fql.toml:2"),
]  # fmt: skip


@pytest.mark.parametrize("case", TABLE, ids=lambda case: f"{case[0]}-{case[1]}")
def test_config_reads_back_what_wins(
    fqlc: Command, shop: Path, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    key, _, toml, environment, flags, value, origin = case
    (shop / "fql.toml").write_text(toml)
    (shop / "other.toml").write_text("")
    for name, text in environment.items():
        monkeypatch.setenv(name, text)
    done = fqlc("config", key, *flags)
    assert done.code == 0, done.err
    if key != "format":
        first = done.out.splitlines()[0]
        assert first.startswith(f"{key} = {json.dumps(value)}")
        assert first.endswith(f"  # {origin}")
        done = fqlc("config", key, *flags, "--format", "json")
    elif value == "text":
        assert done.out == f'format = "text"  # {origin}\n'
        return
    told = json.loads(done.out)
    assert (told["value"], told["origin"]) == (value, origin)
    assert told["line"] == (2 if origin == "fql.toml:2" else None)


def test_color_comes_before_the_command(fqlc: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FQLC_COLOR", "always")
    assert "# FQLC_COLOR" in fqlc("config", "color").out
    assert fqlc("--color", "never", "config", "color").out == 'color = "never"  # --color\n'


def test_each_is_seen_in_its_effect(
    fqlc: Command, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment does what the flag does, and the flag undoes it."""
    (shop / "bad.fql").write_text(BROKEN)
    (shop / "private.toml").write_text('[project]\nfiles = ["bad.fql"]\n')
    kept = shop / "kept"
    with monkeypatch.context() as patch:
        patch.setenv("FQLC_FORMAT", "json")
        assert fqlc("check", "bad.fql").out.startswith("{")
        assert fqlc("check", "--format", "concise", "bad.fql").out.startswith("bad.fql:1:")
        assert fqlc("graph", "-o", "a.mmd", "shop.fql").code == 0, "the name of the file is nearer"
        assert (shop / "a.mmd").read_text().startswith("flowchart")
    with monkeypatch.context() as patch:
        patch.setenv("FQLC_COLOR", "always")
        assert "\x1b[" in fqlc("check", "bad.fql").out
        assert "\x1b[" not in fqlc("--color", "never", "check", "bad.fql").out
    with monkeypatch.context() as patch:
        patch.setenv("FQLC_SETTINGS", "private.toml")
        assert "bad.fql:1:" in fqlc("check").out
        assert fqlc("check", "--settings", "private.toml").out
    with monkeypatch.context() as patch:
        patch.setenv("FQLC_CACHE_DIR", str(kept))
        patch.setenv("FQLC_NO_CACHE", "1")
        assert fqlc("check", "shop.fql").code == 0
        assert not kept.exists()
        patch.setenv("FQLC_NO_CACHE", "0")
        assert fqlc("check", "shop.fql").code == 0
        assert any(kept.iterdir())
    with monkeypatch.context() as patch:
        patch.setenv("FQLC_QUIET", "1")
        assert fqlc("check", "shop.fql").err == ""
        assert "settings: " in fqlc("check", "-v", "shop.fql").err, "a flag wins"
    with monkeypatch.context() as patch:
        patch.setenv("FQLC_STORE", f"sqlite:///{shop}/env.db")
        assert "env.db" in fqlc("runs").err
        assert "flag.db" in fqlc("runs", "list", "--store", f"sqlite:///{shop}/flag.db").err


@pytest.mark.parametrize(
    ("name", "value", "arguments"),
    [
        ("FQLC_FORMAT", "jsn", ("check",)),
        ("FQLC_COLOR", "blue", ("check",)),
        ("FQLC_QUIET", "loud", ("check",)),
        ("FQLC_VERBOSE", "-1", ("check",)),
        ("FQLC_NO_CACHE", "perhaps", ("check",)),
        ("FQLC_CACHE_DIR", "shop.fql", ("check",)),
        ("FQLC_STORE", "mysql://x", ("runs",)),
    ],
)
def test_a_value_that_does_not_fit_is_wrong_usage_and_named(
    fqlc: Command,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    arguments: tuple[str, ...],
) -> None:
    monkeypatch.setenv(name, value)
    done = fqlc(*arguments)
    assert done.code == 2
    assert name in done.err
    assert ", ," not in done.err.replace(":", ",")
    assert done.out == ""


def test_a_path_of_the_environment_that_is_not_there(
    fqlc: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FQLC_SETTINGS", "gone.toml")
    for command in (["check"], ["config"], ["status"]):
        done = fqlc(*command)
        assert done.code == 3, command
        assert "gone.toml" in done.err
        assert "FQLC_SETTINGS" in done.err


def test_a_format_that_a_command_lacks_is_for_others(
    fqlc: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FQLC_FORMAT", "sarif")
    assert fqlc("list", "shop.fql").out.startswith("order_created")


def test_the_formats_of_all_commands_are_known() -> None:
    """`FQLC_FORMAT` may name one that a command lacks, but none that no command has."""
    kinds = [p.type for _, command in EVERY for p in command.params if "--format" in p.opts]
    assert {str(f) for k in kinds if isinstance(k, click.Choice) for f in k.choices} == ALL_FORMATS


def test_a_name_that_means_nothing_is_warned_of(
    fqlc: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FQLC_STROE", "memory:")
    done = fqlc("check")
    assert done.code == 0
    assert "warning: FQLC_STROE means nothing to fqlc" in done.err
    assert "did you mean `FQLC_STORE`?" in done.err
    assert fqlc("-qq", "check").err == ""
    assert list(unknown_names([*NAMES, "HOME", "_FQLC_COMPLETE"])) == []


def test_secrets_are_shown_by_name(
    fqlc: Command, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shop / "fql.toml").write_text(
        '[nats]\nurl = "nats://${BROKER}"\ncredentials = "${CREDENTIALS}"\n'
        '[ui]\ntoken = ["first-token", "${SECOND}"]\n'
    )
    monkeypatch.setenv("CREDENTIALS", "hunter2")
    monkeypatch.setenv("SECOND", "hunter3")
    out = fqlc("config").out
    assert 'nats.credentials = "${CREDENTIALS}" (set)  # fql.toml:3' in out
    assert 'nats.url = ["nats://${BROKER}"]' in out or 'nats.url = "nats://${BROKER}"' in out
    assert "(BROKER missing)" in out
    assert "hunter" not in out
    assert "first-token" not in out
    given = "postgresql://ann:pass-4711@db/shop"
    (shop / "fql.toml").write_text(f'[store]\nurl = "{given}"\n')
    for shown in (fqlc("config", "store.url"), fqlc("config", "store.url", "--store", given)):
        assert shown.out.startswith('store.url = "postgresql://') and "@db/shop" in shown.out
        assert "4711" not in shown.out


def test_a_file_with_errors_is_no_answer(fqlc: Command, shop: Path) -> None:
    (shop / "fql.toml").write_text('[store]\nurll = "x"\n')
    done = fqlc("config", "project.name")
    assert (done.code, done.out) == (1, "")
    assert "fql.toml:2: unknown key `urll` in [store]; did you mean `url`?" in done.err


def test_a_key_that_is_not_there(fqlc: Command) -> None:
    done = fqlc("config", "store.urll")
    assert done.code == 2
    assert "did you mean `store.url`?" in done.err
    table = fqlc("config", "webhooks.retry", "-v")
    assert all(line.startswith(("webhooks.retry.", "    ")) for line in table.out.splitlines())
    assert "    How many times an action is tried" in table.out
