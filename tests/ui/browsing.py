"""The page of a site in a browser, logged in by a link."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Page, async_playwright

from tests.browser import FLAGS, LIMIT, axe_script, find_browser
from tests.ui.site import Site

PROGRAM = find_browser()


@asynccontextmanager
async def opened(
    here: Site, *, width: int = 1280, dark: bool = False, script: bool = True
) -> AsyncIterator[Page]:
    """Nothing may be asked of another host, and nothing may be complained about."""
    trouble: list[str] = []
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=PROGRAM, args=FLAGS)
        context = await chromium.new_context(
            viewport={"width": width, "height": 900}, is_mobile=width < 600,
            color_scheme="dark" if dark else "light", java_script_enabled=script,
        )  # fmt: skip
        await context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = await context.new_page()
        page.set_default_timeout(LIMIT)
        page.on("console", lambda message: trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("request", lambda one: trouble.extend(foreign(one.url, here.url)))
        await page.goto(f"{here.url}/in/{here.logins.link()}")
        yield page
        await context.close()
        await chromium.close()
    assert trouble == []


def foreign(url: str, ours: str) -> list[str]:
    """A request that leaves our host."""
    return [] if url.startswith((f"{ours}/", "data:")) else [url]


async def barriers(page: Page) -> list[str]:
    """What axe-core finds wrong on a page: the rule, and where."""
    await page.evaluate(axe_script())
    found = await page.evaluate(
        "axe.run().then(r => r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.target)))"
    )
    return [str(one) for one in found]
