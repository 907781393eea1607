"""Replay from a script: `fql.webhooks.replay_dlq`, which finds the store by itself and blocks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Unpack

from fql.client import open_client
from fql.errors import UsageError
from fql.exact.reading import read_object
from fql.exact.writing import write_json
from fql.letters import Replayed, Wanted, asked
from fql.store.opening import (
    Place,
    current_store,
    place_of,
    require_store,
    store_of_settings_file,
)

__all__ = ["replay_dlq"]


def replay_dlq(
    dlq_id: str | None = None, *, store: str | None = None, **wanted: Unpack[Wanted]
) -> list[dict[str, object]]:
    """Mark dead letters to be sent again, by id (`dlq_id`), time or filter, or all of them; returns
    the entries it marked.

    Blocks. Takes what `Runtime.replay` takes: `failed_after`, `failed_before`, `filter`, `limit`,
    `all`, `delay`, `rate`, `plan`, `response`, `force`, `dry_run`, `wait` (see
    `fql.letters.Wanted`). With `wait` the `state` of each entry is `resolved` or `dead`. Without
    `store` it is that of the runtime in this process, or of the nearest `fql.toml` upwards. Raises
    UsageError, also if the dead letter `dlq_id` cannot be replayed, and StoreError.
    """
    asked(() if dlq_id is None else (dlq_id,), wanted)
    _refuse_on_a_loop()
    found = current_store() if store is None else place_of(store)
    place = found or store_of_settings_file()
    require_store(place)
    replayed = asyncio.run(_replayed(place, dlq_id, wanted))
    for one in replayed:
        if dlq_id is not None and one.skipped and one.letter.state == "dead":
            raise UsageError(f"{dlq_id} cannot be replayed: {one.skipped}")
    return [_plain(one.as_json()) for one in replayed if not one.skipped]


async def _replayed(place: Place, dlq_id: str | None, wanted: Wanted) -> list[Replayed]:
    opened = open_client(
        place.url, dlq_table=place.letters, schema=place.schema, credentials=place.credentials
    )
    async with opened as client:
        return await client.replay(dlq_id, **wanted)


def _refuse_on_a_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise UsageError(
        "replay_dlq blocks, and was called inside an event loop",
        hint="use `await runtime.replay(...)` there, or `asyncio.to_thread(replay_dlq, ...)`",
    )


def _plain(entry: Mapping[str, object]) -> dict[str, object]:
    """Values that `json.dumps` takes."""
    return read_object(write_json(entry), floats=True)
