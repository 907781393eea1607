"""A database on a PostgreSQL server as `fqlc capture` works on it. Importing this module raises
SettingsError where psycopg is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fql.cli.capturing.words import Install, Looked
from fql.outbox.consumer import Reader
from fql.outbox.postgresql import installing, sampling, status
from fql.outbox.postgresql.connection import Connection, connect, in_words
from fql.outbox.postgresql.holders import held_by
from fql.outbox.postgresql.names import Names
from fql.outbox.state import Changed
from fql.plan.model import Plan
from fql.settings.databases import Database


@dataclass(frozen=True, slots=True)
class OnServer:
    """Implements `fql.cli.capturing.words.Capturing`."""

    database: Database
    project: str

    @property
    def _names(self) -> Names:
        return Names(self.project)

    @contextmanager
    def _opened(self) -> Iterator[Connection]:
        with connect(self.database.url) as connection, in_words(self.database.shown):
            yield connection

    def statements(self, plan: Plan) -> tuple[list[str], tuple[str, ...]]:
        """The SQL that `install` would run, and what prevents it."""
        with self._opened() as connection:
            wanted, made = installing.statements(connection, plan, self._names)
        return made, wanted.problems

    def install(self, plan: Plan, how: Install) -> tuple[Looked, Changed]:
        """Create or renew what the plan needs."""
        roles = installing.Roles(how.owner, how.engines, how.emitters)
        with self._opened() as connection:
            now, changed = installing.install(
                connection, plan, self._names, prune=how.prune, roles=roles
            )
            return Looked(now, *sampling.examined(connection, plan)), changed

    def look(self, plan: Plan) -> Looked:
        """Compare with the plan; change nothing."""
        with self._opened() as connection:
            now = status.status(connection, plan, self._names)
            return Looked(now, *sampling.examined(connection, plan), held_by(connection))

    def release(self) -> Reader | None:
        """Forget who reads the outbox, and say who did."""
        with self._opened() as connection:
            return installing.release(connection, self._names)

    def uninstall(self, *, force: bool) -> Changed:
        """Remove what the project has there."""
        with self._opened() as connection:
            return installing.uninstall(connection, self._names, force=force)
