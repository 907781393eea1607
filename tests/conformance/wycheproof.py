"""The vectors of Project Wycheproof, put to the functions that sign, check, encrypt and decrypt.

Of AES-GCM a JWE chooses the additional data itself, so a vector's ciphertext is compared with
what is made here, and the change of its tag is made to the tag of ours.
"""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fql.egress.sealing.encryption import Encryptor, decrypt_compact
from fql.egress.sealing.signing import signature_function
from fql.egress.sealing.verify import ed25519_fits
from fql.egress.settings import EncryptionSettings
from fql.errors import SettingsError
from fql.webhooks import NotDecrypted, decrypt_payload, verify_webhook
from tests.conformance.folder import suites

Outcome = Literal["accepted", "refused", "not offered", "wrong"]
OUTCOMES: tuple[Outcome, ...] = ("accepted", "refused", "not offered")

SIZES = "a nonce is 96 bits, a key 256"
SHORT = "signatures are never cut short"
ALGORITHMS = "an algorithm other than `dir` with `A256GCM`; refused anyway"


@dataclass(frozen=True, slots=True)
class Vector:
    """One vector and what became of it. `reason` says why it does not apply, or what is wrong."""

    file: str
    number: int
    outcome: Outcome
    reason: str = ""


def vectors() -> list[Vector] | None:
    """All vectors, None where the folder is absent."""
    folder = (suites() or Path("absent")) / "wycheproof"
    if not folder.is_dir():
        return None
    return [vector for name, judge in JUDGES.items() for vector in _of_file(folder, name, judge)]


Judge = Callable[[Mapping[str, Any], Mapping[str, Any]], tuple[Outcome, str]]


def _of_file(folder: Path, name: str, judge: Judge) -> Iterator[Vector]:
    read = json.loads((folder / f"{name}_test.json").read_text(encoding="utf-8"))
    for group in read["testGroups"]:
        for case in group["tests"]:
            yield Vector(name, case["tcId"], *judge(group, case))


def _compared(case: Mapping[str, Any], accepted: bool) -> tuple[Outcome, str]:
    if accepted != (case["result"] == "valid"):
        return "wrong", f"{case['result']}, but {accepted=}: {case['comment']}"
    return ("accepted" if accepted else "refused"), ""


def _opened(text: str, key: bytes) -> bytes | None:
    try:
        return decrypt_compact(text, (key,))
    except NotDecrypted:
        return None


def _aes_gcm(group: Mapping[str, Any], case: Mapping[str, Any]) -> tuple[Outcome, str]:
    key, nonce, message, wanted, tag, data = (
        bytes.fromhex(case[name]) for name in ("key", "iv", "msg", "ct", "tag", "aad")
    )
    if (group["keySize"], group["ivSize"], group["tagSize"]) != (256, 96, 128):
        return _of_other_size(case)
    ours = Encryptor(EncryptionSettings(key.hex()), lambda _: nonce).compact(message)
    header, _, middle, sealed, our_tag = ours.split(".")
    if sealed != _base64url(wanted):
        return "wrong", "another ciphertext"
    right = AESGCM(key).encrypt(nonce, message, data)[-16:]
    changed = bytes(a ^ b ^ c for a, b, c in zip(_raw(our_tag), right, tag, strict=True))
    text = f"{header}..{middle}.{sealed}.{_base64url(changed)}"
    return _compared(case, _opened(text, key) == message)


def _of_other_size(case: Mapping[str, Any]) -> tuple[Outcome, str]:
    """A key of another size makes no encryptor, a nonce of another size is not decrypted."""
    key = bytes.fromhex(case["key"])
    try:
        header = Encryptor(EncryptionSettings(key.hex())).compact(b"1").split(".")[0]
    except SettingsError:
        return "not offered", SIZES
    nonce, sealed, tag = (_base64url(bytes.fromhex(case[name])) for name in ("iv", "ct", "tag"))
    if _opened(f"{header}..{nonce}.{sealed}.{tag}", key) is not None:
        return "wrong", "opened with a nonce of another size"
    return "not offered", SIZES


def _hmac(group: Mapping[str, Any], case: Mapping[str, Any]) -> tuple[Outcome, str]:
    secret = bytes.fromhex(case["key"]).decode("utf-8", "surrogateescape")
    body = bytes.fromhex(case["msg"])
    headers = {"X-Hub-Signature-256": f"sha256={case['tag']}"}
    accepted = verify_webhook(headers, body, secret, "github")
    if group["tagSize"] != 256:
        return ("wrong", "a cut signature is accepted") if accepted else ("not offered", SHORT)
    made = signature_function("github", secret)("", 0, body)
    if (made == case["tag"]) != (case["result"] == "valid"):
        return "wrong", "another signature is made"
    return _compared(case, accepted)


def _ed25519(group: Mapping[str, Any], case: Mapping[str, Any]) -> tuple[Outcome, str]:
    key = "whpk_" + b64encode(bytes.fromhex(group["publicKey"]["pk"])).decode("ascii")
    message = bytes.fromhex(case["msg"])
    offered = "v1a," + b64encode(bytes.fromhex(case["sig"])).decode("ascii")
    headers = {"webhook-id": "1", "webhook-timestamp": "1", "webhook-signature": offered}
    if verify_webhook(headers, message, key, now=1):
        return "wrong", "accepted for a text that was not signed"
    return _compared(case, ed25519_fits(key, message, offered))


def _jwe(group: Mapping[str, Any], case: Mapping[str, Any]) -> tuple[Outcome, str]:
    """No vector has `dir` and `A256GCM`: each one must be refused, with whatever key."""
    key = (str(group["private"].get("k", "")) + "A" * 43)[:42] + "A"
    text = case["jwe"] if isinstance(case["jwe"], str) else json.dumps(case["jwe"])
    for payload in (text, text.encode(), json.dumps(text).encode()):
        try:
            decrypt_payload(payload, key)
        except NotDecrypted:
            continue
        return "wrong", "decrypted"
    return "not offered", ALGORITHMS


JUDGES: Mapping[str, Judge] = {
    "aes_gcm": _aes_gcm,
    "hmac_sha256": _hmac,
    "ed25519": _ed25519,
    "json_web_encryption": _jwe,
}


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
