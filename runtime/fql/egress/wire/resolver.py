"""Names to addresses, on threads of our own: a slow name server never blocks the event loop, and
one host's look-ups never take all threads (two for each host at a time)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from fql.egress.wire.failures import SendFailed
from fql.egress.wire.shortages import shortage_now

PER_HOST = 2
THREADS = 16


class Resolver(Protocol):
    """Gives every address of a name."""

    async def resolve(self, host: str) -> tuple[str, ...]:
        """All addresses, in the order to try them. Raises SendFailed of kind `dns`."""
        ...

    def close(self) -> None:
        """Let go of what is held."""
        ...


def system_lookup(host: str) -> tuple[str, ...]:
    """Ask the system. Raises OSError; repeated answers are dropped."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


class ThreadResolver:
    """The resolver of the product; `lookup` is replaced in tests."""

    def __init__(self, lookup: Callable[[str], tuple[str, ...]] = system_lookup) -> None:
        self._lookup = lookup
        self._pool: ThreadPoolExecutor | None = None
        self._slots: dict[str, asyncio.Semaphore] = {}

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Look a name up on a thread. Raises SendFailed of kind `dns`."""
        slot = self._slots.setdefault(host, asyncio.Semaphore(PER_HOST))
        async with slot:
            try:
                found = await self._on_thread(host)
            except (OSError, UnicodeError) as error:
                missing = shortage_now()
                if missing:
                    raise SendFailed("shortage", missing) from error
                reason = getattr(error, "strerror", None) or error
                raise SendFailed("dns", f"the name {host} has no address: {reason}") from error
        if not found:
            raise SendFailed("dns", f"the name {host} has no address")
        return found

    async def _on_thread(self, host: str) -> tuple[str, ...]:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="fql-dns")
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._lookup, host)

    def close(self) -> None:
        """End the threads; a look-up under way is left to itself."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
