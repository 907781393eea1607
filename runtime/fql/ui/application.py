"""The page as an ASGI application: its routes, and the words for what went wrong."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fql.errors import FqlError, StoreGone, UsageError
from fql.ui import pages
from fql.ui.access import Rules
from fql.ui.desk import LIVE, Desk, desk_of, wants_json
from fql.ui.door import Door
from fql.ui.filters import filters_of
from fql.ui.live import Changes, name_of, stream
from fql.ui.logins import Logins
from fql.ui.views import batches, dead, endpoints, events, find, overview, plans, runs

logger = logging.getLogger("fql.ui")


def application(desk: Desk, rules: Rules, logins: Logins) -> Door:
    """The whole page. Nothing of the store is touched before the first request."""

    changes = Changes(desk.mark)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            changes.close()
            await desk.close()

    inner = Starlette(
        routes=_routes(),
        lifespan=lifespan,
        exception_handlers={
            FqlError: _wrong, HTTPException: _not_here, Exception: _own_fault,
        },
    )  # fmt: skip
    inner.state.desk, inner.state.changes = desk, changes
    return Door(inner, rules, logins)


def _routes() -> list[Route]:
    return [
        Route("/", overview.overview),
        Route("/runs", runs.runs),
        Route("/runs/{id}", runs.run),
        Route("/runs/{id}/cancel", runs.cancel, methods=["POST"]),
        Route("/runs/{id}/resend", runs.resend, methods=["POST"]),
        Route("/events", events.events),
        Route("/events/emit", events.emit_again, methods=["POST"]),
        Route("/dead", dead.dead),
        Route("/dead/export", dead.export),
        Route("/dead/replay", dead.replay, methods=["POST"]),
        Route("/dead/discard", dead.discard, methods=["POST"]),
        Route("/dead/stop", dead.stop, methods=["POST"]),
        Route("/dead/{id}", dead.letter),
        Route("/endpoints", endpoints.endpoints),
        Route("/endpoints/pause", endpoints.pause, methods=["POST"]),
        Route("/endpoints/resume", endpoints.resume, methods=["POST"]),
        Route("/endpoints/probe", endpoints.probe, methods=["POST"]),
        Route("/endpoints/{name:path}", endpoints.endpoint),
        Route("/batches", batches.batches),
        Route("/batches/seal", batches.seal, methods=["POST"]),
        Route("/plan", plans.plan),
        Route("/plan/{digest}", plans.plan),
        Route("/find", find.find),
        Route("/live", _live),
        Route("/files/{name}", _file),
    ]


async def _live(request: Request) -> Response:
    """The stream of a view that a browser has open."""
    given = filters_of(request.query_params.multi_items(), ("view",))
    name = name_of(given.get("view", ""))
    if name not in LIVE:
        raise HTTPException(404)
    return stream(
        request, request.app.state.changes, desk_of(request).templates.parts_of(f"{name}.html")
    )


async def _file(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in pages.STATIC:
        raise HTTPException(404)
    return Response(pages.text_of(name), media_type=pages.STATIC[name])


async def _wrong(request: Request, problem: Exception) -> Response:
    """A sentence and what helps: 400 for what was asked wrongly, 503 for the store."""
    told = problem if isinstance(problem, FqlError) else FqlError(str(problem))
    status = 400 if isinstance(problem, UsageError) else 503
    desk = desk_of(request)
    if isinstance(problem, StoreGone):
        await desk.close()  # a backup was put in its place: that one is opened next
        request.state.asking = None
    if wants_json(request):
        return JSONResponse({"error": told.message, "help": told.hint or None}, status)
    return await desk.page(request, "problem", status, text=told.message, hint=told.hint or "")


async def _not_here(request: Request, problem: Exception) -> Response:
    status = problem.status_code if isinstance(problem, HTTPException) else 404
    text = "There is no such page."
    return await desk_of(request).page(request, "problem", status, text=text, hint="")


async def _own_fault(request: Request, problem: Exception) -> Response:
    """Never a traceback: a number that is in the log."""
    desk = desk_of(request)
    number = f"{desk.wall():x}"
    logger.error("fault %s of the page at %s", number, request.url.path, exc_info=problem)
    text = f"The page has failed; the log has the reason under {number}."
    return await desk.page(request, "problem", 500, text=text, hint="")
