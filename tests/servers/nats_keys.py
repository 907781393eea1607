"""A server whose users have keys: operator, account and user with the tokens that `nsc` would
write, made here."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from typing import Any

import nkeys

NO_LIMITS = dict.fromkeys(
    (
        "subs", "data", "payload", "imports", "exports", "conn", "leaf", "mem_storage",
        "disk_storage", "streams", "consumer",
    ),
    -1,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Key:
    """A seed, and the name that its holder has."""

    seed: bytes

    @property
    def name(self) -> str:
        """The public key, as NATS writes it."""
        name: str = nkeys.from_seed(bytearray(self.seed)).public_key.decode()
        return name

    def token(self, of: Key, **nats: Any) -> str:
        """A token for `of`, signed with this key."""
        claims = {"jti": "x", "iat": 1, "iss": self.name, "sub": of.name, "nats": nats}
        head = {"typ": "JWT", "alg": "ed25519-nkey"}
        signed = f"{_part(json.dumps(head).encode())}.{_part(json.dumps(claims).encode())}"
        pair = nkeys.from_seed(bytearray(self.seed))
        return f"{signed}.{_part(pair.sign(signed.encode()))}"


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def key(prefix: int) -> Key:
    """A new key: `nkeys.PREFIX_BYTE_USER` and the like."""
    return Key(bytes(nkeys.encode_seed(os.urandom(32), prefix)))


@dataclass(frozen=True, slots=True)
class Realm:
    """One operator with one account: `config` is for a server, `account` signs users."""

    config: str
    account: Key

    def credentials(self, **rights: Any) -> str:
        """The credentials of a new user."""
        user = key(nkeys.PREFIX_BYTE_USER)
        told = {"type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1, **rights}
        return (
            f"-----BEGIN NATS USER JWT-----\n{self.account.token(user, **told)}\n"
            "------END NATS USER JWT------\n\n"
            f"-----BEGIN USER NKEY SEED-----\n{user.seed.decode()}\n"
            "------END USER NKEY SEED------\n"
        )


def realm() -> Realm:
    """A new operator with an account that may use JetStream. A server with an operator asks for an
    account of its own as well."""
    operator = key(nkeys.PREFIX_BYTE_OPERATOR)
    system, account = (key(nkeys.PREFIX_BYTE_ACCOUNT) for _ in range(2))
    tokens = {
        system.name: operator.token(system, type="account", version=2, limits={}),
        account.name: operator.token(
            account, type="account", version=2, limits={**NO_LIMITS, "wildcards": True}
        ),
    }
    known = "\n".join(f'{name}: "{token}"' for name, token in tokens.items())
    config = (
        f'operator: "{operator.token(operator, type="operator", version=2)}"\n'
        f"system_account: {system.name}\nresolver: MEMORY\nresolver_preload {{\n{known}\n}}\n"
    )
    return Realm(config, account)
