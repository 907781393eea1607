"""From a database to what can be asked of it."""

from __future__ import annotations

from fql.cli.capturing.in_file import InFile
from fql.cli.capturing.words import Capturing
from fql.outbox.sqlite.tables import Names
from fql.settings.databases import Database


def capturing(database: Database, project: str) -> Capturing:
    """How capture is put into this database. Raises SettingsError where a package is missing."""
    if database.file is not None:
        return InFile(database.file, Names(project))
    from fql.cli.capturing.on_server import OnServer

    return OnServer(database, project)
