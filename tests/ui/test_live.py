"""Streams of open pages: so many and no more, none for a page that nobody sees."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from fql.testing import MockWebhookServer
from fql.ui import live
from tests.browser import SKIPPED
from tests.ui.browsing import PROGRAM, opened
from tests.ui.site import Site, site


async def streams(here: Site, wanted: int) -> None:
    """Until so many are open."""
    async with asyncio.timeout(20):
        while here.changes.streams != wanted:
            await asyncio.sleep(0.02)


async def test_beyond_the_most_a_page_asks_now_and_then(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    """64 streams; the next one is refused, and there is room again once one has ended."""
    assert live.MOST == 64
    async with site(tmp_path, webhook_server) as here, AsyncExitStack() as open_ones:
        limits = httpx.Limits(max_connections=None)
        many = await open_ones.enter_async_context(
            httpx.AsyncClient(
                base_url=here.url,
                cookies=here.browser.cookies,
                limits=limits,
                trust_env=False,
                timeout=30,
            )
        )
        for _ in range(live.MOST):
            one = await open_ones.enter_async_context(many.stream("GET", "/live?view=/"))
            assert one.headers["content-type"].startswith("text/event-stream")
        assert here.changes.streams == live.MOST
        refused = await here.browser.get("/live?view=/")
        assert refused.status_code == 503 and "asks now and then" in refused.text
        assert (await here.browser.get("/")).status_code == 200
        await one.aclose()
        await here.fail(1)  # a change is written to all, so that the page sees who has left
        await streams(here, live.MOST - 1)


@pytest.mark.skipif(PROGRAM is None, reason=SKIPPED)
async def test_a_hidden_tab_ends_its_stream(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    """It catches up when it is seen again."""
    hide = """hidden => {
      Object.defineProperty(document, 'hidden', { configurable: true, value: hidden });
      document.dispatchEvent(new Event('visibilitychange'));
    }"""
    async with site(tmp_path, webhook_server) as here, opened(here) as page:
        await streams(here, 1)
        await page.evaluate(hide, True)
        await here.fail(1)
        await streams(here, 0)
        assert "one thing needs you" not in await page.inner_text("h1")
        await page.evaluate(hide, False)
        await page.wait_for_selector("text=one thing needs you")
        await streams(here, 1)


@pytest.mark.skipif(PROGRAM is None, reason=SKIPPED)
async def test_what_is_ticked_is_what_the_button_says(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    async with site(tmp_path, webhook_server) as here:
        await here.fail(1, 2)
        async with opened(here) as page:
            await page.goto(f"{here.url}/dead")
            button = page.locator("[data-many=Replay]")
            assert await button.inner_text() == "Replay 2…"
            await page.check("tbody tr:first-child input")
            assert await button.inner_text() == "Replay 1…"
            await page.uncheck("tbody tr:first-child input")
            assert await button.inner_text() == "Replay 2…"
