"""The page in a real browser: by mouse, by keyboard, on a telephone, at night.

Needs a Chromium: the one that `FQL_BROWSER` names, or one on the path.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from fql.testing import MockWebhookServer
from tests.emit.browser import Tab, browser, find_browser
from tests.ui.site import site

PROGRAM = find_browser()
pytestmark = pytest.mark.skipif(
    PROGRAM is None,
    reason="no Chromium: install it (Debian: apt-get install chromium) or name one by FQL_BROWSER",
)
PATHS = ("/", "/dead", "/runs", "/endpoints", "/plan")


async def driven(
    folder: Path, receiver: MockWebhookServer, work: Callable[[Tab, str], None], width: int = 1200
) -> None:
    """Play this on the page of a store with one dead letter, logged in by a link; nothing may be
    asked of another host, and nothing may be complained about."""
    assert PROGRAM is not None
    (folder / "profile").mkdir()
    async with site(folder, receiver) as here:
        await here.fail(1)
        link = f"{here.url}/in/{here.logins.link()}"

        def play() -> None:
            assert PROGRAM is not None
            with browser(PROGRAM, folder / "profile") as running:
                tab = Tab.open(running, link, width)
                work(tab, here.url)
                heard = tab.heard("Log.entryAdded", "Runtime.exceptionThrown")
                assert heard == []
                asked = {one["request"]["url"] for one in tab.heard("Network.requestWillBeSent")}
                assert all(url.startswith((here.url, "data:")) for url in asked), asked

        await asyncio.to_thread(play)
        assert here.runtime is not None
        await here.runtime.until_idle(10)


def go(tab: Tab, act: Callable[[], object]) -> None:
    """Do something that leads to another page, and wait for that."""
    tab.browser.events[:] = [
        one for one in tab.browser.events if one.get("method") != "Page.loadEventFired"
    ]
    act()
    tab.browser.wait("Page.loadEventFired", tab.session)


async def test_a_dead_letter_is_replayed_by_mouse(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    def work(tab: Tab, _: str) -> None:
        go(tab, lambda: tab.click(".need a"))
        go(tab, lambda: tab.click("tbody a"))
        assert "maintenance" in str(tab.value("document.body.innerText"))
        go(tab, lambda: tab.click("button.main"))
        assert tab.value("document.querySelector('h1').innerText") == "Replay 1 dead letter?"
        go(tab, lambda: tab.click("button.main"))

    await driven(tmp_path, webhook_server, work)
    assert [one.path for one in webhook_server.requests] == ["/reserve", "/label"]


async def test_the_same_by_keyboard(tmp_path: Path, webhook_server: MockWebhookServer) -> None:
    def work(tab: Tab, _: str) -> None:
        tab.press("g")
        go(tab, lambda: tab.press("d"))
        tab.press("j")
        go(tab, lambda: tab.press("Enter"))
        for _step in range(2):
            tab.value("document.querySelector('button.main').focus()")
            go(tab, lambda: tab.press("Enter"))

    await driven(tmp_path, webhook_server, work)
    assert [one.path for one in webhook_server.requests] == ["/reserve", "/label"]


@pytest.mark.parametrize("width", [390, 1200])
async def test_nothing_runs_out_of_its_place(
    width: int, tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    """No scrolling sideways, on a telephone either, by day and by night."""

    def work(tab: Tab, url: str) -> None:
        for night in (True, False):
            scheme = {"name": "prefers-color-scheme", "value": "dark" if night else "light"}
            tab.call("Emulation.setEmulatedMedia", features=[scheme])
            for path in PATHS:
                go(tab, lambda path=path: tab.call("Page.navigate", url=url + path))  # type: ignore[misc]
                assert tab.value("document.documentElement.scrollWidth") == width, path
                ink, paper = (
                    tab.value(f"getComputedStyle(document.documentElement).{name}")
                    for name in ("color", "backgroundColor")
                )
                assert ink != paper

    await driven(tmp_path, webhook_server, work, width)
