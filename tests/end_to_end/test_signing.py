"""Signed and encrypted webhooks, checked by the libraries that receivers use."""

from __future__ import annotations

import hmac
import json
import shutil
import subprocess
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
import standardwebhooks
import stripe
import svix
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwe
from joserfc.jwk import OctKey
from jwcrypto import jwe as other_jwe
from jwcrypto import jwk as other_jwk

from fql.errors import MissingSecrets, SettingsError
from fql.testing import MockWebhookServer
from fql.testing.received import ReceivedRequest
from fql.webhooks import decrypt_payload, verify_webhook
from fqlc.pipeline import check_project
from tests.end_to_end.security import KEY, LOOPBACK, deliver, emit, program, running

NEW = "whsec_" + b64encode(bytes(range(32))).decode()
OLD = "whsec_" + b64encode(bytes(range(32, 64))).decode()
RAW = "a-raw-secret-of-a-receiver"


async def received(
    server: MockWebhookServer, setting: str, environment: dict[str, str], *, settings: str = "",
    note: str = "grüße",
) -> ReceivedRequest:  # fmt: skip
    """The request that an action with this setting sends."""
    body = "body: { id, note, email }"
    text = program(f'webhook tell {{ url: "{server.url}/hook" {setting} {body} }}')
    assert await deliver(text, environment, LOOPBACK + settings, note) == []
    return server.requests[-1]


# Schemes, as outside libraries see them


@pytest.mark.parametrize(
    "settings",
    ['signing: { secret: "${S}" }', 'signing: { scheme: standard, secret: "${S}" }', "fql.toml"],
)
async def test_standard_webhooks_and_svix_accept(
    webhook_server: MockWebhookServer, settings: str
) -> None:
    """Written in the file or in `fql.toml`, `standard` is the default of a secret."""
    toml = '[webhooks.signing]\nsecret = "${S}"\n' if settings == "fql.toml" else ""
    setting = "" if toml else settings
    got = await received(webhook_server, setting, {"S": NEW}, settings=toml)
    standardwebhooks.Webhook(NEW).verify(got.body, dict(got.headers))
    svix.Webhook(NEW).verify(got.body, dict(got.headers))
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(OLD).verify(got.body, dict(got.headers))


async def test_both_sides_of_a_rotation_accept(webhook_server: MockWebhookServer) -> None:
    got = await received(
        webhook_server, 'signing: { secret: ["${NEW}", "${OLD}"] }', {"NEW": NEW, "OLD": OLD}
    )
    for secret in (NEW, OLD):
        standardwebhooks.Webhook(secret).verify(got.body, dict(got.headers))
        svix.Webhook(secret).verify(got.body, dict(got.headers))
    assert got.headers["webhook-signature"].count(" ") == 1


async def test_rotation_by_date_signs_with_what_is_valid_now(
    webhook_server: MockWebhookServer,
) -> None:
    past = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    soon = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    secrets = (
        f'[{{ secret: "${{OLD}}", not_after: "{past}" }},'
        f' {{ secret: "${{NEW}}", not_before: "{past}", not_after: "{soon}" }}, "${{NEXT}}"]'
    )
    environment = {"OLD": OLD, "NEW": NEW, "NEXT": OLD}
    got = await received(webhook_server, f"signing: {{ secret: {secrets} }}", environment)
    assert got.headers["webhook-signature"].count(" ") == 1, "two of three are valid"
    standardwebhooks.Webhook(NEW).verify(got.body, dict(got.headers))


async def test_dates_of_secrets_stand_in_the_settings_file_too(
    webhook_server: MockWebhookServer,
) -> None:
    toml = (
        '[webhooks.signing]\nsecret = [{ secret = "${OLD}", not_after = 2020-01-01T00:00:00Z },'
        ' "${NEW}"]\n'
    )
    got = await received(webhook_server, "", {"OLD": OLD, "NEW": NEW}, settings=toml)
    assert " " not in got.headers["webhook-signature"]
    standardwebhooks.Webhook(NEW).verify(got.body, dict(got.headers))


async def test_nothing_is_sent_unsigned_when_no_secret_is_valid(
    webhook_server: MockWebhookServer,
) -> None:
    secret = '{ secret: "${S}", not_after: "2020-01-01T00:00:00Z" }'
    text = program(
        f'webhook tell {{ url: "{webhook_server.url}" signing: {{ secret: {secret} }} }}'
    )
    (letter,) = await deliver(text, {"S": NEW})
    assert not webhook_server.called
    assert (letter.error_class, "no signing secret is valid now" in letter.reason) == (
        "permanent",
        True,
    )


