"""How many files and connections this process may have open, and how many a plan may need."""

from __future__ import annotations

import resource
from contextlib import suppress

from fql.cli.examining.finding import Finding
from fql.egress.wire.transport import IDLE_IN_ALL, IDLE_PER_HOST
from fql.plan.model import Plan
from fql.settings.model import Settings
from fql.settings.source_tables import HttpSource

OWN = 64
"""Descriptors of the process itself: the store, its logs, a look at a file, a scrape."""
FOR_A_SOURCE = 8
FOR_CALLERS = 500
"""Connections that an HTTP source lets in at a time."""
ENOUGH, OPEN_MAX = 1_048_576, 10_240
"""What is asked for where there is no hard limit: macOS allows no more than its OPEN_MAX."""


def raise_limit() -> None:
    """Raise the soft limit of this process to the hard one, as far as the system allows: on many
    systems the soft one is smaller than what may be on the wire at once."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return
    without = (ENOUGH, OPEN_MAX)
    for wanted in without if hard == resource.RLIM_INFINITY else (hard,):
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
            return


def needed(plan: Plan, settings: Settings) -> int:
    """The most that an engine with this plan has open: what is on the wire, idle connections,
    sources, and its own."""
    unnamed = sum(node.config.endpoint is None for o in plan.observers for node in o.nodes)
    receivers = len(plan.endpoints) + unnamed
    idle = min(IDLE_IN_ALL, IDLE_PER_HOST * receivers)
    tables = settings.sources.values()
    callers = FOR_CALLERS * sum(isinstance(table, HttpSource) for table in tables)
    sources = FOR_A_SOURCE * len(tables) + callers
    return settings.webhooks.dispatch.max_in_flight + idle + sources + OWN


def examined(plan: Plan, settings: Settings) -> list[Finding]:
    """Is the limit on open files enough for the plan?"""
    soft, hard = (
        ENOUGH if limit == resource.RLIM_INFINITY else limit
        for limit in resource.getrlimit(resource.RLIMIT_NOFILE)
    )
    return [finding(needed(plan, settings), soft, hard)]


def finding(most: int, soft: int, hard: int) -> Finding:
    """What the limits mean for a plan that needs at most this many."""
    if hard < most:
        return Finding("open files", "problem", f"{hard:,} files and connections may be open, but "
                       f"this plan may need {most:,}: deliveries will wait; raise `ulimit -Hn` "
                       "(LimitNOFILE of a service)")  # fmt: skip
    if soft < most:
        return Finding("open files", "warning", f"{soft:,} files may be open, but this plan may "
                       f"need {most:,}: `fqlc run` raises the limit to {hard:,} itself; an "
                       "application with a Runtime must do it before (`ulimit -n`)")  # fmt: skip
    return Finding("open files", "ok", f"{soft:,} files may be open, at most {most:,} are needed")
