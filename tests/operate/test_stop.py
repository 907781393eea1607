"""Stopping `fqlc run`: a drain has an end, and a second signal ends it at once."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from fql.testing import MockWebhookServer, Reply
from tests.operate.shop import Shop, stopped, until

DRAIN = '[webhooks.dispatch]\ndrain = "200ms"\n'


def test_a_drain_has_an_end(tmp_path: Path, webhook_server: MockWebhookServer) -> None:
    """What was cut stays stored, and is sent again with its key, marked as a repetition."""
    shop = Shop(tmp_path, webhook_server, more=DRAIN)
    webhook_server.reply(Reply(delay=4))
    with shop.engine() as engine:
        shop.order(1)
        until(lambda: webhook_server.call_count == 1)
        begin = time.monotonic()
        assert stopped(engine) == 0
        assert time.monotonic() - begin < 3.5, "the answer was not waited for"
    shop.finish()
    first, again = webhook_server.requests
    assert first.key == again.key
    assert again.headers["fql-redelivery"] == "1"


def test_a_second_signal_ends_at_once(tmp_path: Path, webhook_server: MockWebhookServer) -> None:
    shop = Shop(tmp_path, webhook_server)
    webhook_server.reply(Reply(delay=4))
    with shop.engine() as engine:
        shop.order(1)
        until(lambda: webhook_server.call_count == 1)
        engine.send_signal(signal.SIGTERM)
        until(lambda: "draining" in shop.log)
        engine.send_signal(signal.SIGINT)
        assert engine.wait(10) == 130
    shop.finish()
    assert len({one.key for one in webhook_server.requests}) == 1
