"""The composition root: the one file that joins engine and adapters."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from fql.actions.receivers import ALLOWED_IN_TESTS
from fql.client import Client, Replayed
from fql.engine.build import ActionFactory, build_program
from fql.engine.checks import Origin, check
from fql.engine.clock import Clock, SystemClock
from fql.engine.copies import Copier
from fql.engine.feeds import Feed, require_old_values
from fql.engine.gauges import Watched
from fql.engine.housekeeping import Housekeeper, retention_of
from fql.engine.inbox import Inbox
from fql.engine.inputs import CoreSettings
from fql.engine.keys import parse_name
from fql.engine.loop import Engine, LoopSettings
from fql.engine.programs import Program
from fql.engine.receipts import Receipt, Summary, receipt_of
from fql.errors import (
    EventRefused,
    FqlError,
    MissingSecrets,
    SettingsError,
    StoreLocked,
    UsageError,
)
from fql.intake.port import Source
from fql.observe.events import EventsTaken, Listener
from fql.observe.labels import Labels
from fql.observe.logs import LogListener, logger
from fql.observe.watch import Watch
from fql.plan.codec import read_plan
from fql.plan.model import Plan
from fql.plan.settings_model import Settings
from fql.store.letter_files import LetterFile, Removed
from fql.store.opening import note_store, open_store
from fql.store.port import Store
from fql.store.records import RunFilter, StoredPlan

EVENTS = {"insert", "update", "delete"}
TAKE_OVER_EVERY = 1.0


class Runtime:
    """A plan at work on a store: `async with Runtime(plan) as runtime`.

    `store` is a URL or a store; without it the one of `settings` is used. `environment` supplies
    the values of `${NAME}` (by default the process's). A runtime that finds the store in use by
    another process hands its events to that one and takes over when it ends; with
    `takes_over=False` it raises StoreLocked instead.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        store: str | Store | None = None,
        settings: Settings | None = None,
        environment: Mapping[str, str] | None = None,
        sources: Sequence[Source] = (),
        actions: ActionFactory | None = None,
        listeners: Sequence[Listener] | None = None,
        clock: Clock | None = None,
        takes_over: bool = True,
    ) -> None:
        self._plan = plan
        self._settings = settings or Settings()
        self._url = store if isinstance(store, str) else self._settings.store.url
        self._given_store = None if store is None or isinstance(store, str) else store
        self._environment = environment
        self._sources = tuple(sources)
        self._actions = actions
        self._allowed_in_tests = ALLOWED_IN_TESTS.get()
        self._listeners = (LogListener(),) if listeners is None else tuple(listeners)
        self._clock = clock or SystemClock()
        self._takes_over = takes_over
        self._process = 0
        self._ended = False
        self._incarnation = ""
        self._position = 0
        self._engine: Engine | None = None
        self._feeds: list[Feed] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._inbox: Inbox | None = None
        self._copies: Copier | None = None
        self._last: Summary = Summary()

    # Start and end.

    async def __aenter__(self) -> Self:
        """Start. Raises MissingSecrets, SettingsError, StoreError, StoreLocked."""
        self._process, self._ended = os.getpid(), False
        self._incarnation = uuid.uuid4().hex
        self._store = self._opened_store()
        self._watched, self._observed = self._watching()
        self._factory = self._traced(self._actions or self._default_actions())
        self._program = self._built(self._plan)
        copies = self._copies_file()
        if copies is not None:
            copies.open()
            self._store.note_copies()
            self._copies = Copier(self._store, copies, self._clock)
        await self._store.open()
        self.client = Client(self._store, self._clock)
        try:
            await self._lead()
        except StoreLocked as locked:
            if not self._takes_over:
                await self._store.close()
                raise
            logger.warning("%s; events are handed to it", locked.message)
            self._spawn(self._take_over())
        except FqlError:
            await self._store.close()
            raise
        note_store(self._url, self._settings.webhooks.dlq.table, used=True)
        try:
            await self._observed.start()
        except SettingsError:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Drain: what is on the wire ends, the rest stays stored."""
        self._watched.draining = True
        note_store(self._url, self._settings.webhooks.dlq.table, used=False)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        try:
            if self._engine is not None:
                await self._engine.stop()
                self._last = self.status()
                if self._copies is not None:
                    await self._copies.copy()
        finally:
            self._ended = True
            for source in self._sources:
                await source.close()
            await self._observed.stop()
            await self._store.close()
            close: Any = getattr(self._factory, "close", None)
            if close is not None:
                await close()

    def _opened_store(self) -> Store:
        if self._given_store is not None:
            return self._given_store
        return open_store(self._url, letters=self._settings.webhooks.dlq.table)

    def _watching(self) -> tuple[Watched, Watch]:
        environment = os.environ if self._environment is None else self._environment
        labels = Labels.of(self._plan, environment)
        watched = Watched(self._store, self._clock, self._settings.store.max_size, labels)
        watch = Watch(self._settings.observability, watched)
        watch.expect(self._plan, ("emit", "inbox", *(source.name for source in self._sources)))
        return watched, watch

    def _traced(self, actions: ActionFactory) -> ActionFactory:
        if self._observed.tracing is None:
            return actions
        from fql.actions.traced import TracedActions

        return TracedActions(actions, self._observed.tracing)

    def _default_actions(self) -> ActionFactory:
        from fql.actions.factory import WebhookActions
        from fql.plan.addresses import EgressSettings

        egress = self._settings.egress
        test_url = self._settings.webhooks.test_url
        if test_url is not None:
            logger.warning("test_url is set: every request goes there")
        return WebhookActions(
            EgressSettings((*egress.allow, *self._allowed_in_tests), egress.ports),
            test_url=test_url,
            own_ports=lambda: frozenset({self._observed.port}),
        )  # fmt: skip

    def _built(self, plan: Plan) -> Program:
        environment = os.environ if self._environment is None else self._environment
        return build_program(plan, environment, self._factory)

    def _stored_programs(self, stored: Sequence[StoredPlan]) -> dict[str, Program]:
        """Programs of plans that open work may need. A name that only an old plan lacks blocks
        that plan's work alone."""
        programs: dict[str, Program] = {}
        environment = os.environ if self._environment is None else self._environment
        for one in stored:
            if one.short == self._program.short:
                continue
            try:
                plan = read_plan(one.blob)
                programs[one.short] = build_program(
                    plan, environment, self._factory, active=self._plan
                )
            except MissingSecrets as missing:
                logger.error("open work of plan %s waits: %s", one.short, missing.message)
        return programs

    async def _lead(self) -> None:
        """Become the engine of the store."""
        listeners = self._all_listeners()
        engine = Engine(
            self._store,
            self._program,
            clock=self._clock,
            plans=self._stored_programs,
            settings=self._loop_settings(),
            listeners=listeners,
            stamp=None if self._observed.tracing is None else self._observed.tracing.stamp,
        )
        for source in self._sources:
            await source.open(self._plan)
            require_old_values(self._plan, source)
        inbox = Inbox(self._store, engine, self._clock)
        await inbox.obey_pauses()
        await engine.start()
        self._engine = self._watched.engine = engine
        self._inbox = inbox
        self._feeds = [Feed(source, engine, self._clock) for source in self._sources]
        self._spawn(self._inbox.run())
        self._keeper = Housekeeper(
            self._store, retention_of(self._settings), self._clock, listeners, engine.order
        )
        self._spawn(self._keeper.run())
        for feed in self._feeds:
            self._spawn(feed.run())
        if self._copies is not None:
            self._spawn(self._copies.run())

    def _all_listeners(self) -> tuple[Listener, ...]:
        own = () if self._copies is None else (self._copies,)
        return (*self._listeners, *self._observed.listeners, *own)

    def _copies_file(self) -> LetterFile | None:
        """Where dead letters are copied to, where another backend than the store is set."""
        dlq = self._settings.webhooks.dlq
        if not dlq.enabled or dlq.backend != "file":
            return None
        return LetterFile(
            Path(dlq.path),
            rotate=dlq.rotation == "daily",
            compress=dlq.compress,
            retention=dlq.retention,
            max_size=dlq.max_size,
            removed=_say_removed,
        )

    def _loop_settings(self) -> LoopSettings:
        dispatch = self._settings.webhooks.dispatch
        core = CoreSettings(
            max_in_flight=dispatch.max_in_flight,
            window=dispatch.max_queue_size,
            crash_budget=dispatch.crash_budget,
            background_retry=dispatch.background_retry,
            keep_done=self._settings.store.keep_runs > 0,
        )
        return LoopSettings(
            core, dispatch.max_queue_size, dispatch.timeout / 1000, str(os.getpid())
        )

    async def _take_over(self) -> None:
        while self._engine is None:
            await asyncio.sleep(TAKE_OVER_EVERY)
            with suppress(StoreLocked):
                await self._lead()
                logger.warning("the store is free: this process is its engine now")

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(work))

    # Events.

    async def emit(
        self,
        event: str,
        *,
        new: Mapping[str, Any] | None = None,
        old: Mapping[str, Any] | None = None,
        key: str | None = None,
        id: str | None = None,  # noqa: A002 - the name of the envelope
        timestamp: str | None = None,
        context: Mapping[str, str] | None = None,
    ) -> Receipt:
        """Take an event such as `"Order.insert"`; durable on return.

        `key` (without one, `id`) makes a repeated call harmless. Raises EventRefused when it does
        not fit its entity, StoreFull, StoreError; then nothing of it was stored.
        """
        entity, _, kind = event.partition(".")
        if kind not in EVENTS:
            raise UsageError(f"{event!r} is no event", hint='write "Entity.insert", ".update"...')
        envelope: dict[str, Any] = {"entity": entity, "event": kind}
        given = (("new", new), ("old", old), ("key", key), ("id", id), ("timestamp", timestamp))
        envelope |= {name: value for name, value in given if value is not None}
        if context:
            envelope["context"] = dict(context)
        return await self.emit_envelope(envelope)

    async def emit_envelope(self, envelope: Mapping[str, Any]) -> Receipt:
        """Like `emit`, for a whole envelope (docs/reference/events.md)."""
        self._check_process()
        if self._engine is None:
            return await self.client.emit(self._observed.in_trace(envelope))
        self._position += 1
        origin = Origin("emit", self._incarnation, str(self._position))
        try:
            new = check(self._engine.program, envelope, origin, self._clock)
        except EventRefused:
            self._engine.tell(EventsTaken("emit", refused=1))
            raise
        await self._engine.submit((new,), source="emit")
        if new.conflict:
            logger.warning("a known key came with another payload: event %s", new.event.id)
        if new.duplicate and not new.runs:
            stored = await self._store.runs(RunFilter(event=new.number))
            new.runs = sorted(one.run.id for one in stored)
        receipt = receipt_of(new)
        dispatch = self._settings.webhooks.dispatch
        if dispatch.is_async:
            return receipt
        return await self.wait(receipt, dispatch.timeout / 1000)

    def _check_process(self) -> None:
        if not self._process:
            raise UsageError("this runtime has not been started", hint="use `async with`")
        if self._ended:
            raise UsageError("this runtime has ended", hint="start another one on the same store")
        if self._process != os.getpid():
            raise UsageError(
                "this runtime was started in another process",
                hint="start it after fork(), in each process of its own",
            )

    async def wait(self, receipt: Receipt, timeout: float | None = None) -> Receipt:  # noqa: ASYNC109
        """Until the runs of an event have ended, at most `timeout` seconds; the receipt says
        whether they did, and how."""
        states = await self._states(receipt)
        open_runs = [run for run, state in states.items() if state == "open"]
        if open_runs and self._engine is not None:
            await self._watch(open_runs, timeout)
            states = await self._states(receipt)
        ended = "open" not in states.values()
        return Receipt(
            receipt.id, receipt.event_id, receipt.duplicate, receipt.runs, ended, states
        )  # fmt: skip

    async def _watch(self, runs: Sequence[str], timeout: float | None) -> None:  # noqa: ASYNC109
        futures = {run: self.engine.watch(parse_name(run) or 0) for run in runs}
        wanted = RunFilter(ids=tuple(parse_name(run) or 0 for run in runs), limit=len(runs))
        for loaded in await self._store.runs(wanted):
            future = futures.get(f"run_{loaded.run.id:x}")
            if loaded.run.ended is not None and future is not None and not future.done():
                future.set_result(loaded.run.state)
        _, left = await asyncio.wait(futures.values(), timeout=timeout)
        for future in left:
            future.cancel()

    async def _states(self, receipt: Receipt) -> dict[str, str]:
        ids = tuple(parse_name(run) or 0 for run in receipt.runs)
        if not ids:
            return {}
        stored = await self._store.runs(RunFilter(ids=ids, limit=len(ids)))
        found = {f"run_{one.run.id:x}": one.run.state for one in stored}
        return {run: found.get(run, "done") for run in receipt.runs}

    # Everything else.

    @property
    def engine(self) -> Engine:
        """The engine, once this process is it. Raises UsageError before."""
        if self._engine is None:
            raise UsageError("this runtime is not the engine of its store")
        return self._engine

    async def until_idle(self, timeout: float | None = None) -> Summary:  # noqa: ASYNC109
        """Until every source has ended or was found empty twice a second apart, and nothing is
        ready, armed, scheduled or buffered; at most `timeout` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._idle()
        return self.status()

    async def _idle(self) -> None:
        quiet = 0
        while quiet < 2:
            self._raise_trouble()
            engine = self._engine
            feeds_quiet = all(feed.quiet() for feed in self._feeds)
            if engine is not None and self._no_more() and engine.state.buffers:
                engine.flush()
            calm = engine is not None and feeds_quiet and engine.idle()
            if calm and self._inbox is not None and await self._inbox.read():
                calm = False
            quiet = quiet + 1 if calm else 0
            await asyncio.sleep(0.01)

    def _no_more(self) -> bool:
        """There are sources, and all have ended: buffers need not wait for more."""
        return bool(self._feeds) and all(feed.ended for feed in self._feeds)

    def _raise_trouble(self) -> None:
        for task in self._tasks:
            if task.done() and not task.cancelled() and task.exception() is not None:
                raise task.exception() or RuntimeError
        if self._engine is not None and (problem := self._engine.failed()) is not None:
            raise problem

    async def failed(self) -> None:
        """Waits for ever, or raises what stopped the engine or a source."""
        while True:
            self._raise_trouble()
            await asyncio.sleep(0.1)

    async def reload(self, plan: Plan) -> None:
        """Use another plan from the next commit on; runs in flight finish on theirs. The
        environment is resolved again, all or nothing: raises MissingSecrets, SettingsError."""
        self._program = program = self._built(plan)
        self._plan = plan
        self._observed.expect(plan)
        if self._engine is not None:
            stored, _ = await self._store.plans()
            self._engine.switch(program, self._stored_programs(stored))
            await self._engine.submit(())

    async def prune(self) -> int:
        """Remove now one slice of what retention no longer keeps, as happens every few seconds by
        itself; gives how much it was."""
        return await self._keeper.prune() if self._engine is not None else 0

    async def replay(self, dlq_id: str | None = None, **wanted: Any) -> list[Replayed]:
        """Replay dead letters of this store, by id or by `observer`, `action`, `failed_after`...;
        see `Client.dead_letters` and `Client.replay`."""
        how = {"delay_ms", "rate", "dry_run", "original", "response", "force"}
        options = {name: wanted.pop(name) for name in how & wanted.keys()}
        ids = [dlq_id] if dlq_id else []
        letters = await self.client.dead_letters(ids=ids, **wanted)
        replayed = await self.client.replay(letters, **options)
        if self._inbox is not None:
            await self._inbox.read()
            await self.engine.submit(())
        return replayed

    @property
    def metrics_port(self) -> int:
        """Where metrics, `/health` and `/ready` are served; 0 where they are not."""
        return self._observed.port

    def status(self) -> Summary:
        """Numbers since the start; after the end, the last ones."""
        if self._engine is None:
            return self._last
        tally = self._engine.state.tally
        return Summary(
            events=tally.events,
            duplicates=tally.duplicates,
            refused=tally.refused,
            unknown=tally.unknown,
            runs=tally.runs,
            done=tally.done,
            dead=tally.dead,
            left=max(0, tally.open_runs),
        )


__all__ = ["Runtime"]


def _say_removed(gone: Removed) -> None:
    logger.warning("dead letters past retention or max_size: %s, %d lines", gone.path, gone.entries)
