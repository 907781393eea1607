"""A source that brings no changes is seen on the first page, while `fqlc run` works beside it."""

from __future__ import annotations

from pathlib import Path

from fql.testing import MockWebhookServer
from tests.histories.story import Story
from tests.ui.site import site
from tests.ui.test_now import shown


async def test_capture_that_breaks_needs_a_person_until_it_is_mended(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    story = Story(tmp_path, webhook_server)
    store = f"sqlite:///{tmp_path}/fql.db"
    with story.running():
        async with site(tmp_path, webhook_server, engine=False, store=store) as here:
            await shown(here, "/", "Running for ", "nothing needs you")
            story.fqlc("capture", "uninstall")
            told = await shown(here, "/", "source in trouble", "one thing needs you")
            for words in (
                "<b>shop</b>",
                "there is no outbox; no triggers on orders",
                "may be missing",
            ):
                assert words in told, words
            story.fqlc("capture", "install", "shop.fql")
            await shown(here, "/", "nothing needs you")
