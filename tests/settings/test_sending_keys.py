"""What each key of sending changes, at every level that takes it, as a real receiver sees it."""

from __future__ import annotations

import base64
import itertools
import json
import ssl
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.settings.levels import OF_TOML, RECEIVING, SENDING, Program, program, sent

from fql.testing import MockWebhookServer, Reply
from fql.webhooks import decrypt_payload, verify_webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD = "whsec_" + base64.b64encode(b"o" * 32).decode()
SEED = bytes(range(32))
KEY = base64.b64encode(b"k" * 32).decode()
ENVIRONMENT = {
    "SECRET": SECRET, "OLD": OLD, "RAW": "a-long-secret-of-ours", "KEY": KEY,
    "SEED": "whsk_" + base64.b64encode(SEED).decode(), "TOKEN": "tok-12345",
}  # fmt: skip
PUBLIC = base64.b64encode(
    Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()
).decode()

levels = pytest.mark.parametrize("level", SENDING)
and_toml = pytest.mark.parametrize("level", OF_TOML)
ONE = "retry: { max_attempts: 1 }"


@and_toml
async def test_timeout(level: str, webhook_server: MockWebhookServer) -> None:
    """A receiver that hangs is given up after the time, not after the default minute."""
    webhook_server.always(Reply(fault="hang"))
    [letter] = await sent(webhook_server, program(level, f"timeout: 100ms {ONE}"))
    assert letter.attempts[0].error is not None
    assert letter.attempts[0].error.startswith("timeout")
    assert 90 <= letter.attempts[0].duration_ms < 1000


@and_toml
async def test_max_response(level: str, webhook_server: MockWebhookServer) -> None:
    """A longer answer than that is no answer; without the key it is fine."""
    webhook_server.always(Reply(body={"ok": True, "pad": "x" * 2000}))
    body = "body: { id } response: Answer"
    assert await sent(webhook_server, program(level, "", body=body)) == []
    [letter] = await sent(webhook_server, program(level, "max_response: 1KB", body=body))
    assert letter.error_class == "permanent"


@and_toml
async def test_max_body(level: str, webhook_server: MockWebhookServer) -> None:
    """A longer body than that is never sent; without the key it is."""
    body = f'body: {{ id, pad: "{"x" * 1000}" }}'
    assert await sent(webhook_server, program(level, "", body=body)) == []
    assert webhook_server.call_count == 1
    [letter] = await sent(webhook_server, program(level, "max_body: 1KB", body=body))
    assert letter.error_class == "evaluation"
    assert "more than max_body (1KB)" in letter.reason
    assert webhook_server.call_count == 1


@levels
async def test_headers(level: str, webhook_server: MockWebhookServer) -> None:
    text = program(level, 'headers: { "X-Shop": "corner", "X-Token": "${TOKEN}" }')
    await sent(webhook_server, text, environment=ENVIRONMENT)
    found = webhook_server.requests[0].headers
    assert (found["x-shop"], found["x-token"]) == ("corner", "tok-12345")


SIGNING = {
    "secret": ('secret: "${SECRET}"', SECRET, {}),
    "scheme": ('scheme: stripe, secret: "${RAW}"', "a-long-secret-of-ours", {"scheme": "stripe"}),
    "algorithm": (
        'algorithm: ed25519, secret: "${SEED}"', "whpk_" + PUBLIC, {}),
    "header": (
        'header: "X-Mine", secret: "${RAW}"', "a-long-secret-of-ours",
        {"scheme": "fraiseql", "header": "X-Mine"}),
    "timestamp_header": (
        'timestamp_header: "X-When", secret: "${RAW}"', "a-long-secret-of-ours",
        {"scheme": "fraiseql", "timestamp_header": "X-When"}),
    "secrets": ('secret: ["${SECRET}", "${OLD}"]', OLD, {}),
}  # fmt: skip
"""Key of `signing`: a policy, a secret that verifies, and how the verifier is asked."""


