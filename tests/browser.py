"""Pages in a real browser: the system's Chromium, driven by Playwright.

`playwright install` is never needed: the one on the path is taken, or that which `FQL_BROWSER`
names.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions")
LIMIT = 60_000
"""Milliseconds that a step may take: the machine may be busy."""
SKIPPED = "no Chromium: install it (Debian: apt-get install chromium) or name one by FQL_BROWSER"
AXE = "axe_playwright_python"
"""The package that has axe-core in it."""


def find_browser() -> str | None:
    """What `FQL_BROWSER` names, else the first Chromium on the path."""
    named = os.environ.get("FQL_BROWSER")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


def axe_script() -> str:
    """axe-core, which finds what people with a disability could not use."""
    return resources.files(AXE).joinpath("axe.min.js").read_text("utf-8")


@contextmanager
def browser(program: str) -> Iterator[Browser]:
    """Start it with an empty profile; end it afterwards."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield found
        found.close()


@dataclass
class Tab:
    """A page in the browser: what it has asked for, and what was complained about."""

    page: Page
    asked: list[str] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, browser: Browser, url: str, width: int = 1200, height: int = 800) -> Tab:
        """Load a page in a window of a size in pixels."""
        context = browser.new_context(
            viewport={"width": width, "height": height}, is_mobile=width < 600
        )
        page = context.new_page()
        page.set_default_timeout(LIMIT)
        tab = cls(page)
        page.on("request", lambda request: tab.asked.append(request.url))
        page.on("console", lambda message: tab.trouble.append(message.text))
        page.on("pageerror", lambda error: tab.trouble.append(str(error)))
        page.goto(url)
        return tab

    def value(self, expression: str) -> Any:
        """The value of an expression of JavaScript, as JSON gives it."""
        return self.page.evaluate(expression)

    def press(self, key: str) -> None:
        """A key, as the DOM calls it."""
        self.page.keyboard.press(key)
        self.settled()

    def mouse(self, kind: str, x: float, y: float) -> None:
        """`mousePressed`, `mouseMoved` or `mouseReleased` of the left button."""
        self.page.mouse.move(x, y)
        if kind == "mousePressed":
            self.page.mouse.down()
        elif kind == "mouseReleased":
            self.page.mouse.up()
        self.settled()

    def click(self, selector: str) -> None:
        """The middle of the first element that fits, scrolled to where it can be seen."""
        self.page.locator(selector).first.click()
        self.settled()

    def middle(self, selector: str) -> tuple[float, float]:
        """Where the middle of an element is, in pixels of the window."""
        box = self.page.locator(selector).first.bounding_box()
        assert box is not None
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def scheme(self, name: str) -> None:
        """`light` or `dark`."""
        self.page.emulate_media(color_scheme="dark" if name == "dark" else "light")

    def settled(self) -> None:
        """Until what was done has had its effect: two frames, and the events between them."""
        self.value(
            "new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r(1))))"
        )
