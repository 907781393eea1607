"""What receivers and operators of webhooks need: check, sign, decrypt, replay."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from uuid import uuid4

from fql.egress.sealing.encryption import NotDecrypted, decrypt_compact, is_compact, parse_key
from fql.egress.sealing.signing import Signer, is_message_id
from fql.egress.sealing.verify import verify
from fql.egress.settings import SigningSettings, TimedSecret
from fql.errors import SettingsError
from fql.exact.reading import NotJson, read_foreign
from fql.replay import replay_dlq

__all__ = ["NotDecrypted", "decrypt_payload", "replay_dlq", "sign_webhook", "verify_webhook"]

Secrets = str | Sequence[str]


def verify_webhook(  # noqa: PLR0917 - the promised order
    headers: Mapping[str, str] | Iterable[tuple[str, str]], body: bytes | str, secret: Secrets,
    scheme: str = "standard", tolerance: float = 300, now: float | None = None, *,
    header: str | None = None, timestamp_header: str | None = None,
) -> bool:  # fmt: skip
    """True if the request is genuine and fresh; False for everything else, never an exception.

    `headers` and `body` are exactly what came, `scheme` is how the sender signs. `secret` may be
    several, during a rotation; `whpk_` keys check Ed25519. `tolerance` is seconds both ways, `now`
    unix seconds. `header` and `timestamp_header` are other names of the scheme's headers, where it
    allows that. `github` signs no time, so its freshness cannot be checked.
    """
    moment = time.time() if now is None else now
    try:
        raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else bytes(body)
        secrets = (secret,) if isinstance(secret, str) else tuple(secret)
        return verify(
            headers, raw, secrets, scheme=scheme, tolerance=tolerance, now=moment, header=header,
            timestamp_header=timestamp_header,
        )  # fmt: skip
    except (TypeError, ValueError, AttributeError):  # None for a body, a secret, the headers, ...
        return False


def sign_webhook(
    body: bytes | str, secret: Secrets, *, message_id: str = "", scheme: str = "standard",
    timestamp: float | None = None, header: str | None = None,
    timestamp_header: str | None = None,
) -> dict[str, str]:  # fmt: skip
    """The headers that a webhook with this body carries, as the runtime makes them.

    `scheme` is `standard`, `fraiseql`, `stripe` or `github`; `header` and `timestamp_header` are
    other names of its headers, where it allows that. `message_id` is the value of `webhook-id`, by
    default a new one; `timestamp` is unix seconds, now by default. Raises SettingsError for a
    secret that cannot sign.
    """
    raw = body.encode() if isinstance(body, str) else bytes(body)
    secrets = (secret,) if isinstance(secret, str) else tuple(secret)
    settings = SigningSettings(
        scheme, tuple(TimedSecret(one) for one in secrets), "sha256", header, timestamp_header
    )
    stamp = int(time.time() if timestamp is None else timestamp)
    identity = message_id or f"msg_{uuid4().hex}"
    if not is_message_id(identity) or stamp < 0:
        raise SettingsError(
            f"a message with the id {identity[:60]!r} and the time {stamp} cannot be signed: it"
            " could be read in two ways",
            hint="an id is visible ASCII without a dot, and a time is not before 1970",
        )
    made = dict(Signer(settings).headers(identity, stamp, raw))
    return {"webhook-id": identity, "webhook-timestamp": str(stamp), **made}


def decrypt_payload(
    payload: bytes | str | Mapping[str, object] | list[object],
    key: str | Sequence[str] | Mapping[str, str],
) -> object:
    """Decrypt a webhook's body, its `payload`: the bytes that came, or their decoded JSON.

    `key` is one key, several to be tried, or keys by their `kid`; each 32 bytes as base64 or
    hex. Returns decoded JSON, with encrypted fields replaced by their values. Raises NotDecrypted
    where nothing is encrypted, or something was changed or needs another key; SettingsError for
    an invalid key.
    """
    keys = _keys(key)
    value = _decoded(payload)
    counted = _Count()
    try:
        opened = _open(value, keys, counted)
    except RecursionError:
        raise NotDecrypted("the payload nests too deeply") from None
    if not counted.found:
        raise NotDecrypted("nothing in the payload is encrypted")
    return opened


class _Count:
    """How many encrypted values were found."""

    found = 0


def _keys(key: str | Sequence[str] | Mapping[str, str]) -> dict[str, bytes] | tuple[bytes, ...]:
    if isinstance(key, str):
        return (parse_key(key),)
    if isinstance(key, Mapping):
        return {kid: parse_key(text) for kid, text in key.items()}
    return tuple(parse_key(text) for text in key)


def _decoded(payload: bytes | str | Mapping[str, object] | list[object]) -> object:
    if not isinstance(payload, bytes | str):
        return payload
    try:
        decoded: object = read_foreign(payload, floats=True)
    except NotJson:
        return payload if isinstance(payload, str) else payload.decode("latin-1")
    return decoded


def _open(
    value: object,
    keys: dict[str, bytes] | tuple[bytes, ...],
    counted: _Count,
    field: str | None = None,
) -> object:
    if isinstance(value, str) and is_compact(value):
        counted.found += 1
        try:
            return read_foreign(decrypt_compact(value, keys, field), floats=True)
        except NotJson:
            raise NotDecrypted("an encrypted value is not JSON") from None
    if isinstance(value, Mapping):
        return {name: _open(inner, keys, counted, str(name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [_open(item, keys, counted, field) for item in value]
    return value
