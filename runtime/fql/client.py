"""A store seen from outside its engine: read runs and dead letters, hand in events and commands.

Works from any process, whether an engine runs or not. Commands are durable when a call returns; the
engine on that store carries them out, or the next one that starts.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Unpack

from fql.engine.loop.clock import Clock
from fql.errors import FqlError, UsageError
from fql.hindsight import RUN_STATES, Hindsight, RunChoice, run_filter
from fql.letters import Choice, Replayed, chosen, most, number_of
from fql.replaying import Replaying
from fql.settings.databases import store_at
from fql.store.choosing import LetterFilter, LetterGroup, RunFilter, grouped
from fql.store.opening import LETTERS, SCHEMA, Place, open_store
from fql.store.port import Store
from fql.store.shown import DeadLetter, RunShown, Trace
from fql.store.works import parse_name

if TYPE_CHECKING:
    from fql.emitting import Emitter
    from fql.engine.process.receipts import Receipt, Taken


class Client(Replaying, Hindsight):
    """See `open_client`."""

    def __init__(self, store: Store, clock: Clock | None = None, *, by: str = "") -> None:
        super().__init__(store, clock, by=by)
        self._hands_in: Emitter | None = None

    async def emit(self, envelope: Mapping[str, object]) -> Receipt:
        """Hand an event in as an `envelope` (docs/reference/events.md); durable on return. Raises
        EventRefused when the store's plan says that it does not fit, and UsageError for what JSON
        cannot hold."""
        (receipt,) = await self.emit_all([envelope])
        return receipt

    async def emit_many(self, envelopes: Iterable[Mapping[str, object]]) -> list[Taken]:
        """Hand many events in, as `envelopes`, in one commit. In the place of one that is refused
        there is what `emit` raises. Raises StoreFull, StoreError; then nothing was stored."""
        return await self._emitter().emit(envelopes, whole=False)

    async def emit_all(self, envelopes: Iterable[Mapping[str, object]]) -> list[Receipt]:
        """Like `emit_many`, but all `envelopes` or none: raises what `emit` raises, with the number
        of the event, counted from 1."""
        taken = await self._emitter().emit(envelopes, whole=True)
        return [one for one in taken if not isinstance(one, FqlError)]

    def _emitter(self) -> Emitter:
        """Made at its first use: it checks events, which takes all that plans are made of."""
        if self._hands_in is None:
            from fql.emitting import Emitter

            self._hands_in = Emitter(self._store, self._clock, self._by)
        return self._hands_in

    async def runs(self, **choice: Unpack[RunChoice]) -> list[RunShown]:
        """Runs, newest first: all, or those that `fql.looking.RunChoice` describes. Raises
        UsageError for an invalid id, observer, state, row or time."""
        wanted = run_filter(choice)
        if wanted.observer is not None:
            await self._check_names(LetterFilter(observer=wanted.observer))
        return await self._shower.runs(await self._store.runs(wanted))

    async def dead_letters(
        self, *, ids: Sequence[str] = (), **choice: Unpack[Choice]
    ) -> list[DeadLetter]:
        """Dead letters, newest first: those of these `ids`, or all that `fql.letters.Choice`
        describes. Raises UsageError for an invalid choice."""
        pages = self.dead_letter_pages(ids=ids, **choice)
        return [letter async for page in pages for letter in page]

    async def dead_letter_pages(
        self, *, ids: Sequence[str] = (), **choice: Unpack[Choice]
    ) -> AsyncIterator[list[DeadLetter]]:
        """Dead letters in pages, for large numbers: they are never all in memory. `ids` and
        `fql.letters.Choice` mean the same as in `dead_letters`. Raises UsageError."""
        wanted = chosen(ids, choice)
        await self._check_names(wanted)
        async for page in self._shower.pages(wanted):
            yield page

    async def dead_letters_after(
        self, last: tuple[int, str] | None, size: int, **choice: Unpack[Choice]
    ) -> list[DeadLetter]:
        """A page of at most `size` of what `fql.letters.Choice` describes, newest first: the first
        one, or that after `last`, the milliseconds since 1970 and the id of the last one seen.
        Raises UsageError for an invalid choice."""
        wanted = chosen((), choice)
        await self._check_names(wanted)
        rows = await self._store.letters(replace(wanted, below=last, limit=most(size)))
        return await self._shower.letters(rows)

    async def dead_letter(self, dlq_id: str) -> DeadLetter | None:
        """The dead letter with the id `dlq_id`, or None. Raises UsageError for an invalid id."""
        found = await self.dead_letters(ids=[dlq_id])
        return found[0] if found else None

    async def discard(self, ids: Sequence[str] = (), **choice: Unpack[Choice]) -> list[DeadLetter]:
        """Give up dead letters for good: those of these `ids`, or all that `fql.letters.Choice`
        describes; what waits after them is cancelled, and so is a replay that was not sent yet.
        Raises UsageError, also where nothing is chosen."""
        from fql.engine.process.replays.marking import about

        wanted = chosen(ids, choice)
        if wanted == LetterFilter(limit=wanted.limit):
            raise UsageError(
                "say which dead letters to discard: by id, by time or by a filter",
                hint="there is no way back, so all of them are never meant by saying nothing",
            )
        await self._check_names(wanted)
        gone: list[DeadLetter] = []
        async for rows in self._shower.row_pages(wanted):
            await self._append([("discard", about(row)) for row in rows])
            gone += await self._shower.letters(rows)
        return gone

    async def dead_letter_groups(self, **choice: Unpack[Choice]) -> list[LetterGroup]:
        """How many dead letters there are by observer, action and class: of all, or of those that
        `fql.letters.Choice` describes, which are read for it. Raises UsageError for an invalid
        choice."""
        wanted = chosen((), choice)
        if wanted == LetterFilter():
            return await super().dead_letter_groups()
        await self._check_names(wanted)
        return grouped([row async for page in self._shower.row_pages(wanted) for row in page])

    async def cancel(self, *, run: str | None = None, observer: str | None = None) -> list[str]:
        """Stop one `run`, by its id, or all open and dead runs of an `observer`; returns their ids,
        none where all have ended. Raises UsageError for a run that the store does not have."""
        if (run is None) == (observer is None):
            raise UsageError("give either a run or an observer to cancel")
        ids = [run] if run is not None else []
        shown = await self.runs(ids=ids, observer=observer, limit=100_000)
        if run is not None and not shown:
            raise UsageError(f"there is no run {run} in this store", hint="see `fqlc runs`")
        names = [one.run for one in shown if one.state in ("open", "dead")]
        await self._append([("cancel", {"run": number_of(name, "run")}) for name in names])
        return names

    async def resend(self, run: str, *, action: str = "", new_key: bool = False) -> None:
        """Send the finished actions of a `run`, given by its id, once more, or only `action`;
        under the same idempotency key unless `new_key` is True. Raises UsageError for a run or an
        action that does not exist."""
        salt = uuid.uuid4().hex if new_key else ""
        found = await self.runs(ids=[run])
        if not found:
            raise UsageError(f"there is no run {run} in this store", hint="see `fqlc runs`")
        names = [str(node["name"]) for node in found[0].nodes]
        if action and action not in names:
            raise UsageError(f"{run} has no action `{action}`", hint=f"it has {', '.join(names)}")
        body = {"run": number_of(run, "run"), "node": action, "new_key": salt}
        await self._append([("resend", body)])

    async def trace(self, name: str) -> Trace:
        """The story of an event or a run; `name` is its id, or that of an event's receipt. Raises
        UsageError for an empty one."""
        if not name:
            raise UsageError("give the id of an event or a run", hint="see `fqlc runs`")
        number = parse_name(name)
        if name.startswith("run_") and number is not None:
            wanted = RunFilter(ids=(number,))
        else:
            wanted = RunFilter(event=number, event_id=None if number is not None else name)
        return await self._shower.trace(name, await self._store.runs(wanted))


@asynccontextmanager
async def open_client(
    store_url: str,
    *,
    dlq_table: str = LETTERS,
    schema: str = SCHEMA,
    by: str = "",
    credentials: str = "",
    within: float = 0.0,
) -> AsyncIterator[Client]:
    """A client of a store: `async with open_client("sqlite:///fql.db") as client`.

    `store_url` is the URL of the store; `dlq_table` the table or view of dead letters, as
    `[webhooks.dlq] table` names it; `schema` that of a store on PostgreSQL (`[store] schema`), and
    for one in NATS `fql_` and the project; `credentials` are those of a store in NATS, a file or
    what is in it; `by` says who asks, and is stored with each command; `within` are the seconds
    that a question to the store may take before StoreSlow is raised, 0 for as long as it takes.
    Raises SettingsError for an invalid URL, and StoreError.
    """
    store = open_store(
        Place(store_at(store_url).url, dlq_table, schema, credentials),
        upgrades=False, within=within,
    )  # fmt: skip
    await store.open()
    try:
        yield Client(store, by=by)
    finally:
        await store.close()


__all__ = ["RUN_STATES", "Client", "Replayed", "open_client"]
