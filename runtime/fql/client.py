"""A store seen from outside its engine: read runs and dead letters, hand in events and commands.

Works from any process, whether an engine runs or not. Commands are durable when a call returns; the
engine on that store carries them out, or the next one that starts.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Unpack

from fql.emitting import Emitter, active_plan, encoded, listed
from fql.engine.loop.clock import Clock, SystemClock
from fql.engine.process.arrivals.putoff import due_of
from fql.engine.process.receipts import Receipt, Taken
from fql.engine.process.refit import Refits
from fql.errors import StoreError, UsageError
from fql.exact.reading import read_json
from fql.hindsight import RUN_STATES, Hindsight, RunChoice, run_filter
from fql.letters import Choice, Marking, Replayed, Wanted, about, asked, chosen, most, number_of
from fql.looking import Looking
from fql.plan.model import Plan
from fql.settings.databases import store_at
from fql.store.choosing import LetterFilter, RunFilter
from fql.store.opening import LETTERS, SCHEMA, Place, open_store
from fql.store.plans import plan_of, require_chosen, require_pausable
from fql.store.port import Store
from fql.store.showing.shower import Shower, parted
from fql.store.shown import DeadLetter, RunShown, Trace, instant
from fql.store.works import parse_name

MOST_COMMANDS = 1_000
"""How many commands that no engine has taken are looked at."""
PATIENCE = 60.0
"""Seconds without any progress after which nobody waits for replays any more."""


class Client(Looking, Hindsight):
    """See `open_client`."""

    def __init__(self, store: Store, clock: Clock | None = None, *, by: str = "") -> None:
        super().__init__(store)
        self._by = by
        self._watching: list[int] = []
        self._clock = clock or SystemClock()
        self._shower = Shower(store)
        self._emitter = Emitter(store, self._clock, by)

    async def emit(self, envelope: Mapping[str, object]) -> Receipt:
        """Hand an event in as an `envelope` (docs/reference/events.md); durable on return. Raises
        EventRefused when the store's plan says that it does not fit, and UsageError for what JSON
        cannot hold."""
        (receipt,) = await self.emit_all([envelope])
        return receipt

    async def emit_many(self, envelopes: Iterable[Mapping[str, object]]) -> list[Taken]:
        """Hand many events in, as `envelopes`, in one commit. In the place of one that is refused
        there is what `emit` raises. Raises StoreFull, StoreError; then nothing was stored."""
        given = listed(envelopes)
        return await self._emitter.emit(given, whole=False) if given else []

    async def emit_all(self, envelopes: Iterable[Mapping[str, object]]) -> list[Receipt]:
        """Like `emit_many`, but all `envelopes` or none: raises what `emit` raises, with the number
        of the event, counted from 1."""
        given = listed(envelopes)
        taken = await self._emitter.emit(given, whole=True) if given else []
        return [one for one in taken if isinstance(one, Receipt)]

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

    async def replay(self, dlq_id: str | None = None, **wanted: Unpack[Wanted]) -> list[Replayed]:
        """Grant fresh attempts to the dead letter `dlq_id`, or to those that the words of
        `fql.letters.Wanted` choose; the DAG continues after those that succeed. Skipped are
        dead letters that are being replayed already, those that an `else` chain has handled (except
        with `force`), and those whose action the plan no longer has. Raises UsageError, and
        StoreError when `wait` waits in vain."""
        pages = self.replay_pages(() if dlq_id is None else (dlq_id,), **wanted)
        replayed = [one async for page in pages for one in page]
        if wanted.get("wait") and not wanted.get("dry_run"):
            return await self.ended(replayed)
        return replayed

    async def replay_pages(
        self, ids: Sequence[str] = (), **wanted: Unpack[Wanted]
    ) -> AsyncIterator[list[Replayed]]:
        """Replay dead letters in pages, for large numbers: those of these `ids`, or those that
        `fql.letters.Wanted` chooses; each page is marked before the next one is read. It does not
        `wait`. Raises UsageError."""
        wish = asked(ids, wanted)
        await self._check_names(wish.letters)
        plan = None if wish.original else await self.plan()
        marking = Marking(wish, plan, self._wall())
        refits = Refits((await self._store.plans())[0], plan, wish.response)
        async for page in self._shower.pages(wish.letters):
            replayed, commands = marking.of(page, await self._unfit(page, refits))
            if not wish.dry_run:
                await self._append(commands)
            yield replayed

    async def _unfit(self, page: Sequence[DeadLetter], refits: Refits) -> dict[str, str]:
        """Why some of these cannot be replayed as asked, by their ids."""
        numbers = {one.dlq_id: number_of(one.run, "run") for one in page if one.run}
        wanted = RunFilter(ids=tuple(numbers.values()), limit=len(page))
        runs = {one.run.id: one for one in await self._store.runs(wanted)} if numbers else {}
        return {
            one.dlq_id: refits.problem(runs[numbers[one.dlq_id]], one.action)
            for one in page
            if numbers.get(one.dlq_id) in runs
        }

    async def ended(self, replayed: Sequence[Replayed]) -> list[Replayed]:
        """Wait until all of `replayed`, from `replay_pages`, have ended, and return them: `state`
        is then `resolved` or `dead`. Raises StoreError when none has ended for a minute after the
        last one was due."""
        marked = {one.letter.dlq_id: one for one in replayed if not one.skipped}
        last = max((one.due for one in marked.values()), default="")
        read_again = max((one.due for one in marked.values() if one.letter.run is None), default="")
        while (instant(self._wall()) or "") < read_again:  # noqa: ASYNC110 - a time of the wall
            await asyncio.sleep(0.05)
        if not await self.wait_taken(PATIENCE):
            raise StoreError("no engine has taken the replays within a minute")
        for part in parted(tuple(marked)):
            await self._none_replaying(part, last)
        left = {letter.dlq_id: letter for letter in await self.dead_letters(ids=tuple(marked))}
        return [
            one if one.skipped else replace(one, letter=_end_of(one.letter, left))
            for one in replayed
        ]

    async def _none_replaying(self, ids: Sequence[str], last: str) -> None:
        wanted = LetterFilter(ids=tuple(ids), states=("replaying",))
        before, since = -1, self._wall()
        while left := len(await self._store.letters(wanted)):
            now = self._wall()
            if left != before or (instant(now) or "") < last:
                before, since = left, now
            if now - since > PATIENCE * 1000:
                raise StoreError("no engine has finished the replays within a minute")
            await asyncio.sleep(0.05)

    def _wall(self) -> int:
        """What the machine says: times in commands are its own, whoever carries them out."""
        return self._clock.now() + self._clock.drift()

    async def discard(self, ids: Sequence[str]) -> list[DeadLetter]:
        """Give up the dead letters of these `ids` for good; what waits after them is cancelled, and
        so is a replay that was not sent yet. Raises UsageError."""
        if not ids:
            raise UsageError("say which dead letters to discard, by their ids")
        found = await self.dead_letters(ids=ids)
        await self._append([("discard", about(letter)) for letter in found])
        return found

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

    async def watch(self) -> bool:
        """Let the engines say each second, for about ten seconds, what they do: `pulses` has it.
        Asked again while no engine has taken what this client asked before, it does nothing; the
        result is False then."""
        if self._watching and await self._store.pending(self._watching):
            return False
        self._watching = await self._append([("watch", {})])
        return True

    async def pause(self, name: str) -> None:
        """Stop sending to the endpoint, or for the observer, called `name`, until `resume`. An
        endpoint without a name is paused by its origin, such as `https://api.example.com:443`.
        Raises UsageError for a name that no plan of the store has."""
        require_pausable(await self._plans(), name)
        await self._append([("pause", {"name": name})])

    async def resume(self, name: str) -> None:
        """Undo `pause` of this `name`. Raises UsageError for a name that is not paused."""
        paused = set((await self._store.counts()).paused)
        for command in await self._store.fetch(MOST_COMMANDS, frozenset()):
            body = read_json(command.body)
            if command.kind == "pause" and isinstance(body, dict):
                paused.add(str(body.get("name")))
        if name not in paused:
            hint = f"paused are {', '.join(sorted(paused))}" if paused else "nothing is paused"
            raise UsageError(f"`{name}` is not paused", hint=hint)
        await self._append([("resume", {"name": name})])

    async def probe(self, name: str) -> None:
        """Let the endpoint called `name`, as for `pause`, be tried now although its circuit is
        open. Raises UsageError for a name that no plan of the store has."""
        require_pausable(await self._plans(), name)
        await self._append([("probe", {"name": name})])

    async def seal(self, observer: str, action: str) -> None:
        """Let what is collected for the batch of an `action` of an `observer` be sent now, however
        little it is. Raises UsageError for names that no plan of the store has."""
        await self._check_names(LetterFilter(observer=observer, action=action))
        await self._append([("seal", {"name": observer, "node": action})])

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

    async def plan(self) -> Plan | None:
        """The plan that is active in the store, or None before the first engine."""
        return await active_plan(self._store)

    async def _plans(self) -> list[Plan]:
        """All plans that are in use; none before the first engine."""
        stored, _ = await self._store.plans()
        return [plan_of(each) for each in stored if each.blob]

    async def _check_names(self, wanted: LetterFilter) -> None:
        if wanted.observer is not None or wanted.action is not None:
            require_chosen(await self._plans(), wanted)

    async def wait_taken(self, timeout: float = 10.0) -> bool:  # noqa: ASYNC109
        """Wait, at most `timeout` seconds, until an engine has taken all commands that are in the
        inbox now and whose time has come."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout
        now = self._wall()
        entries = await self._store.fetch(MOST_COMMANDS, frozenset())
        ids = [one.id for one in entries if due_of(one) <= now]
        while ids and await self._store.pending(ids):
            if loop.time() > end:
                return False
            await asyncio.sleep(0.02)
        return True

    async def _append(self, commands: Sequence[tuple[str, Mapping[str, object]]]) -> list[int]:
        if not commands:
            return []
        written = [(kind, encoded(body)) for kind, body in commands]
        return await self._store.append(written, self._wall(), self._by)


@asynccontextmanager
async def open_client(
    store_url: str,
    *,
    dlq_table: str = LETTERS,
    schema: str = SCHEMA,
    by: str = "",
    credentials: str = "",
) -> AsyncIterator[Client]:
    """A client of a store: `async with open_client("sqlite:///fql.db") as client`.

    `store_url` is the URL of the store; `dlq_table` the table or view of dead letters, as
    `[webhooks.dlq] table` names it; `schema` that of a store on PostgreSQL (`[store] schema`), and
    for one in NATS `fql_` and the project; `credentials` are those of a store in NATS, a file or
    what is in it; `by` says who asks, and is stored with each command. Raises SettingsError for an
    invalid URL, and StoreError.
    """
    store = open_store(
        Place(store_at(store_url).url, dlq_table, schema, credentials), upgrades=False
    )
    await store.open()
    try:
        yield Client(store, by=by)
    finally:
        await store.close()


def _end_of(letter: DeadLetter, left: Mapping[str, DeadLetter]) -> DeadLetter:
    return left.get(letter.dlq_id) or replace(letter, state="resolved")


__all__ = ["RUN_STATES", "Client", "Replayed", "open_client"]
