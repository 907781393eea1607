"""An attempt is told before what follows from it, with the host and the reason where it failed."""

from __future__ import annotations

import socket

import pytest

from fql.cli.running.run import shown
from fql.engine.core.held.inputs import Tally
from fql.engine.process.receipts import Summary, summary_of
from fql.observe.events import AttemptEnded, DeadLetterWritten, Lifecycle, RunFinished
from fql.observe.logs import fields_of
from fql.testing import MockWebhookServer
from tests.observe.support import SOURCE, order, runtime


async def test_attempts_come_before_their_consequences(webhook_server: MockWebhookServer) -> None:
    """Nobody listens at this port: the reason is in words of ours, with the host."""
    told: list[Lifecycle] = []
    once = SOURCE.replace("max_attempts: 3", "max_attempts: 1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = {"RECEIVER": f"http://127.0.0.1:{free.getsockname()[1]}"}
    async with runtime(
        webhook_server, text=once, environment=nobody, listeners=[told.append]
    ) as running:
        await running.emit("Order.insert", new=order(1))
        await running.until_idle()
    kinds = (AttemptEnded, DeadLetterWritten, RunFinished)
    assert [type(event) for event in told if isinstance(event, kinds)] == list(kinds)
    (attempt,) = [event for event in told if isinstance(event, AttemptEnded)]
    assert attempt.failure == "connect"
    assert "refused" in attempt.reason
    assert fields_of(attempt)["reason"] == attempt.reason
    # The address is the value of a variable here, and masked as such.
    assert "no connection to " in attempt.reason


@pytest.mark.parametrize(
    ("summary", "said"),
    [
        (Summary(events=3, runs=2, done=2), "3 events, 2 runs: 2 done, 0 dead, 0 left"),
        (Summary(replayed=2, done=2), "2 replayed: 2 done, 0 dead, 0 left"),
        (Summary(events=1, runs=1, replayed=1, done=2),
         "1 event, 1 run, 1 replayed: 2 done, 0 dead, 0 left"),
        (Summary(), "0 events, 0 runs: 0 done, 0 dead, 0 left"),
    ],
)  # fmt: skip
def test_the_summary_names_replays(summary: Summary, said: str) -> None:
    assert shown(summary) == said


def test_replays_are_counted() -> None:
    assert summary_of(Tally(replayed=2)).as_json()["replayed"] == 2
