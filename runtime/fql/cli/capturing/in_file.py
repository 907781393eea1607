"""A SQLite database as `fqlc capture` works on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fql.cli.capturing.words import Install, Looked
from fql.errors import UsageError
from fql.outbox.consumer import Reader
from fql.outbox.sqlite import database, installing
from fql.outbox.sqlite.status import status
from fql.outbox.sqlite.tables import Names
from fql.outbox.state import Changed
from fql.plan.model import Plan


@dataclass(frozen=True, slots=True)
class InFile:
    """Implements `fql.cli.capturing.words.Capturing`."""

    path: Path
    names: Names

    def statements(self, plan: Plan) -> tuple[list[str], tuple[str, ...]]:
        """The SQL that `install` would run, and what prevents it."""
        with database.opened(self.path, writable=False) as connection:
            wanted = database.wanted_capture(connection, plan, self.names)
        return [*wanted.statements, *(one.sql for one in wanted.triggers)], tuple(wanted.problems)

    def install(self, plan: Plan, how: Install) -> tuple[Looked, Changed]:
        """Create or renew what the plan needs; what it does not need goes in any case."""
        if how.owner or how.engines or how.emitters:
            raise UsageError("a SQLite file has no roles: leave out --owner, --engine, --emitter")
        with database.opened(self.path, writable=True) as connection:
            now, changed = installing.install(connection, plan, self.names)
            return Looked(now, *database.examined(connection, plan)), changed

    def look(self, plan: Plan) -> Looked:
        """Compare with the plan; change nothing."""
        with database.opened(self.path, writable=False) as connection:
            now = status(connection, plan, self.names)
            return Looked(now, *database.examined(connection, plan))

    def release(self) -> Reader | None:
        """Forget who reads the outbox, and say who did."""
        with database.opened(self.path, writable=True) as connection:
            return installing.release(connection, self.names)

    def uninstall(self, *, force: bool) -> Changed:
        """Remove what the project has there."""
        with database.opened(self.path, writable=True) as connection:
            return installing.uninstall(connection, self.names, force=force)
