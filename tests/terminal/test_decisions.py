"""One decision on colour for all commands, one form of errors, one width."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import sys
import termios
import threading
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from fqlc.cli.main import fqlc, run

PROGRAM = """\
entity Order { id: ID @key  status: String }
observer shipped { on: Order.update when: status.changed_to("shipped")
  webhook label { url: "https://a.example.com/", body: { id } } }
"""


LONG = (
    "entity Order { id: ID @key  note: String? }\n"
    'observer o { on: Order.insert when: note.lower() == "a" webhook crm {'
    ' url: "https://crm.example.com/orders", body: { text: "Note: {{ note }}" } } }\n'
)
"""Mistakes in the middle and near the end of a line of more columns than any terminal here has."""


class Terminal:
    """A real terminal of some width, on which commands run in this process."""

    def __init__(self, columns: int) -> None:
        self._ours, self._theirs = pty.openpty()
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self._shown = b""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                part = os.read(self._ours, 65_536)
            except OSError:  # the other side is closed
                return
            if not part:
                return
            self._shown += part

    def run(self, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]) -> str:
        """What a command shows there."""
        with (
            os.fdopen(self._theirs, "w", encoding="utf-8") as stream,
            monkeypatch.context() as patch,
        ):
            patch.setattr(sys, "stdout", stream)
            patch.setattr(sys, "stderr", stream)
            patch.setattr(sys, "__stdout__", stream)  # where `shutil` asks for the width
            run(arguments)
        self._reader.join(10)
        os.close(self._ours)
        return self._shown.decode().replace("\r\n", "\n")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with nothing in the environment that speaks of colour or width."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    (tmp_path / "shop.fql").write_text(PROGRAM)
    (tmp_path / "bad.fql").write_text("observer o { on: Nope.insert }\n")
    (tmp_path / "long.fql").write_text(LONG)
    return tmp_path


LOOKING = (
    ("list", "shop.fql"), ("explain", "shop.fql"), ("check", "bad.fql"), ("check", "--formt"),
    ("runs",),
)  # fmt: skip


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("command", LOOKING, ids=" ".join)
@pytest.mark.parametrize(
    ("given", "environment", "colored"),
    [
        ((), {}, True),
        ((), {"TERM": "dumb"}, False),
        ((), {"NO_COLOR": "1"}, False),
        ((), {"TERM": "dumb", "FORCE_COLOR": "1"}, True),
        (("--color", "always"), {"NO_COLOR": "1", "TERM": "dumb"}, True),
        (("--color", "never"), {"FORCE_COLOR": "1"}, False),
    ],
    ids=["terminal", "dumb", "no-color", "forced", "always", "never"],
)
def test_one_decision_on_colour(
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    given: tuple[str, ...],
    environment: dict[str, str],
    colored: bool,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    shown = Terminal(80).run(monkeypatch, (*given, *command))
    assert ("\x1b[" in shown) == colored, shown


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        (("chek",), 2, "error: there is no command `chek`\n"
         "  help: did you mean `check`?\n"),
        (("check", "--formt"), 2, "error: there is no option `--formt`\n  help: did you"
         " mean `--format`?"),
        (("dlq", "list", "--limit", "0"), 2, "error: invalid value for '--limit': 0 is not in the"
         " range x>=1\n  help: see `fqlc dlq list --help`"),
        (("explain", "FQL999"), 2, "error: there is no code FQL999\n  help: "),
        (("runs",), 3, "error: "),
        (("runs", "lst"), 2, "error: there is no command `lst`\n  help: did you mean `list`?\n"),
        (("capture", "x"), 2, "error: there is no command `x`\n  help: see `fqlc capture --help`"),
        (("check", "--format", "jsn"), 2, "error: invalid value for '--format': 'jsn' is not one of"
         " 'text', 'concise', 'json', 'github', 'gitlab', 'junit', 'sarif'\n"
         "  help: did you mean `json`?\n"),
        (("runs", "list", "--limit", "x"), 2, "error: invalid value for '--limit': 'x' is not a"
         " whole number\n"),
        (("graph", "--observer", "shiped", "shop.fql"), 2, "error: there is no observer `shiped`\n"
         "  help: did you mean `shipped`?\n"),
        (("run", "--timeout", "1s"), 2, "error: --timeout needs --until-idle\n"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, tuple) else None,
)  # fmt: skip
def test_errors_have_one_form(
    capfd: pytest.CaptureFixture[str], command: tuple[str, ...], code: int, said: str
) -> None:
    assert run(command) == code
    shown = capfd.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(said), shown.err


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("columns", [50, 80])
@pytest.mark.parametrize(
    "command",
    [("explain", "FQL301"), ("--help",), ("run", "--help"), ("explain", "--help"),
     ("check", "bad.fql"), ("check", "long.fql"), ("runs",), ("list", "shop.fql"),
     ("run", "--timeout", "1s")],
    ids=" ".join,
)  # fmt: skip
def test_nothing_is_broken_within_a_word(
    monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], columns: int
) -> None:
    """Lines keep to the terminal; except single words, and examples, which are copied."""
    monkeypatch.setenv("NO_COLOR", "1")
    shown = Terminal(columns).run(monkeypatch, command)
    long = [line for line in shown.split("\n") if len(line) > columns]
    copied = command[0] == "explain" or "--help" in command
    assert all(
        (copied and x.startswith("    ")) or max(map(len, x.split())) > columns - 10 for x in long
    ), long


def contexts(context: click.Context) -> Iterator[click.Context]:
    """Those of all commands."""
    yield context
    group = context.command
    if not isinstance(group, click.Group):
        return
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield from contexts(click.Context(command, info_name=name, parent=context))


ALL = list(contexts(click.Context(fqlc, info_name="fqlc")))


def help_words(context: click.Context, columns: int) -> list[str]:
    """The words of a help text on a terminal of some width, which click makes two narrower. A
    line may end with a hyphen."""
    context.terminal_width = context.max_content_width = columns - 2
    return re.sub(r"(?<=\w-)\s+(?=\w)", "", context.get_help()).split()


@pytest.mark.parametrize("context", ALL, ids=lambda context: str(context.command_path))
def test_every_help_keeps_its_words_whole(context: click.Context) -> None:
    """No word is broken or cut short, however narrow the terminal; only words are counted, as
    columns change their order."""
    whole = sorted(help_words(context, 300))
    for columns in (50, 60, 80, 120):
        assert sorted(help_words(context, columns)) == whole, columns
