"""`fqlc store activate`: the plan that all engines of a shared store work by."""

from __future__ import annotations

import asyncio
import time

import click

from fql.cli.project import find_project, plan_of, settings_option, store_option
from fql.engine.program.model import short_digest
from fql.errors import UsageError
from fql.plan.stored.codec import write_plan
from fql.store.opening import open_store, require_store
from fql.store.records import StoredPlan
from fql.store.sharing.port import SharedStore
from fql.terminal.lines import say


@click.command(
    epilog="\b\nExamples:\n  fqlc store activate plan.json\n"
    "  fqlc store activate yesterday.json --store postgresql://..."
)
@click.argument("sources", nargs=-1, metavar="[PLAN.json | SOURCES...]")
@store_option
@settings_option
def activate(sources: tuple[str, ...], store: str | None, settings_file: str | None) -> None:
    """Let all engines of a store work by a plan, also by one that was active before.

    It is for stores on PostgreSQL that engines share. An engine that starts with a plan which the
    store never had activates it by itself; this makes the step of its own, and goes back. Open runs
    finish on the plan they started on. An engine that cannot work by the plan, such as one that
    lacks a secret of it, gives its work to the others and says why.
    """
    project = find_project(settings_file)
    plan = plan_of(sources, project)
    place = project.resolved().store_place(store)
    require_store(place)
    found = open_store(place)
    if not isinstance(found, SharedStore):
        raise UsageError(
            "only a store on PostgreSQL that engines share has an active plan of its own",
            hint="an engine that is alone runs the plan it is started with, or reloads (SIGHUP)",
        )
    now = time.time_ns() // 1_000_000
    stored = StoredPlan(short_digest(plan.digest), plan.digest, write_plan(plan), now)
    if asyncio.run(_activated(found, stored)):
        say(f"plan {plan.digest} is active; engines work by it within a second or two")
    else:
        say(f"plan {plan.digest} was active already")


async def _activated(store: SharedStore, plan: StoredPlan) -> bool:
    """Whether that has changed anything."""
    await store.open()
    try:
        before = await store.active()
        await store.activate(plan, again=True)
    finally:
        await store.close()
    return before != plan.short
