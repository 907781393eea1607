"""`MockWebhookServer` as a user's test meets it, with an independent client."""

from __future__ import annotations

import socket
import threading
import time
from base64 import b64encode
from collections.abc import Callable

import httpx
import pytest

from fql.testing import MockWebhookServer, Reply, drip, hang, reset, retry_after
from fql.testing.received import ReceivedRequest
from fql.webhooks import sign_webhook

SECRET = "whsec_" + b64encode(bytes(range(32))).decode()


def client() -> httpx.Client:
    return httpx.Client(trust_env=False, timeout=2)


def test_it_remembers_what_came() -> None:
    with MockWebhookServer() as server, client() as http:
        assert (server.called, server.call_count, server.last_payload) == (False, 0, None)
        http.post(server.url + "/orders?x=1", json={"id": 1}, headers={"X-A": "b"})
        http.put(server.url + "/orders", json={"id": 2})
        assert (server.called, server.call_count, server.last_payload) == (True, 2, {"id": 2})
        first = server.requests[0]
        assert (first.method, first.path, first.payload) == ("POST", "/orders?x=1", {"id": 1})
        assert first.headers["x-a"] == "b"
    assert server.call_count == 2  # readable after the end


def test_a_port_can_be_chosen_and_is_free_again_afterwards() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for _ in range(2):
        with MockWebhookServer(port=port) as server:
            assert server.port == port


def test_a_taken_port_is_an_error() -> None:
    with MockWebhookServer() as server, pytest.raises(OSError, match="in use"):
        MockWebhookServer(port=server.port).start()


def test_expectations_are_met_by_fitting_calls_only() -> None:
    with MockWebhookServer() as server, client() as http:
        server.expect_call(url="/orders", method="POST", payload={"id": 1})
        server.expect_call(url=server.url + "/twice", times=2, headers={"X-A": "1"})
        assert not server.all_expectations_met()
        http.post(server.url + "/orders", json={"id": 2})
        http.get(server.url + "/orders")
        assert len(server.unmet()) == 2
        assert len(server.unexpected) == 2
        http.post(server.url + "/orders", json={"id": 1, "more": True})
        http.post(server.url + "/twice", headers={"X-A": "1"})
        assert [e.url for e in server.unmet()] == [server.url + "/twice"]
        http.post(server.url + "/twice", headers={"X-A": "1"})
        assert server.all_expectations_met()
        http.post(server.url + "/twice", headers={"X-A": "1"})
        assert not server.all_expectations_met()


def test_replies_come_in_turn_for_their_path() -> None:
    with MockWebhookServer() as server, client() as http:
        server.reply(503, Reply(201, {"a": 1}), path="/a")
        server.expect_call("/b", reply=418)
        assert [http.post(server.url + "/a").status_code for _ in range(3)] == [503, 201, 200]
        assert http.post(server.url + "/b").status_code == 418
        server.always(404)
        assert http.post(server.url + "/a").status_code == 404
        server.always(lambda request: Reply(200, {"path": request.path}))
        assert http.get(server.url + "/echo").json() == {"path": "/echo"}


def test_a_reply_is_for_the_call_that_is_expected() -> None:
    """Another method or payload on the same path does not take it."""
    with MockWebhookServer() as server, client() as http:
        server.expect_call("/b", method="PUT", payload={"n": 1}, reply=418)
        assert http.post(server.url + "/b", json={"n": 1}).status_code == 200
        assert http.put(server.url + "/b", json={"n": True}).status_code == 200
        assert http.put(server.url + "/b", json={"n": 1}).status_code == 418
        assert http.put(server.url + "/b", json={"n": 1}).status_code == 200


