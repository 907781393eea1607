"""What the views work with: the store, opened when it is there, templates, the time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from fql.client import Client, open_client
from fql.errors import FqlError
from fql.plan.model import Plan
from fql.store.opening import Place, require_store
from fql.store.port import StoreSize
from fql.ui.asking import Asking
from fql.ui.door import Form, Visitor
from fql.ui.pages import Templates
from fql.ui.payload.hiding import Payloads
from fql.ui.present import words
from fql.ui.present.now import Now
from fql.ui.present.watching import Watching
from fql.ui.shelf import Shelf
from fql.version import VERSION

BY = "page"
"""Who gives a command from here; it is stored with each."""
WITHIN = 0.25
"""Seconds that a question of a view may take."""
REMEMBERED = 1_000
"""Forms that were sent, the newest, as long as this process lives."""
NO_SIZE = StoreSize({}, 0, 0)
Differences = Callable[[Plan, Plan], Sequence[tuple[str, str]]]
"""What changes between two plans: where, and what in words."""


@dataclass(slots=True)
class Desk:
    """One page of one store. `wall` gives milliseconds since 1970, `payloads` what is shown of
    rows and answers; `differences` compares two plans, where the program around the page can;
    `within` are the seconds that a question of a view may take."""

    place: Place
    project: str
    templates: Templates
    wall: Callable[[], int]
    page_size: int = 50
    payloads: Payloads = "masked"
    differences: Differences | None = None
    within: float = WITHIN
    shelf: Shelf = field(default_factory=Shelf)
    watching: Watching = field(default_factory=Watching)
    _sent: dict[str, None] = field(default_factory=dict)
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)
    _clients: dict[float, Client] = field(default_factory=dict)
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def asking(self, request: Request) -> Asking:
        """How a view asks the store: each question takes at most `within`. Raises StoreError,
        SettingsError."""
        asking = Asking(await self._client_within(self.within), program=wants_json(request))
        request.state.asking = asking
        return asking

    async def commander(self) -> Client:
        """The one for commands and exports, which read all that they are about, however long it
        takes, and keep no view waiting. Raises StoreError, SettingsError."""
        return await self._client_within(0.0)

    async def _client_within(self, seconds: float) -> Client:
        """A store that is not there yet is looked for again each time."""
        async with self._opening:
            if seconds not in self._clients:
                await asyncio.to_thread(require_store, self.place)
                place = self.place
                opened = open_client(
                    place.url, dlq_table=place.letters, schema=place.schema, by=BY,
                    credentials=place.credentials, within=seconds,
                )  # fmt: skip
                self._clients[seconds] = await self._open.enter_async_context(opened)
            return self._clients[seconds]

    async def mark(self) -> str:
        """What `fql.ui.live` looks at: the store, and whether its engine has fallen silent."""
        client = await self._client_within(self.within)
        now = await self.watching.look(client, self.wall())
        return f"{await client.mark()} {now.state}"

    async def now(self, ask: Asking) -> Now:
        """How the engines are, which are asked to say so. Raises StoreError."""
        look = self.watching.look
        return await ask.part("how the engines are", lambda it: look(it, self.wall()), Now())

    async def plan(self, ask: Asking) -> Plan | None:
        """The active plan, or None before the first engine. Raises StoreError."""
        return await ask.part("the active plan", self.shelf.active, None)

    def is_new(self, form: Form) -> bool:
        """Whether this very form has not been sent before: what it does would be done twice. A
        program's has no id, and is always new."""
        name = one(form, "form")
        if name in self._sent:
            return False
        if name:
            self._sent[name] = None
            if len(self._sent) > REMEMBERED:
                del self._sent[next(iter(self._sent))]
        return True

    async def close(self) -> None:
        """Give the store back; the next request opens what is there then."""
        opened, self._open, self._clients = self._open, AsyncExitStack(), {}
        self.shelf = Shelf()
        await opened.aclose()

    async def page(
        self, request: Request, name: str, status: int = 200, **values: object
    ) -> Response:
        """A view as HTML, with what every page shows; only some of its parts where a page that is
        open asks for these."""
        visitor: Visitor = request.scope.get("fql.visitor") or Visitor("", may_act=False)
        now = self.wall()
        common: dict[str, object] = {
            "project": self.project, "version": VERSION, "visitor": visitor, "here": name,
            "path": request.url.path, "place": self.place.database.shown, "query": "",
            "ago": lambda at: words.ago(at, now), "wanted": {}, "live": name in LIVE, "newest": "",
            "frame": await self._frame(request), **_missing(request),
        }  # fmt: skip
        status = 503 if common["narrow"] else status
        wanted = request.headers.get("fql-part")
        if wanted is None:
            return HTMLResponse(self.templates.page(f"{name}.html", common | values), status)
        parts = self.templates.parts(f"{name}.html", wanted.split(","), common | values)
        return HTMLResponse(parts, status)

    async def _frame(self, request: Request) -> Frame:
        """Numbers beside the links to all views; none where the store cannot be read, as that is
        what the page is about then."""
        ask: Asking | None = getattr(request.state, "asking", None)
        if ask is None:
            return Frame()
        try:
            now = await self.now(ask)
            size = await ask.part("the size of the store", lambda it: it.size(), NO_SIZE)
            plan = await ask.part("the active plan", lambda it: it.active(), None)
        except FqlError:
            return Frame()
        return Frame(sum(size.letters.values()), size.bytes, plan or "", now)


@dataclass(frozen=True, slots=True)
class Frame:
    """What is around each view: open dead letters, bytes in use, the short digest of the plan, how
    the engines are."""

    dead: int = 0
    bytes: int = 0
    plan: str = ""
    now: Now = field(default_factory=Now)

    @property
    def circuits(self) -> int:
        """Endpoints that are held to be down."""
        return len(self.now.open_circuits)


LIVE = frozenset({"overview", "runs", "run", "dead", "endpoints", "endpoint", "batches", "events"})
"""Views that change while they are open."""


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


def _missing(request: Request) -> dict[str, object]:
    """What of a view was not found in time, each once, and what helps."""
    ask: Asking | None = getattr(request.state, "asking", None)
    if ask is None:
        return {"missing": [], "narrow": ""}
    return {"missing": list(dict.fromkeys(ask.missing)), "narrow": ask.narrow}


def wants_json(request: Request) -> bool:
    """Whether a program asks."""
    return "application/json" in request.headers.get("accept", "")


def newest_of(names: Sequence[str]) -> str:
    """What a list remembers of itself while it is open, to be told of what comes later."""
    return next(iter(names), "-")


def arrived(request: Request, names: Sequence[str]) -> str:
    """How many came to a list since the page was opened: its names, the newest first, against the
    newest one that the page shows. Empty where there is nothing new."""
    before = request.headers.get("fql-newest", "")
    if not before or not names or names[0] == before:
        return ""
    return str(names.index(before)) if before in names else f"over {len(names) - 1}"


def listed(values: list[dict[str, object]]) -> Response:
    """A list for a program."""
    return JSONResponse(values)


def back(request: Request, to: str) -> Response:  # noqa: ARG001 - as all answers are made
    """To a page of ours, after a form: reloading does nothing twice."""
    return RedirectResponse(to, 303)
