"""Payload encryption: JWE compact (RFC 7516) with `dir` and `A256GCM` (RFC 7518)."""

from __future__ import annotations

import os
import re
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import quote

from fql.egress.settings import EncryptionSettings
from fql.errors import FqlError, SettingsError
from fql.exact.reading import NotJson, read_foreign, read_json
from fql.exact.writing import write_json

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_HEX = re.compile(r"[0-9a-fA-F]{64}")
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]{22}")

FIELD_TYPE = "json;field="
"""The start of the content type (`cty`, RFC 7516 section 4.1.12) of a value of a body: after it
comes the key that the value is under. Every library takes this parameter of a header, and the
parameters of a media type are the place for what a reader of JSON may need besides."""

Nonce = Callable[[int], bytes]


class NotDecrypted(FqlError):
    """A payload that is not ours, was changed, or needs another key."""


def parse_key(text: str) -> bytes:
    """The 32 bytes of a key as hex, base64 or base64url. Raises SettingsError."""
    if _HEX.fullmatch(text):
        return bytes.fromhex(text)
    padded = text.replace("-", "+").replace("_", "/")
    padded += "=" * (-len(padded) % 4)
    try:
        key = b64decode(padded, validate=True)
    except (Base64Error, ValueError):
        key = b""
    if len(key) != 32:
        raise SettingsError(
            "the encryption key is not 32 bytes as base64 or hex",
            hint="make one with: openssl rand -base64 32",
        )
    return key


def key_id(key: bytes) -> str:
    """A name for a key that tells nothing of it: the start of a hash under a fixed label."""
    return sha256(b"fql key id\0" + key).hexdigest()[:16]


def _cipher(key: bytes) -> AESGCM:
    """The library takes a tenth of a start, and few plans encrypt."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)


class Encryptor:
    """Encrypts for one action. `nonce` gives random bytes; a nonce is never used twice."""

    def __init__(self, settings: EncryptionSettings, nonce: Nonce = os.urandom) -> None:
        """Raises SettingsError for a key or algorithm that cannot be used."""
        if settings.algorithm != "AES-256-GCM":
            raise SettingsError(
                f"there is no encryption algorithm {settings.algorithm}", hint="use AES-256-GCM"
            )
        key = parse_key(settings.key)
        header = {"alg": "dir", "enc": "A256GCM", "kid": settings.kid or key_id(key)}
        self._fields = settings.fields
        self._claims = header
        self._cipher = _cipher(key)
        self._nonce = nonce

    def body(self, body: bytes) -> bytes:
        """The body with its fields encrypted, or a JSON string that holds the whole of it.

        A named field that the body lacks stays lacking.
        """
        if not self._fields:
            return write_json(self.compact(body))
        return write_json(self._tree(read_json(body)))

    def _tree(self, value: object) -> object:
        """Encrypt named keys at any depth, so that a member of a batch is covered as well."""
        if isinstance(value, dict):
            return {key: self._entry(key, inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._tree(item) for item in value]
        return value

    def _entry(self, key: str, value: object) -> object:
        if key in self._fields:
            return self.compact(write_json(value), key)
        return self._tree(value)

    def compact(self, plaintext: bytes, field: str | None = None) -> str:
        """One JWE in compact form. The key of the body that it is under is part of its header, so
        that it means nothing under another one."""
        claims = self._claims if field is None else {**self._claims, "cty": content_type(field)}
        header = _encode(write_json(claims))
        nonce = self._nonce(12)
        sealed = self._cipher.encrypt(nonce, plaintext, header.encode("ascii"))
        parts = (header, "", _encode(nonce), _encode(sealed[:-16]), _encode(sealed[-16:]))
        return ".".join(parts)


def content_type(field: str) -> str:
    """The `cty` of the value under a key: JSON, with the key as a token of RFC 9110."""
    return FIELD_TYPE + quote(field, safe="", errors="surrogatepass")


def is_compact(text: str) -> bool:
    """True for a text of the shape that `Encryptor.compact` makes."""
    return _COMPACT.fullmatch(text) is not None


def decrypt_compact(
    text: str, keys: Mapping[str, bytes] | tuple[bytes, ...], field: str | None = None
) -> bytes:
    """The plaintext of a JWE; `keys` by `kid`, or to be tried in turn. `field` is the key that it
    is under, None for a whole body. Raises NotDecrypted."""
    header, _, nonce, sealed, tag = text.split(".") if is_compact(text) else [""] * 5
    try:
        claims = read_foreign(_decode(header))
    except (NotJson, Base64Error, ValueError):
        raise NotDecrypted("the payload is not JWE in compact form") from None
    if not isinstance(claims, dict) or claims.get("alg") != "dir" or claims.get("enc") != "A256GCM":
        raise NotDecrypted("the payload is not encrypted with dir and A256GCM")
    if not _belongs(claims.get("cty"), field):
        raise NotDecrypted("an encrypted value is under a key that it was not made for")
    if "crit" in claims or "zip" in claims:
        raise NotDecrypted("the header has an extension that is not understood")
    from cryptography.exceptions import InvalidTag

    for key in _candidates(claims.get("kid"), keys):
        try:
            data = _decode(sealed) + _decode(tag)
            return _cipher(key).decrypt(_decode(nonce), data, header.encode("ascii"))
        except InvalidTag:
            continue
    raise NotDecrypted("the payload was changed or needs another key")


def _belongs(found: object, field: str | None) -> bool:
    """Whether a value of this content type may be under this key."""
    if field is not None:
        return found == content_type(field)
    return not str(found or "").startswith(FIELD_TYPE)


def _candidates(kid: object, keys: Mapping[str, bytes] | tuple[bytes, ...]) -> tuple[bytes, ...]:
    if not isinstance(keys, Mapping):
        return keys
    key = keys.get(str(kid))
    return () if key is None else (key,)


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _encode(data) != text:  # spare bits set: the same bytes in another spelling
        raise NotDecrypted("the payload is not JWE in compact form")
    return data
