"""What is signed or encrypted means one thing: no second reading, no other place."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fql.egress.sealing.encryption import Encryptor
from fql.egress.settings import EncryptionSettings
from fql.errors import SettingsError
from fql.webhooks import NotDecrypted, decrypt_payload, sign_webhook, verify_webhook

SECRET = "whsec_" + "A" * 40
KEY = "ab" * 32


def test_an_id_with_a_point_is_neither_signed_nor_believed() -> None:
    """`a` of second 1 with the body `2.x` has the signed text of `a.1` of second 2 with `x`."""
    made = sign_webhook("2.x", SECRET, message_id="a", timestamp=1)
    assert verify_webhook(made, "2.x", SECRET, now=1)
    moved = {**made, "webhook-id": "a.1", "webhook-timestamp": "2"}
    assert not verify_webhook(moved, "x", SECRET, now=2)
    for identity in ("a.1", "", "a b", "a\n", "é", "x" * 300):
        if identity:
            with pytest.raises(SettingsError):
                sign_webhook("x", SECRET, message_id=identity, timestamp=2)
        assert not verify_webhook({**made, "webhook-id": identity}, "2.x", SECRET, now=1)


@pytest.mark.parametrize("stamp", ["01", "+1", " 1", "1.0", "-1", "１", "1e0"])
def test_a_time_has_one_spelling(stamp: str) -> None:
    made = sign_webhook("x", SECRET, message_id="a", timestamp=1)
    assert not verify_webhook({**made, "webhook-timestamp": stamp}, "x", SECRET, now=1)


def test_signature_and_time_do_not_share_a_header() -> None:
    with pytest.raises(SettingsError):
        sign_webhook("x", "long enough", scheme="fraiseql", header="X-A", timestamp_header="x-a")


def encrypted(body: dict[str, object]) -> dict[str, object]:
    """A body with two fields encrypted."""
    made = Encryptor(EncryptionSettings(KEY, ("email", "ssn"))).body(json.dumps(body).encode())
    found = json.loads(made)
    assert isinstance(found, dict)
    return found


def test_a_value_is_bound_to_its_field() -> None:
    body = encrypted({"email": "a@b.c", "ssn": "123", "rows": [{"email": "d"}]})
    assert decrypt_payload(body, KEY) == {"email": "a@b.c", "ssn": "123", "rows": [{"email": "d"}]}
    swapped = {**body, "email": body["ssn"], "ssn": body["email"]}
    for moved in (swapped, {**body, "note": body["ssn"]}, body["ssn"]):
        with pytest.raises(NotDecrypted):
            decrypt_payload(moved, KEY)  # type: ignore[arg-type]  # a text of JSON as well
    whole = Encryptor(EncryptionSettings(KEY)).compact(b'{"a": 1}')
    assert decrypt_payload(json.dumps(whole), KEY) == {"a": 1}
    with pytest.raises(NotDecrypted):
        decrypt_payload({"email": whole}, KEY)


def sealed(header: bytes, plaintext: bytes = b'"x"') -> str:
    """A JWE with any header."""
    first = urlsafe_b64encode(header).rstrip(b"=")
    found = AESGCM(bytes.fromhex(KEY)).encrypt(b"n" * 12, plaintext, first)
    parts = (first, b"", *(urlsafe_b64encode(p).rstrip(b"=")
                           for p in (b"n" * 12, found[:-16], found[-16:])))  # fmt: skip
    return b".".join(parts).decode()


@pytest.mark.parametrize(
    ("header", "plaintext"),
    [
        (b'{"alg":"dir","enc":"A256GCM","crit":["exp"],"exp":1}', b'"x"'),
        (b'{"alg":"dir","enc":"A256GCM","crit":[]}', b'"x"'),
        (b'{"alg":"dir","enc":"A256GCM","zip":"DEF"}', b'"x"'),
        (b'{"alg":"none","enc":"A256GCM"}', b'"x"'),
        (b'{"alg":["dir"],"enc":{}}', b'"x"'),
        (b"[]", b'"x"'),
        (b"\xff\xfe", b'"x"'),
        (b'{"alg":"dir","enc":"A256GCM"}', b"not JSON"),
        (b'{"alg":"dir","enc":"A256GCM"}', b"\xff"),
        (b'{"alg":"dir","enc":"A256GCM"}', b"[" * 100_000),
    ],
)
def test_what_is_not_understood_is_not_decrypted(header: bytes, plaintext: bytes) -> None:
    with pytest.raises(NotDecrypted):
        decrypt_payload(json.dumps(sealed(header, plaintext)), KEY)


def test_depth_is_no_other_exception() -> None:
    deep: object = sealed(b'{"alg":"dir","enc":"A256GCM"}')
    for _ in range(5_000):
        deep = [deep]
    with pytest.raises(NotDecrypted):
        decrypt_payload(deep, KEY)  # type: ignore[arg-type]  # a list of lists
