"""Which store a command looks after, and what to do for one that is not an SQLite file."""

from __future__ import annotations

from pathlib import Path

from fql.cli.project import find_project
from fql.errors import UsageError
from fql.store.opening import Place

ELSEWHERE = {
    "backup": {
        "postgresql": "use `pg_dump` of the whole database, or the backups of the server",
        "nats": "use `nats stream backup` for the stream FQL_<project>",
    },
    "restore": {
        "postgresql": "stop the engine, use `pg_restore`, and start it: it notices that the store"
        " went back",
        "nats": "stop the engine, use `nats stream restore`, and start it",
    },
    "check": {
        "postgresql": "use `fqlc doctor`, and `pg_amcheck` for the server's files",
        "nats": "use `fqlc doctor`",
    },
    "upgrade": {
        "postgresql": "make a backup with `pg_dump`; the next start of `fqlc run` does the rest",
        "nats": "the next start of `fqlc run` does it",
    },
}
"""What does the same for other kinds of stores."""


def place_of_command(store: str | None, settings_file: str | None) -> Place:
    """The store of the command line, else of the settings."""
    return find_project(settings_file).resolved().store_place(store)


def file_of(place: Place, command: str) -> Path:
    """The file of a store. Raises UsageError for one that is not in a file."""
    database = place.database
    if database.file is not None:
        return database.file
    hint = ELSEWHERE[command].get(database.kind, "a store in memory ends with its process")
    raise UsageError(f"`fqlc store {command}` is for a store in an SQLite file", hint=hint)
