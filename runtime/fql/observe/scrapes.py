"""Scrapes: whoever asks within a second gets what the one before got, so that many scrapers, or a
hostile one, cost the engine one reading per second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from fql.observe.http import Page

FRESH = 1.0
"""Seconds that a reading is served."""


class Scrapes:
    """The page of metrics, in each format that was asked for in this second. `read` gives one
    moment of the runtime; `clock` counts seconds."""

    def __init__(
        self, read: Callable[[], Awaitable[Collector]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read = read
        self._clock = clock
        self._until = float("-inf")
        self._pages: dict[str, Page] = {}
        self._one = asyncio.Lock()

    async def page(self, accept: str) -> Page:
        """In the format that the `Accept` header of a scraper asks for."""
        encode, content_type = choose_encoder(accept)
        async with self._one:  # those who come while it is read wait for the same reading
            now = self._clock()
            if now >= self._until:
                self._pages, self._until = {}, now + FRESH
            page = self._pages.get(content_type)
            if page is None:
                body = await asyncio.to_thread(encode, await self._read())
                page = Page(body, content_type)
                self._pages[content_type] = page
            return page
