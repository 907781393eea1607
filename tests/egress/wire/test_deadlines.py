"""The deadline of each exchange on a connection that is used again and again."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest

from fql.egress.send import Sender
from fql.plan.web.addresses import LOOPBACK
from fql.plan.web.urls import UrlParts
from fql.testing import MockWebhookServer, Reply
from tests.egress.support import failure, post


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    made = Sender(LOOPBACK, user_agent="fql/test")
    yield made
    await made.close()


def at(server: MockWebhookServer) -> UrlParts:
    return UrlParts("http", "127.0.0.1", server.port, "/hook")


async def test_a_shorter_deadline_counts_after_a_longer_one(sender: Sender) -> None:
    with MockWebhookServer() as server:
        assert (await post(sender, at(server), timeout_ms=10_000)).status == 200
        server.reply(Reply(fault="hang"))
        began = time.monotonic()
        failed = await failure(sender, at(server), timeout_ms=100)
        assert (failed.kind, server.connections) == ("timeout", 1)
        assert time.monotonic() - began < 5


async def test_a_longer_deadline_is_not_cut_by_an_earlier_one(sender: Sender) -> None:
    """The timer of the first exchange rings while the second one is under way."""
    with MockWebhookServer() as server:
        assert (await post(sender, at(server), timeout_ms=80)).status == 200
        server.reply(Reply(delay=0.2))
        assert (await post(sender, at(server), timeout_ms=5_000)).status == 200
        assert server.connections == 1


async def test_a_deadline_still_counts_after_the_timer_was_set_again(sender: Sender) -> None:
    with MockWebhookServer() as server:
        assert (await post(sender, at(server), timeout_ms=60)).status == 200
        server.reply(Reply(fault="hang"))
        failed = await failure(sender, at(server), timeout_ms=150)
        assert (failed.kind, server.connections) == ("timeout", 1)
