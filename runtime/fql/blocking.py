"""The runtime for programs without an event loop: Flask, Django, scripts.

The engine runs in a thread of its own with a loop of its own; every call here waits for it.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

from fql import app
from fql.client import Replayed
from fql.engine.process.receipts import Receipt, Summary
from fql.errors import UsageError
from fql.plan.model import Plan

T = TypeVar("T")


class Runtime:
    """`with fql.blocking.Runtime(plan, store=...) as runtime: runtime.emit(...)`. Takes what
    `fql.Runtime` takes. Its methods may be called from any thread."""

    def __init__(self, plan: Plan, **options: Any) -> None:
        self._runtime = app.Runtime(plan, **options)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fql", daemon=True)
        self._process = os.getpid()

    def __enter__(self) -> Self:
        """Start. Raises MissingSecrets, SettingsError, StoreError."""
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
            self._stop()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        if not self._thread.is_alive():
            work.close()
            raise self._out_of_season()
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _out_of_season(self) -> UsageError:
        """Why nobody would carry a call out. A forked child has no thread but the one it runs in,
        and its loop is its parent's."""
        if self._process != os.getpid():
            return UsageError(
                "this runtime was started in another process",
                hint="start it after fork(), in each process of its own",
            )
        if self._thread.ident is None:
            return UsageError("this runtime has not been started", hint="use `with`")
        return UsageError("this runtime has ended", hint="start another one on the same store")

    def emit(self, event: str, **values: Any) -> Receipt:
        """See `fql.Runtime.emit`."""
        return self._do(self._runtime.emit(event, **values))

    def emit_envelope(self, envelope: Mapping[str, Any]) -> Receipt:
        """See `fql.Runtime.emit_envelope`."""
        return self._do(self._runtime.emit_envelope(envelope))

    def wait(self, receipt: Receipt, timeout: float | None = None) -> Receipt:
        """See `fql.Runtime.wait`."""
        return self._do(self._runtime.wait(receipt, timeout))

    def until_idle(self, timeout: float | None = None) -> Summary:
        """See `fql.Runtime.until_idle`."""
        return self._do(self._runtime.until_idle(timeout))

    def reload(self, plan: Plan) -> None:
        """See `fql.Runtime.reload`."""
        self._do(self._runtime.reload(plan))

    def replay(self, dlq_id: str | None = None, **wanted: Any) -> list[Replayed]:
        """See `fql.Runtime.replay`."""
        return self._do(self._runtime.replay(dlq_id, **wanted))

    @property
    def metrics_port(self) -> int:
        """See `fql.Runtime.metrics_port`."""
        return self._runtime.metrics_port

    def status(self) -> Summary:
        """See `fql.Runtime.status`."""
        return self._runtime.status()
