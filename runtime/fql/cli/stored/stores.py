"""A store seen by a command: a client of it, whether an engine runs or not."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from fql.cli.glance import seen
from fql.errors import UsageError
from fql.looking import Ordering
from fql.store.opening import Place, open_store, require_store
from fql.terminal.lines import say

if TYPE_CHECKING:
    from fql.client import Client

C = TypeVar("C", bound=Ordering)
T = TypeVar("T")

TAKEN_SECONDS = 0.5
"""How long a command waits for an engine to take its order; engines look every 50 ms."""


def with_client(
    store: str | None, settings_file: str | None, work: Callable[[Client], Awaitable[T]]
) -> T:
    """Open the store of the command line or the settings, do the work, close it.

    Raises StoreError when there is no such store yet: a command that looks must not create one.
    """
    from fql.client import Client

    return _with_store(seen(store, settings_file).place, Client, work)


def with_orders(place: Place, work: Callable[[Ordering], Awaitable[T]]) -> T:
    """The same for what needs only the part of a client that looks and gives orders."""
    return _with_store(place, Ordering, work)


def _with_store(place: Place, kind: Callable[..., C], work: Callable[[C], Awaitable[T]]) -> T:
    if place.database.kind == "memory":
        raise UsageError("a store in memory cannot be seen from another process")
    require_store(place)

    async def opened() -> T:
        found = open_store(place, upgrades=False)
        await found.open()
        try:
            return await work(kind(found, by=_user()))
        finally:
            await found.close()

    return asyncio.run(opened())


def _user() -> str:
    """Who gives the command: the login name, where the system has one."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container without such a user
        return ""


async def say_when_taken(client: Ordering) -> None:
    """Tell whether an engine carries the command out now, or the next one will."""
    if not await client.wait_taken(TAKEN_SECONDS):
        say("stored; the next `fqlc run` on this store carries it out")
