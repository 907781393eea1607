"""The runtime of fql: a plan goes in, events go in, HTTP requests come out, none is lost.

Public names are imported on first use, so that importing `fql` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fql.actions.port import Outcome
    from fql.app import Runtime
    from fql.client import Client, open_client
    from fql.engine.process.receipts import Receipt, Summary
    from fql.errors import (
        EventRefused,
        FqlError,
        MissingSecrets,
        PlanError,
        SettingsError,
        StoreError,
        StoreFull,
        StoreGone,
        StoreLocked,
        StoreSlow,
        UsageError,
        WorkBlocked,
    )
    from fql.events.model import Event
    from fql.plan.model import Plan
    from fql.plan.stored.codec import load_plan
    from fql.settings.files import load_settings
    from fql.settings.model import Settings

_HOMES = {
    "Client": "fql.client",
    "Event": "fql.events.model",
    "EventRefused": "fql.errors",
    "FqlError": "fql.errors",
    "MissingSecrets": "fql.errors",
    "Outcome": "fql.actions.port",
    "Plan": "fql.plan.model",
    "PlanError": "fql.errors",
    "Receipt": "fql.engine.process.receipts",
    "Runtime": "fql.app",
    "Settings": "fql.settings.model",
    "SettingsError": "fql.errors",
    "StoreError": "fql.errors",
    "StoreFull": "fql.errors",
    "StoreGone": "fql.errors",
    "StoreSlow": "fql.errors",
    "StoreLocked": "fql.errors",
    "Summary": "fql.engine.process.receipts",
    "UsageError": "fql.errors",
    "WorkBlocked": "fql.errors",
    "load_plan": "fql.plan.stored.codec",
    "load_settings": "fql.settings.files",
    "open_client": "fql.client",
}

__all__ = [
    "Client",
    "Event",
    "EventRefused",
    "FqlError",
    "MissingSecrets",
    "Outcome",
    "Plan",
    "PlanError",
    "Receipt",
    "Runtime",
    "Settings",
    "SettingsError",
    "StoreError",
    "StoreFull",
    "StoreGone",
    "StoreLocked",
    "StoreSlow",
    "Summary",
    "UsageError",
    "WorkBlocked",
    "load_plan",
    "load_settings",
    "open_client",
]  # fmt: skip


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'fql' has no attribute {name!r}")
    return getattr(import_module(home), name)
