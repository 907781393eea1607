"""The runtime for programs without an event loop: Flask, Django, scripts.

The engine runs in a thread of its own with a loop of its own; every call here waits for it.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from types import TracebackType
from typing import Protocol, Self, TypeVar, Unpack

import fql.client
from fql import app
from fql.actions.calls.functions import Function
from fql.actions.calls.kind import ActionKind
from fql.engine.loop.clock import Clock
from fql.engine.process.receipts import Receipt, Summary, Taken
from fql.engine.program.specs import ActionFactory
from fql.errors import UsageError
from fql.intake.port import Source
from fql.letters import Choice, Replayed, Wanted
from fql.observe.events import Listener
from fql.plan.model import Plan
from fql.settings.model import Settings
from fql.store.choosing import LetterGroup
from fql.store.port import Counts, Store
from fql.store.shown import DeadLetter, RunShown, Trace

T = TypeVar("T")


class _Do(Protocol):
    """Carries a call out on the runtime's own loop, and waits for it."""

    def __call__(self, work: Coroutine[object, object, T]) -> T: ...


class Runtime:
    """`with fql.blocking.Runtime(plan, store=...) as runtime: runtime.emit(...)`. See
    `fql.Runtime` for what it takes; it has the same calls. They may be made from any thread."""

    def __init__(
        self,
        plan: Plan,
        *,
        store: str | Store | None = None,
        settings: Settings | None = None,
        environment: Mapping[str, str] | None = None,
        sources: Sequence[Source] = (),
        calls: Mapping[str, Function | ActionKind] | None = None,
        actions: ActionFactory | None = None,
        listeners: Sequence[Listener] | None = None,
        clock: Clock | None = None,
        takes_over: bool = True,
    ) -> None:
        self._runtime = app.Runtime(
            plan, store=store, settings=settings, environment=environment, sources=sources,
            calls=calls, actions=actions, listeners=listeners, clock=clock, takes_over=takes_over,
        )  # fmt: skip
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._process = os.getpid()
        self._ended = False

    def __enter__(self) -> Self:
        """Start. Raises MissingSecrets, SettingsError, StoreError, and UsageError for a runtime
        that has been started before."""
        if self._ended:
            raise UsageError("this runtime has ended", hint="start another one on the same store")
        if self._thread is not None:
            raise UsageError(
                "this runtime has been started already", hint="use one `with` for each runtime"
            )
        self._process = os.getpid()
        self._loop = loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=loop.run_forever, name="fql", daemon=True)
        self._thread.start()
        try:
            self._do(self._runtime.__aenter__())
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Drain. In a forked child there is nothing to end: the runtime is its parent's."""
        if self._process != os.getpid():
            return
        try:
            self._do(self._runtime.__aexit__(kind, problem, traceback))
        finally:
            self._ended = True
            self._stop()

    def _stop(self) -> None:
        """End loop and thread. Calls of other threads that still wait are told."""
        loop, thread = self._loop, self._thread
        self._loop = self._thread = None
        if loop is not None and thread is not None:
            asyncio.run_coroutine_threadsafe(_cancel_all(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    def _do(self, work: Coroutine[object, object, T]) -> T:
        loop, thread = self._loop, self._thread
        problem = self._out_of_season(thread)
        if loop is None or problem is not None:
            work.close()
            raise problem or _ended()
        try:
            return asyncio.run_coroutine_threadsafe(work, loop).result()
        except CancelledError:
            raise _ended() from None

    def _out_of_season(self, thread: threading.Thread | None) -> UsageError | None:
        """Why nobody would carry a call out. A forked child has no thread but the one it runs in,
        and its loop is its parent's."""
        if self._process != os.getpid():
            return UsageError(
                "this runtime was started in another process",
                hint="start it after fork(), in each process of its own",
            )
        if self._ended:
            return _ended()
        if thread is None:
            return UsageError("this runtime has not been started", hint="use `with`")
        if thread is threading.current_thread():
            return UsageError(
                "this runtime cannot wait for itself: the call came from its own thread",
                hint="hand the call to another thread",
            )
        return None

    def emit(
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
        """See `fql.Runtime.emit`."""
        return self._do(
            self._runtime.emit(
                event, new=new, old=old, key=key, id=id, timestamp=timestamp, context=context
            )
        )

    def emit_envelope(self, envelope: Mapping[str, object]) -> Receipt:
        """See `fql.Runtime.emit_envelope`."""
        return self._do(self._runtime.emit_envelope(envelope))

    def emit_many(self, envelopes: Iterable[Mapping[str, object]]) -> list[Taken]:
        """See `fql.Runtime.emit_many`."""
        return self._do(self._runtime.emit_many(envelopes))

    def wait(self, receipt: Receipt, timeout: float | None = None) -> Receipt:
        """See `fql.Runtime.wait`."""
        return self._do(self._runtime.wait(receipt, timeout))

    def until_idle(self, timeout: float | None = None) -> Summary:
        """See `fql.Runtime.until_idle`."""
        return self._do(self._runtime.until_idle(timeout))

    def failed(self) -> None:
        """See `fql.Runtime.failed`."""
        self._do(self._runtime.failed())

    def reload(self, plan: Plan, *, settings: Settings | None = None) -> None:
        """See `fql.Runtime.reload`."""
        self._do(self._runtime.reload(plan, settings=settings))

    def prune(self) -> int:
        """See `fql.Runtime.prune`."""
        return self._do(self._runtime.prune())

    def replay(self, dlq_id: str | None = None, **wanted: Unpack[Wanted]) -> list[Replayed]:
        """See `fql.Runtime.replay`."""
        return self._do(self._runtime.replay(dlq_id, **wanted))

    @property
    def client(self) -> Client:
        """The store's client, with blocking calls. Raises UsageError before the start."""
        return Client(self._runtime.client, self._do)

    @property
    def leads(self) -> bool:
        """See `fql.Runtime.leads`."""
        return self._runtime.leads

    @property
    def metrics_port(self) -> int:
        """See `fql.Runtime.metrics_port`."""
        return self._runtime.metrics_port

    def status(self) -> Summary:
        """See `fql.Runtime.status`."""
        return self._runtime.status()


class Client:
    """What `fql.Client` does, for a store that a blocking runtime works on. Made by
    `Runtime.client`."""

    def __init__(self, client: fql.client.Client, do: _Do) -> None:
        self._client = client
        self._do = do

    def emit(self, envelope: Mapping[str, object]) -> Receipt:
        """See `fql.Client.emit`."""
        return self._do(self._client.emit(envelope))

    def emit_many(self, envelopes: Iterable[Mapping[str, object]]) -> list[Taken]:
        """See `fql.Client.emit_many`."""
        return self._do(self._client.emit_many(envelopes))

    def emit_all(self, envelopes: Iterable[Mapping[str, object]]) -> list[Receipt]:
        """See `fql.Client.emit_all`."""
        return self._do(self._client.emit_all(envelopes))

    def runs(
        self,
        *,
        ids: Sequence[str] = (),
        observer: str | None = None,
        state: str | None = None,
        event: str | None = None,
        limit: int = 100,
    ) -> list[RunShown]:
        """See `fql.Client.runs`."""
        return self._do(
            self._client.runs(ids=ids, observer=observer, state=state, event=event, limit=limit)
        )

    def dead_letters(
        self, *, ids: Sequence[str] = (), **choice: Unpack[Choice]
    ) -> list[DeadLetter]:
        """See `fql.Client.dead_letters`."""
        return self._do(self._client.dead_letters(ids=ids, **choice))

    def dead_letter_pages(
        self, *, ids: Sequence[str] = (), **choice: Unpack[Choice]
    ) -> Iterator[list[DeadLetter]]:
        """See `fql.Client.dead_letter_pages`."""
        return self._each(self._client.dead_letter_pages(ids=ids, **choice))

    def dead_letters_after(
        self, last: tuple[int, str] | None, size: int, **choice: Unpack[Choice]
    ) -> list[DeadLetter]:
        """See `fql.Client.dead_letters_after`."""
        return self._do(self._client.dead_letters_after(last, size, **choice))

    def dead_letter(self, dlq_id: str) -> DeadLetter | None:
        """See `fql.Client.dead_letter`."""
        return self._do(self._client.dead_letter(dlq_id))

    def dead_letter_groups(self) -> list[LetterGroup]:
        """See `fql.Client.dead_letter_groups`."""
        return self._do(self._client.dead_letter_groups())

    def dead_letter_counts(self) -> dict[str, int]:
        """See `fql.Client.dead_letter_counts`."""
        return self._do(self._client.dead_letter_counts())

    def replay(self, dlq_id: str | None = None, **wanted: Unpack[Wanted]) -> list[Replayed]:
        """See `fql.Client.replay`."""
        return self._do(self._client.replay(dlq_id, **wanted))

    def replay_pages(
        self, ids: Sequence[str] = (), **wanted: Unpack[Wanted]
    ) -> Iterator[list[Replayed]]:
        """See `fql.Client.replay_pages`."""
        return self._each(self._client.replay_pages(ids, **wanted))

    def discard(self, ids: Sequence[str]) -> list[DeadLetter]:
        """See `fql.Client.discard`."""
        return self._do(self._client.discard(ids))

    def cancel(self, *, run: str | None = None, observer: str | None = None) -> list[str]:
        """See `fql.Client.cancel`."""
        return self._do(self._client.cancel(run=run, observer=observer))

    def resend(self, run: str, *, action: str = "", new_key: bool = False) -> None:
        """See `fql.Client.resend`."""
        self._do(self._client.resend(run, action=action, new_key=new_key))

    def pause(self, name: str) -> None:
        """See `fql.Client.pause`."""
        self._do(self._client.pause(name))

    def resume(self, name: str) -> None:
        """See `fql.Client.resume`."""
        self._do(self._client.resume(name))

    def trace(self, name: str) -> Trace:
        """See `fql.Client.trace`."""
        return self._do(self._client.trace(name))

    def plan(self) -> Plan | None:
        """See `fql.Client.plan`."""
        return self._do(self._client.plan())

    def counts(self) -> Counts:
        """See `fql.Client.counts`."""
        return self._do(self._client.counts())

    def wait_taken(self, timeout: float = 10.0) -> bool:
        """See `fql.Client.wait_taken`."""
        return self._do(self._client.wait_taken(timeout))

    def ended(self, replayed: Sequence[Replayed]) -> list[Replayed]:
        """See `fql.Client.ended`."""
        return self._do(self._client.ended(replayed))

    def _each(self, pages: AsyncIterator[T]) -> Iterator[T]:
        while (page := self._do(_next(pages))) is not None:
            yield page


async def _next(pages: AsyncIterator[T]) -> T | None:
    return await anext(pages, None)


async def _cancel_all() -> None:
    """What is left on this loop is not waited for any more."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


def _ended() -> UsageError:
    return UsageError("this runtime has ended", hint="start another one on the same store")
