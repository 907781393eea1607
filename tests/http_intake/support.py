"""A runtime with an HTTP intake, and callers: polite ones, and bytes on a socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import orjson

from fql.app import Runtime
from fql.intake.http.connection import Patience
from fql.intake.http.source import HttpIntake
from fql.store.port import Store
from fql.testing import MockWebhookServer
from tests.app.plans import ENTITY, ONE, plan_of, settings_of

TOKEN = "t0ken.of-the_tests"
SETTINGS = f"""
[sources.web]
kind = "http"
listen = "127.0.0.1:0"
token = "{TOKEN}"
"""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def value(self) -> Any:
        return orjson.loads(self.body)


@dataclass
class Running:
    """A runtime and where its intake listens."""

    runtime: Runtime
    intake: HttpIntake
    ended: bool = False

    async def end(self) -> None:
        """Drain, before the test does."""
        self.ended = True
        await self.runtime.__aexit__(None, None, None)

    @property
    def port(self) -> int:
        return self.intake.port

    async def post(self, value: object, **headers: str) -> Answer:
        """Send one JSON value, or bytes as they are; `content_type` is `Content-Type`."""
        body = value if isinstance(value, bytes) else orjson.dumps(value)
        return await self.send(request(body, **headers))

    async def send(self, data: bytes) -> Answer:
        """Send bytes on a connection of their own; the first answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(data)
        try:
            return await answer(reader)
        finally:
            writer.close()


def request(body: bytes, method: str = "POST", path: str = "/events", **headers: str) -> bytes:
    """A request as bytes. A header of None is left out."""
    given = {
        "host": "localhost", "authorization": f"Bearer {TOKEN}",
        "content-type": "application/json", "content-length": str(len(body)),
    } | {name.replace("_", "-"): value for name, value in headers.items()}  # fmt: skip
    lines = [f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in given.items() if v != "")]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


async def answer(reader: asyncio.StreamReader, *, empty: bool = False) -> Answer:
    """The next answer; `empty` for one to HEAD. Raises EOFError when there is none."""
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    length = 0 if empty else int(headers.get("content-length", 0))
    return Answer(int(first.split(" ")[1]), headers, await reader.readexactly(length))


def order(number: int | str, **more: object) -> dict[str, object]:
    """The envelope of a new order."""
    new = {"id": f"o{number}", "status": "new", "total": "100.50"}
    return {"entity": "Order", "event": "insert", "new": new, **more}


def lines(*events: object) -> bytes:
    return b"".join(orjson.dumps(event) + b"\n" for event in events)


@asynccontextmanager
async def running(
    server: MockWebhookServer,
    *,
    text: str = ONE,
    entity: str = ENTITY,
    store: str | Store = "memory:",
    settings: str = SETTINGS,
    patience: Patience | None = None,
    **more: Any,
) -> AsyncIterator[Running]:
    """A runtime whose intake listens on a free port."""
    runtime = Runtime(
        plan_of(text, entity=entity), store=store, environment={"RECEIVER": server.url},
        settings=settings_of(settings), **more,
    )  # fmt: skip
    intake = cast("HttpIntake", runtime._entrances[0])
    if patience is not None:
        intake._patience = patience
    await runtime.__aenter__()
    web = Running(runtime, intake)
    try:
        yield web
    finally:
        if not web.ended:
            await web.end()
