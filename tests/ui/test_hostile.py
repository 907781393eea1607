"""Two hundred values that a stranger may have written: each is text on every view."""

from __future__ import annotations

import html
from html.parser import HTMLParser
from itertools import islice, product
from pathlib import Path
from urllib.parse import quote

from fql.testing import MockWebhookServer, Reply
from tests.app.plans import order
from tests.ui.site import site

STARTS = (
    "", "'", '"', "-->", "]]>", "</pre>", "</script>", "</title>", "\x00", "\u202e", "{{", "&#60;",
)  # fmt: skip
MIDDLES = (
    "<script>hack()</script>", "<img src=x onerror=hack()>", "<svg onload=hack()>",
    "<a href=javascript:hack()>x</a>", "<style>*{x:hack}</style>", "<iframe src=//evil.example>",
    "<form action=//evil.example>", "<base href=//evil.example/>", "<meta http-equiv=refresh>",
    "onmouseover=hack()", "javascript:hack()", "data:text/html,<script>hack()</script>",
    "{{ 7*7 }}", "{% raw %}", "${7*7}", "\x1b[31mhack\x07", "%3Cscript%3Ehack()", "\U0001f600hack",
)  # fmt: skip
VALUES = [a + b for a, b in islice(product(STARTS, MIDDLES), 200)]
OURS = frozenset({"/files/page.js", "/files/page.css", "data:,"})


class Read(HTMLParser):
    """What a browser would make of a page: elements that load or run, and attributes that run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("img", "iframe", "base", "object", "embed", "style", "math", "audio", "video"):
            self.found.append(tag)
        for name, value in attrs:
            text = html.unescape(value or "").strip().lower()
            if name.startswith("on") or name == "style":
                self.found.append(f"{tag} {name}")
            if name in ("href", "src", "action", "formaction"):
                away = not text.startswith(("/", "?", "#")) or text.startswith("//")
                if away and text not in OURS:
                    self.found.append(f"{tag} {name}={text}")


def read(text: str) -> list[str]:
    reader = Read()
    reader.feed(text)
    return reader.found


async def test_two_hundred_hostile_values(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    """In ids, in rows, in answers, in filters, in what is looked for."""
    assert len(VALUES) == 200
    async with site(tmp_path, webhook_server) as here:
        assert here.runtime is not None
        for at in range(0, 200, 20):
            some = VALUES[at : at + 20]
            answer = some[0].encode("utf-8", "replace").decode()
            here.receiver.always(Reply(400, answer))
            for number, value in enumerate(some, at):
                clean = value.replace("\x00", "\u0001")
                row = order(number, id=f"{number}{clean}", status=clean)
                await here.runtime.emit("Order.insert", new=row, id=f"{number}-{clean}"[:900])
        await here.runtime.until_idle(60)
        headers = {"accept": "application/json"}
        letters = (await here.browser.get("/dead/export")).text.splitlines()
        assert len(letters) == 200
        runs = (await here.browser.get("/runs", headers=headers)).json()
        paths = ["/", "/runs", "/events", "/dead", "/endpoints", "/batches", "/plan"]
        paths += [f"/runs/{run['run']}" for run in runs]
        paths += [f"/find?q={quote(value)}" for value in VALUES[::5]]
        paths += [f"/events?row={quote('Order ' + value)}" for value in VALUES[::10]]
        paths += [f"/dead?observer={quote(value)}" for value in VALUES[::20]]
        paths += [f"/plan?observer={quote(value)}" for value in VALUES[::20]]
        for path in paths:
            shown = await here.browser.get(path, follow_redirects=True)
            assert shown.status_code < 500, path
            assert read(shown.text) == [], path
            assert "\x1b" not in shown.text and "\u202e" not in shown.text
