"""`fql.Runtime`: engine, store, sources and actions joined, started and ended together."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self, Unpack

from fql.actions.calls.functions import Function
from fql.actions.calls.kind import ActionKind
from fql.app.copying import copier_of
from fql.app.handing import Handing
from fql.app.planning import Planning
from fql.app.sending import Sending
from fql.app.watching import watch_of, watched_of
from fql.client import Client
from fql.engine.loop.clock import Clock, SystemClock
from fql.engine.loop.engine import Engine
from fql.engine.loop.settings import loop_settings
from fql.engine.process.calls import envelope_of
from fql.engine.process.copies import Copier
from fql.engine.process.housekeeping import Housekeeper, retention_of
from fql.engine.process.leading import Leading
from fql.engine.process.receipts import Receipt, Summary, Taken, summary_of
from fql.engine.process.season import Season
from fql.engine.process.wait import seconds
from fql.engine.program.specs import ActionFactory
from fql.errors import StoreLocked, UsageError
from fql.intake.opening import entrances_of, sources_of
from fql.intake.port import Source
from fql.letters import Replayed, Wanted
from fql.observe.events import Listener
from fql.observe.labels import Labels
from fql.observe.logs import LogListener, logger
from fql.plan.model import Plan
from fql.plan.stored.codec import is_loaded
from fql.settings.files import given_settings
from fql.settings.model import Settings
from fql.store.opening import note_store, open_store, store_of
from fql.store.port import Store


class Runtime:
    """A plan at work on a store: `async with Runtime(plan) as runtime`.

    `plan` says what is to happen, `settings` is the path of `fql.toml`, or what `load_settings`
    returns. `store` is a URL or a store; without it the one of `settings` is used. `environment`
    supplies the values of `${NAME}` (by default the process's). A runtime that finds the store in
    use by another process hands its events to that one and takes over when it ends; with
    `takes_over=False` it raises StoreLocked instead.

    `sources` are read besides those of the settings. `calls` are the functions for the plan's
    `call` actions, by name: one that is not async runs in a thread. `actions` make what is sent (by
    default each kind as it is), `listeners` hear of what happens (by default the log does), and
    `clock` tells the time: three places where tests put their own.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        store: str | Store | None = None,
        settings: Settings | str | Path | None = None,
        environment: Mapping[str, str] | None = None,
        sources: Sequence[Source] = (),
        calls: Mapping[str, Function | ActionKind] | None = None,
        actions: ActionFactory | None = None,
        listeners: Sequence[Listener] | None = None,
        clock: Clock | None = None,
        takes_over: bool = True,
    ) -> None:
        self._given = is_loaded(plan)
        self._settings, self._environment = given_settings(settings, environment)
        self._exits = AsyncExitStack()
        self._given_store, self._place = store_of(store, self._settings)
        self._labels = Labels()
        self._sending = Sending(
            self._settings, self._environment, self._labels, calls=calls or {}, actions=actions
        )
        self._sources = (*sources_of(self._settings, self._sending.nats), *sources)
        self._entrances = entrances_of(self._settings)
        own = (LogListener(label=self._labels),)
        self._listeners = own if listeners is None else tuple(listeners)
        self._clock = clock or SystemClock()
        self._takes_over = takes_over
        self._season = Season()
        self._elsewhere = Summary()
        self._client: Client | None = None
        self._leading: Leading | None = None
        self._copies: Copier | None = None

    # Start and end.

    async def __aenter__(self) -> Self:
        """Start. A start that fails leaves nothing behind. Raises MissingSecrets, SettingsError
        (also when `calls` lacks a function that the plan calls), StoreError, StoreLocked, and
        UsageError for a runtime that has been started before."""
        self._season.begin()
        try:
            await self._start()
        except BaseException:
            await self._exits.aclose()
            self._season.undo()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Drain: requests on the wire end, the rest stays stored. When cancelled, it ends at once.
        In a forked child there is nothing to end: the runtime is its parent's."""
        if self._season.is_inherited():
            return
        self._season.check()
        self._watched.draining = True
        await self._exits.aclose()

    async def _start(self) -> None:
        """Each thing that starts is followed by how it ends; they end in reverse."""
        exits = self._exits
        self._store = self._given_store or open_store(self._place)
        self._watched = watched_of(
            self._store, (*self._sources, *self._entrances), self._settings,
            clock=self._clock, label=self._labels,
        )  # fmt: skip
        self._observed = watch_of(self._watched, self._settings, self._given)
        self._sending.open(self._observed)
        exits.push_async_callback(self._sending.close)
        self._planning = Planning(
            self._given, self._sending, self._store, environment=self._environment,
            observed=self._observed, clock=self._clock,
        )  # fmt: skip
        exits.push_async_callback(self._store.close)
        await self._store.open()
        self._copies = await copier_of(
            self._store, self._place, self._settings, nats=self._sending.nats, clock=self._clock
        )
        exits.push_async_callback(self._observed.stop)
        for source in self._watched.sources:
            exits.push_async_callback(source.close)
        self._client = Client(self._store, self._clock)
        self._leading = self._prepared()
        self._handing = Handing(
            self._store, self._clock, self._client,
            here=self._here, observed=self._observed, dispatch=self._settings.webhooks.dispatch,
        )  # fmt: skip
        exits.callback(self._season.end)
        exits.push_async_callback(self._leading.abandon)
        exits.push_async_callback(self._leading.stop)
        await self._lead(self._leading)
        note_store(self._place, used=True)
        exits.callback(note_store, self._place, used=False)
        await self._observed.start()

    async def _lead(self, leading: Leading) -> None:
        try:
            await leading.lead()
        except StoreLocked as locked:
            if not self._takes_over:
                raise
            logger.warning("%s; events are handed to it", locked.message)
            leading.lead_later()

    def _prepared(self) -> Leading:
        return Leading(
            self._store,
            self._clock,
            self._sources,
            self._entrances,
            plan=lambda: self._planning.plan,
            prepare=self._planning.choose,
            make_engine=self._made_engine,
            make_keeper=self._made_keeper,
            copies=self._copies,
            watched=self._watched,
        )

    def _made_engine(self) -> Engine:
        return Engine(
            self._store,
            self._planning.program,
            clock=self._clock,
            plans=lambda stored: self._sending.stored_programs(stored, self.plan),
            adopt=lambda short: self._planning.adopt(short, self._here()),
            settings=loop_settings(self._settings, str(os.getpid())),
            listeners=self._all_listeners(),
            stamp=None if self._observed.tracing is None else self._observed.tracing.stamp,
            present=self._watched.present,
        )

    def _made_keeper(self, engine: Engine) -> Housekeeper:
        kept, listeners = retention_of(self._settings), self._all_listeners()
        parts = (kept, self._clock, listeners, engine.order)
        return Housekeeper(self._store, *parts, owns=engine.owns)

    def _all_listeners(self) -> tuple[Listener, ...]:
        own = () if self._copies is None else (self._copies,)
        return (*self._listeners, *self._observed.listeners, *own)

    # Events.

    async def emit(
        self,
        event: str,
        *,
        new: Mapping[str, object] | None = None,
        old: Mapping[str, object] | None = None,
        key: str | None = None,
        id: str | None = None,  # noqa: A002 - the name of the envelope
        timestamp: str | None = None,
        context: Mapping[str, str] | None = None,
    ) -> Receipt:
        """Accept an `event` such as `"Order.insert"`; it is durable on return.

        `new` and `old` are its rows by field name: an insert has `new`, a delete `old`, an update
        both where observers need the old one. `timestamp` is RFC 3339, now by default; `context`
        holds texts by name. `key` (without one, `id`) makes a repeated call harmless. Raises
        EventRefused when it does not fit its entity, StoreFull, StoreError; then nothing of it was
        stored.
        """
        given = {
            "new": new, "old": old, "key": key, "id": id, "timestamp": timestamp,
            "context": context or None,
        }  # fmt: skip
        return await self.emit_envelope(envelope_of(event, given))

    async def emit_envelope(self, envelope: Mapping[str, object]) -> Receipt:
        """Like `emit`, for a whole `envelope` (docs/reference/events.md). Raises what it raises."""
        engine = self._here().engine
        return await self._handing.one(engine, envelope)

    async def emit_many(self, envelopes: Iterable[Mapping[str, object]]) -> list[Taken]:
        """Accept many events, as `envelopes`, in one commit. In the place of one that is refused
        there is its error, such as EventRefused; the others are durable on return. Raises
        StoreFull, StoreError; then nothing was stored."""
        engine = self._here().engine
        return await self._handing.many(engine, envelopes)

    def _here(self) -> Leading:
        """What works here. Raises UsageError out of season."""
        self._season.check()
        assert self._leading is not None  # noqa: S101 - it was started
        return self._leading

    async def wait(self, receipt: Receipt, timeout: float | None = None) -> Receipt:  # noqa: ASYNC109
        """Wait until the runs of the event of a `receipt` have ended, at most `timeout` seconds;
        the returned receipt says whether they did, and how. Where another process is the engine,
        the event is followed there: raises EventRefused when it was refused. Raises StoreError,
        UsageError."""
        self._here()
        return await self._handing.wait(receipt, timeout)

    @property
    def client(self) -> Client:
        """The store as any other process sees it: runs, dead letters, commands. Raises UsageError
        before the start."""
        if self._client is None:
            raise UsageError("this runtime has not been started", hint="use `async with`")
        return self._client

    @property
    def plan(self) -> Plan:
        """The plan that it works by: on a shared store, the one that is active there."""
        self._here()
        return self._planning.plan

    @property
    def _engine(self) -> Engine | None:
        return None if self._leading is None else self._leading.engine

    @property
    def leads(self) -> bool:
        """Whether this process is the engine of its store; otherwise another one is."""
        return self._engine is not None

    @property
    def engine(self) -> Engine:
        """The engine, once this process is it. Raises UsageError before."""
        engine = self._engine
        if engine is None:
            raise UsageError("this runtime is not the engine of its store")
        return engine

    async def until_idle(self, timeout: float | None = None) -> Summary:  # noqa: ASYNC109
        """Wait until every source has ended or was found empty twice, a second apart, and nothing
        is ready, armed, scheduled or buffered; at most `timeout` seconds. Where another process is
        the engine: until it has taken what is in the inbox, and no run is open. Raises
        WorkBlocked when open runs cannot go on."""
        leading = self._here()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds(timeout)):
                await leading.idle()
        if leading.engine is None:
            self._elsewhere = Summary(left=await leading.left_elsewhere())
        return self.status()

    async def failed(self) -> None:
        """Wait forever, or raise what stopped the engine or a source."""
        while True:
            self._here().raise_trouble()
            await asyncio.sleep(0.1)

    async def reload(self, plan: Plan, *, settings: Settings | None = None) -> None:
        """Use another plan from the next commit on; open runs finish on the plan they started on.
        On a store that engines share, all of them do.
        Environment and sources follow, all or nothing: raises MissingSecrets, and SettingsError,
        also when the triggers of a source do not supply what the plan needs. Of new `settings`,
        `[egress]` and the tokens of HTTP sources take effect; everything else needs a restart."""
        here = self._here()
        await self._planning.change(is_loaded(plan), here)
        if settings is not None:
            self._sending.follow(settings)
            for entrance in self._entrances:
                entrance.follow(settings)

    async def prune(self) -> int:
        """Remove now what retention no longer keeps, as happens every few seconds anyway;
        returns how many runs, event keys and dead letters that were."""
        return await self._here().prune()

    async def replay(self, dlq_id: str | None = None, **wanted: Unpack[Wanted]) -> list[Replayed]:
        """Replay dead letters of this store, by id (`dlq_id`), time or filter, or all of them: see
        `fql.letters.Wanted`, whose words `replay_dlq` and `fqlc dlq replay` take as well. Returns
        what becomes of each. Raises UsageError, StoreError."""
        leading = self._here()
        replayed = await self.client.replay(dlq_id, **wanted)
        await leading.obey()
        return replayed

    @property
    def metrics_port(self) -> int:
        """Where metrics, `/health` and `/ready` are served; 0 where they are not."""
        return 0 if self._leading is None else self._observed.port

    def status(self) -> Summary:
        """Numbers since the start; after the end, the last ones. Where another process is the
        engine, they are kept there: here there is only the number of open runs that `until_idle`
        saw last."""
        engine = self._engine
        return self._elsewhere if engine is None else summary_of(engine.state.tally)


__all__ = ["Runtime"]
