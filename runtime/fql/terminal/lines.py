"""The one way out for what commands write, and the one decision about colour and width."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from fql.errors import FqlError, UsageError, masked_urls
from fql.terminal.folding import cut, folded, unstyled
from fql.terminal.harmless import harmless, harmless_json, harmless_styled
from fql.terminal.talk import QUIET, SILENT, talk_level

RENEWED = "\r\033[K"
"""Takes the cursor to the start of the line, and clears it."""
_SOURCE = re.compile(r" *\d* [|+-] ")
"""How a line of an excerpt begins."""


def data(text: str = "") -> None:
    """Write a piece of output as it is: what is read by programs as well, or copied."""
    _write_stream(harmless_styled(text), err=False)


def raw(content: bytes) -> None:
    """Write bytes that are not text for a terminal, such as a picture, or a plan that is stored."""
    with _room_for_output():
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()


def flush() -> None:
    """Write what is still in memory. Raises OutputFull."""
    with _room_for_output():
        sys.stdout.flush()


def open_closed_streams() -> None:
    """Somebody may have closed standard output or standard error, as services do: what is written
    there goes nowhere then."""
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the end
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115


def end_quietly() -> None:
    """Nobody takes our output any more: do not complain again while Python ends."""
    with suppress(OSError):  # a stream that is not a file is nobody's to end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class OutputFull(FqlError):
    """Standard output cannot be written to."""


@contextmanager
def _room_for_output() -> Iterator[None]:
    """Raises OutputFull where the system takes no output. Where the reader has gone nothing is
    wrong, and the command ends."""
    try:
        yield
    except BrokenPipeError:
        end_quietly()
        raise click.exceptions.Exit(0) from None
    except OSError as error:
        end_quietly()
        raise OutputFull(f"standard output cannot be written: {error.strerror}") from None


def prose(text: str, *, hang: int = 2) -> None:
    """Write output that a person reads; on a terminal long lines are broken between words, and go
    on `hang` columns further right."""
    _write_stream(fitting(harmless_styled(text), err=False, hang=hang), err=False)


def excerpts(text: str, *, err: bool, json: bool = False) -> None:
    """Write diagnostics: excerpts of sources as they are, what is reported about them between
    words. With `-qq` they are not wanted."""
    if talk_level() <= SILENT:
        return
    shown = harmless_json(text) if json else harmless_styled(text)
    width = None if json else room(err=err)
    if width is not None:
        lines = shown.split("\n")
        shown = "\n".join(x if _SOURCE.match(unstyled(x)) else folded(x, width) for x in lines)
    _write_stream(shown, err=err)


def say(text: str) -> None:
    """Talk to the person, who can do without it: `-q` ends it."""
    if talk_level() > QUIET:
        _speak(text)


def notice(text: str) -> None:
    """Say what was found, or what must be known to go on: it stays with `-q`, not with `-qq`."""
    if talk_level() > SILENT:
        _speak(text)


def notice_line(text: str) -> None:
    """A line of output that a person may do without: it is gone with `-qq`."""
    if talk_level() > SILENT:
        data(text)


def detail(text: str, depth: int = 1) -> None:
    """Say what only those want to know who asked with `-v`, or with `-vv` for a `depth` of 2."""
    if talk_level() >= depth:
        _speak(text)


def _speak(text: str) -> None:
    """No connection string is shown with its password."""
    _write_stream(fitting(harmless_styled(masked_urls(text)), err=True), err=True)


def renew(text: str = "") -> None:
    """Write over the current line of standard error, without ending it. The cursor goes back to its
    beginning, so that another process on this terminal writes over it as well."""
    width = room(err=True)
    shown = harmless(text)
    shown = shown if width is None else cut(shown, width - 1)
    click.echo(f"{RENEWED}{shown}\r", err=True, nl=False)


def problem(kind: str, message: str, hint: str = "") -> None:
    """Say what is wrong, in the one form: `error: MESSAGE`, and `  help: HINT` where there is one.

    `kind` is `error`, `warning`, or one of them with a code, such as `error[FQL901]`.
    """
    warns = kind.startswith("warning")
    if warns and talk_level() <= SILENT:
        return
    _speak(f"{click.style(kind, fg='yellow' if warns else 'red', bold=True)}: {harmless(message)}")
    if hint:
        _speak(f"  {click.style('help', fg='cyan')}: {harmless(hint)}")


def json_line(value: Mapping[str, object]) -> None:
    """Write one object of JSON output, on a line of its own."""
    from fql.exact.writing import json_text

    _write_stream(harmless_json(json_text(value)), err=False)


def standard_input(most: int) -> bytes:
    """What can be read from standard input, `most` bytes of it. Raises UsageError where it is
    closed."""
    if sys.stdin is None:
        raise UsageError("standard input is closed")
    return sys.stdin.buffer.read(most)


def clear_screen() -> None:
    """Make room for what follows, on a terminal that has a screen."""
    if on_screen(err=False):
        click.echo("\033[2J\033[3J\033[H", nl=False)


def paged(text: str) -> None:
    """Write a long text, on a terminal through the program that PAGER names."""
    if on_screen(err=False):
        click.echo_via_pager(harmless_styled(text))
    else:
        data(text)


def on_terminal(*, err: bool = True) -> bool:
    """True when a person reads standard error, or with `err=False` standard output."""
    return (sys.stderr if err else sys.stdout).isatty()


def on_screen(*, err: bool) -> bool:
    """True where a line can be written over and a screen cleared: a terminal that can do more than
    go on."""
    return on_terminal(err=err) and os.environ.get("TERM") != "dumb"


def colored(*, err: bool) -> bool:
    """Whether to colour a stream: `--color` decides, else NO_COLOR, FORCE_COLOR and TERM, else
    whether a person reads it."""
    context = click.get_current_context(silent=True)
    if context is not None and context.find_root().color is not None:
        return bool(context.find_root().color)
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in {"", "0"}:
        return True
    return on_screen(err=err)


def room(*, err: bool = False) -> int | None:
    """The columns of the terminal that shows a stream; None where it is a file or a pipe."""
    stream = sys.stderr if err else sys.stdout
    if not stream.isatty():
        return None
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except OSError:
        return None
    return max(columns, 20) if columns else None


def fitting(text: str, *, err: bool, hang: int = 2) -> str:
    """The text with lines that fit the terminal which shows a stream; elsewhere as it is."""
    width = room(err=err)
    return text if width is None else folded(text, width, hang)


def _write_stream(text: str, *, err: bool) -> None:
    if err:
        with suppress(OSError):  # there is nobody to talk to
            click.echo(text, err=True, color=colored(err=True))
        return
    with _room_for_output():
        click.echo(text, color=colored(err=False))
