"""The page serves: what somebody who is woken at night asks is answered from `/` by three links."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from urllib.parse import quote

from fql.testing import MockWebhookServer
from tests.app.plans import CHAIN, CHANGED, order, plan_of
from tests.ui.site import Site, site

MOST_LINKS = 3


class Visitor:
    """Follows links and presses buttons, and counts them."""

    def __init__(self, here: Site) -> None:
        self.here = here
        self.text = ""
        self.steps = 0

    async def begin(self) -> Visitor:
        self.text, self.steps = (await self.here.browser.get("/")).text, 0
        return self

    async def _open(self, path: str) -> None:
        self.steps += 1
        answer = await self.here.browser.get(path, follow_redirects=True)
        assert answer.status_code == 200, path
        self.text = answer.text

    async def follow(self, pattern: str) -> Visitor:
        """The first link whose address fits."""
        links = map(unescape, re.findall(r'<a [^>]*?href="([^"]+)"', self.text))
        await self._open(next(link for link in links if re.search(pattern, link)))
        return self

    async def find(self, text: str) -> Visitor:
        """What the search field does."""
        await self._open(f"/find?q={quote(text)}")
        return self

    async def press(self, path: str, **fields: str) -> Visitor:
        """The button of a form, with what the form holds."""
        forms = re.findall(r'<form[^>]*?method="post".*?</form>', self.text, re.DOTALL)
        form = next(one for one in forms if path in one)
        held = {
            name: unescape(value)
            for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form)
        }
        self.steps += 1
        answer = await self.here.browser.post(
            path, data={**held, **fields}, headers={"origin": self.here.url}
        )
        self.text = answer.text
        return self

    def sees(self, *words: str) -> None:
        shown = unescape(re.sub(r"<[^>]+>", "", self.text))
        for word in words:
            assert word in shown, (word, shown)
        assert self.steps <= MOST_LINKS


async def test_five_questions(tmp_path: Path, webhook_server: MockWebhookServer) -> None:
    async with site(tmp_path, webhook_server, plan=plan_of(CHAIN + CHANGED)) as here:
        await here.fail(1)
        assert here.runtime is not None
        row = order(2, status="Shipped")
        await here.runtime.emit("Order.update", new=row, old={**row, "status": "paid"}, key="2")
        await here.runtime.until_idle(20)

        stuck = await Visitor(here).begin()
        stuck.sees("1 dead letter", "placed.reserve", "has given up since")
        (await stuck.follow(r"^/dead\?observer")).sees("Order o1")
        (await stuck.follow("^/dead/dlq_")).sees("status 503")

        silent = await (await Visitor(here).begin()).find("Order o2")
        silent.sees("Matched no observer", "Nearest", "false", '"Shipped"')
        silent.sees("The value differs from shipped in case only.")

        down = await (await Visitor(here).begin()).follow("^/endpoints$")
        down.sees("shop", "1 dead", "since")

        sent = await (await Visitor(here).begin()).find("Order o1")
        await sent.follow("^/runs/run_")
        sent.sees("POST ${RECEIVER}/reserve", '"id": "o1"', "maintenance until 15:00")

        would = await (await Visitor(here).begin()).press("/dead/replay")
        would.sees("Replay 1 dead letter?", "sent again to", "Nothing has been sent yet")


async def test_an_event_is_emitted_again(tmp_path: Path, webhook_server: MockWebhookServer) -> None:
    """As a new event, which the active plan judges."""
    async with site(tmp_path, webhook_server, plan=plan_of(CHANGED)) as here:
        assert here.runtime is not None
        row = order(2, status="new")
        await here.runtime.emit("Order.update", new=row, old=row, key="2")
        await here.runtime.until_idle(20)
        visitor = await (await Visitor(here).begin()).find("Order o2")
        asked = visitor.text
        await visitor.press("/events/emit")
        visitor.text = asked
        await visitor.press("/events/emit")  # the same form once more does nothing
        await here.runtime.until_idle(20)
        headers = {"accept": "application/json"}
        told = (await here.browser.get("/events?result=unmatched", headers=headers)).json()
        assert [one["row_key"] for one in told] == ["o2", "o2"]
        assert len({one["id"] for one in told}) == 2
