"""Structured logs: what happened, with all ids, and nothing that is secret."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import orjson
import pytest

from fql.cli.running.logs import JsonFormatter, TextFormatter
from fql.observe.events import (
    AttemptEnded,
    CycleCommitted,
    DeadLetterWritten,
    RunFinished,
    hears,
)
from fql.observe.logs import LogListener, fields_of, level_of
from fql.testing import MockWebhookServer, Reply
from tests.observe.support import SOURCE, order, plan_of, runtime, scrape
from tests.published import assert_valid

TRACE = "0af7651916cd43dd8448eb211c80319c"
GIVEN = f"00-{TRACE}-b7ad6b7169203331-01"


class Kept(logging.Handler):
    """What `fqlc run` would write: JSON lines, and the same as text."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, object]] = []
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        written = JsonFormatter().format(record)
        self.lines.append(orjson.loads(written))
        self.text += written + TextFormatter().format(record)

    def of(self, event: str) -> list[dict[str, object]]:
        """The lines about one kind of event; all are of the published form."""
        for line in self.lines:
            assert_valid("fql-log/1", line)
        return [line for line in self.lines if line.get("event") == event]


@pytest.fixture
def kept() -> Iterator[Kept]:
    """All logs of the runtime, at the lowest level."""
    handler = Kept()
    logger = logging.getLogger("fql")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(before)


async def test_attempts_and_runs_carry_all_ids(
    webhook_server: MockWebhookServer, kept: Kept
) -> None:
    """One line for each attempt and each end of a run; ids join them, and the trace."""
    webhook_server.reply(503)
    async with runtime(webhook_server, settings="") as running:
        receipt = await running.emit(
            "Order.insert", new=order(1), id="evt-1", context={"traceparent": GIVEN}
        )
        await running.until_idle(30)
    first, second = kept.of("AttemptEnded")
    ids = {"event_id": "evt-1", "run": receipt.runs[0], "trace_id": TRACE}
    assert first.items() >= {
        **ids, "level": "info", "observer": "placed", "action": "tell", "attempt": 1,
        "status": 503, "state": "scheduled",
    }.items()  # fmt: skip
    assert second.items() >= {**ids, "level": "debug", "attempt": 2, "status": 200}.items()
    (ended,) = kept.of("RunFinished")
    assert ended.items() >= {**ids, "level": "debug", "state": "done"}.items()
    assert "fql.engine" in kept.text


async def test_dead_letter_is_a_warning_with_its_id(
    webhook_server: MockWebhookServer, kept: Kept
) -> None:
    webhook_server.reply(404)
    async with runtime(webhook_server, settings="") as running:
        await running.emit("Order.insert", new=order(1))
        await running.until_idle(30)
        (letter,) = await running.client.dead_letters()
    (line,) = kept.of("DeadLetterWritten")
    assert line.items() >= {
        "level": "warning", "dlq_id": letter.dlq_id, "observer": "placed", "action": "tell",
        "run": letter.run, "class": "permanent",
    }.items()  # fmt: skip
    (ended,) = kept.of("RunFinished")
    assert (ended["level"], ended["state"]) == ("info", "dead")


SECRETIVE = SOURCE.replace(
    'path: "/orders"',
    'path: "/orders/{{ id }}?token=${CANARY}" headers: { "X-Key": "${CANARY}", "X-Id": "{{ id }}" }'
    " response: Answer",
).replace("endpoint shop", "type Answer { ok: Boolean }\nendpoint shop")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=200, body={"ok": "canary-answer"}),
        Reply(status=404, body="canary-answer"),
        Reply(status=503, body="canary-answer", headers={"X-Echo": "canary-header"}),
        Reply(fault="garbage"),
    ],
)
async def test_nothing_secret_is_in_logs_or_metrics(
    webhook_server: MockWebhookServer, kept: Kept, reply: Reply
) -> None:
    """Secrets, rows, urls and answers carry a canary; logs of all levels and metrics do not."""
    webhook_server.always(reply)
    async with runtime(
        webhook_server, text=SECRETIVE, environment={"CANARY": "canary-secret"}
    ) as running:
        await running.emit("Order.insert", new=order("canary-row", status="canary-status"))
        await running.client.emit(
            {"entity": "Order", "event": "insert", "new": order(1), "id": "evt-2"}
        )
        await running.until_idle(30)
        seen = await scrape(running)
    assert webhook_server.called
    assert seen.value("fql_webhook_failures_total") >= 2
    assert kept.of("AttemptEnded")
    assert "canary" not in kept.text
    assert "canary" not in str(seen)


