"""`--watch`: the same again whenever a file that counts has changed, until an interrupt.

Files are looked at twice a second, by name: so one that was renamed into its place, that vanished,
or that is there at last counts as changed. Changes of a moment make one round.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NoReturn

import click

from fql.errors import FqlError, UsageError
from fql.terminal.commands import report
from fql.terminal.lines import clear_screen, json_line, notice_line
from fql.terminal.options import JSON
from fql.terminal.words import counted
from fqlc.cli.shared.stamps import A_TICK, Stamp, seen_by, stamps_of
from fqlc.diagnostics.model import Diagnostic, Severity
from fqlc.project.cache import Compiled
from fqlc.project.files import project_of

PAUSE = 0.5
"""Seconds between two looks at the files."""
QUIET = 0.05
"""Seconds without a change after which a round begins."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round gave: how many sources it read, how many errors it found, and every file that
    counts for it, missing ones too."""

    sources: int
    errors: int
    files: tuple[str, ...]

    @classmethod
    def of(cls, found: Compiled, *others: str) -> Round:
        """The round of a compile."""
        return cls(len(found.sources), errors_in(found.diagnostics), (*found.files, *others))


def errors_in(found: Iterable[Diagnostic]) -> int:
    """How many of these are errors."""
    return sum(one.severity is Severity.ERROR for one in found)


watch_option = click.option(
    "--watch", is_flag=True, help="Do it again whenever a file has changed; Ctrl-C ends it."
)


def watch(paths: Sequence[str], settings: str | None, once: Callable[[], Round]) -> NoReturn:
    """Do something `once` for each change of the sources that `paths` mean, and of what it read.
    Ends with an interrupt. Raises UsageError for standard input, which is there only once."""
    if "-" in paths:
        raise UsageError("--watch needs files: standard input (-) is read only once")
    watching = Watching(paths, settings, once)
    while True:
        watching.look()
        time.sleep(PAUSE)


class Watching:
    """What was seen in the last round."""

    def __init__(
        self, paths: Sequence[str], settings: str | None, once: Callable[[], Round]
    ) -> None:
        self._paths, self._settings, self._once = paths, settings, once
        self._seen: dict[str, Stamp] | None = None
        self._files: tuple[str, ...] = ()
        self.rounds = 0

    def look(self) -> None:
        """Begin a round if anything has changed."""
        now = self._stamps()
        if now == self._seen:
            return
        now = self._settled(now)
        began = time.time_ns() - A_TICK
        self.rounds += 1
        clear_screen()
        found = self._round()
        self._files = found.files
        self._seen = seen_by(began, now, self._stamps())
        _close(self.rounds, found)
        gc.collect()

    def _settled(self, before: dict[str, Stamp]) -> dict[str, Stamp]:
        """The stamps once nothing has changed for a moment: tools save several files at a time."""
        while True:
            time.sleep(QUIET)
            now = self._stamps()
            if now == before:
                return now
            before = now

    def _round(self) -> Round:
        """What is wrong with the project as such is a finding too, and ends nothing."""
        try:
            return self._once()
        except FqlError as error:
            report(error)
            return Round(0, 1, self._files)

    def _stamps(self) -> dict[str, Stamp]:
        """Those of the sources of now, which may be new, and of the files of the last round."""
        try:
            sources = project_of(self._paths, self._settings)
        except FqlError:
            return stamps_of([*self._paths, *self._files])
        given = (sources.settings,) if sources.settings else ()
        return stamps_of([*sources.roots, *given, *self._files])


def _close(number: int, found: Round) -> None:
    context = click.get_current_context(silent=True)
    if context is not None and context.meta.get(JSON):
        json_line({"round": number, "files": found.sources, "errors": found.errors})
    else:
        notice_line(f"--- {counted(found.errors, 'error')}, {time.strftime('%H:%M:%S')}")
