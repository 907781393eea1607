"""The herald: tells those who listen, and those who wait for a run, what a commit has stored."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Sequence
from functools import partial

from fql.actions.port import UNANSWERED
from fql.engine.core.held.inputs import Performed, Step
from fql.engine.core.held.runs import owner_name
from fql.engine.loop.cycle import Group
from fql.engine.loop.senders import first_event
from fql.engine.program.bulkhead import Fault, guarded
from fql.observe.events import (
    AttemptEnded,
    CycleCommitted,
    DeadLetterClosed,
    DeadLetterWritten,
    EventsTaken,
    Lifecycle,
    Listener,
    OwnShortage,
    PlanSwitched,
    RunFinished,
    hears,
)
from fql.observe.logs import logger
from fql.store.records import Mutations
from fql.store.works import STATE_NAMES, run_name


def tell_all(listeners: Sequence[Listener], event: Lifecycle) -> None:
    """Let each listener know. One that raises troubles neither the others nor the engine."""
    for listener in listeners:
        fault = guarded(listener, event)
        if isinstance(fault, Fault):
            logger.error("a listener, %s: %s", type(listener).__name__, fault.text)


class Herald:
    """Makes nothing that nobody hears. `active` is the short digest of the plan that is active."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        self._listeners = tuple(listeners)
        self._watchers: dict[int, set[asyncio.Future[str]]] = {}
        self.active: str | None = None

    def tell(self, event: Lifecycle) -> None:
        """Let everyone who listens know."""
        tell_all(self._listeners, event)

    def switched(self, short: str, digest: str) -> None:
        """A plan is active; nothing is told where it was the active one before, as after a restart
        or a reload of the same plan. `short` is the digest as the store has it."""
        if short != self.active:
            self.active = short
            self.tell(PlanSwitched(digest))

    def watch(self, run: int) -> asyncio.Future[str]:
        """A future that gives the state of this run when it next ends."""
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._watchers.setdefault(run, set()).add(future)
        future.add_done_callback(partial(self._forget, run))
        return future

    @property
    def watched(self) -> Container[int]:
        """Runs for whose end somebody waits."""
        return self._watchers

    def _forget(self, run: int, future: asyncio.Future[str]) -> None:
        waiting = self._watchers.get(run, set())
        waiting.discard(future)
        if not waiting:
            self._watchers.pop(run, None)

    def committed(self, changed: Mutations, milliseconds: float) -> None:
        """A commit took so long."""
        if self._listeners:
            runs = len(changed.runs) + len(changed.patches)
            self.tell(
                CycleCommitted(len(changed.events), runs, len(changed.attempts), milliseconds)
            )

    def taken(self, groups: Sequence[Group]) -> None:
        """What each source has handed in with this commit, in one telling."""
        if not groups or not self.is_heard(EventsTaken):
            return
        for source in dict.fromkeys(group.source for group in groups if group.source):
            own = [group for group in groups if group.source == source]
            events = [new for group in own for new in group.events]
            known = sum(new.duplicate for new in events)
            misfits = sum(len(group.misfits) for group in own)
            self.tell(EventsTaken(source, len(events) - known, known, misfits))

    def announce(self, result: Step) -> None:
        """What this step, now stored, has brought about: attempts before what follows from them."""
        if self._watchers:
            self._resolve_watchers(result)
        if self.is_heard(AttemptEnded):
            self._announce_attempts(result.attempted)
        self._announce_letters(result)
        if self.is_heard(RunFinished):
            self._announce_runs(result)
        for reason in result.shortages:
            self.tell(OwnShortage(reason))

    def _resolve_watchers(self, result: Step) -> None:
        for ended in result.ended:
            for future in self._watchers.pop(ended.run, ()):
                if not future.done():
                    future.set_result(ended.state)

    def _announce_runs(self, result: Step) -> None:
        for ended in result.ended:
            self.tell(
                RunFinished(
                    ended.observer, run_name(ended.run), ended.state, ended.event_id,
                    ended.started, ended.ended, ended.traceparent, ended.again,
                )
            )  # fmt: skip

    def _announce_letters(self, result: Step) -> None:
        for order, reason in result.refused:
            about = order.letter or order.name or run_name(order.run)
            logger.error("the command %s %s was not carried out: %s", order.kind, about, reason)
        for how, name in result.mutations.letter_states:
            if how != "replaying":
                self.tell(DeadLetterClosed(name, how))
        for row in result.dead:
            run = "" if row.run is None else run_name(row.run)
            self.tell(
                DeadLetterWritten(
                    row.id, row.observer, row.action, run, row.error_class, row.reason
                )
            )

    def _announce_attempts(self, attempted: Sequence[Performed]) -> None:
        """Those that this commit has stored: an outcome that comes again after a failed commit is
        told once."""
        for one in attempted:
            work = one.work
            outcome, spec, event = one.outcome, work.spec, first_event(work)
            self.tell(
                AttemptEnded(
                    spec.observer, spec.name, spec.endpoint, owner_name(work), one.number,
                    outcome.status, outcome.failure, outcome.duration_ms, STATE_NAMES[work.state],
                    event.id, event.context.get("traceparent", ""),
                    outcome.error if outcome.failure in UNANSWERED else "",
                )
            )  # fmt: skip

    def is_heard(self, kind: type[Lifecycle]) -> bool:
        """Whether anyone wants events of this kind."""
        return any(hears(listener, kind) for listener in self._listeners)
