"""Replay from a script: `fql.webhooks.replay_dlq`, which finds the store by itself and blocks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Literal, TypeVar

from fql.client import Client, Replayed, open_client
from fql.errors import StoreError, UsageError
from fql.exact.reading import read_object
from fql.exact.writing import write_json
from fql.plan.units import parse_duration
from fql.store.opening import Place, current_store, place_of, store_of_settings_file
from fql.store.shown import DeadLetter

__all__ = ["replay_dlq"]

T = TypeVar("T")


def replay_dlq(
    dlq_id: str | None = None,
    *,
    failed_after: str | date | None = None,
    failed_before: str | date | None = None,
    filter: Mapping[str, str] | None = None,  # noqa: A002 - the promised name
    delay: str | float | None = None,
    rate: float | None = None,
    limit: int | None = None,
    dry_run: bool = False,
    wait: bool = False,
    store: str | None = None,
    plan: Literal["active", "original"] = "active",
    response: object = None,
    force: bool = False,
) -> list[dict[str, object]]:
    """Mark dead letters to be sent again, by id or by filter; returns the entries it marked.

    Blocks. `failed_after` and `failed_before` are dates or times, UTC without an offset. `filter`
    knows `observer`, `action`, `class` and `batch`. `delay` is a duration such as `"30s"` or
    seconds; `rate` is replays a second; `plan` "original" renders as then. `response` supplies the
    answer without sending. `force` replays also what an `else` chain took over. `wait` waits for
    the ends: `state` of each entry is then `resolved` or `dead`. Without `store` the runtime of
    this process is used, else the `fql.toml` found upwards. Raises UsageError, StoreError.
    """
    place = place_of(store) if store else current_store() or store_of_settings_file()
    wanted = _wanted(dlq_id, failed_after, failed_before, filter or {}, limit)
    later = _delay(delay)
    if rate is not None and not rate > 0:
        raise UsageError(f"rate is replays a second and more than 0, not {rate!r}")
    if plan not in ("active", "original"):
        raise UsageError(f'plan is "active" or "original", not {plan!r}')

    async def work(client: Client) -> list[dict[str, object]]:
        found = await client.dead_letters(**wanted)
        replayed = await client.replay(
            found, delay_ms=later, rate=rate, dry_run=dry_run,
            original=plan == "original", response=response, force=force,
        )  # fmt: skip
        _refuse(dlq_id, replayed)
        marked = {one.letter.dlq_id: one.as_json() for one in replayed if not one.skipped}
        if wait and not dry_run:
            left = await _ended(client, list(marked))
            for name, entry in marked.items():
                entry.update(left[name].as_json() if name in left else {"state": "resolved"})
        return [_plain(entry) for entry in marked.values()]

    return _blocking(place, work)


def _plain(entry: dict[str, object]) -> dict[str, object]:
    """Values that `json.dumps` takes."""
    return read_object(write_json(entry), floats=True)


def _refuse(dlq_id: str | None, replayed: Sequence[Replayed]) -> None:
    """One that was asked for by name and cannot be replayed is an error, not a silence."""
    for one in replayed:
        if dlq_id is not None and one.skipped and one.letter.state == "dead":
            raise UsageError(f"{dlq_id} cannot be replayed: {one.skipped}")


def _blocking(place: Place, work: Callable[[Client], Awaitable[T]]) -> T:
    async def within() -> T:
        async with open_client(place.url, dlq_table=place.letters) as client:
            return await work(client)

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(within())
    raise UsageError(
        "replay_dlq blocks, and was called inside an event loop",
        hint="use `await runtime.replay(...)` there, or `asyncio.to_thread(replay_dlq, ...)`",
    )


def _wanted(
    dlq_id: str | None,
    failed_after: str | date | None,
    failed_before: str | date | None,
    chosen: Mapping[str, str],
    limit: int | None,
) -> dict[str, Any]:
    unknown = set(chosen) - {"observer", "action", "class", "batch"}
    if unknown:
        raise UsageError(f"a filter knows observer, action, class and batch, not {min(unknown)!r}")
    if limit is not None and limit < 1:
        raise UsageError(f"limit is at least 1, not {limit!r}")
    if dlq_id is None and not (failed_after or failed_before or chosen):
        raise UsageError("say what to replay: dlq_id, failed_after, failed_before or filter")
    return {
        "ids": [dlq_id] if dlq_id else [],
        "observer": chosen.get("observer"),
        "action": chosen.get("action"),
        "error_class": chosen.get("class"),
        "batch": chosen.get("batch"),
        "failed_after": _instant(failed_after),
        "failed_before": _instant(failed_before),
        "limit": limit,
    }


def _instant(text: str | date | None) -> datetime | None:
    """A date or date and time; without an offset it is UTC."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError as problem:
        raise UsageError(
            f"{text!r} is not a date or time such as 2026-03-02T14:00:00Z"
        ) from problem
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _delay(delay: str | float | None) -> int:
    """Milliseconds of a duration such as "30s", or of seconds."""
    if delay is None:
        return 0
    if not isinstance(delay, str):
        return int(delay * 1000)
    try:
        return parse_duration(delay)
    except ValueError as problem:
        raise UsageError(str(problem)) from problem


async def _ended(client: Client, ids: Sequence[str]) -> dict[str, DeadLetter]:
    """Until none of these waits or is being replayed; gives those that are dead again. Raises
    StoreError after a minute."""
    loop = asyncio.get_running_loop()
    end = loop.time() + 60
    await client.wait_taken(60)
    while ids:
        left = await client.dead_letters(ids=ids)
        if all(one.state != "replaying" for one in left):
            return {one.dlq_id: one for one in left}
        if loop.time() > end:
            raise StoreError("no engine has ended the replays within a minute")
        await asyncio.sleep(0.05)
    return {}
