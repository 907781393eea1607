"""The runtime for programs without an event loop: Flask, Django, scripts.

The engine runs in a thread of its own with a loop of its own; every call here waits for it.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import CancelledError
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar, Unpack

from fql import app
from fql.actions.calls.functions import Function
from fql.actions.calls.kind import ActionKind
from fql.blocking.client import Client
from fql.engine.loop.clock import Clock
from fql.engine.process.receipts import Receipt, Summary, Taken
from fql.engine.program.specs import ActionFactory
from fql.errors import UsageError
from fql.intake.port import Source
from fql.letters import Replayed, Wanted
from fql.observe.events import Listener
from fql.plan.model import Plan
from fql.settings.model import Settings
from fql.store.port import Store

T = TypeVar("T")


class Runtime:
    """`with fql.blocking.Runtime(plan, store=...) as runtime: runtime.emit(...)`. See
    `fql.Runtime` for what it takes; it has the same calls. They may be made from any thread."""

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
    def plan(self) -> Plan:
        """See `fql.Runtime.plan`."""
        return self._runtime.plan

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


async def _cancel_all() -> None:
    """What is left on this loop is not waited for any more."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


def _ended() -> UsageError:
    return UsageError("this runtime has ended", hint="start another one on the same store")
