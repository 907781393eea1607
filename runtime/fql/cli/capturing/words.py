"""What can be asked of an application's database: the same words for a SQLite file and for a
database on a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from fql.outbox.consumer import Reader
from fql.outbox.fitting import Misfit
from fql.outbox.sampling import Sample
from fql.outbox.state import Changed, Status
from fql.plan.model import Plan


@dataclass(frozen=True, slots=True)
class Looked:
    """What a database holds of capture, and what of its tables does not fit the entities. `held`
    says which transactions have been open for long, where that is known."""

    status: Status
    unfit: Sequence[Misfit] = ()
    samples: Sequence[Sample] = ()
    held: str = ""


@dataclass(frozen=True, slots=True)
class Install:
    """How triggers are installed: whether what another plan needs goes, and which roles of a server
    get which rights."""

    prune: bool = False
    owner: str = ""
    engines: tuple[str, ...] = ()
    emitters: tuple[str, ...] = ()


class Capturing(Protocol):
    """One database. Each call opens it for itself, and raises StoreError."""

    def statements(self, plan: Plan) -> tuple[list[str], tuple[str, ...]]:
        """The SQL that `install` would run, and what prevents it."""
        ...

    def install(self, plan: Plan, how: Install) -> tuple[Looked, Changed]:
        """Create or renew what the plan needs. Raises UsageError for what this kind has not."""
        ...

    def look(self, plan: Plan) -> Looked:
        """Compare with the plan; change nothing."""
        ...

    def release(self) -> Reader | None:
        """Forget who reads the outbox, and say who did."""
        ...

    def uninstall(self, *, force: bool) -> Changed:
        """Remove what the project has there."""
        ...
