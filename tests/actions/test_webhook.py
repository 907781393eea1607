"""The webhook action against a real receiver."""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from fql.actions.port import RenderFailed
from fql.actions.requests.factory import WebhookActions
from fql.errors import MissingSecrets, SettingsError
from fql.expressions.scope import BatchInfo, Scope
from fql.plan.language import expressions as x
from fql.plan.language.types import JSON
from fql.plan.model import Endpoint, Header
from fql.plan.web.addresses import LOOPBACK
from fql.testing import MockWebhookServer, Reply
from fql.webhooks import decrypt_payload, verify_webhook
from tests.actions.support import (
    action,
    attempt,
    body,
    each,
    field,
    hole,
    node,
    policies,
    scope,
    text,
)

SECRET = "whsec_" + b64encode(b"canary-canary-canary-canary").decode()
KEY = b64encode(bytes(range(32))).decode()


@pytest.fixture
async def actions() -> AsyncIterator[WebhookActions]:
    made = WebhookActions(LOOPBACK)
    yield made
    await made.close()


async def test_the_headers_that_every_webhook_carries(
    actions: WebhookActions, webhook_server: MockWebhookServer
) -> None:
    made = action(actions, node(webhook_server.url + "/hook", body=body(id=field("id"))))
    _, outcome = await attempt(made, scope(id="o1"), redelivery=True, attempt=3,
                               context={"traceparent": "00-ab-cd-01"})  # fmt: skip
    request = webhook_server.requests[0]
    assert (outcome.status, request.method, request.path) == (200, "POST", "/hook")
    assert webhook_server.last_payload == {"id": "o1"}
    headers = dict(request.headers)
    stamp = headers.pop("webhook-timestamp")
    assert stamp.isdecimal()
    assert headers == {
        "host": f"127.0.0.1:{webhook_server.port}", "content-length": "11",
        "content-type": "application/json", "user-agent": "fql/0.1.0",
        "accept-encoding": "identity", "webhook-id": "key_1", "idempotency-key": "key_1",
        "fql-observer": "o", "fql-action": "a", "fql-attempt": "3", "fql-redelivery": "1",
        "traceparent": "00-ab-cd-01",
    }  # fmt: skip


async def test_without_a_body_the_envelope_is_sent(
    actions: WebhookActions, webhook_server: MockWebhookServer
) -> None:
    await attempt(action(actions, node(webhook_server.url + "/")), scope(id="o1"))
    payload = webhook_server.last_payload
    assert isinstance(payload, dict)
    assert (payload["entity"], payload["event"], payload["new"]) == (
        "Order",
        "insert",
        {"id": "o1"},
    )


async def test_values_stay_in_their_place_of_the_url(
    actions: WebhookActions, webhook_server: MockWebhookServer
) -> None:
    url = text(webhook_server.url + "/a/", hole("id"), "/b?q=", hole("q"))
    await attempt(action(actions, node(url)), scope(id="x/../y?#", q="a&b=c#"))
    assert webhook_server.requests[0].path == "/a/x%2F..%2Fy%3F%23/b?q=a%26b%3Dc%23"


@pytest.mark.parametrize("value", ["", ".", ".."])
async def test_a_value_that_is_no_segment_cannot_be_rendered(
    actions: WebhookActions, value: str
) -> None:
    made = action(actions, node(text("http://127.0.0.1/a/", hole("id"))))
    with pytest.raises(RenderFailed, match="segment"):
        made.render(scope(id=value))


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "\0", "€"])
async def test_a_value_that_no_header_can_hold_cannot_be_rendered(
    actions: WebhookActions, value: str
) -> None:
    made = action(actions, node("http://127.0.0.1/", headers={"X-A": text(hole("id"))}))
    with pytest.raises(RenderFailed, match="header X-A"):
        made.render(scope(id=value))


async def test_an_endpoint_gives_url_headers_and_policies(
    actions: WebhookActions, webhook_server: MockWebhookServer
) -> None:
    endpoint = Endpoint(
        name="e", url=text(webhook_server.url + "/api/"),
        headers=(Header(name="X-A", value=text("theirs")), Header(name="X-B", value=text("b"))),
        policies=policies({"signing.secret": text(x.Environment("S"))}, "endpoint e"),
    )  # fmt: skip
    made = node(None, endpoint="e", path=text("/labels/", hole("id")),
                headers={"x-a": text("mine")})  # fmt: skip
    await attempt(
        action(actions, made, endpoint=endpoint, environment={"S": SECRET}), scope(id="7")
    )
    request = webhook_server.requests[0]
    assert request.path == "/api/labels/7"
    assert (request.headers["x-a"], request.headers["x-b"]) == ("mine", "b")
    assert verify_webhook(request.headers, request.body, SECRET)


