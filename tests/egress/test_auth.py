"""Proving who we are: fixed headers, and tokens fetched on the same egress path."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator
from urllib.parse import parse_qs

import pytest

from fql.egress.auth import auth_of
from fql.egress.send import Profile, Sender
from fql.egress.settings import AuthSettings
from fql.plan.web.addresses import LOOPBACK, EgressSettings
from fql.plan.web.urls import UrlParts
from fql.testing import MockWebhookServer, Reply
from tests.egress.support import Names, failure, post

TOKEN = Reply(body={"access_token": "tok-1", "token_type": "Bearer", "expires_in": 3600})


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    made = Sender(LOOPBACK)
    yield made
    await made.close()


def profile(kind: str, **values: str) -> Profile:
    return Profile(auth=auth_of(AuthSettings(kind, values)))


def oauth(server: MockWebhookServer, path: str = "/token") -> Profile:
    return profile(
        "oauth2", token_url=server.url + path, client_id="me:1", client_secret="s/e c",
        scope="orders write",
    )  # fmt: skip


def at(server: MockWebhookServer) -> UrlParts:
    return UrlParts("http", "127.0.0.1", server.port, "/hook")


@pytest.mark.parametrize(
    ("made", "name", "value"),
    [
        (profile("bearer", token="abc"), "authorization", "Bearer abc"),
        (profile("basic", username="u", password="p:q"), "authorization", "Basic dTpwOnE="),
        (profile("header", header="X-Api-Key", value="k"), "x-api-key", "k"),
    ],
)
async def test_fixed_credentials(
    sender: Sender, webhook_server: MockWebhookServer, made: Profile, name: str, value: str
) -> None:
    await post(sender, at(webhook_server), profile=made)
    assert webhook_server.requests[0].headers[name] == value


async def test_a_token_is_fetched_once_and_used(
    sender: Sender, webhook_server: MockWebhookServer
) -> None:
    webhook_server.reply(TOKEN, path="/token")
    made = oauth(webhook_server)
    await asyncio.gather(*(post(sender, at(webhook_server), profile=made) for _ in range(5)))
    tokens = [r for r in webhook_server.requests if r.path == "/token"]
    hooks = [r for r in webhook_server.requests if r.path == "/hook"]
    assert (len(tokens), len(hooks)) == (1, 5)
    assert {r.headers["authorization"] for r in hooks} == {"Bearer tok-1"}
    form = parse_qs(tokens[0].body.decode())
    assert form == {"grant_type": ["client_credentials"], "scope": ["orders write"]}
    assert b64decode(tokens[0].headers["authorization"][6:]) == b"me%3A1:s%2Fe+c"
    assert "webhook-id" not in tokens[0].headers


async def test_a_refused_token_is_fetched_again_by_the_next_attempt(
    sender: Sender, webhook_server: MockWebhookServer
) -> None:
    webhook_server.reply(TOKEN, Reply(body={"access_token": "tok-2"}), path="/token")
    webhook_server.reply(401, 200, path="/hook")
    made = oauth(webhook_server)
    assert (await post(sender, at(webhook_server), profile=made)).status == 401
    assert (await post(sender, at(webhook_server), profile=made)).status == 200
    assert webhook_server.requests[-1].headers["authorization"] == "Bearer tok-2"


@pytest.mark.parametrize(
    ("reply", "kind"),
    [(Reply(400), "request"), (Reply(401), "request"), (Reply(503), "protocol"),
     (Reply(body="no"), "protocol"), (Reply(body={}), "protocol"),
     (Reply(body={"access_token": "a\r\nb"}), "protocol"), (Reply(fault="reset"), "reset"),
     (Reply(302, headers={"Location": "/hook"}), "protocol")],
)  # fmt: skip
async def test_without_a_token_nothing_is_sent(
    sender: Sender, webhook_server: MockWebhookServer, reply: Reply, kind: str
) -> None:
    webhook_server.reply(reply, path="/token")
    failed = await failure(sender, at(webhook_server), profile=oauth(webhook_server))
    assert failed.kind == kind
    assert [r.path for r in webhook_server.requests] == ["/token"]


async def test_a_slow_token_server_is_part_of_the_deadline(
    sender: Sender, webhook_server: MockWebhookServer
) -> None:
    webhook_server.reply(Reply(fault="hang"), path="/token")
    made = oauth(webhook_server)
    failed = await failure(sender, at(webhook_server), timeout_ms=100, profile=made)
    assert failed.kind == "timeout"


async def test_the_token_server_is_vetted_as_every_receiver(
    webhook_server: MockWebhookServer,
) -> None:
    names = Names(("93.184.216.34",))
    sender = Sender(EgressSettings(), resolver=names)
    target = UrlParts("https", "shop.example.com", 443)
    failed = await failure(sender, target, profile=oauth(webhook_server))
    assert failed.kind == "egress"
    assert not webhook_server.connections
    await sender.close()


async def test_no_token_is_fetched_for_a_forbidden_receiver(
    webhook_server: MockWebhookServer,
) -> None:
    sender = Sender(EgressSettings(("127.0.0.1/32",)))
    failed = await failure(sender, UrlParts("http", "10.0.0.1", 80), profile=oauth(webhook_server))
    assert failed.kind == "egress"
    assert not webhook_server.called
    await sender.close()


@pytest.mark.parametrize(
    "reply",
    [
        Reply(201, body={"access_token": "tok-1"}),
        Reply(body='\ufeff{"access_token": "tok-1", "expires_in": "3600"}'),
        Reply(body='{"access_token": "tok-1", "expires_in": 1e9, "x": 1e400}'),
        Reply(body={"access_token": "tok-1", "expires_in": 10**30}),
        Reply(body={"access_token": "tok-1", "expires_in": True}),
        Reply(body={"access_token": "tok-1", "expires_in": -5}),
    ],
)
async def test_tokens_of_sloppy_servers_are_used(
    sender: Sender, webhook_server: MockWebhookServer, reply: Reply
) -> None:
    webhook_server.reply(reply, path="/token")
    await post(sender, at(webhook_server), profile=oauth(webhook_server))
    assert webhook_server.requests[-1].headers["authorization"] == "Bearer tok-1"


@pytest.mark.parametrize(
    ("value", "wish"),
    [("7", 7_000), ("1.5", 1_500), ("soon", None), (None, None),
     ("Fri, 31 Dec 9999 23:59:59 GMT", 366 * 24 * 3_600_000)],
)  # fmt: skip
async def test_a_token_server_says_when_to_come_back(
    sender: Sender, webhook_server: MockWebhookServer, value: str | None, wish: int | None
) -> None:
    headers = {} if value is None else {"Retry-After": value}
    webhook_server.always(Reply(429, headers=headers))
    failed = await failure(sender, at(webhook_server), profile=oauth(webhook_server))
    assert (failed.kind, failed.retry_after) == ("protocol", wish)
