"""The receiver's side: is this signature genuine and fresh? Fails closed, never raises."""

from __future__ import annotations

import hmac
import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from fql.egress.sealing.signing import (
    FRAISEQL_HEADER,
    FRAISEQL_TIMESTAMP,
    is_message_id,
    signature_function,
)
from fql.errors import SettingsError

HeaderSource = Mapping[str, str] | Iterable[tuple[str, str]]

_SECONDS = re.compile(r"0|[1-9][0-9]{0,11}", re.ASCII)
_MAX_SIGNATURES = 32


def verify(
    headers: HeaderSource, body: bytes, secrets: tuple[str, ...], *, scheme: str,
    tolerance: float, now: float, header: str | None = None, timestamp_header: str | None = None,
) -> bool:  # fmt: skip
    """True if a signature of one of the secrets covers these bytes and is fresh.

    `tolerance` in seconds, both ways; `now` in unix seconds. Anything missing, doubled,
    malformed, unknown or weak is False.
    """
    single = _single(headers)
    if single is None or not secrets:
        return False
    claim = _claim(scheme, single, header, timestamp_header)
    if claim is None or not all(secrets):
        return False
    if scheme != "github" and not abs(now - claim.timestamp) <= tolerance:
        return False
    return any(_genuine(scheme, secret, claim, body) for secret in secrets)


def _single(headers: HeaderSource) -> dict[str, str] | None:
    """Lower-case names; None where a name comes twice, since two readers could differ."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    found: dict[str, str] = {}
    for name, value in pairs:
        if not isinstance(name, str) or not isinstance(value, str):
            return None
        if name.lower() in found:
            return None
        found[name.lower()] = value
    return found


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says of itself: its id, unix seconds, and the signatures it offers."""

    message_id: str
    timestamp: int
    candidates: list[str]


def _claim(
    scheme: str, headers: Mapping[str, str], header: str | None, timestamp_header: str | None
) -> Claim | None:
    match scheme:
        case "standard":
            return _standard_claim(headers)
        case "stripe":
            return _stripe_claim(headers.get((header or "Stripe-Signature").lower(), ""))
        case "github":
            value = headers.get((header or "X-Hub-Signature-256").lower(), "")
            return _hex_claim(value, 0)
        case "fraiseql":
            value = headers.get((header or FRAISEQL_HEADER).lower(), "")
            stamp = headers.get((timestamp_header or FRAISEQL_TIMESTAMP).lower(), "")
            return _hex_claim(value, _seconds(stamp))
        case _:
            return None


def _hex_claim(value: str, stamp: int | None) -> Claim | None:
    kind, equals, signature = value.partition("=")
    if kind != "sha256" or not equals or stamp is None:
        return None
    return Claim("", stamp, [signature])


def _standard_claim(headers: Mapping[str, str]) -> Claim | None:
    message_id = headers.get("webhook-id", "")
    stamp = _seconds(headers.get("webhook-timestamp", ""))
    candidates = headers.get("webhook-signature", "").split(" ")
    if not is_message_id(message_id) or stamp is None or len(candidates) > _MAX_SIGNATURES:
        return None
    return Claim(message_id, stamp, candidates)


def _stripe_claim(value: str) -> Claim | None:
    pairs = [part.strip().partition("=") for part in value.split(",")]
    stamps = [text for name, _, text in pairs if name == "t"]
    candidates = [text for name, _, text in pairs if name == "v1"]
    stamp = _seconds(stamps[0]) if len(stamps) == 1 else None
    if stamp is None or not 0 < len(candidates) <= _MAX_SIGNATURES:
        return None
    return Claim("", stamp, candidates)


def _seconds(text: str) -> int | None:
    return int(text) if _SECONDS.fullmatch(text) else None


def _genuine(scheme: str, secret: str, claim: Claim, body: bytes) -> bool:
    if scheme == "standard" and secret.startswith("whpk_"):
        message_id = claim.message_id.encode("utf-8", "replace")
        content = b"%b.%d.%b" % (message_id, claim.timestamp, body)
        return any(ed25519_fits(secret, content, candidate) for candidate in claim.candidates)
    try:
        sign = signature_function(scheme, secret)
        expected = sign(claim.message_id, claim.timestamp, body).encode("ascii")
    except (SettingsError, UnicodeEncodeError):
        return False
    offered = (candidate.encode("utf-8", "replace") for candidate in claim.candidates)
    return any(hmac.compare_digest(expected, candidate) for candidate in offered)


def ed25519_fits(secret: str, content: bytes, candidate: str) -> bool:
    """True if a `v1a` candidate is the signature of these bytes by the key of a `whpk_` secret."""
    version, _, text = candidate.partition(",")
    if version != "v1a":
        return False
    try:
        key = Ed25519PublicKey.from_public_bytes(b64decode(secret[5:], validate=True))
        key.verify(b64decode(text, validate=True), content)
    except (InvalidSignature, Base64Error, ValueError):
        return False
    return True