@pytest.mark.parametrize("scheme", ["standard", "fraiseql", "stripe", "github"])
async def test_each_scheme_verifies_at_the_receiver(actions: WebhookActions, scheme: str) -> None:
    settings = {"signing.scheme": scheme, "signing.secret": "${S}"}
    with MockWebhookServer(verify=SECRET, scheme=scheme) as server:
        made = action(actions, node(server.url + "/", settings=settings), environment={"S": SECRET})
        _, outcome = await attempt(made, scope(id="1"))
        assert outcome.status == 200
        assert server.requests[0].genuine is True
        assert server.requests[0].headers["webhook-id"] == "key_1"


async def test_a_receiver_with_another_secret_refuses(actions: WebhookActions) -> None:
    other = "whsec_" + b64encode(bytes(32)).decode()
    with MockWebhookServer(verify=other) as server:
        made = action(actions, node(server.url + "/", settings={"signing.secret": SECRET}))
        _, outcome = await attempt(made, scope(id="1"))
    assert outcome.status == 401


async def test_a_header_name_alone_means_the_fraiseql_format(
    actions: WebhookActions, webhook_server: MockWebhookServer
) -> None:
    settings = {"signing.secret": SECRET, "signing.header": "X-FraiseQL-Signature"}
    made = action(actions, node(webhook_server.url + "/", settings=settings))
    await attempt(made, scope(id="1"))
    request = webhook_server.requests[0]
    assert verify_webhook(request.headers, request.body, SECRET, "fraiseql")


@pytest.mark.parametrize(
    "settings",
    [{"signing.enabled": True}, {"signing.enabled": True, "signing.secret": []},
     {"signing.secret": ""}, {"signing.secret": "short"}, {"signing.secret": "${EMPTY}"},
     {"encryption.key": "short"}, {"encryption.fields": ["a"]}, {"auth.type": "bearer"},
     {"auth.type": "bearer", "auth.token": "${EMPTY}"}, {"auth.type": "magic"},
     {"auth.type": "basic", "auth.username": "a:b", "auth.password": "c"},
     {"auth.type": "header", "auth.header": "X-A", "auth.value": "a\nb"},
     {"auth.type": "mtls", "auth.certificate": "/nowhere.pem"},
     {"auth.type": "oauth2", "auth.token_url": "ftp://x", "auth.client_id": "a",
      "auth.client_secret": "b"}],
)  # fmt: skip
async def test_incomplete_security_stops_the_start(
    actions: WebhookActions, settings: dict[str, Any]
) -> None:
    """Nothing is sent unsigned, unencrypted or without its credential by accident."""
    with pytest.raises(SettingsError):
        action(actions, node("http://127.0.0.1/", settings=settings), environment={"EMPTY": ""})


async def test_a_missing_name_stops_the_start(actions: WebhookActions) -> None:
    made = node(text("https://", x.Environment("HOST"), "/"))
    with pytest.raises(MissingSecrets, match="HOST"):
        action(actions, made)


async def test_host_and_path_may_come_from_the_environment(
    actions: WebhookActions, webhook_server: MockWebhookServer
) -> None:
    made = node(text(x.Environment("HOOK"), "?q=", hole("id")))
    ready = action(actions, made, environment={"HOOK": webhook_server.url + "/from/env"})
    await attempt(ready, scope(id="a b"))
    assert webhook_server.requests[0].path == "/from/env?q=a%20b"


async def test_encryption_comes_before_the_signature(actions: WebhookActions) -> None:
    settings = {"encryption.key": KEY, "encryption.fields": ["email"], "signing.secret": SECRET}
    with MockWebhookServer(verify=SECRET) as server:
        made = node(server.url + "/", settings=settings,
                    body=body(id=field("id"), email=field("email")))  # fmt: skip
        request, outcome = await attempt(action(actions, made), scope(id="1", email="a@b.c"))
        assert outcome.status == 200
        assert b"a@b.c" not in server.requests[0].body
        assert decrypt_payload(server.requests[0].body, KEY) == {"id": "1", "email": "a@b.c"}
        assert "a@b.c" not in str(request.shown)


