"""The page as an ASGI application: its routes, and the words for what went wrong."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fql.errors import FqlError, StoreGone, UsageError
from fql.ui import pages
from fql.ui.access import Rules
from fql.ui.desk import Desk, desk_of
from fql.ui.door import Door
from fql.ui.logins import Logins
from fql.ui.views import dead, overview, plans, runs

logger = logging.getLogger("fql.ui")


def application(desk: Desk, rules: Rules, logins: Logins) -> Door:
    """The whole page. Nothing of the store is touched before the first request."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await desk.close()

    inner = Starlette(
        routes=_routes(),
        lifespan=lifespan,
        exception_handlers={
            FqlError: _wrong, HTTPException: _not_here, Exception: _own_fault,
        },
    )  # fmt: skip
    inner.state.desk = desk
    return Door(inner, rules, logins)


def _routes() -> list[Route]:
    return [
        Route("/", overview.overview),
        Route("/runs", runs.runs),
        Route("/runs/{id}", runs.run),
        Route("/runs/{id}/cancel", runs.cancel, methods=["POST"]),
        Route("/runs/{id}/resend", runs.resend, methods=["POST"]),
        Route("/dead", dead.dead),
        Route("/dead/replay", dead.replay, methods=["POST"]),
        Route("/dead/discard", dead.discard, methods=["POST"]),
        Route("/dead/{id}", dead.letter),
        Route("/endpoints", plans.endpoints),
        Route("/endpoints/pause", plans.pause, methods=["POST"]),
        Route("/endpoints/resume", plans.resume, methods=["POST"]),
        Route("/plan", plans.plan),
        Route("/find", plans.find),
        Route("/files/{name}", _file),
    ]


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
    return desk.page(request, "problem", status, text=told.message, hint=told.hint or "")


async def _not_here(request: Request, problem: Exception) -> Response:
    status = problem.status_code if isinstance(problem, HTTPException) else 404
    text = "There is no such page."
    return desk_of(request).page(request, "problem", status, text=text, hint="")


async def _own_fault(request: Request, problem: Exception) -> Response:
    """Never a traceback: a number that is in the log."""
    desk = desk_of(request)
    number = f"{desk.wall():x}"
    logger.error("fault %s of the page at %s", number, request.url.path, exc_info=problem)
    text = f"The page has failed; the log has the reason under {number}."
    return desk.page(request, "problem", 500, text=text, hint="")
