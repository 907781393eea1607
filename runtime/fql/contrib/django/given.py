"""What the settings of a Django project say about fqlc."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from fql.contrib.planned import Planned, planned
from fql.errors import UsageError


def database() -> str:
    """The alias of the database whose tables are captured."""
    return str(getattr(settings, "FQL_DATABASE", "default"))


def plan_file() -> Path:
    """`FQL_PLAN`. Raises UsageError where the settings do not have it."""
    found = getattr(settings, "FQL_PLAN", None)
    if not found:
        raise UsageError(
            "the settings have no FQL_PLAN",
            hint='name the compiled plan: FQL_PLAN = BASE_DIR / "plan.json"',
        )
    return Path(found)


def settings_file() -> Path | None:
    """`FQL_SETTINGS`, where the settings have it."""
    found = getattr(settings, "FQL_SETTINGS", None)
    return Path(found) if found else None


def read() -> Planned:
    """The plan and its project. Raises UsageError, PlanError, SettingsError."""
    return planned(plan_file(), settings_file())