async def test_a_typed_answer_is_decoded(
    actions: WebhookActions, webhook_server: MockWebhookServer
) -> None:
    webhook_server.reply(Reply(body={"label_url": "https://l/1", "more": 1}))
    made = action(actions, node(webhook_server.url + "/", response="Label"))
    _, outcome = await attempt(made, scope(id="1"))
    assert outcome.failure is None
    assert isinstance(outcome.answer, dict)
    assert outcome.answer["label_url"] == "https://l/1"


@pytest.mark.parametrize(
    "reply",
    [Reply(body="not json"), Reply(body={"label_url": 7}), Reply(body={}), Reply(body=[]),
     Reply(204), Reply(body={"label_url": "x" * 3_000}), Reply(fault="bomb", size=10_000_000)],
)  # fmt: skip
async def test_an_answer_that_does_not_fit_is_a_response_failure(
    actions: WebhookActions, webhook_server: MockWebhookServer, reply: Reply
) -> None:
    webhook_server.reply(reply)
    made = node(webhook_server.url + "/", response="Label", settings={"max_response": 2_000})
    _, outcome = await attempt(action(actions, made), scope(id="1"))
    assert outcome.failure == "response"
    assert outcome.error


async def test_without_a_type_the_body_is_not_interpreted(
    actions: WebhookActions, webhook_server: MockWebhookServer
) -> None:
    webhook_server.reply(Reply(body="not json"))
    _, outcome = await attempt(action(actions, node(webhook_server.url + "/")), scope(id="1"))
    assert (outcome.failure, outcome.answer, outcome.response_start) == (None, None, "not json")


async def test_an_untyped_answer_that_is_read_later_is_json_or_null(
    actions: WebhookActions, webhook_server: MockWebhookServer
) -> None:
    reader = node(webhook_server.url + "/", name="b",
                  body=body(r=x.Response(type=JSON.optional(), action="a")))  # fmt: skip
    made = action(actions, node(webhook_server.url + "/"), others=(reader,))
    webhook_server.reply(Reply(body={"n": 1}), Reply(body="no"))
    assert (await attempt(made, scope(id="1")))[1].answer == {"n": 1}
    assert (await attempt(made, scope(id="1")))[1].answer is None


@pytest.mark.parametrize(
    ("status", "words"), [(410, "gone"), (302, "redirects are not followed"), (503, "503")]
)
async def test_an_error_says_what_the_status_means(
    actions: WebhookActions, webhook_server: MockWebhookServer, status: int, words: str
) -> None:
    webhook_server.reply(status)
    _, outcome = await attempt(action(actions, node(webhook_server.url + "/")), scope(id="1"))
    assert outcome.status == status
    assert words in outcome.error


async def test_retry_after_is_read(
    actions: WebhookActions, webhook_server: MockWebhookServer
) -> None:
    webhook_server.reply(Reply(503, headers={"Retry-After": "7"}))
    _, outcome = await attempt(action(actions, node(webhook_server.url + "/")), scope(id="1"))
    assert outcome.retry_after == 7_000


async def test_a_timeout_is_a_failure_with_its_duration(
    actions: WebhookActions, webhook_server: MockWebhookServer
) -> None:
    webhook_server.reply(Reply(fault="hang"))
    made = action(actions, node(webhook_server.url + "/"))
    _, outcome = await attempt(made, scope(id="1"), timeout_ms=80)
    assert (outcome.failure, outcome.status) == ("timeout", None)
    assert 70 <= outcome.duration_ms < 1_000


async def test_a_forbidden_address_is_final_and_names_it() -> None:
    guarded = WebhookActions()
    made = action(guarded, node("http://127.0.0.1:8080/"))
    _, outcome = await attempt(made, scope(id="1"))
    assert outcome.failure == "egress"
    assert "127.0.0.1" in outcome.error
    await guarded.close()


# Batches


def batch(*ids: str) -> Scope:
    whole = scope()
    whole.members = [scope(id=one) for one in ids]
    whole.batch = BatchInfo("b1", len(ids))
    return whole


