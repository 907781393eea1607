"""Does what `publish` and `call` need exist: a NATS server that lets us in, and every function?"""

from __future__ import annotations

import asyncio

from fql.actions.functions import Functions
from fql.cli.examining.finding import Finding
from fql.cli.functions import functions_of
from fql.cli.project import Project
from fql.errors import FqlError
from fql.nats.driver import nats_connection
from fql.plan.kinds import CALL, PUBLISH, has_kind
from fql.plan.model import Plan
from fql.settings.model import Nats

PATIENCE = 5.0
"""Seconds that a server may take to answer."""


def functions(project: Project, plan: Plan) -> list[Finding]:
    """Are the functions of the plan there, and do they take what it calls them with?"""
    if not has_kind(plan, CALL):
        return []
    place = project.settings.project.calls
    if not place:
        text = "the plan calls functions, and `[project] calls` names none: only an application can"
        return [Finding("calls", "warning", f"{text} run it, with `Runtime(calls=...)`")]
    try:
        found = functions_of(project)
        Functions(found).require(plan)
    except FqlError as problem:
        return [Finding("calls", "problem", problem.message)]
    return [Finding("calls", "ok", f"{place} has every function that the plan calls")]


def nats(project: Project, plan: Plan, *, offline: bool) -> list[Finding]:
    """Is there a server to publish to, and does it let us in?"""
    if not has_kind(plan, PUBLISH):
        return []
    settings = project.run_settings().nats
    if settings is None:
        text = "the plan publishes, and fql.toml has no `[nats] url`: `fqlc run` would not start"
        return [Finding("nats", "problem", text)]
    if offline:
        return []
    try:
        shown = asyncio.run(_reached(settings))
    except FqlError as problem:
        return [Finding("nats", "problem", problem.message)]
    return [Finding("nats", "ok", f"{shown} lets us in")]


async def _reached(settings: Nats) -> str:
    connection = nats_connection(settings.url, settings.credentials)
    try:
        await connection.link(PATIENCE)
        return connection.shown
    finally:
        await connection.close()
