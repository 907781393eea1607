"""How much a command says: `-q` and `-v` of its line, else what the environment asks for."""

from __future__ import annotations

from collections.abc import MutableMapping

import click

_FLAGS, _ENVIRONMENT = "fql.talk.flags", "fql.talk.environment"
"""Keys in `click.Context.meta`, which all commands of a line share."""

QUIET, SILENT = -1, -2
"""No talk; no findings and no warnings either."""


def given_level(meta: MutableMapping[str, object], change: int, *, flag: bool) -> None:
    """Take up a `-v` (1), `-vv` (2), `-q` (-1) or `-qq` (-2). Flags add up; the environment says
    the same to each command of a line, so that it counts once."""
    if flag:
        before = meta.get(_FLAGS)
        meta[_FLAGS] = change + (before if isinstance(before, int) else 0)
    else:
        known = meta.get(_ENVIRONMENT)
        asked = known if isinstance(known, dict) else {}
        meta[_ENVIRONMENT] = {**asked, change < 0: change}


def talk_level() -> int:
    """From -2, where nothing but errors is wanted, over 0 to 2, where every detail is."""
    context = click.get_current_context(silent=True)
    if context is None:
        return 0
    flags, environment = context.meta.get(_FLAGS), context.meta.get(_ENVIRONMENT)
    if isinstance(flags, int):
        return flags
    return sum(environment.values()) if isinstance(environment, dict) else 0