def test_what_is_unmet_says_what_came_instead() -> None:
    with MockWebhookServer() as server, client() as http:
        server.expect_call("/orders", method="POST", payload=[{"a": 1}])
        http.get(server.url + "/else")
        http.post(server.url + "/orders", json=[{"a": True}])
        (unmet,) = server.unmet()
        assert repr(unmet) == (
            "<POST /orders, payload [{'a': 1}]: expected at least once, came 0 times; "
            "other requests: GET /else, POST /orders>"
        )
        http.post(server.url + "/orders", json=[{"a": 1, "b": 2}])
        assert server.all_expectations_met()
        server.clear()
        assert not server.all_expectations_met()
        assert server.unexpected == []


@pytest.mark.parametrize("function", [lambda request: 1 / 0, lambda request: "yes"])
def test_a_fault_of_the_tests_function_is_raised_in_the_test(
    function: Callable[[ReceivedRequest], Reply],
) -> None:
    wrong = (ZeroDivisionError, TypeError)
    with pytest.raises(wrong), MockWebhookServer() as server, client() as http:
        server.always(function)
        assert http.post(server.url).status_code == 500
        with pytest.raises(wrong):
            server.wait_for(1)
        assert server.all_expectations_met()
        http.post(server.url)


def test_a_url_of_ipv6_has_brackets() -> None:
    with MockWebhookServer(host="::1") as server, client() as http:
        assert server.url == f"http://[::1]:{server.port}"
        assert http.post(server.url).status_code == 200


def test_waiting_ends_with_the_call_or_the_time() -> None:
    with MockWebhookServer() as server, client() as http:
        assert not server.wait_for(1, timeout=0.02)
        timer = threading.Timer(0.05, lambda: http.post(server.url))
        timer.start()
        started = time.perf_counter()
        assert server.wait_for(1, timeout=5)
        assert time.perf_counter() - started < 2
        timer.join()


def test_signatures_are_checked() -> None:
    with MockWebhookServer(verify=SECRET) as server, client() as http:
        body = b'{"id":1}'
        good = sign_webhook(body, SECRET, message_id="m1")
        assert http.post(server.url, content=body, headers=good).status_code == 200
        assert http.post(server.url, content=body + b" ", headers=good).status_code == 401
        assert http.post(server.url, content=body).status_code == 401
        assert [r.genuine for r in server.requests] == [True, False, False]


def test_the_ledger_holds_key_attempt_and_time() -> None:
    with MockWebhookServer() as server, client() as http:
        for n in ("1", "2"):
            http.post(server.url, headers={"webhook-id": "k", "fql-attempt": n})
        first, second = server.ledger
        assert (first[:2], second[:2]) == (("k", 1), ("k", 2))
        assert first[2] <= second[2]
        server.clear()
        assert server.ledger == []


def test_faults_are_what_they_say() -> None:
    with MockWebhookServer() as server, client() as http:
        server.reply(reset(), Reply(fault="cut", body="abc"), Reply(fault="garbage"))
        for kind in (httpx.ReadError, httpx.RemoteProtocolError, httpx.RemoteProtocolError):
            with pytest.raises(kind):
                http.post(server.url)
        server.reply(hang(), Reply(delay=1), drip(pace=0.002))
        for _ in range(2):
            with pytest.raises(httpx.ReadTimeout):
                http.post(server.url, timeout=0.05)
        started = time.perf_counter()
        assert http.post(server.url).status_code == 200
        assert time.perf_counter() - started > 0.1
        server.reply(retry_after(30))
        answer = http.post(server.url)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")


def test_a_fault_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="explode"):
        Reply(fault="explode")


def test_many_connections_at_once() -> None:
    with MockWebhookServer() as server:
        threads = [
            threading.Thread(target=lambda: httpx.post(server.url, trust_env=False))
            for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        assert server.wait_for(20)
        for thread in threads:
            thread.join()


async def test_it_can_be_used_inside_a_loop() -> None:
    with MockWebhookServer() as server:
        async with httpx.AsyncClient(trust_env=False) as http:
            await http.post(server.url)
        assert await server.arrived(1)