async def test_ed25519_beside_a_shared_secret(webhook_server: MockWebhookServer) -> None:
    """`v1a` is checked with the public key alone; libraries of `v1` pass it over."""
    seed = bytes(range(7, 39))
    key = Ed25519PrivateKey.from_private_bytes(seed)
    environment = {"A": "whsk_" + b64encode(seed).decode(), "S": NEW}
    got = await received(webhook_server, 'signing: { secret: ["${A}", "${S}"] }', environment)
    first, second = got.headers["webhook-signature"].split(" ")
    content = f"{got.key}.{got.headers['webhook-timestamp']}.".encode() + got.body
    key.public_key().verify(b64decode(first.removeprefix("v1a,")), content)
    assert second.startswith("v1,")
    standardwebhooks.Webhook(NEW).verify(got.body, dict(got.headers))
    public = "whpk_" + b64encode(key.public_key().public_bytes_raw()).decode()
    assert verify_webhook(got.headers, got.body, public)


@pytest.mark.parametrize("secrets", ['"${S}"', '["${S}", "${OLD}"]'])
async def test_stripes_library_accepts(webhook_server: MockWebhookServer, secrets: str) -> None:
    environment = {"S": RAW, "OLD": "another-raw-secret"}
    got = await received(
        webhook_server, f"signing: {{ scheme: stripe, secret: {secrets} }}", environment
    )
    stripe.WebhookSignature.verify_header(
        got.body.decode(), got.headers["stripe-signature"], RAW, tolerance=300
    )


async def test_githubs_scheme_is_the_documented_hmac(webhook_server: MockWebhookServer) -> None:
    got = await received(webhook_server, 'signing: { scheme: github, secret: "${S}" }', {"S": RAW})
    made = "sha256=" + hmac.new(RAW.encode(), got.body, sha256).hexdigest()
    assert got.headers["x-hub-signature-256"] == made
    assert got.headers["webhook-id"] == got.headers["idempotency-key"]


OCTOKIT = """
import { verify } from "@octokit/webhooks-methods";
const [secret, signature, body] = process.argv.slice(2);
console.log(await verify(secret, body, signature), await verify(secret + "x", body, signature));
"""


