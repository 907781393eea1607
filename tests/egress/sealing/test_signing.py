"""Signatures: outside libraries accept ours, weak settings are refused."""

from __future__ import annotations

import hashlib
import hmac
import time
from base64 import b64decode, b64encode
from datetime import UTC, datetime

import pytest
import stripe
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from standardwebhooks.webhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError as StandardError
from svix.webhooks import Webhook as SvixWebhook

from fql.egress.sealing.signing import Signer
from fql.egress.sealing.verify import verify
from fql.egress.settings import SigningSettings, TimedSecret
from fql.errors import SettingsError

BODY = '{"id":"o1","note":"für"}'.encode()
SECRET = "whsec_" + b64encode(bytes(range(32))).decode()
OLDER = "whsec_" + b64encode(bytes(range(1, 33))).decode()
RAW = "a-long-enough-secret"


def signer(scheme: str, *secrets: str, **other: str) -> Signer:
    return Signer(SigningSettings(scheme, tuple(TimedSecret(s) for s in secrets), **other))


def headers(made: Signer, stamp: int | None = None) -> dict[str, str]:
    now = int(time.time()) if stamp is None else stamp
    found = dict(made.headers("msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", now, BODY))
    return {"webhook-id": "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", "webhook-timestamp": str(now), **found}


@pytest.mark.parametrize("library", [Webhook, SvixWebhook])
@pytest.mark.parametrize("secrets", [(SECRET,), (SECRET, OLDER), (OLDER, SECRET)])
def test_outside_libraries_accept_the_standard_scheme(
    library: type[Webhook], secrets: tuple[str, ...]
) -> None:
    library(SECRET).verify(BODY, headers(signer("standard", *secrets)))


def test_an_outside_library_refuses_another_secret() -> None:
    with pytest.raises(StandardError):
        Webhook(OLDER).verify(BODY, headers(signer("standard", SECRET)))


def test_the_published_vector_of_standard_webhooks() -> None:
    """The example of the Standard Webhooks reference libraries' own tests."""
    made = signer("standard", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    found = dict(made.headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'))
    assert found["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_an_ed25519_signature_beside_it_is_passed_over_by_libraries() -> None:
    key = "whsk_" + b64encode(bytes(range(32))).decode()
    Webhook(SECRET).verify(BODY, headers(signer("standard", SECRET, key)))


def test_ed25519_verifies_with_the_public_key() -> None:
    seed = bytes(range(32))
    made = headers(signer("standard", "whsk_" + b64encode(seed).decode()), 1_000)
    version, _, text = made["webhook-signature"].partition(",")
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    content = b"msg_2KWPBgLlAfxdpx2AI54pPJ85f4W.1000." + BODY
    public.verify(b64decode(text), content)
    assert version == "v1a"
    shown = "whpk_" + b64encode(public.public_bytes_raw()).decode()
    assert verify(made, BODY, (shown,), scheme="standard", tolerance=300, now=1_000)
    assert not verify(made, BODY + b" ", (shown,), scheme="standard", tolerance=300, now=1_000)


@pytest.mark.parametrize("secrets", [(RAW,), ("another-old-secret", RAW)])
def test_stripes_library_accepts_the_stripe_scheme(secrets: tuple[str, ...]) -> None:
    found = headers(signer("stripe", *secrets))
    stripe.WebhookSignature.verify_header(
        BODY.decode(), found["Stripe-Signature"], RAW, tolerance=300
    )


def test_the_github_scheme_is_what_github_documents() -> None:
    """GitHub, "Validating webhook deliveries", the values of its test."""
    made = Signer(SigningSettings("github", (TimedSecret("It's a Secret to Everybody"),)))
    found = dict(made.headers("x", 0, b"Hello, World!"))
    assert found == {
        "X-Hub-Signature-256": "sha256="
        "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    }


def test_the_fraiseql_wire_format_is_exact() -> None:
    found = dict(signer("fraiseql", RAW).headers("x", 1_700_000_000, BODY))
    expected = hmac.new(RAW.encode(), b"1700000000." + BODY, hashlib.sha256).hexdigest()
    assert found == {
        "X-FraiseQL-Signature": f"sha256={expected}", "X-FraiseQL-Timestamp": "1700000000"
    }  # fmt: skip


def test_the_fraiseql_header_names_can_be_set() -> None:
    made = signer("fraiseql", RAW, header="X-Sig", timestamp_header="X-Time")
    assert [name for name, _ in made.headers("x", 1, b"")] == ["X-Sig", "X-Time"]


@pytest.mark.parametrize("scheme", ["fraiseql", "github"])
def test_schemes_of_one_signature_use_the_first_secret(scheme: str) -> None:
    assert signer(scheme, RAW, "another-secret").headers("x", 5, BODY) == signer(
        scheme, RAW
    ).headers("x", 5, BODY)


@pytest.mark.parametrize(
    ("scheme", "secret"),
    [("standard", "whsec_"), ("standard", "whsec_QUJD"), ("standard", "not base64!"),
     ("standard", "whsec_" + b64encode(bytes(65)).decode()), ("standard", "whsk_QUJD"),
     ("fraiseql", ""), ("fraiseql", "short"), ("github", "1234567"), ("stripe", ""),
     ("unknown", RAW)],
)  # fmt: skip
def test_weak_or_unusable_secrets_stop_the_start(scheme: str, secret: str) -> None:
    with pytest.raises(SettingsError) as caught:
        signer(scheme, secret)
    assert not secret or secret not in str(caught.value)


def test_a_header_name_that_is_none_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="header name"):
        signer("fraiseql", RAW, header="X Sig\r\n")


def _at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def test_rotation_by_date_signs_with_those_that_are_live() -> None:
    old = TimedSecret(OLDER, not_after=_at("2026-02-01"))
    new = TimedSecret(SECRET, not_before=_at("2026-01-01"))
    made = Signer(SigningSettings("standard", (new, old)))

    def count(day: str) -> int:
        found = dict(made.headers("x", int(_at(day)), BODY))
        return len(found["webhook-signature"].split(" "))

    assert [count(d) for d in ("2025-12-31", "2026-01-15", "2026-02-02")] == [1, 2, 1]


def test_nothing_is_sent_unsigned_in_a_gap_of_the_dates() -> None:
    made = Signer(SigningSettings("standard", (TimedSecret(SECRET, not_after=10.0),)))
    with pytest.raises(SettingsError, match="valid now"):
        made.headers("x", 11, BODY)
