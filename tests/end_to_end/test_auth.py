"""Each kind of `auth`, from the program to a receiver that checks it."""

from __future__ import annotations

import ssl
from base64 import b64encode
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import trustme

from fql.errors import SettingsError
from fql.testing import MockWebhookServer
from fql.testing.received import ReceivedRequest
from fql.testing.replies import Reply
from tests.end_to_end.security import deliver, emit, program, running


def hook(auth: str, server: MockWebhookServer) -> str:
    """A program whose endpoint has this `auth`."""
    endpoint = f'endpoint shop {{ url: "{server.url}" auth: {auth} }}'
    return program('webhook tell { endpoint: shop  path: "/hook"  body: { id } }', endpoint)


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ('{ type: bearer, token: "${T}" }', "authorization", "Bearer tok-123456"),
        (
            '{ type: basic, username: "me", password: "${T}" }',
            "authorization",
            "Basic " + b64encode(b"me:tok-123456").decode(),
        ),
        ('{ type: header, header: "X-Api-Key", value: "k ${T}" }', "x-api-key", "k tok-123456"),
    ],
)
async def test_fixed_credentials(
    webhook_server: MockWebhookServer, auth: str, header: str, value: str
) -> None:
    assert await deliver(hook(auth, webhook_server), {"T": "tok-123456"}) == []
    assert webhook_server.requests[0].headers[header] == value


@pytest.mark.parametrize("value", ["", "a\r\nX-More: 1", "a\0b"])
async def test_no_request_without_a_usable_credential(
    webhook_server: MockWebhookServer, value: str
) -> None:
    """Closed: the runtime does not start, and the value is not shown."""
    auth = '{ type: bearer, token: "${T}" }'
    with pytest.raises(SettingsError) as caught:
        await deliver(hook(auth, webhook_server), {"T": value})
    assert "action tell" in caught.value.message
    assert "X-More" not in str(caught.value)
    assert not webhook_server.called


async def test_an_action_takes_the_credentials_of_its_endpoint_back(
    webhook_server: MockWebhookServer,
) -> None:
    """`null` takes back auth, signature and headers that an endpoint gives."""
    endpoint = (
        f'endpoint shop {{ url: "{webhook_server.url}" auth: {{ type: bearer, token: "${{T}}" }}'
        ' signing: { scheme: github, secret: "${T}" } headers: { "X-Shop": "1", "X-Kept": "2" } }'
    )
    action = 'webhook tell { endpoint: shop auth: null signing: null headers: { "x-shop": null } }'
    assert await deliver(program(action, endpoint), {"T": "tok-123456"}) == []
    headers = webhook_server.requests[0].headers
    assert headers["x-kept"] == "2"
    assert not {"authorization", "x-hub-signature-256", "x-shop"} & headers.keys()


async def test_credentials_and_signatures_win_over_headers_of_the_same_name(
    webhook_server: MockWebhookServer,
) -> None:
    """No header stands twice, so no two readers of a request differ."""
    action = (
        f'webhook tell {{ url: "{webhook_server.url}" auth: {{ type: bearer, token: "${{T}}" }}'
        ' signing: { scheme: fraiseql, secret: "${T}" }'
        ' headers: { "authorization": "{{ note }}", "x-fraiseql-signature": "{{ note }}" } }'
    )
    assert await deliver(program(action), {"T": "tok-123456"}) == []
    headers = webhook_server.requests[0].headers
    assert headers["authorization"] == "Bearer tok-123456"
    assert headers["x-fraiseql-signature"].startswith("sha256=")


# OAuth 2, client credentials


class Login:
    """A token server and a receiver in one: takes the newest token only."""

    def __init__(self, server: MockWebhookServer, *, life: object = 3600) -> None:
        self.issued = 0
        self.life = life
        self.server = server
        server.always(self.answer)

    def answer(self, request: ReceivedRequest) -> Reply:
        """Give a token, or check one."""
        if request.path == "/token":
            self.issued += 1
            body = {"access_token": self.token, "token_type": "Bearer", "expires_in": self.life}
            return Reply(200, body)
        good = request.headers.get("authorization") == f"Bearer {self.token}"
        return Reply(200) if good else Reply(401, {"echo": request.headers.get("authorization")})

    @property
    def token(self) -> str:
        """The token that is taken now."""
        return f"access-token-{self.issued}"

    def came(self, path: str) -> list[ReceivedRequest]:
        """The requests to a path."""
        return [r for r in self.server.requests if r.path == path]

    def program(self) -> str:
        """An action that logs in."""
        return hook(
            f'{{ type: oauth2, token_url: "{self.server.url}/token", client_id: "shop",'
            ' client_secret: "${S}", scope: "orders" }',
            self.server,
        )