def in_node(folder: Path, package: str, script: str, *arguments: str) -> list[str]:
    """The words that a script prints with a package of npm installed into `folder`."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("node and npm are not here")
    install = [npm, "install", "--silent", "--no-audit", "--no-fund", package]
    try:
        done = subprocess.run(install, cwd=folder, timeout=60, check=False, capture_output=True)
    except subprocess.TimeoutExpired:
        pytest.skip("the npm registry does not answer")
    if done.returncode:
        pytest.skip(f"npm could not install {package}")
    (folder / "check.mjs").write_text(script, encoding="utf-8")
    answer = subprocess.run(
        [node, "check.mjs", *arguments],
        cwd=folder, capture_output=True, encoding="utf-8", check=True, timeout=30,
    )  # fmt: skip
    return answer.stdout.split()


async def test_githubs_own_library_accepts(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    got = await received(webhook_server, 'signing: { scheme: github, secret: "${S}" }', {"S": RAW})
    arguments = RAW, got.headers["x-hub-signature-256"], got.body.decode()
    words = in_node(tmp_path, "@octokit/webhooks-methods@6", OCTOKIT, *arguments)
    assert words == ["true", "false"]


@pytest.mark.parametrize("scheme", ["scheme: fraiseql,", 'header: "X-Shop-Signature",'])
async def test_the_wire_format_of_fraiseql(webhook_server: MockWebhookServer, scheme: str) -> None:
    """A header name alone means the scheme (M24)."""
    got = await received(webhook_server, f'signing: {{ {scheme} secret: "${{S}}" }}', {"S": RAW})
    name = "x-fraiseql-signature" if "scheme" in scheme else "x-shop-signature"
    stamp = got.headers["x-fraiseql-timestamp"]
    made = hmac.new(RAW.encode(), f"{stamp}.".encode() + got.body, sha256).hexdigest()
    assert got.headers[name] == f"sha256={made}"
    assert verify_webhook(got.headers, got.body, RAW, "fraiseql", header=name)


async def test_each_attempt_is_signed_anew_under_one_id(webhook_server: MockWebhookServer) -> None:
    webhook_server.reply(503, 200)
    retry = "retry: { max_attempts: 2, backoff: fixed, initial_delay: 1100ms, jitter: none }"
    await received(webhook_server, f'{retry} signing: {{ secret: "${{S}}" }}', {"S": NEW})
    first, second = webhook_server.requests
    assert first.key == second.key
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    standardwebhooks.Webhook(NEW).verify(second.body, dict(second.headers))


# Closed where something is missing


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ("signing: { enabled: true }", "FQL371"),
        ("signing: { scheme: stripe }", "FQL371"),
        ('signing: { secret: "hunter2" }', "FQL371"),
        ("encryption: { fields: [note] }", "FQL371"),
        ('encryption: { key: "short" }', "FQL371"),
        ('auth: { type: bearer, token: "abc" }', "FQL371"),
    ],
)
def test_what_is_incomplete_does_not_compile(setting: str, code: str) -> None:
    text = program(
        f'webhook tell {{ url: "https://shop.example.com" {setting} body: {{ id, note }} }}'
    )
    found = check_project(["a.fql"], {"a.fql": text.encode()}.get)
    assert code in [d.code for d in found.diagnostics if d.severity == "error"]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ('signing: { secret: "${S}" }', ""),
        ('signing: { secret: "${S}" }', "whsec_c2hvcnQ="),
        ('signing: { secret: "${S}" }', "not base64!"),
        ('signing: { scheme: github, secret: "${S}" }', "short"),
        ('encryption: { key: "${S}" }', "c2hvcnQ="),
    ],
)
async def test_a_weak_secret_stops_the_start(
    webhook_server: MockWebhookServer, setting: str, value: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        await received(webhook_server, setting, {"S": value})
    assert not webhook_server.called
    assert len(value) < 8 or value not in str(caught.value)


async def test_a_missing_secret_stops_the_start(webhook_server: MockWebhookServer) -> None:
    with pytest.raises(MissingSecrets, match=r"S .*action tell"):
        await received(webhook_server, 'signing: { secret: "${S}" }', {})


# Encryption


def opened_elsewhere(text: str) -> list[object]:
    """What two other implementations read, as they are. One of them refuses every parameter of a
    header that is not registered."""
    raw = b64decode(KEY)
    ours = jwe.decrypt_compact(text, OctKey.import_key(raw)).plaintext
    assert ours is not None
    token = other_jwe.JWE()
    coded = b64encode(raw).decode().rstrip("=").replace("+", "-").replace("/", "_")
    token.deserialize(text, key=other_jwk.JWK(kty="oct", k=coded))
    return [json.loads(ours), json.loads(token.payload)]


async def test_fields_are_encrypted_and_the_rest_is_not(webhook_server: MockWebhookServer) -> None:
    setting = (
        'encryption: { key: "${K}", fields: [note, email], kid: "k1" } signing: { secret: "${S}" }'
    )
    got = await received(webhook_server, setting, {"K": KEY, "S": NEW})
    payload = got.payload
    assert isinstance(payload, dict)
    assert payload["id"] == "o1"
    assert opened_elsewhere(payload["note"]) == ["grüße", "grüße"]
    assert opened_elsewhere(payload["email"]) == ["a@b.example", "a@b.example"]
    assert decrypt_payload(got.body, {"k1": KEY})["note"] == "grüße"  # type: ignore[index]
    standardwebhooks.Webhook(NEW).verify(got.body, dict(got.headers))


JOSE = """
import { compactDecrypt } from "jose";
const [key, ...texts] = process.argv.slice(2);
const right = Buffer.from(key, "base64");
const wrong = Buffer.from(right).fill(0);
for (const text of texts) {
  const { plaintext, protectedHeader } = await compactDecrypt(text, right);
  console.log(new TextDecoder().decode(plaintext), protectedHeader.alg, protectedHeader.enc);
}
console.log(await compactDecrypt(texts[0], wrong).catch((error) => error.code));
"""


async def test_the_jose_of_npm_opens_it(webhook_server: MockWebhookServer, tmp_path: Path) -> None:
    """A third implementation, in another language, opens each field, and not with another key."""
    setting = 'encryption: { key: "${K}", fields: [note, email] }'
    payload = (await received(webhook_server, setting, {"K": KEY})).payload
    assert isinstance(payload, dict)
    words = in_node(tmp_path, "jose@6", JOSE, KEY, payload["note"], payload["email"])
    opened = ['"grüße"', "dir", "A256GCM", '"a@b.example"', "dir", "A256GCM"]
    assert words == [*opened, "ERR_JWE_DECRYPTION_FAILED"]


async def test_the_whole_body_is_encrypted(webhook_server: MockWebhookServer) -> None:
    """Without `fields` the body is one JSON string; a hex key does as well."""
    setting = 'encryption: { algorithm: AES-256-GCM, key: "${K}" }'
    got = await received(webhook_server, setting, {"K": bytes(range(32)).hex()})
    assert isinstance(got.payload, str)
    wanted = {"id": "o1", "note": "grüße", "email": "a@b.example"}
    assert opened_elsewhere(got.payload) == [wanted, wanted]
    assert decrypt_payload(got.body, KEY) == wanted


async def test_dead_letters_hold_what_was_encrypted_as_it_was_sent(
    webhook_server: MockWebhookServer,
) -> None:
    webhook_server.always(400)
    text = program(
        f'webhook tell {{ url: "{webhook_server.url}" body: {{ id, email }}'
        ' encryption: { key: "${K}", fields: [email] } }'
    )
    async with running(text, {"K": KEY}) as runtime:
        _, (letter,) = await emit(runtime, email="clear@text.example")
    shown = letter.as_json()["request"]
    assert isinstance(shown, dict)
    assert "clear@text" not in str(shown)
    assert opened_elsewhere(shown["body"]["email"])[0] == "clear@text.example"