@pytest.mark.parametrize("key", SIGNING)
@and_toml
async def test_signing(level: str, key: str, webhook_server: MockWebhookServer) -> None:
    """A receiver with the secret accepts, one with another does not."""
    policy, secret, options = SIGNING[key]
    text = program(level, f"signing: {{ {policy} }}")
    assert await sent(webhook_server, text, environment=ENVIRONMENT) == []
    request = webhook_server.requests[0]
    assert verify_webhook(request.headers, request.body, secret, **options)  # type: ignore[arg-type]
    other = "whpk_" + KEY if key == "algorithm" else "whsec_" + KEY
    assert not verify_webhook(request.headers, request.body, other, **options)  # type: ignore[arg-type]


@and_toml
async def test_signing_can_be_switched_off(level: str, webhook_server: MockWebhookServer) -> None:
    text = program(level, 'signing: { enabled: false, secret: "${SECRET}" }')
    await sent(webhook_server, text, environment=ENVIRONMENT)
    assert not [name for name in webhook_server.requests[0].headers if "signature" in name]


@levels
async def test_encryption_of_the_whole_body(level: str, webhook_server: MockWebhookServer) -> None:
    """`algorithm` and `key`: unreadable on the way, and the receiver with the key opens it."""
    text = program(level, 'encryption: { algorithm: AES-256-GCM, key: "${KEY}" }')
    await sent(webhook_server, text, environment=ENVIRONMENT)
    body = webhook_server.requests[0].body
    assert b"a@b.c" not in body
    assert decrypt_payload(body, KEY) == {"id": "o1", "email": "a@b.c"}
    assert header_of(body)["enc"] == "A256GCM"


@levels
async def test_encryption_of_fields(level: str, webhook_server: MockWebhookServer) -> None:
    """`fields` and `kid`: only these values, each with the id of the key."""
    text = program(level, 'encryption: { key: "${KEY}", fields: [email], kid: "march" }')
    await sent(webhook_server, text, environment=ENVIRONMENT)
    payload = webhook_server.requests[0].payload
    assert isinstance(payload, dict)
    assert payload["id"] == "o1"
    assert header_of(payload["email"].encode())["kid"] == "march"
    assert decrypt_payload(payload, {"march": KEY}) == {"id": "o1", "email": "a@b.c"}


def header_of(compact: bytes) -> dict[str, str]:
    """The protected header of a JWE."""
    first = compact.strip(b'"').split(b".")[0]
    found: dict[str, str] = json.loads(base64.urlsafe_b64decode(first + b"=="))
    return found


AUTH = {
    "bearer": ('type: bearer, token: "${TOKEN}"', "authorization", "Bearer tok-12345"),
    "basic": (
        'type: basic, username: "me", password: "${TOKEN}"', "authorization",
        "Basic " + base64.b64encode(b"me:tok-12345").decode()),
    "header": ('type: header, header: "X-Key", value: "${TOKEN}"', "x-key", "tok-12345"),
}  # fmt: skip


@pytest.mark.parametrize("kind", AUTH)
@levels
async def test_auth(level: str, kind: str, webhook_server: MockWebhookServer) -> None:
    """`type`, `token`, `username`, `password`, `header`, `value`."""
    policy, header, value = AUTH[kind]
    await sent(webhook_server, program(level, f"auth: {{ {policy} }}"), environment=ENVIRONMENT)
    assert webhook_server.requests[0].headers[header] == value


@levels
async def test_auth_oauth2(level: str, webhook_server: MockWebhookServer) -> None:
    """`token_url`, `client_id`, `client_secret`, `scope`: a token is fetched, then shown."""
    webhook_server.reply(
        Reply(body={"access_token": "fresh", "token_type": "Bearer", "expires_in": 60}),
        path="/token",
    )
    policy = (
        'type: oauth2, token_url: "${RECEIVER}/token", client_id: "me",'
        ' client_secret: "${TOKEN}", scope: "orders"'
    )
    await sent(webhook_server, program(level, f"auth: {{ {policy} }}"), environment=ENVIRONMENT)
    asked, delivery = webhook_server.requests
    assert parse_qs(asked.body.decode())["scope"] == ["orders"]
    assert asked.headers["authorization"] == AUTH["basic"][2]
    assert delivery.headers["authorization"] == "Bearer fresh"


