"""An engine, its receiver and the page of its store, all real and on loopback."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn
from starlette.applications import Starlette

from fql.app import Runtime
from fql.plan.model import Plan
from fql.store.opening import Place
from fql.testing import MockWebhookServer, Reply
from fql.ui.access import Rules
from fql.ui.application import application
from fql.ui.desk import Desk
from fql.ui.live import Changes
from fql.ui.logins import Logins
from fql.ui.pages import Templates
from fql.ui.payload.hiding import Payloads
from fql.ui.present.watching import Watching
from tests.app.plans import CHAIN, order, plan_of, settings_of

RECEIVERS = "a-token-of-the-receiver"
TOKEN = "a-token-of-a-program-0123456789abcdef"


@dataclass
class Site:
    """`browser` is logged in by a link, as a person's is; `url` is the page's."""

    url: str
    browser: httpx.AsyncClient
    logins: Logins
    receiver: MockWebhookServer
    desk: Desk
    changes: Changes
    runtime: Runtime | None = None

    async def fail(self, *numbers: int, **changes: object) -> None:
        """A dead letter for each of these orders."""
        assert self.runtime is not None
        self.receiver.always(Reply(503, "maintenance until 15:00"))
        for number in numbers:
            await self.runtime.emit("Order.insert", new=order(number, **changes), key=str(number))
        await self.runtime.until_idle(10)
        self.receiver.always(200)
        self.receiver.clear()

    async def post(self, path: str, **fields: str) -> httpx.Response:
        """A form of the page, sent as a browser sends it."""
        page = await self.browser.get("/endpoints")
        found = re.search(r'name="token" value="([^"]+)"', page.text)
        data = {**({"token": found[1]} if found else {}), **fields}
        return await self.browser.post(path, data=data, headers={"origin": self.url})


@asynccontextmanager
async def site(
    folder: Path, receiver: MockWebhookServer, *, read_only: bool = False, engine: bool = True,
    plan: Plan | None = None, payloads: Payloads = "masked", store: str = "", project: str = "main",
    hosts: tuple[str, ...] = (),
) -> AsyncIterator[Site]:  # fmt: skip
    """The page on a store in the folder, or on the `store` of this URL; without `engine` there is
    none at all. A store in NATS belongs to a `project`; `hosts` are names
    of a proxy."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    logins = Logins(time.monotonic, iter(map(str, range(1000, 2000))).__next__, (TOKEN,))
    place = Place(store or f"sqlite:///{folder}/s.db", schema=f"fql_{project}")
    desk = Desk(place, "shop", Templates(), lambda: time.time_ns() // 1_000_000, page_size=3,
                payloads=payloads, watching=Watching(allowed=not read_only))  # fmt: skip
    app = application(desk, Rules(port, frozenset(hosts), read_only=read_only), logins)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
    assert isinstance(app.inner, Starlette)
    url = f"http://127.0.0.1:{port}"
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        async with httpx.AsyncClient(base_url=url, trust_env=False) as browser:
            await browser.get(f"/in/{logins.link()}")
            found = Site(url, browser, logins, receiver, desk, app.inner.state.changes)
            if not engine:
                yield found
                return
            async with Runtime(
                plan or plan_of(CHAIN), store=place.url,
                settings=settings_of(f'[project]\nname = "{project}"\n'),
                environment={"RECEIVER": receiver.url, "TOKEN": RECEIVERS},
                listeners=(),
            ) as found.runtime:  # fmt: skip
                yield found
    finally:
        server.should_exit = True
        await serving
