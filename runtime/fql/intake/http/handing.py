"""From a whole request to its answer: its events are read, handed in, and told of."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from fql.errors import StoreError
from fql.events.intake import EventMisfit, UnknownEntity
from fql.intake.http.answers import Answer, Detail, accepted, refusal
from fql.intake.http.complaints import Complaints
from fql.intake.http.reading import Batch, events_of
from fql.intake.http.wire import Request, Room
from fql.intake.port import Accepted, NotTaken, Taker

SMALL = 16_384
"""Bytes of a body that is read at once. Larger ones are read on a thread, one after the other, so
that others have their turn however many come."""
PATIENCE = 10.0
"""Seconds for the store to take what was handed in."""
LATE = refusal(
    503, "the store has not taken this yet, and may still do so",
    hint="repeat it with the same key: if it was stored, that is acknowledged",
)  # fmt: skip


class Handing:
    """Hands the events of requests to a `taker`. `room` is the memory that their bodies take."""

    def __init__(self, taker: Taker, room: Room, complaints: Complaints) -> None:
        self._taker = taker
        self._room = room
        self._complaints = complaints
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="fql-intake")
        self._under_way: set[asyncio.Task[list[Accepted]]] = set()

    async def answer(self, request: Request) -> Answer:
        """What becomes of a request that was let in."""
        body = bytes(request.body)
        if len(body) > SMALL:
            loop = asyncio.get_running_loop()
            batch = await loop.run_in_executor(self._thread, events_of, request.headers, body)
        else:
            batch = events_of(request.headers, body)
        return batch if isinstance(batch, Answer) else await self._taken(request, batch)

    async def close(self) -> None:
        """Wait for nothing any more."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _taken(self, request: Request, batch: Batch) -> Answer:
        task = asyncio.get_running_loop().create_task(self._taker.take(batch.envelopes))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        done, _ = await asyncio.wait({task}, timeout=PATIENCE)
        if not done:
            held, request.taken = request.taken, 0  # it is in memory until its end is known
            task.add_done_callback(partial(self._late, held))
            return LATE
        try:
            return self._receipts(batch, task.result())
        except NotTaken as problem:
            return _misfit(batch, problem)
        except StoreError as problem:
            return refusal(503, problem.message, hint=problem.hint)

    def _late(self, held: int, task: asyncio.Task[list[Accepted]]) -> None:
        self._room.give_back(held)
        if not task.cancelled():
            task.exception()  # whoever sent this was told that its end is not known

    def _receipts(self, batch: Batch, found: list[Accepted]) -> Answer:
        if any(one.conflict for one in found):
            self._complaints.note(200, "a known key came with other values; the first ones count")
        status = 200 if all(one.duplicate for one in found) else 202
        shown = [_shown(one) for one in found]
        return accepted(status, shown[0] if batch.single else {"receipts": shown})


def _shown(one: Accepted) -> Mapping[str, object]:
    receipt: dict[str, object] = {
        "id": one.id, "event_id": one.event_id, "runs": list(one.runs), "duplicate": one.duplicate,
    }  # fmt: skip
    return receipt | ({"conflict": True} if one.conflict else {})


def _misfit(batch: Batch, problem: NotTaken) -> Answer:
    """The caller hears what came, the log does not."""
    reason = problem.reason
    line = 0 if batch.single else batch.lines[problem.number]
    details: tuple[Detail, ...] = ()
    why = "an event does not fit"
    if isinstance(reason, EventMisfit):
        details = tuple(Detail(one.path, one.expected, one.came) for one in reason.problems)
        why = "; ".join(one.bare for one in reason.problems)
    elif isinstance(reason, UnknownEntity):
        details = (Detail("entity", "the name of an entity of the plan", reason.entity),)
        why = "the plan has no such entity"
    return refusal(422, reason.message, hint=reason.hint, line=line, details=details, why=why)