@pytest.mark.parametrize("password", ["", "hunter-twelve"])
@levels
async def test_auth_mtls(level: str, password: str, tmp_path: Path) -> None:
    """`certificate`, `key`, `ca`, `password`: the receiver demands a certificate and gets it."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    environment = written(authority, tmp_path, password) | {"PASSWORD": password}
    with_password = ', password: "${PASSWORD}"' if password else ""
    policy = 'type: mtls, certificate: "${CERTIFICATE}", key: "${PRIVATE}", ca: "${CA}"'
    with MockWebhookServer(tls=context) as server:
        text = program(level, f"auth: {{ {policy}{with_password} }}")
        letters = await sent(server, text, environment=environment)
        assert [letter.reason for letter in letters] == []
        assert server.call_count == 1


def written(authority: trustme.CA, folder: Path, password: str) -> dict[str, str]:
    """A client's certificate, its key (encrypted if there is a password), and the authority."""
    mine = authority.issue_cert("client@example.com")
    key = serialization.load_pem_private_key(mine.private_key_pem.bytes(), None)
    locked: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password:
        locked = serialization.BestAvailableEncryption(password.encode())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
    (folder / "key.pem").write_bytes(pem)
    (folder / "client.pem").write_bytes(b"".join(part.bytes() for part in mine.cert_chain_pems))
    (folder / "ca.pem").write_bytes(authority.cert_pem.bytes())
    names = {"CERTIFICATE": "client.pem", "PRIVATE": "key.pem", "CA": "ca.pem"}
    return {name: str(folder / file) for name, file in names.items()}


@pytest.mark.parametrize("level", RECEIVING)
async def test_concurrency(level: str, webhook_server: MockWebhookServer) -> None:
    """One at a time: the next comes when the answer to the one before has gone."""
    webhook_server.always(Reply(delay=0.05))
    await sent(webhook_server, program(level, "concurrency: 1"), 1, 2, 3)
    times = [request.at for request in webhook_server.requests]
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= 0.045


async def test_a_hundred_inserts_become_two_calls(webhook_server: MockWebhookServer) -> None:
    """`[webhooks.batching]` for a body that uses `each`; each call has a key of its own."""
    text = program(
        "fql.toml", "batch: { size: 50, timeout: 10s }", body="body: { all: each { id } }"
    )
    await sent(webhook_server, text, *range(100))
    payloads = [request.payload for request in webhook_server.requests]
    assert [len(payload["all"]) for payload in payloads] == [50, 50]  # type: ignore[index]
    assert len({request.key for request in webhook_server.requests}) == 2


async def test_limits_of_the_project_hold_for_each_origin(
    webhook_server: MockWebhookServer,
) -> None:
    """Actions with a plain url have no endpoint: each origin has limits of its own."""
    text = """
entity Order { id: ID @key  status: String  email: String? }
observer placed {
  on: Order.insert
  webhook here { url: "${RECEIVER}/here" body: { id } }
  webhook there { url: "${OTHER}/there" body: { id } }
  flow { [here, there] }
}
"""
    with MockWebhookServer() as other:
        for server in (webhook_server, other):
            server.always(Reply(delay=0.1))
        program = Program(text, "[webhooks]\nconcurrency = 1\n")
        await sent(webhook_server, program, 1, 2, 3, environment={"OTHER": other.url})
        ledgers = [[request.at for request in one.requests] for one in (webhook_server, other)]
    for times in ledgers:
        assert len(times) == 3
        assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= 0.095
    assert abs(ledgers[0][0] - ledgers[1][0]) < 0.09, "the two do not wait for each other"
