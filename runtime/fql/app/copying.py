"""What copies dead letters elsewhere, as settings say it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from fql.engine.loop.clock import Clock
from fql.engine.process.copies import Backend, Copier, InThread
from fql.settings.model import DeadLetters, Settings
from fql.store.opening import Place, open_letter_stream, open_letters
from fql.store.port import Store

if TYPE_CHECKING:
    from fql.nats.connection import NatsConnection


async def copier_of(
    store: Store,
    place: Place,
    settings: Settings,
    *,
    nats: Callable[[], NatsConnection],
    clock: Clock,
) -> Copier | None:
    """None where dead letters are in the store alone. To be called before this process may become
    the engine: from then on the store notes what is to be copied. Raises SettingsError,
    StoreError."""
    identity = (await store.identity()).id
    backend = await _backend(settings.webhooks.dlq, place, identity, nats)
    if backend is None:
        return None
    store.note_copies()
    return Copier(store, backend, clock)


async def _backend(
    dlq: DeadLetters, place: Place, identity: str, nats: Callable[[], NatsConnection]
) -> Backend | None:
    if dlq.enabled and dlq.backend == "nats":
        return await open_letter_stream(dlq, nats(), identity)
    work = partial(open_letters, dlq, place, identity)
    on_server = "postgresql" in (dlq.backend, place.database.kind)
    found = await asyncio.to_thread(work) if on_server else work()
    return None if found is None else InThread(found)
