"""The triggers of an outbox, compared with what a plan needs, and installed if that is wanted."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from functools import partial

from fql.errors import FqlError
from fql.intake.sqlite.file import OutboxFile, texts
from fql.intake.voice import Voice
from fql.outbox.health import Judgement, Wanted, installed_again, judged
from fql.outbox.sqlite.installing import install
from fql.outbox.sqlite.status import compared
from fql.outbox.sqlite.tables import Names
from fql.outbox.state import Status
from fql.plan.model import Plan


@dataclass(frozen=True, slots=True)
class Options:
    """What `[sources.NAME]` says: are missing triggers a fault, and may they be made here?"""

    triggers: Wanted = "required"
    install: bool = False


def judge(file: OutboxFile, plan: Plan, options: Options, voice: Voice) -> Judgement:
    """What is wrong with the triggers for a plan, after they were installed where the options
    allow it and something was wrong. Raises sqlite3.Error."""
    found = judged(file.read(partial(_compared, plan, file.names)), options.triggers)
    if not options.install or not (found.trouble or found.advice):
        return found
    with texts(file.connection) as connection:
        try:
            status, changed = install(connection, plan, file.names)
        except FqlError as error:
            return replace(found, trouble=error.message)
    voice.warn(installed_again(found, changed.made))
    return judged(status, options.triggers)


def _compared(plan: Plan, names: Names, connection: sqlite3.Connection) -> Status:
    with texts(connection):
        return compared(connection, plan, names)
