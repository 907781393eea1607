"""Each request gets an answer that its sender can act on; of a refused one nothing is stored."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path

import pytest

from fql.testing import MockWebhookServer
from tests.app.plans import CHANGED
from tests.http_intake.support import answer as heard
from tests.http_intake.support import lines, order, request, running

NDJSON = "application/x-ndjson"


async def test_an_event_is_acknowledged_when_it_is_durable_and_then_delivered(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    async with running(webhook_server, store=f"sqlite:///{tmp_path}/s.db") as web:
        answer = await web.post(order(1, id="e1"))
        stored = await web.runtime.client.runs()
        assert answer.status == 202
        assert answer.value["event_id"] == "e1"
        assert answer.value["runs"] == [one.run for one in stored]
        assert not answer.value["duplicate"]
        await web.runtime.until_idle(30)
    assert [one.payload for one in webhook_server.requests] == [
        {"id": "o1", "status": "new", "total": "100.50"}
    ]


async def test_a_known_key_gives_the_first_receipt(webhook_server: MockWebhookServer) -> None:
    async with running(webhook_server) as web:
        first = await web.post(order(1, key="k"))
        again = await web.post(order(1, key="k"))
        by_header = await web.post(order(1), idempotency_key="k")
        quoted = await web.post(order(1), idempotency_key='"k"')
        other = await web.post(order(2, key="k"))
    assert first.status == 202
    assert [one.status for one in (again, by_header, quoted, other)] == [200] * 4
    assert again.value == first.value | {"duplicate": True}
    assert other.value == again.value | {"conflict": True}
    assert webhook_server.call_count == 1


async def test_an_event_that_nobody_watches_has_no_runs(webhook_server: MockWebhookServer) -> None:
    async with running(webhook_server, text=CHANGED) as web:
        answer = await web.post(order(1))
    assert (answer.status, answer.value["runs"]) == (202, [])


async def test_lines_are_taken_all_or_none(webhook_server: MockWebhookServer) -> None:
    bad = order(3, new={"id": "o3", "status": "new", "total": "much"})
    async with running(webhook_server) as web:
        refused = await web.post(lines(order(1), {}, order(2)), content_type=NDJSON)
        misfit = await web.post(lines(order(1), order(2)) + b"\n" + lines(bad), content_type=NDJSON)
        unread = await web.post(lines(order(1)) + b'{"entity": NaN}\n', content_type=NDJSON)
        assert await web.runtime.client.runs() == []
        taken = await web.post(lines(*map(order, range(1_000))), content_type=NDJSON)
        many = await web.post(lines(*map(order, range(1_001))), content_type=NDJSON)
        runs = await web.runtime.client.runs(limit=2_000)
    assert (refused.status, refused.value["line"]) == (422, 2)
    assert (misfit.status, misfit.value["line"]) == (422, 4)
    assert misfit.value["problems"][0]["field"] == "new.total"
    assert (unread.status, unread.value["line"]) == (400, 2)
    assert many.status == 413
    assert len(taken.value["receipts"]) == len(runs) == 1_000


async def test_lines_have_keys_of_their_own(webhook_server: MockWebhookServer) -> None:
    body = lines(order(1, key="a"), order(2, key="b"), order(1, key="a"))
    async with running(webhook_server) as web:
        one_key = await web.post(body, content_type=NDJSON, idempotency_key="k")
        first = await web.post(body, content_type=NDJSON)
        again = await web.post(body, content_type=NDJSON)
    assert one_key.status == 422
    assert [one["duplicate"] for one in first.value["receipts"]] == [False, False, True]
    assert (first.status, again.status) == (202, 200)
    assert webhook_server.call_count == 2


REFUSED = {
    "no token": ({"authorization": ""}, 401, "the token is missing"),
    "another token": ({"authorization": "Bearer t0ken.of-the_test"}, 401, "is not valid"),
    "another scheme": ({"authorization": "Basic t0ken.of-the_tests"}, 401, "is not valid"),
    "token that is no ASCII": ({"authorization": "Bearer t\xf6ken"}, 401, "is not valid"),
    "no media type": ({"content_type": ""}, 415, "Content-Type is missing"),
    "form": ({"content_type": "application/x-www-form-urlencoded"}, 415, "not taken"),
    "charset": ({"content_type": "application/json; charset=latin-1"}, 415, "UTF-8"),
    "brotli": ({"content_encoding": "br"}, 415, "gzip"),
    "gzip that is none": ({"content_encoding": "gzip"}, 400, "not gzip"),
    "no length": ({"content_length": ""}, 411, "length"),
    "too long": ({"content_length": "1000001"}, 413, "1000000"),
    "absurdly long": ({"content_length": "9" * 18}, 413, "1000000"),
    "another path": ({"path": "/event"}, 404, "nothing here"),
    "query": ({"path": "/events?token=x"}, 400, "no query"),
    "no path": ({"path": "*"}, 404, "nothing here"),
    "GET": ({"method": "GET"}, 405, "POST"),
    "OPTIONS": ({"method": "OPTIONS"}, 405, "POST"),
    "PUT": ({"method": "PUT"}, 405, "POST"),
    "no host": ({"host": ""}, 400, "Host"),
    "expectation": ({"expect": "a-pony"}, 417, "100-continue"),
    "upgrade": ({"connection": "upgrade", "upgrade": "h2c"}, 400, "Upgrade"),
    "keys differ": ({"idempotency_key": "other"}, 422, "differ"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_is_refused_says_why(webhook_server: MockWebhookServer, case: str) -> None:
    headers, status, words = REFUSED[case]
    async with running(webhook_server) as web:
        answer = await web.post(order(1, key="k"), **headers)
        assert await web.runtime.client.runs() == []
    assert answer.status == status
    assert words in answer.value["error"]
    assert (answer.headers.get("allow") == "POST") == (status == 405)
    assert ("www-authenticate" in answer.headers) == (status == 401)


BODIES = {
    "nothing": (b"", 400),
    "text": (b"hello", 400),
    "array": (b"[]", 422),
    "number": (b"1", 422),
    "not UTF-8": (b'{"entity": "\xff"}', 400),
    "UTF-16": ('{"entity": "Order"}'.encode("utf-16"), 400),
    "NaN": (b'{"entity": "Order", "event": "insert", "new": {"total": NaN}}', 400),
    "deep": (b'{"a":' * 300 + b"1" + b"}" * 300, 400),
    "very deep": (b"[" * 900_000, 400),
    "long number": (b'{"entity": ' + b"9" * 900_000 + b"}", 400),
    "half a pair": (b'{"entity": "\\ud800"}', 400),
    "no envelope": (b'{"hello": 1}', 422),
    "cloud event": (b'{"specversion": "1.0", "type": "Order.insert"}', 422),
    "unknown entity": (b'{"entity": "Ordr", "event": "insert", "new": {}}', 422),
    "unknown event": (b'{"entity": "Order", "event": "upsert", "new": {}}', 422),
    "key of another type": (b'{"entity": "Order", "event": "insert", "new": {}, "key": 1}', 422),
}


@pytest.mark.parametrize("case", BODIES)
async def test_a_body_that_is_no_event_is_refused(
    webhook_server: MockWebhookServer, case: str
) -> None:
    body, status = BODIES[case]
    async with running(webhook_server) as web:
        answer = await web.post(body)
        after = await web.post(order(1))
    assert (answer.status, after.status) == (status, 202)
    assert answer.value["error"]


async def test_of_equal_keys_in_an_object_the_last_one_counts(
    webhook_server: MockWebhookServer,
) -> None:
    body = b'{"entity": "Ordr", "entity": "Order", "event": "insert", "new": '
    body += b'{"id": "o1", "status": "a", "status": "b", "total": "11"}}'
    async with running(webhook_server) as web:
        assert (await web.post(body)).status == 202
        await web.runtime.until_idle(30)
    assert webhook_server.requests[0].payload == {"id": "o1", "status": "b", "total": "11"}


async def test_gzip_is_taken_up_to_the_size_of_a_plain_body(
    webhook_server: MockWebhookServer,
) -> None:
    plain = lines(order(1))
    bomb = gzip.compress(b" " * 50_000_000)
    async with running(webhook_server) as web:
        taken = await web.post(gzip.compress(plain), content_encoding="gzip")
        bombed = await web.post(bomb, content_encoding="gzip")
        short = await web.post(gzip.compress(plain)[:-4], content_encoding="gzip")
        more = await web.post(gzip.compress(plain) * 2, content_encoding="gzip")
    assert [taken.status, bombed.status, short.status, more.status] == [202, 413, 400, 400]


async def test_a_trace_of_the_request_becomes_that_of_its_event(
    webhook_server: MockWebhookServer,
) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    own = "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with running(webhook_server) as web:
        await web.post(order(1), traceparent=trace)
        await web.post(order(2, context={"traceparent": own}), traceparent=trace)
        await web.runtime.until_idle(30)
    assert {one.headers["traceparent"] for one in webhook_server.requests} == {trace, own}


async def test_head_is_answered_without_a_body(webhook_server: MockWebhookServer) -> None:
    async with running(webhook_server) as web:
        reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
        writer.write(request(b"", method="HEAD"))
        answer = await heard(reader, empty=True)
        assert await reader.read() == b""
        writer.close()
    assert answer.status == 405
