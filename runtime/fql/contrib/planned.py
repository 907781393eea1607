"""What is to be captured: a compiled plan, and the name of its project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fql.contrib.within import install_within
from fql.errors import SettingsError
from fql.outbox.project import DEFAULT_PROJECT
from fql.plan.model import Plan
from fql.plan.stored.codec import load_plan
from fql.settings.files import read_file
from fql.store.opening import SETTINGS_FILE


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan and its project, read from files."""

    plan: Plan
    project: str

    def install(self, connection: object) -> list[str]:
        """Create or renew the triggers of the plan within the transaction that is open on this
        connection; the names of those that are new. Raises StoreError where tables and plan
        disagree, and UsageError for a connection that cannot be used."""
        return install_within(connection, self.plan, self.project)


def planned(plan: str | Path, settings: str | Path | None = None) -> Planned:
    """Read a compiled plan and, for the name of the project, its settings: the file given, else
    `fql.toml` beside the plan where there is one. Raises PlanError and SettingsError."""
    if not Path(plan).exists():
        raise SettingsError(
            f"there is no plan {plan}", hint=f"write it first: fqlc compile -o {plan}"
        )
    file = Path(settings) if settings else Path(plan).with_name(SETTINGS_FILE)
    found = load_plan(str(plan))
    if settings is None and not file.exists():
        return Planned(found, DEFAULT_PROJECT)
    return Planned(found, read_file(file).project.name)