async def test_a_batch_is_rendered_with_each_and_names_its_refused_members(
    actions: WebhookActions, webhook_server: MockWebhookServer
) -> None:
    failed = [{"index": 1, "reason": "no stock"}, {"index": 1, "reason": "again"}]
    webhook_server.reply(Reply(body={"failed": failed}))
    made = node(webhook_server.url + "/", settings={"batch.size": 10},
                body=body(orders=each("id")))  # fmt: skip
    _, outcome = await attempt(action(actions, made), batch("x", "y"), key="b1")
    assert webhook_server.last_payload == {"orders": [{"id": "x"}, {"id": "y"}]}
    assert webhook_server.requests[0].key == "b1"
    assert outcome.failed_members == ((1, "no stock"),)


async def test_a_batch_without_a_body_is_a_list_of_envelopes(
    actions: WebhookActions, webhook_server: MockWebhookServer
) -> None:
    made = action(actions, node(webhook_server.url + "/", settings={"batch.size": 10}))
    _, outcome = await attempt(made, batch("x", "y"))
    assert isinstance(webhook_server.last_payload, list)
    assert [e["new"]["id"] for e in webhook_server.last_payload] == ["x", "y"]
    assert outcome.failed_members == ()


# Secrets


async def test_no_secret_is_shown_stored_or_logged(
    actions: WebhookActions, webhook_server: MockWebhookServer, caplog: pytest.LogCaptureFixture
) -> None:
    """A canary goes out in the request, comes back in the response, and is nowhere else."""
    caplog.set_level(logging.DEBUG)
    canary = 'canary/with+odd=signs"&'
    environment = {"TOKEN": canary, "S": SECRET}
    settings = {"auth.type": "basic", "auth.username": "user", "auth.password": "${TOKEN}",
                "signing.secret": "${S}"}  # fmt: skip
    url = text(webhook_server.url + "/in/", hole("id"), "?k=", x.Environment("PLAIN"))
    made = node(url, settings=settings, headers={"X-Token": text("t ", x.Environment("TOKEN"))})
    environment["PLAIN"] = "plain-canary"
    webhook_server.always(
        lambda got: Reply(500, {"echo": dict(got.headers), "path": got.path, "s": SECRET})
    )
    ready = action(actions, made, environment=environment)
    request, outcome = await attempt(ready, scope(id="1"))
    seen = webhook_server.requests[0]
    basic = b64encode(f"user:{canary}".encode()).decode()
    assert seen.headers["x-token"] == f"t {canary}"
    assert seen.headers["authorization"] == f"Basic {basic}"
    shown = [orjson.dumps(request.shown).decode(), str(request.shown), outcome.response_start,
             outcome.error, caplog.text, repr(ready), repr(outcome)]  # fmt: skip
    for secret in (canary, basic, SECRET, "plain-canary", "canary/with", "canary%2Fwith"):
        assert not any(secret in one for one in shown), secret
    assert "***" in outcome.response_start


async def test_a_secret_cut_by_the_shown_length_leaves_no_half(
    actions: WebhookActions, webhook_server: MockWebhookServer
) -> None:
    webhook_server.reply(Reply(500, "x" * 990 + "canary-secret-value"))
    made = node(webhook_server.url + "/", headers={"X-A": text(x.Environment("T"))})
    ready = action(actions, made, environment={"T": "canary-secret-value"})
    _, outcome = await attempt(ready, scope(id="1"))
    assert "canary" not in outcome.response_start


# test_url


async def test_test_url_takes_every_request_and_no_credential_leaves() -> None:
    with MockWebhookServer() as server:
        actions = WebhookActions(test_url=server.url + "/caught?x=1")
        settings = {"auth.type": "bearer", "auth.token": "${TOKEN}"}
        made = node("https://real.example.com/orders/7", method="PUT", settings=settings,
                    headers={"X-Key": text("k ", x.Environment("TOKEN"))})  # fmt: skip
        ready = action(actions, made, environment={"TOKEN": "a-real-token"})
        _, outcome = await attempt(ready, scope(id="1"))
        request = server.requests[0]
        assert outcome.status == 200
        assert (request.method, request.path) == ("PUT", "/caught?x=1")
        assert request.headers["fql-test-target"] == "https://real.example.com/orders/7"
        assert request.headers["x-key"] == "k test-masked"
        assert "a-real-token" not in str(request.headers)
        await actions.close()


def test_a_test_url_that_is_none_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="test_url"):
        WebhookActions(test_url="nonsense")
