"""What the views work with: the store, opened when it is there, templates, the time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from fql.client import Client, open_client
from fql.store.opening import Place, require_store
from fql.ui import words
from fql.ui.door import Form, Visitor
from fql.ui.pages import Templates
from fql.version import VERSION

BY = "page"
"""Who gives a command from here; it is stored with each."""


@dataclass(slots=True)
class Desk:
    """One page of one store. `wall` gives milliseconds since 1970."""

    place: Place
    project: str
    templates: Templates
    wall: Callable[[], int]
    page_size: int = 50
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)
    _client: Client | None = None
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def client(self) -> Client:
        """The store's client. A store that is not there yet is looked for again each time. Raises
        StoreError, SettingsError."""
        async with self._opening:
            if self._client is None:
                await asyncio.to_thread(require_store, self.place)
                place = self.place
                opened = open_client(
                    place.url, dlq_table=place.letters, schema=place.schema, by=BY,
                    credentials=place.credentials,
                )  # fmt: skip
                self._client = await self._open.enter_async_context(opened)
        return self._client

    async def close(self) -> None:
        """Give the store back; the next request opens what is there then."""
        opened, self._open, self._client = self._open, AsyncExitStack(), None
        await opened.aclose()

    def page(self, request: Request, name: str, status: int = 200, **values: object) -> Response:
        """A view as HTML, with what every page shows."""
        visitor: Visitor = request.scope.get("fql.visitor") or Visitor("", may_act=False)
        now = self.wall()
        common: dict[str, object] = {
            "project": self.project, "version": VERSION, "visitor": visitor, "here": name,
            "path": request.url.path, "place": self.place.database.shown, "query": "",
            "ago": lambda at: words.ago(at, now), "wanted": {},
        }  # fmt: skip
        text = self.templates.page(f"{name}.html", common | values)
        return HTMLResponse(text, status)


def desk_of(request: Request) -> Desk:
    """That of the application."""
    desk: Desk = request.app.state.desk
    return desk


def form_of(request: Request) -> Form:
    """What was sent."""
    form: Form = request.scope["fql.form"]
    return form


def one(form: Form, name: str) -> str:
    """A field of a form, empty where it was not sent."""
    return form.get(name, [""])[0]


def wants_json(request: Request) -> bool:
    """Whether a program asks."""
    return "application/json" in request.headers.get("accept", "")


def listed(values: list[dict[str, object]]) -> Response:
    """A list for a program."""
    return JSONResponse(values)


def back(request: Request, to: str) -> Response:  # noqa: ARG001 - as all answers are made
    """To a page of ours, after a form: reloading does nothing twice."""
    return RedirectResponse(to, 303)
