"""Signatures over the exact bytes that are sent, and their checks.

Schemes: `standard` (Standard Webhooks 1.0: `id.timestamp.body`, base64, `v1` HMAC-SHA256 and
`v1a` Ed25519), `fraiseql` (`timestamp.body`, hex, two headers), `stripe` (`t=,v1=` over
`timestamp.body`) and `github` (hex over the body alone). A secret that is empty or too short is
refused at start; a check that lacks anything is False.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable
from dataclasses import dataclass

from fql.egress.settings import SigningSettings, TimedSecret
from fql.errors import SettingsError
from fql.plan.web.headers import name_problem

SCHEMES = ("standard", "fraiseql", "stripe", "github")
SHORTEST_STANDARD, LONGEST_STANDARD = 24, 64
"""Bytes of a Standard Webhooks secret (specification, section "Signature scheme")."""
SHORTEST_RAW = 8
"""Characters of a secret of the other schemes; shorter ones are guessed."""

FRAISEQL_HEADER = "X-FraiseQL-Signature"
FRAISEQL_TIMESTAMP = "X-FraiseQL-Timestamp"

Headers = tuple[tuple[str, str], ...]
Sign = Callable[[str, int, bytes], str]
"""From message id, unix seconds and body to one signature."""


@dataclass(frozen=True, slots=True)
class _Live:
    sign: Sign
    secret: TimedSecret


_MESSAGE_ID = re.compile(r"[!-\-/-~]{1,256}")


def is_message_id(text: str) -> bool:
    """True for a text that can be the id of a signed message: visible ASCII without a point.
    `id.timestamp.body` with a point in its id could be read as another message as well."""
    return _MESSAGE_ID.fullmatch(text) is not None


class Signer:
    """Signs for one action: made once, used for each attempt."""

    def __init__(self, settings: SigningSettings) -> None:
        """Raises SettingsError for an unknown scheme, a weak secret, a bad header name."""
        if settings.scheme not in SCHEMES:
            raise _unusable(f"there is no signing scheme {settings.scheme}")
        for name in (settings.header, settings.timestamp_header):
            problem = None if name is None else name_problem(name)
            if problem:
                raise _unusable(f"{name!r} cannot be a signature header: {problem}")
        if settings.header and (
            settings.header.lower() == (settings.timestamp_header or "").lower()
        ):
            raise _unusable("signature and time cannot share a header")
        self._scheme = settings.scheme
        self._header = settings.header
        self._timestamp_header = settings.timestamp_header
        self._live = tuple(
            _Live(signature_function(settings.scheme, secret.value, settings.algorithm), secret)
            for secret in settings.secrets
        )
        self._timed = any(s.not_before or s.not_after for s in settings.secrets)

    @property
    def names(self) -> tuple[str, ...]:
        """The headers that it sets; nobody else may."""
        return tuple(name for name, _ in self._named(0, [""]))

    def headers(self, message_id: str, timestamp: int, body: bytes) -> Headers:
        """The signature headers of one attempt; `timestamp` in unix seconds.

        Raises SettingsError where no secret is live at that time: nothing is sent unsigned.
        """
        live = self._live
        if self._timed:
            live = tuple(entry for entry in live if entry.secret.live(timestamp))
            if not live:
                raise _unusable("no signing secret is valid now")
        if self._scheme in {"fraiseql", "github"}:
            live = live[:1]  # one value is all that their header can hold
        made = [entry.sign(message_id, timestamp, body) for entry in live]
        return self._named(timestamp, made)

    def _named(self, timestamp: int, made: list[str]) -> Headers:
        match self._scheme:
            case "standard":
                return (("webhook-signature", " ".join(made)),)
            case "stripe":
                joined = ",".join([f"t={timestamp}", *(f"v1={one}" for one in made)])
                return ((self._header or "Stripe-Signature", joined),)
            case "github":
                return ((self._header or "X-Hub-Signature-256", f"sha256={made[0]}"),)
            case _:
                return (
                    (self._header or FRAISEQL_HEADER, f"sha256={made[0]}"),
                    (self._timestamp_header or FRAISEQL_TIMESTAMP, str(timestamp)),
                )


def signature_function(scheme: str, secret: str, algorithm: str = "sha256") -> Sign:
    """The function that makes one signature. Raises SettingsError for a secret it cannot use."""
    if scheme == "standard":
        if algorithm == "ed25519" or secret.startswith("whsk_"):
            return _ed25519(secret)
        return _standard(standard_secret(secret))
    if algorithm != "sha256":
        raise _unusable(f"the scheme {scheme} has no algorithm {algorithm}")
    if len(secret) < SHORTEST_RAW:
        raise _unusable(f"a signing secret has at least {SHORTEST_RAW} characters")
    digest = _digester(secret.encode("utf-8", "surrogateescape"))
    if scheme == "github":
        return lambda _id, _timestamp, body: digest(body).hex()
    return lambda _id, timestamp, body: digest(b"%d.%b" % (timestamp, body)).hex()


def _digester(key: bytes) -> Callable[[bytes], bytes]:
    """HMAC-SHA256 (RFC 2104) under one key. The key is hashed once: a copy of that state takes
    less than half the time of `hmac.digest`, which begins again and looks the algorithm up."""
    keyed = hmac.new(key, digestmod="sha256")

    def digest(content: bytes) -> bytes:
        own = keyed.copy()
        own.update(content)
        return own.digest()

    return digest


def standard_secret(secret: str) -> bytes:
    """The bytes of a `whsec_` secret. Raises SettingsError."""
    raw = _base64(secret.removeprefix("whsec_"))
    if not SHORTEST_STANDARD <= len(raw) <= LONGEST_STANDARD:
        raise _unusable(
            f"a Standard Webhooks secret holds {SHORTEST_STANDARD} to {LONGEST_STANDARD} bytes, "
            f"this one {len(raw)}"
        )
    return raw


def _standard(key: bytes) -> Sign:
    digest = _digester(key)

    def sign(message_id: str, timestamp: int, body: bytes) -> str:
        content = b"%b.%d.%b" % (message_id.encode(), timestamp, body)
        return "v1," + b64encode(digest(content)).decode("ascii")

    return sign


def _ed25519(secret: str) -> Sign:
    """`v1a`: the secret is `whsk_` and base64 of the seed, or of seed and public key."""
    raw = _base64(secret.removeprefix("whsk_"))
    if len(raw) not in {32, 64}:
        raise _unusable("an Ed25519 secret is whsk_ and base64 of 32 or 64 bytes")
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(raw[:32])

    def sign(message_id: str, timestamp: int, body: bytes) -> str:
        content = b"%b.%d.%b" % (message_id.encode(), timestamp, body)
        return "v1a," + b64encode(key.sign(content)).decode("ascii")

    return sign


def _base64(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (Base64Error, ValueError):
        raise _unusable("the signing secret is not base64") from None


def _unusable(why: str) -> SettingsError:
    return SettingsError(
        f"requests cannot be signed: {why}",
        hint="a secret of the scheme standard is whsec_ and base64 of 24 to 64 bytes",
    )
