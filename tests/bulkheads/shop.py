"""A runtime in which everything happens in a few milliseconds: each kind of work, each way in."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, Self

import fql.outbox
from fql.actions.port import Flight
from fql.actions.requests.factory import WebhookActions
from fql.app import Runtime
from fql.egress.send import Outgoing, Profile
from fql.egress.wire.answer import Answer
from fql.egress.wire.transport import Reply
from fql.engine.program.build import build_program
from fql.engine.program.model import Program
from fql.intake.sqlite.source import OutboxSqlite
from fql.plan.model import Plan
from fql.store.choosing import LetterFilter, RunFilter
from fql.store.memory import MemoryStore
from fql.store.port import Store
from fql.store.postgresql.store import PostgresStore
from fql.store.sqlite.store import SqliteStore
from tests.app.plans import plan_of
from tests.bulkheads.strikes import Strikes

ENTITIES = """
entity Order { id: ID @key  status: String  total: Decimal  more: JSON? }
entity Visit { id: ID @key }
type Stock { left: Int  note: JSON? }
endpoint shop { url: "https://shop.example.com" }
"""

OBSERVERS = """
observer plain {
  on: Order.insert
  when: total > 10 && status.length() > 0
  webhook tell {
    endpoint: shop  path: "/tell/{{ id }}"
    headers: { "X-Status": "{{ status }}" }
    body: { id, status, more, text: "{{ status }} of {{ id }}" }
  }
}
observer chain {
  on: Order.insert
  webhook reserve { endpoint: shop path: "/reserve" body: { id } response: Stock }
  webhook label {
    endpoint: shop path: "/label"
    when: reserve.response.left > 0
    body: { id, left: reserve.response.left, note: reserve.response.note }
  }
}
observer rescued {
  on: Order.insert
  webhook refused { endpoint: shop path: "/refused" body: { id } retry: { max_attempts: 1 } }
  webhook rescue { endpoint: shop path: "/rescue" body: { why: refused.error.message } }
  flow { refused else rescue }
}
observer batched {
  on: Order.insert
  webhook many {
    endpoint: shop path: "/many" body: { all: each { id } } batch: { size: 2, timeout: 5ms }
  }
}
observer ordered {
  on: Order.insert
  order_by: status
  webhook one { endpoint: shop path: "/one" body: { id } }
}
observer tried {
  on: Order.insert
  webhook again {
    endpoint: shop path: "/again" body: { id }
    retry: { max_attempts: 3, initial_delay: 1ms, max_delay: 2ms }
  }
}
observer given_up {
  on: Order.insert
  webhook gone { endpoint: shop path: "/gone" body: { id } retry: { max_attempts: 1 } }
}
observer visits {
  on: Visit.insert
  webhook greet { endpoint: shop path: "/greet" body: { id } }
}
"""


STARTS = 8
"""More than the strikes of one story."""


class Swift(Runtime):
    """Builds its program once for all stories: that takes most of the time of one."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._sending.program = lambda plan: _program()  # type: ignore[method-assign]


@cache
def _plan() -> Plan:
    return plan_of(OBSERVERS, entity=ENTITIES)


@cache
def _actions() -> WebhookActions:
    return WebhookActions()


@cache
def _program() -> Program:
    return build_program(_plan(), {}, _actions())


class Answering:
    """An attempt that is under way."""

    def __init__(self, handle: asyncio.Handle) -> None:
        self.abort = handle.cancel


class Receiver:
    """Stands in for `fql.egress.send.Sender`: it answers at once, and keeps what came."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []
        self._tries: dict[str, int] = {}
        self._begun = 0

    def prepare(self, profile: Profile) -> None:
        pass

    def latest_tokens(self, client: object) -> tuple[str, ...]:
        return ()

    async def send(self, outgoing: Outgoing, profile: Profile, timeout_ms: int) -> Answer:
        await asyncio.sleep(0)
        return self._answer(outgoing)

    def begin(
        self, outgoing: Outgoing, profile: Profile, timeout_ms: int, reply: Reply
    ) -> Flight | None:
        """Each second request finds a connection that lies idle."""
        self._begun += 1
        if self._begun % 2:
            return None
        loop = asyncio.get_running_loop()
        return Answering(loop.call_soon(lambda: reply(self._answer(outgoing))))

    def _answer(self, outgoing: Outgoing) -> Answer:
        path = outgoing.url.path
        self.requests.append((path, outgoing.body.decode()))
        key = outgoing.message_id or ""
        tries = self._tries[key] = self._tries.get(key, 0) + 1
        status, body = 200, b"{}"
        if path == "/refused" or (path == "/again" and tries == 1):
            status = 503
        elif path == "/gone" and tries == 1:
            status = 404
        elif path == "/reserve":
            body = b'{"left": 3, "note": [1, {"a": 1.50}]}'
        return Answer(status, {"content-type": "application/json"}, body)

    async def close(self) -> None:
        pass

    def has(self, path: str, name: str) -> bool:
        """Whether a request about this row has come."""
        return any(one == path and name in body for one, body in self.requests)


View = Callable[[], Store]
"""Gives another process's view of one and the same store."""


