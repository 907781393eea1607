"""The page in a real browser: by mouse, by keyboard, without scripts, while things change, on a
telephone, at night.

Needs a Chromium: the one that `FQL_BROWSER` names, or one on the path.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from fql.testing import MockWebhookServer
from tests.app.plans import order
from tests.browser import SKIPPED
from tests.ui.browsing import PROGRAM, barriers, opened
from tests.ui.site import Site, site

pytestmark = pytest.mark.skipif(PROGRAM is None, reason=SKIPPED)
REPLAYED = ["/reserve", "/label"]
SEEN: tuple[tuple[int, Literal["light", "dark"]], ...] = (
    (1280, "light"), (1280, "dark"), (390, "dark"), (390, "light"),
)  # fmt: skip


async def paths(here: Site) -> list[str]:
    """Every view, with something in it."""
    headers = {"accept": "application/json"}
    (letter, *_) = (await here.browser.get("/dead", headers=headers)).json()
    own = [f"/dead/{letter['dlq_id']}", f"/runs/{letter['run']}", "/find?q=nothing"]
    views = ["/", "/runs", "/events", "/dead", "/endpoints", "/endpoints/shop", "/batches", "/plan"]
    return [*views, *own]


async def sent(here: Site) -> list[str]:
    """What has come to the receiver since the dead letter."""
    assert here.runtime is not None
    await here.runtime.until_idle(30)
    return [one.path for one in here.receiver.requests]


async def test_a_dead_letter_is_replayed_by_mouse(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    async with site(tmp_path, webhook_server) as here:
        await here.fail(1)
        async with opened(here) as page:
            await page.click(".need a")
            await page.click("tbody a")
            assert "maintenance" in await page.inner_text("main")
            await page.click("button.main")
            assert await page.inner_text("h1") == "Replay 1 dead letter?"
            await page.click("main button.main")
            await page.wait_for_url("**/dead/*")
        assert await sent(here) == REPLAYED


async def test_the_same_by_keyboard(tmp_path: Path, webhook_server: MockWebhookServer) -> None:
    async with site(tmp_path, webhook_server) as here:
        await here.fail(1)
        async with opened(here) as page:
            press = page.keyboard.press
            await press("?")
            assert await page.is_visible("#keys")
            await press("Escape")
            await page.wait_for_selector("#keys", state="hidden")
            await press("g")
            async with page.expect_navigation():
                await press("d")
            await press("j")
            async with page.expect_navigation():
                await press("Enter")
            async with page.expect_navigation():
                await press("r")
            async with page.expect_navigation():
                await press("Enter")
            await press("/")
            await page.keyboard.type("run_")
            assert await page.input_value("input[name=q]") == "run_"
        assert await sent(here) == REPLAYED


async def test_the_same_without_scripts(tmp_path: Path, webhook_server: MockWebhookServer) -> None:
    """All is links and forms; `/` loads itself again."""
    async with site(tmp_path, webhook_server) as here:
        await here.fail(1)
        async with opened(here, script=False) as page:
            assert await page.locator("meta[http-equiv=refresh]").count() == 1
            assert not await page.is_visible("#help")
            await page.click(".need a")
            await page.check("input[name=id]")
            await page.click("text=Replay 1…")
            await page.click("main button.main")
            await page.wait_for_url("**/dead/*")
        assert await sent(here) == REPLAYED


async def test_what_changes_comes_and_the_focus_stays(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    async with site(tmp_path, webhook_server) as here:
        await here.fail(1)
        assert here.runtime is not None
        async with opened(here) as page:
            await page.click("details summary")
            await page.focus(".need a")
            await page.wait_for_timeout(1_200)  # the stream has begun
            await here.fail(2)
            await page.wait_for_selector("text=2 dead letters")
            assert await page.evaluate("document.activeElement.closest('.need') !== null")
            assert await page.locator("details[open]").count() == 1
            await page.goto(f"{here.url}/runs")
            before = await page.locator("tbody tr").count()
            await page.wait_for_timeout(1_200)
            await here.runtime.emit("Order.insert", new=order(3), key="3")
            await page.wait_for_selector("text=1 new")
            assert await page.locator("tbody tr").count() == before, "a list never moves"


@pytest.mark.timeout(600)  # 36 looks by axe-core
async def test_nothing_is_in_the_way(tmp_path: Path, webhook_server: MockWebhookServer) -> None:
    """No barrier that axe-core knows, no scrolling sideways, on a telephone either, by day and by
    night."""
    async with site(tmp_path, webhook_server) as here:
        await here.fail(1)
        async with opened(here) as page:
            for path in await paths(here):
                await page.goto(here.url + path)
                for width, scheme in SEEN:
                    await page.set_viewport_size({"width": width, "height": 900})
                    await page.emulate_media(color_scheme=scheme)
                    wide = await page.evaluate("document.documentElement.scrollWidth")
                    assert wide == width, path
                    assert await barriers(page) == [], (path, width, scheme)
