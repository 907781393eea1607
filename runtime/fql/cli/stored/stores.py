"""A store seen by a command: a client of it, whether an engine runs or not."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from typing import TypeVar

from fql.cli.project import find_project
from fql.client import Client, open_client
from fql.errors import UsageError
from fql.store.opening import require_store
from fql.terminal.lines import say

T = TypeVar("T")

TAKEN_SECONDS = 0.5
"""How long a command waits for an engine to take its order; engines look every 50 ms."""


def with_client(
    store: str | None, settings_file: str | None, work: Callable[[Client], Awaitable[T]]
) -> T:
    """Open the store of the command line or the settings, do the work, close it.

    Raises StoreError when there is no such store yet: a command that looks must not create one.
    """
    project = find_project(settings_file).resolved()
    place = project.store_place(store)
    if place.database.kind == "memory":
        raise UsageError("a store in memory cannot be seen from another process")
    require_store(place)

    async def opened() -> T:
        found = open_client(
            place.url, dlq_table=place.letters, schema=place.schema, by=_user(),
            credentials=place.credentials,
        )  # fmt: skip
        async with found as client:
            return await work(client)

    return asyncio.run(opened())


def _user() -> str:
    """Who gives the command: the login name, where the system has one."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container without such a user
        return ""


async def say_when_taken(client: Client) -> None:
    """Tell whether an engine carries the command out now, or the next one will."""
    if not await client.wait_taken(TAKEN_SECONDS):
        say("stored; the next `fqlc run` on this store carries it out")
