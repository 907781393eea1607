"""How large the page is: what a telephone loads, and how long a list may be."""

from __future__ import annotations

import gzip
from pathlib import Path

from fql.testing import MockWebhookServer
from tests.app.letters.many import multiply
from tests.app.plans import order
from tests.ui.site import site

STATIC, LIST, FIRST = 16_000, 60_000, 40_000
"""Bytes of style and script each, of a list of 50, and of all that `/` loads, zipped."""
ROWS = 50


async def test_what_is_loaded_is_small(tmp_path: Path, webhook_server: MockWebhookServer) -> None:
    async with site(tmp_path, webhook_server) as here:
        await here.fail(1)
        assert here.runtime is not None
        await here.runtime.emit_many([envelope(number) for number in range(2, ROWS + 2)])
        await here.runtime.until_idle(30)
    multiply(tmp_path / "s.db", ROWS)
    async with site(tmp_path, webhook_server, engine=False) as here:
        here.desk.page_size = ROWS
        static = [(await here.browser.get(f"/files/page.{end}")).content for end in ("css", "js")]
        assert max(map(len, static)) <= STATIC
        for path in ("/runs", "/events", "/dead"):
            answer = await here.browser.get(path)
            assert answer.text.count("<tr") > ROWS, path
            assert len(answer.content) <= LIST, path
        first = (await here.browser.get("/")).content
        assert sum(len(gzip.compress(one)) for one in (first, *static)) <= FIRST


def envelope(number: int) -> dict[str, object]:
    return {"entity": "Order", "event": "insert", "new": order(number), "key": str(number)}
