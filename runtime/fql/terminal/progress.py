"""Progress of what takes long: one line on a terminal, which is gone at the end."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import click

from fql.terminal.lines import on_screen, renew
from fql.terminal.options import ASKED
from fql.terminal.talk import talk_level

PATIENCE = 0.5
"""Seconds after which people ask themselves whether anything happens."""
PACE = 0.1
"""Seconds between two lines."""


class Progress:
    """Shown after half a second, to a person alone: not with `-q` or `-v`, nor with `--format`,
    nor in CI, nor where standard error is not a terminal."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next = clock() + PATIENCE
        self._shown = False

    def show(self, text: str) -> None:
        """Show how far it is, if it is time for that."""
        now = self._clock()
        if now < self._next or not _wanted():
            return
        self._next = now + PACE
        self._shown = True
        renew(text)

    def end(self) -> None:
        """Take the line away, if there is one."""
        if self._shown:
            renew()
        self._shown = False


def _wanted() -> bool:
    context = click.get_current_context(silent=True)
    asked = context is not None and context.meta.get(ASKED)
    return talk_level() == 0 and not asked and not os.environ.get("CI") and on_screen(err=True)
