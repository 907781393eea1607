"""The plans of a store, each read once: a digest never means another plan."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from fql.client import Client
from fql.engine.program.model import short_digest
from fql.errors import PlanError
from fql.plan.model import Plan
from fql.store.plans import plan_of
from fql.store.records import StoredPlan

MOST = 20
"""Plans that are kept in memory."""


@dataclass(slots=True)
class Shelf:
    """Those that were asked for lately; None is one that this version cannot read."""

    _plans: dict[str, Plan | None] = field(default_factory=dict)

    async def active(self, client: Client) -> Plan | None:
        """The one that is active, or None before the first engine."""
        short = await client.active()
        return None if short is None else await self.of(client, short)

    async def of(self, client: Client, digest: str) -> Plan | None:
        """The plan with this digest, whole or short; None where the store has it no more."""
        short = short_digest(digest)
        if short not in self._plans:
            stored = await client.stored_plans()
            found = next((one for one in stored if one.short == short), None)
            if found is None:
                return None
            while len(self._plans) >= MOST:
                del self._plans[next(iter(self._plans))]
            self._plans[short] = await asyncio.to_thread(_plan_or_none, found)
        return self._plans[short]


def _plan_or_none(stored: StoredPlan) -> Plan | None:
    try:
        return plan_of(stored)
    except PlanError:
        return None