def view_of(place: str, folder: Path) -> View:
    """A store of the folder's own: "memory", "sqlite", or a schema in the database of a URL."""
    if place == "memory":
        held = MemoryStore()
        return lambda: held
    if place == "sqlite":
        return lambda: SqliteStore(folder / "store.db")
    return lambda: PostgresStore(place, schema=f"story {folder.name}")


class Shop:
    """One store and one application database through several runtimes. `store` is the test's view
    of it, open within the `async with` of the shop."""

    def __init__(self, folder: Path, strikes: Strikes, view: View) -> None:
        _program()
        self.strikes = strikes
        self.latest: Runtime
        self.store = view()
        self._view = view
        self.receiver = Receiver()
        self.database = folder / "shop.db"
        connection = sqlite3.connect(self.database)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.close()
        self.insert("opening")

    async def __aenter__(self) -> Self:
        with self.strikes.paused():
            await self.store.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.store.close()

    def runtime(self) -> Runtime:
        with self.strikes.paused():
            return self._runtime()

    def _runtime(self) -> Runtime:
        object.__setattr__(_actions()._shared, "sender", self.receiver)
        source = OutboxSqlite("shop", self.database, triggers="optional")
        return Swift(
            _plan(), store=self._view(), environment={}, sources=(source,), actions=_actions(),
            listeners=(lambda _event: None,),
        )  # fmt: skip

    @asynccontextmanager
    async def running(self, *, patient: bool = False) -> AsyncIterator[Runtime]:
        """A runtime. A start that is struck may fail, and one after it succeeds."""
        runtime = self.runtime()
        for _ in range(STARTS if patient else 0):
            with suppress(Exception):
                await runtime.__aenter__()
                break
            runtime = self.runtime()
        else:
            await runtime.__aenter__()
        self.latest = runtime
        try:
            yield runtime
        finally:
            await runtime.__aexit__(None, None, None)

    def insert(self, *names: str) -> None:
        """The application inserts visits in a transaction of its own."""
        with self.strikes.paused(), sqlite3.connect(self.database) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            for name in names:
                fql.outbox.emit(connection, "Visit.insert", new={"id": name})
        connection.close()

    async def settle(self, runtime: Runtime, seconds: float = 2.0) -> bool:
        """Until nothing moves; False if it still does when the time is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                calm = 0
                while calm < 3:
                    await asyncio.sleep(0.001)
                    waits = (await self.store.counts()).inbox
                    with self.strikes.paused():
                        calm = 0 if waits or not self._is_calm(runtime) else calm + 1
                return True
        return False

    def _is_calm(self, runtime: Runtime) -> bool:
        leading = runtime._leading
        if leading is None or leading.engine is None:
            return False
        read = all(feed._empty_since is not None for feed in leading._feeds)
        return read and leading.engine.idle() and not leading.engine.recovering

    async def open_runs(self) -> list[str]:
        """Runs that have not come to an end."""
        found = await self.store.runs(RunFilter(state="open", limit=1000))
        return [f"{one.run.observer} {one.event.event_id} {one.run.works}" for one in found]

    async def ends(self) -> dict[str, list[str]]:
        """By event: how its runs ended, and the classes of its dead letters."""
        found: dict[str, list[str]] = {}
        for one in await self.store.runs(RunFilter(limit=1000)):
            found.setdefault(one.event.event_id, []).append(f"{one.run.observer} {one.run.state}")
        for letter in await self.store.letters(LetterFilter()):
            found.setdefault(letter.event_id, []).append(f"{letter.observer} {letter.error_class}")
        return found


def order(name: str, **more: object) -> Mapping[str, Any]:
    return {"id": name, "status": "new", "total": "100.50", "more": {"n": [1, 2]}, **more}