async def test_a_token_is_fetched_once_and_used_by_all(webhook_server: MockWebhookServer) -> None:
    login = Login(webhook_server)
    async with running(login.program(), {"S": "client-secret"}) as runtime:
        for number in range(3):
            await emit(runtime, key=f"o{number}")
    (fetch,) = login.came("/token")
    assert parse_qs(fetch.body.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["orders"],
    }
    basic = b64encode(b"shop:client-secret").decode()
    assert fetch.headers["authorization"] == f"Basic {basic}"
    assert len(login.came("/hook")) == 3


async def test_a_revoked_token_is_replaced_within_the_attempt(
    webhook_server: MockWebhookServer,
) -> None:
    login = Login(webhook_server)
    async with running(login.program(), {"S": "client-secret"}) as runtime:
        await emit(runtime, key="o1")
        login.issued += 1  # the receiver has forgotten the token that we hold
        states, letters = await emit(runtime, key="o2")
    assert (set(states.values()), letters) == ({"done"}, [])
    assert [r.attempt for r in login.came("/hook")] == [1, 1, 1]


async def test_a_token_that_never_works_is_no_loop(webhook_server: MockWebhookServer) -> None:
    """A fresh token that is refused ends the action (401), and is masked in what it leaves."""
    login = Login(webhook_server)
    login.server.always(
        lambda r: (
            Reply(200, {"access_token": "access-token-x"})
            if r.path == "/token"
            else Reply(401, {"echo": r.headers["authorization"]})
        )
    )
    (letter,) = await deliver(login.program(), {"S": "client-secret"})
    assert letter.attempts[0].status == 401
    assert len(login.came("/hook")) == 1
    assert "access-token-x" not in str(letter.as_json())
    assert "***" in letter.attempts[0].response_start


@pytest.mark.parametrize("life", [0, -5, "soon", None, 10**15, True])
async def test_odd_lives_of_tokens_do_no_harm(
    webhook_server: MockWebhookServer, life: object
) -> None:
    login = Login(webhook_server, life=life)
    assert await deliver(login.program(), {"S": "client-secret"}) == []


async def test_tokens_come_by_the_guarded_path_only() -> None:
    """A token server at a forbidden address is not asked, and nothing is sent without a token."""
    auth = '{ type: oauth2, token_url: "${LOGIN}", client_id: "c", client_secret: "${S}" }'
    with MockWebhookServer() as receiver, MockWebhookServer(host="127.0.0.2") as hidden:
        environment = {"LOGIN": hidden.url + "/token", "S": "client-secret"}
        only = '[egress]\nallow = ["127.0.0.1/32"]\n'
        (letter,) = await deliver(hook(auth, receiver), environment, only)
        assert not hidden.called
        assert not receiver.called
    assert (letter.error_class, "not a public one" in letter.reason) == ("permanent", True)


# Client certificates


@pytest.fixture
def pem(tmp_path: Path) -> trustme.CA:
    """An authority, a client certificate and its key as files."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    ours = ca.issue_cert("shop@client.example")
    ours.private_key_pem.write_to_path(str(tmp_path / "client.key"))
    ours.cert_chain_pems[0].write_to_path(str(tmp_path / "client.pem"))
    return ca


MTLS = '{ type: mtls, certificate: "${PEM}/client.pem", key: "${PEM}/client.key", ca: "${PEM}/ca.pem" }'  # noqa: E501


def demanding(ca: trustme.CA) -> ssl.SSLContext:
    """A receiver that lets in nobody without a certificate of the authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    ca.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


async def test_a_client_certificate_opens_the_door(tmp_path: Path, pem: trustme.CA) -> None:
    with MockWebhookServer(tls=demanding(pem)) as server:
        assert await deliver(hook(MTLS, server), {"PEM": str(tmp_path)}) == []
        assert server.call_count == 1


async def test_a_receiver_of_another_authority_gets_nothing(
    tmp_path: Path, pem: trustme.CA
) -> None:
    """`ca` decides whom we trust; a certificate that does not verify is not tried again."""
    with MockWebhookServer(tls=demanding(trustme.CA())) as server:
        (letter,) = await deliver(hook(MTLS, server), {"PEM": str(tmp_path)})
        assert not server.called
    assert (letter.error_class, len(letter.attempts)) == ("permanent", 1)
    assert pem is not None


async def test_without_its_certificate_nothing_starts(tmp_path: Path) -> None:
    with MockWebhookServer() as server, pytest.raises(SettingsError) as caught:
        await deliver(hook(MTLS, server), {"PEM": str(tmp_path / "nowhere")})
    assert "nowhere" not in str(caught.value), "the path is a value of the environment"
