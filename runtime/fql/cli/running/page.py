"""`fqlc run --ui`: the page beside the engine, as a process of its own that gives way to it."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

RESTARTS = 5
FINAL = frozenset({0, 2, 3})
"""Exit codes after which it is not started again: it was told to end, or cannot be served."""

logger = logging.getLogger("fql.run")


def page_command(
    address: str, store: str | None, settings_file: str | None
) -> Sequence[str]:  # fmt: skip
    """How the page of this run is started."""
    options = {"--listen": address or None, "--store": store, "--settings": settings_file}
    given = [word for name, value in options.items() if value for word in (name, value)]
    return (sys.executable, "-m", "fqlc", "ui", "--beside", *given)


def address_or_source(
    given: str | None, sources: tuple[str, ...]
) -> tuple[str | None, tuple[str, ...]]:
    """What follows `--ui` is an address, or already a source: `fqlc run --ui shop.fql`."""
    if given and (":" not in given or given.endswith((".fql", ".json"))):
        return "", (given, *sources)
    return given, sources


@asynccontextmanager
async def page_beside(command: Sequence[str]) -> AsyncIterator[None]:
    """The page while something else runs; none for an empty command."""
    serving = asyncio.create_task(serve_beside(command)) if command else None
    try:
        yield
    finally:
        if serving is not None:
            serving.cancel()
            await asyncio.wait([serving])


async def serve_beside(command: Sequence[str]) -> None:
    """Keep the page running until this is cancelled: a page that crashes is started again, five
    times at most. What it prints goes to standard error."""
    for again in range(RESTARTS + 1):
        code = await _served(command)
        if code in FINAL:
            logger.error("there is no page: `fqlc ui` has ended with exit code %d", code)
            return
        logger.warning("the page has ended with %d", code)
        await asyncio.sleep(min(10, 2**again))
    logger.error("the page has ended %d times and is not started again", RESTARTS + 1)


async def _served(command: Sequence[str]) -> int:
    """One life of the page. It ends when this process ends, however that comes: its standard input
    is a pipe that nobody else holds."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=sys.stderr.fileno(),
        start_new_session=True,
    )  # fmt: skip
    try:
        return await process.wait()
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
