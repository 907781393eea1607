"""Encryption and `decrypt_payload`, with outside JOSE libraries on the other side."""

from __future__ import annotations

import json
import re
from base64 import b64encode, urlsafe_b64encode
from pathlib import Path

import pytest
from joserfc import jwe as joserfc_jwe
from joserfc.jwk import OctKey
from jwcrypto import jwe as jwcrypto_jwe
from jwcrypto import jwk

from fql.egress.sealing.encryption import Encryptor, parse_key
from fql.egress.settings import EncryptionSettings
from fql.errors import FqlError, SettingsError
from fql.webhooks import NotDecrypted, decrypt_payload

KEY = bytes(range(32))
TEXT_KEY = b64encode(KEY).decode()
BODY = b'{"id":"o1","email":"a@b.c","ssn":null,"n":12345678901234567890123,"in":[{"email":1.50}]}'


def encrypted(*fields: str, kid: str | None = None) -> bytes:
    return Encryptor(EncryptionSettings(TEXT_KEY, fields, kid)).body(BODY)


def test_the_whole_body_comes_back() -> None:
    made = encrypted()
    assert b"a@b.c" not in made
    assert decrypt_payload(made, TEXT_KEY) == json.loads(BODY)


def test_named_fields_come_back_and_the_rest_stays_readable() -> None:
    made = json.loads(encrypted("email", "ssn"))
    assert made["id"] == "o1"
    assert made["n"] == 12345678901234567890123
    assert made["email"].count(".") == 4
    assert made["in"][0]["email"].count(".") == 4
    assert decrypt_payload(made, TEXT_KEY) == json.loads(BODY)


def test_joserfc_opens_it() -> None:
    compact = json.loads(encrypted(kid="k1"))
    opened = joserfc_jwe.decrypt_compact(compact, OctKey.import_key(KEY))
    assert opened.plaintext == BODY
    assert opened.headers() == {"alg": "dir", "enc": "A256GCM", "kid": "k1"}


def test_jwcrypto_opens_it() -> None:
    key = jwk.JWK(kty="oct", k=urlsafe_b64encode(KEY).rstrip(b"=").decode())
    token = jwcrypto_jwe.JWE()
    token.deserialize(json.loads(encrypted()), key=key)
    assert token.payload == BODY


@pytest.mark.parametrize("field", ["email", "E-Mail (2)", 'größe;"x"', "a/b%20"])
def test_other_libraries_open_a_field_as_they_are(field: str) -> None:
    made = Encryptor(EncryptionSettings(TEXT_KEY, (field,))).body(json.dumps({field: 1}).encode())
    compact = json.loads(made)[field]
    opened = joserfc_jwe.decrypt_compact(compact, OctKey.import_key(KEY))
    token = jwcrypto_jwe.JWE()
    token.deserialize(compact, key=jwk.JWK(kty="oct", k=urlsafe_b64encode(KEY).decode().strip("=")))
    assert opened.plaintext == token.payload == b"1"
    assert opened.headers()["cty"].startswith("json;field=")
    assert decrypt_payload(made, TEXT_KEY) == {field: 1}
    for moved in ({"other": compact}, {field.upper(): compact}, compact):
        with pytest.raises(NotDecrypted, match="a key that it was not made for"):
            decrypt_payload(json.dumps(moved), TEXT_KEY)


def test_the_example_of_the_docs_is_what_it_says() -> None:
    page = (Path(__file__).parents[2] / "docs/how-to/receive-webhooks.md").read_text()
    words = r"under the encryption key `(.+?)` this body\n\n```json\n(.+?)\n```\n\nis `(.+?)`"
    found = re.search(words, page)
    assert found is not None
    key, body, meant = found.groups()
    assert decrypt_payload(body.encode(), {"2026-06": key}) == json.loads(meant)
    opened = joserfc_jwe.decrypt_compact(json.loads(body)["email"], OctKey.import_key(KEY))
    assert json.loads(opened.plaintext or b"") == "a@b.example"
    fixed = Encryptor(
        EncryptionSettings(key, ("email",), "2026-06"), lambda size: bytes(range(size))
    )
    assert fixed.body(meant.encode()).decode() == body


def test_we_open_what_jwcrypto_makes() -> None:
    key = jwk.JWK(kty="oct", k=urlsafe_b64encode(KEY).rstrip(b"=").decode())
    token = jwcrypto_jwe.JWE(BODY, json.dumps({"alg": "dir", "enc": "A256GCM", "kid": "x"}))
    token.add_recipient(key)
    assert decrypt_payload(token.serialize(compact=True), TEXT_KEY) == json.loads(BODY)


@pytest.mark.parametrize(
    "text", [TEXT_KEY, TEXT_KEY.rstrip("="), KEY.hex(), KEY.hex().upper(),
             urlsafe_b64encode(bytes([255] * 32)).decode()],
)  # fmt: skip
def test_keys_are_base64_or_hex(text: str) -> None:
    assert len(parse_key(text)) == 32


@pytest.mark.parametrize("text", ["", "abc", b64encode(bytes(16)).decode(), "zz" * 32, "é" * 43])
def test_other_keys_are_refused_without_being_shown(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_key(text)
    assert not text or text not in str(caught.value)


def test_the_key_is_chosen_by_its_kid() -> None:
    other = b64encode(bytes(32)).decode()
    made = encrypted(kid="new")
    assert decrypt_payload(made, {"old": other, "new": TEXT_KEY}) == json.loads(BODY)
    with pytest.raises(NotDecrypted):
        decrypt_payload(made, {"old": other})


def test_several_keys_are_tried() -> None:
    other = b64encode(bytes(32)).decode()
    assert decrypt_payload(encrypted(), [other, TEXT_KEY]) == json.loads(BODY)


def test_no_nonce_comes_twice() -> None:
    assert len({json.loads(encrypted()).split(".")[2] for _ in range(200)}) == 200


def test_every_changed_character_is_noticed() -> None:
    compact: str = json.loads(encrypted())
    for at in range(0, len(compact), 7):
        if compact[at] == ".":
            continue
        changed = compact[:at] + ("A" if compact[at] != "A" else "B") + compact[at + 1 :]
        with pytest.raises(NotDecrypted):
            decrypt_payload(json.dumps(changed), TEXT_KEY)


@pytest.mark.parametrize(
    "header",
    [{"alg": "dir", "enc": "A128GCM"}, {"alg": "none", "enc": "A256GCM"}, {"enc": "A256GCM"}, 1],
)
def test_other_algorithms_are_refused(header: object) -> None:
    compact: str = json.loads(encrypted())
    other = urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    with pytest.raises(NotDecrypted):
        decrypt_payload(".".join([other, *compact.split(".")[1:]]), TEXT_KEY)


@pytest.mark.parametrize("payload", [b"", b"{}", b'{"a":1}', b"....", b"a.b.c.d.e", b"\xff"])
def test_a_payload_without_encryption_is_refused(payload: bytes) -> None:
    with pytest.raises(NotDecrypted):
        decrypt_payload(payload, TEXT_KEY)


def test_an_unknown_algorithm_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="AES-128-CBC"):
        Encryptor(EncryptionSettings(TEXT_KEY, algorithm="AES-128-CBC"))


def test_it_is_one_of_the_errors_of_fql() -> None:
    with pytest.raises(FqlError, match="nothing in the payload is encrypted"):
        decrypt_payload(b"{}", TEXT_KEY)
