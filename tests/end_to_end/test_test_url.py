"""`[webhooks] test_url` (M39), as the settings file says it."""

from __future__ import annotations

import logging

import pytest

from fql.errors import SettingsError
from fql.testing import MockWebhookServer
from fql.testing.replies import Reply
from tests.end_to_end.security import LOOPBACK, deliver, emit, program, running

ENVIRONMENT = {"T": "tok-1234567", "H": "head-1234567", "P": "path-1234567", "S": "raw-secret-1"}


def caught_by(url: str) -> str:
    """A settings file with a test url and nothing allowed."""
    return f'[webhooks]\ntest_url = "{url}"\n'


async def test_every_request_goes_there_and_no_credential_with_it(
    webhook_server: MockWebhookServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Method and body stay, path and query are replaced, the real target is in a header."""
    endpoint = (
        'endpoint shop { url: "https://shop.example.com/base" headers: { "X-Key": "k ${H}" }'
        ' auth: { type: bearer, token: "${T}" } signing: { scheme: stripe, secret: "${S}" } }'
    )
    action = (
        'webhook tell { endpoint: shop method: PUT path: "/o/${P}/{{ id }}?n={{ note }}"'
        " body: { id } }"
    )
    settings = caught_by(webhook_server.url + "/caught?by=test")
    with caplog.at_level(logging.WARNING, "fql"):
        assert await deliver(program(action, endpoint), ENVIRONMENT, settings, "a b") == []
    (request,) = webhook_server.requests
    assert (request.method, request.path) == ("PUT", "/caught?by=test")
    assert request.payload == {"id": "o1"}
    wanted = "https://shop.example.com/base/o/***/o1?n=a%20b"
    assert request.headers["fql-test-target"] == wanted
    assert request.headers["host"] == f"127.0.0.1:{webhook_server.port}"
    assert request.headers["x-key"] == "k test-masked"
    assert request.headers["authorization"] == "test-masked"
    assert not [v for v in ENVIRONMENT.values() if v in str(request.headers)]
    assert "test_url is set" in caplog.text


async def test_no_token_is_fetched_and_no_certificate_shown(
    webhook_server: MockWebhookServer,
) -> None:
    """Neither the token server nor the certificate files are touched."""
    login = '{ type: oauth2, token_url: "https://a.test/t", client_id: "c", client_secret: "${T}" }'
    mtls = '{ type: mtls, certificate: "/nowhere.pem", key: "/nowhere.key" }'
    action = (
        f'webhook one {{ url: "https://a.example.com" auth: {login} }}'
        f' webhook two {{ url: "https://b.example.com" auth: {mtls} }}'
    )
    settings = caught_by(webhook_server.url)
    assert await deliver(program(action), ENVIRONMENT, settings) == []
    assert [r.headers["fql-action"] for r in webhook_server.requests] == ["one", "two"]
    assert webhook_server.requests[0].headers["authorization"] == "test-masked"


async def test_the_guard_judges_the_test_url_and_not_the_real_target(
    webhook_server: MockWebhookServer,
) -> None:
    """A target that could never be reached is tried out; redirects lead nowhere here too."""
    with MockWebhookServer() as elsewhere:
        webhook_server.reply(Reply(307, headers={"Location": elsewhere.url}))
        text = program('webhook tell { url: "${P}/in" }')
        environment = {"P": "http://169.254.169.254"}
        (letter,) = await deliver(text, environment, caught_by(webhook_server.url))
        assert letter.reason == "status 307: redirects are not followed"
        assert not elsewhere.called
    assert webhook_server.call_count == 1


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1@127.0.0.1/", "ftp://127.0.0.1/", "caught", "http://127.1/"]
)
async def test_a_test_url_that_is_none_stops_the_start(url: str) -> None:
    with pytest.raises(SettingsError, match="test_url cannot be used"):
        await deliver(program('webhook tell { url: "https://a.example.com" }'), {}, caught_by(url))


async def test_it_allows_its_own_host_and_nothing_else() -> None:
    """Without the setting the same address is refused again."""
    with MockWebhookServer() as server:
        text = program(f'webhook tell {{ url: "{server.url}" }}')
        async with running(text, settings="", compile_settings=LOOPBACK) as runtime:
            _, (letter,) = await emit(runtime)
        assert letter.error_class == "permanent"
        assert not server.called


async def test_a_receiver_of_tests_may_be_named_localhost(
    webhook_server: MockWebhookServer,
) -> None:
    settings = caught_by(f"http://localhost:{webhook_server.port}/x")
    assert (
        await deliver(program('webhook tell { url: "https://a.example.com" }'), {}, settings) == []
    )
    assert webhook_server.requests[0].path == "/x"