async def test_endpoint_named_by_a_variable_is_shown_by_its_name(
    webhook_server: MockWebhookServer, kept: Kept
) -> None:
    """An action without endpoint belongs to its origin; the value of a variable stays hidden, in
    metrics and logs, also when a reload has brought it."""
    text = SOURCE.replace('endpoint: shop  path: "/orders"', 'url: "${HOOK}/orders"')
    local = webhook_server.url.replace("127.0.0.1", "localhost")
    environment = {
        "HOOK": webhook_server.url, "LATER": local, "RECEIVER": "http://127.0.0.1:1999"
    }  # fmt: skip
    async with runtime(webhook_server, text=text, environment=environment) as running:
        await running.emit("Order.insert", new=order(1))
        await running.until_idle(30)
        seen = await scrape(running)
        assert seen.value("fql_in_flight", endpoint="${HOOK}") == 0
        await running.reload(plan_of(text.replace("${HOOK}", "${LATER}")))
        await running.emit("Order.insert", new=order(2))
        await running.until_idle(30)
        after = await scrape(running)
    assert after.value("fql_in_flight", endpoint="${LATER}") == 0
    assert str(webhook_server.port) not in f"{seen}{after}{kept.text}"
    assert [line["endpoint"] for line in kept.of("AttemptEnded")] == ["${HOOK}", "${LATER}"]


def test_levels_of_what_goes_well_and_what_does_not() -> None:
    fine = AttemptEnded("o", "a", "e", "run_1", 1, 204, None, 3, "done")
    assert level_of(fine) == logging.DEBUG
    assert level_of(fine._replace(status=302)) == logging.INFO
    assert level_of(fine._replace(status=None, failure="dns")) == logging.INFO
    assert level_of(RunFinished("o", "run_1", "cancelled")) == logging.INFO


def test_records_without_a_trace_have_no_trace_id() -> None:
    fields = fields_of(AttemptEnded("o", "a", "e", "run_1", 1, 204, None, 3, "done", "evt"))
    assert fields == {
        "observer": "o", "action": "a", "run": "run_1", "attempt": 1, "status": 204,
        "failure": None, "duration_ms": 3, "state": "done", "event_id": "evt",
    }  # fmt: skip


def test_what_no_level_would_show_is_not_wanted(caplog: pytest.LogCaptureFixture) -> None:
    """A kind is wanted as soon as any event of it might be logged."""
    listener = LogListener()
    caplog.set_level(logging.WARNING, logger="fql.engine")
    assert not hears(listener, AttemptEnded)
    assert hears(listener, DeadLetterWritten)
    caplog.set_level(logging.INFO, logger="fql.engine")
    assert hears(listener, AttemptEnded), "one that failed is told at INFO"
    assert not hears(listener, CycleCommitted)
    assert hears(lambda _: None, CycleCommitted), "whoever says nothing hears everything"


def test_a_flood_of_dead_letters_is_logged_up_to_a_bound_and_counted(kept: Kept) -> None:
    """What is left out is told when it begins, and how much it was."""
    seconds = [0.0]
    listener = LogListener(clock=lambda: seconds[0])
    letter = DeadLetterWritten("dlq_1", "placed", "tell", "run_1", "exhausted", "")
    for _ in range(1000):
        listener(letter)
    assert len(kept.of("DeadLetterWritten")) == 100
    assert kept.text.count("more are not logged for 10s") == 2, "as JSON and as text"
    seconds[0] = 10.0
    listener(letter)
    assert len(kept.of("DeadLetterWritten")) == 101
    assert "900 more were not logged; `fqlc dlq stats` counts all" in kept.text
