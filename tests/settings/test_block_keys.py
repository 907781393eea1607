"""What the keys of blocks that are no policies change: a real receiver, or the engine's core."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.settings.levels import Program, compiled, harness, order, program, sent

from fql.testing import MockWebhookServer
from fql.testing.harness import Harness
from fqlc import compile_text
from fqlc.cli.main import run

ENTITY = """
type Answer { ok: Boolean }
entity Order { id: ID @key  status: String  total: Decimal?  email: String? @sensitive }
endpoint shop { url: "${RECEIVER}/shop" }
"""


def played(text: str, **answers: object) -> Harness:
    """These observers on the core."""
    return Harness(compiled(Program(ENTITY + text)), answers=answers)  # type: ignore[arg-type]


def ids(harness: Harness) -> list[object]:
    """The orders that were told of, in order."""
    return [attempt.request["body"]["id"] for attempt in harness.run().attempts]


def test_on() -> None:
    text = """observer o { on: [Order.update, Order.delete]
      webhook tell { endpoint: shop path: "/x" body: { id } } }"""
    found = played(text)
    found.emit("Order.insert", new=order(1))
    found.emit("Order.update", new=order(2), old=order(2))
    found.emit("Order.delete", old=order(3))
    assert ids(found) == ["o2", "o3"]


def test_when_of_observer_and_webhook() -> None:
    text = """observer o { on: Order.insert  when: status == "paid"
      webhook tell { endpoint: shop path: "/x" body: { id } when: total != null && total > 10 } }"""
    found = played(text)
    for number, (status, total) in enumerate((("new", 50), ("paid", 5), ("paid", 50))):
        found.emit("Order.insert", new=order(number, status=status, total=total))
    result = found.run()
    assert [one.request["body"]["id"] for one in result.attempts] == ["o2"]
    assert result.skipped == ("tell",)


ORDERED = """observer o { on: Order.insert  order_by: %s
  retry: { max_attempts: 2, jitter: none }
  webhook tell { endpoint: shop path: "/x" body: { id } } }"""


def three(text: str, *answers: int) -> Harness:
    """Two orders of one customer, and one of another."""
    found = played(text, tell=list(answers))
    for number, status in ((1, "a"), (2, "a"), (3, "b")):
        found.emit("Order.insert", new=order(number, status=status))
    return found


@pytest.mark.parametrize("by", ["status", "{ by: status }"])
def test_order_by(by: str) -> None:
    """While the first is tried again, the second of the same key waits, and the third does not."""
    assert ids(three(ORDERED % by, 503, 200)) == ["o1", "o3", "o1", "o2"]


@pytest.mark.parametrize(
    ("on_dead", "expected"),
    [("skip", ["o1", "o3", "o1", "o2"]), ("block", ["o1", "o3", "o1"])],
)
def test_order_by_on_dead(on_dead: str, expected: list[str]) -> None:
    text = ORDERED % f"{{ by: status, on_dead: {on_dead} }}"
    assert ids(three(text, 503, 200, 503, 200)) == expected


async def test_url_of_a_webhook(webhook_server: MockWebhookServer) -> None:
    text = """observer o { on: Order.insert
      webhook tell { url: "${RECEIVER}/orders/{{ id }}?s={{ status }}" body: { id } } }"""
    await sent(webhook_server, Program(ENTITY.replace("endpoint shop", "endpoint other") + text))
    assert webhook_server.requests[0].path == "/orders/o1?s=new"


async def test_endpoint_path_method_and_body(webhook_server: MockWebhookServer) -> None:
    """The path is appended to the url of the endpoint."""
    text = """observer o { on: Order.insert
      webhook tell { endpoint: shop path: "/o/{{ id }}" method: PUT body: { id, s: status } } }"""
    await sent(webhook_server, Program(ENTITY + text))
    request = webhook_server.requests[0]
    assert (request.method, request.path) == ("PUT", "/shop/o/o1")
    assert request.payload == {"id": "o1", "s": "new"}


async def test_the_format_of_a_body(webhook_server: MockWebhookServer) -> None:
    """What is on the wire, and the type that is said of it."""
    text = """observer o { on: Order.insert
      webhook a { endpoint: shop path: "/a" format: form body: { id, s: status } }
      webhook b { endpoint: shop path: "/b" format: text body: "{{ id }} & co" }
      webhook c { endpoint: shop path: "/c" format: xml body: "<id>{{ id }}</id>" }
      webhook d { endpoint: shop path: "/d" method: DELETE format: none } }"""
    await sent(webhook_server, Program(ENTITY + text))
    found = [(r.headers.get("content-type"), r.body) for r in webhook_server.requests]
    assert found == [
        ("application/x-www-form-urlencoded", b"id=o1&s=new"),
        ("text/plain; charset=utf-8", b"o1 & co"),
        ("application/xml", b"<id>o1</id>"),
        (None, b""),
    ]


async def test_without_method_and_body_the_envelope_is_posted(
    webhook_server: MockWebhookServer,
) -> None:
    await sent(webhook_server, program("webhook", "", body=""))
    request = webhook_server.requests[0]
    assert request.method == "POST"
    assert isinstance(request.payload, dict)
    assert (request.payload["entity"], request.payload["new"]["id"]) == ("Order", "o1")


def test_response() -> None:
    """A later action reads the answer by its type; one that does not fit is dead."""
    text = """observer o { on: Order.insert
      webhook ask { endpoint: shop path: "/ask" body: { id } response: Answer }
      webhook tell { endpoint: shop path: "/x" body: { id, ok: ask.response.ok } } }"""
    new = order(1)
    good = played(text, ask={"status": 200, "body": {"ok": True}}).emit("Order.insert", new=new)
    assert good.run().requests("tell")[0]["body"] == {"id": "o1", "ok": True}
    bad = played(text, ask={"status": 200, "body": {"ok": "maybe"}}).emit("Order.insert", new=new)
    result = bad.run()
    assert (result.sent, result.dead) == (("ask",), ("ask",))


def test_accepts() -> None:
    """Only a receiver that accepts them gets sensitive values."""
    text = """observer o { on: Order.insert
      webhook tell { endpoint: shop path: "/x" body: { id, email } } }"""
    refused = compile_text(ENTITY + text)
    assert "FQL331" in [found.code for found in refused.diagnostics]
    allowed = ENTITY.replace('/shop" }', '/shop" accepts: [sensitive] }')
    assert compile_text(allowed + text).plan is not None


TESTED = """
observer o { on: Order.update  when: status.changed()
  webhook tell { endpoint: shop path: "/x" body: { id }
    retry: { initial_delay: 1ms, max_elapsed: 1m, max_attempts: 9 } } }
test "it changed" {
  observer: o  event: Order.update
  old: { id: "1", status: "new" }  new: { status: "paid" }
  respond: { tell: [{ status: 429, headers: { "Retry-After": "40" } },
                    { status: 429, headers: { "Retry-After": "40" } }] }
  expect: { sent: [tell], dead: [tell], attempts: { tell: 2 } }
}
test "it did not" {
  observer: o  event: Order.update
  old: { id: "1", status: "new" }  new: { total: 5 }
  expect: { sent: [] }
}
"""


def test_rows_and_headers_of_tests(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """`old`, `new` laid over it, and `respond.headers`: twice 40 s pass a `max_elapsed` of 1 m."""
    file = tmp_path / "shop.fql"
    file.write_text(ENTITY + TESTED)
    assert run(["test", str(file)]) == 0, capfd.readouterr().out
    file.write_text(file.read_text().replace('"40"', '"1"'))
    assert run(["test", str(file)]) == 1


def test_url_of_an_endpoint_is_its_receiver() -> None:
    played = harness(program("webhook", ""))
    url = str(played.emit("Order.insert", new=order(1)).run().attempts[0].request["url"])
    assert url.endswith("/orders")
