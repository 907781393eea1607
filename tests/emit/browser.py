"""A real browser without a driver: Chromium's DevTools protocol over a pair of pipes."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
    "--disable-dev-shm-usage", "--disable-background-networking", "--disable-extensions",
    "--remote-debugging-pipe",
)  # fmt: skip
SECONDS = 20.0
AT_3_AND_4 = """
import fcntl, os, sys
pipes = [fcntl.fcntl(int(given), fcntl.F_DUPFD, 10) for given in sys.argv[1:3]]
os.dup2(pipes[0], 3)
os.dup2(pipes[1], 4)
os.execvp(sys.argv[3], sys.argv[3:])
"""
"""A program that becomes another one, with the pipes where Chromium looks for them."""


def find_browser() -> str | None:
    """What `FQL_BROWSER` names, else the first Chromium on the path."""
    named = os.environ.get("FQL_BROWSER")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


@dataclass
class Browser:
    """The protocol: commands with numbers in, answers and events out, each ended by a NUL."""

    commands: int
    answers: int
    events: list[Mapping[str, Any]] = field(default_factory=list)
    _last: int = 0
    _rest: bytes = b""

    def call(self, method: str, session: str | None = None, /, **params: Any) -> Any:
        """The result of a command; events that come before it are kept."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while (answer := self._read()).get("id") != self._last:
            self.events.append(answer)
        assert "error" not in answer, (method, answer)
        return answer["result"]

    def wait(self, method: str, session: str) -> None:
        """Until an event has come; earlier ones count."""
        wanted = (method, session)
        while not any((e.get("method"), e.get("sessionId")) == wanted for e in self.events):
            self.events.append(self._read())

    def _read(self) -> Mapping[str, Any]:
        end = time.monotonic() + SECONDS
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self.answers], [], [], max(0.0, end - time.monotonic()))
            assert ready, "the browser does not answer"
            got = os.read(self.answers, 1 << 16)
            assert got, "the browser has ended"
            self._rest += got
        message, _, self._rest = self._rest.partition(b"\0")
        found: Mapping[str, Any] = json.loads(message)
        return found


@contextmanager
def browser(program: str, folder: Path) -> Iterator[Browser]:
    """Start it with an empty profile in a folder; end it afterwards."""
    theirs_in, commands = os.pipe()
    answers, theirs_out = os.pipe()
    arguments = [sys.executable, "-c", AT_3_AND_4, str(theirs_in), str(theirs_out), program]
    process = subprocess.Popen(
        [*arguments, *FLAGS, f"--user-data-dir={folder}", "about:blank"],
        pass_fds=(theirs_in, theirs_out),
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs_in)
    os.close(theirs_out)
    found = Browser(commands, answers)
    try:
        yield found
        found.call("Browser.close")
        process.wait(SECONDS)
    finally:
        process.kill()
        process.wait()
        os.close(commands)
        os.close(answers)


@dataclass
class Tab:
    """A page in the browser."""

    browser: Browser
    session: str

    @classmethod
    def open(cls, browser: Browser, url: str, width: int = 1200, height: int = 800) -> Tab:
        """Load a page in a window of a size in pixels; everything it does is recorded."""
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        attached = browser.call("Target.attachToTarget", targetId=target, flatten=True)
        tab = cls(browser, attached["sessionId"])
        for domain in ("Page", "Runtime", "Log", "Network"):
            tab.call(f"{domain}.enable")
        tab.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        tab.call("Page.navigate", url=url)
        browser.wait("Page.loadEventFired", tab.session)
        return tab

    def call(self, method: str, **params: Any) -> Any:
        """A command to this page."""
        return self.browser.call(method, self.session, **params)

    def value(self, expression: str) -> Any:
        """The value of an expression of JavaScript, as JSON gives it."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                          awaitPromise=True)  # fmt: skip
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def press(self, key: str) -> None:
        """A key, as the DOM calls it; a single character is also text."""
        extra = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, code=key, **extra)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=key)
        self.settled()

    def mouse(self, kind: str, x: float, y: float) -> None:
        """`mousePressed`, `mouseMoved` or `mouseReleased` of the left button."""
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1,
                  clickCount=1)  # fmt: skip
        self.settled()

    def click(self, selector: str) -> None:
        """The middle of the first element that fits, scrolled to where it can be seen."""
        self.value(f"document.querySelector({json.dumps(selector)}).scrollIntoView()")
        x, y = self.middle(selector)
        self.mouse("mousePressed", x, y)
        self.mouse("mouseReleased", x, y)

    def middle(self, selector: str) -> tuple[float, float]:
        """Where the middle of an element is, in pixels of the window."""
        box = self.value(f"document.querySelector({json.dumps(selector)})"
                         ".getBoundingClientRect().toJSON()")  # fmt: skip
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def settled(self) -> None:
        """Until what was done has had its effect: two frames, and the events between them."""
        self.value(
            "new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r(1))))"
        )

    def heard(self, *methods: str) -> list[Mapping[str, Any]]:
        """What this page was seen to do, by the names of events of the protocol."""
        return [
            event["params"]
            for event in self.browser.events
            if event.get("sessionId") == self.session and event["method"] in methods
        ]
