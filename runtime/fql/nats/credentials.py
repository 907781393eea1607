"""Who we are for NATS: a credentials file, read again for each connection, since it may be renewed.

What is in the file is checked before the library sees it: that reads a file without its marks
without an end.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fql.errors import SettingsError
from fql.settings.brokers import is_file

_JWT = re.compile(r"-{3,}BEGIN NATS USER JWT-{3,}\s+([\w.-]+)\s+-{3,}END NATS USER JWT-{3,}")
_SEED = re.compile(r"-{3,}BEGIN USER NKEY SEED-{3,}\s+(S[A-Z2-7]+)\s+-{3,}END USER NKEY SEED-{3,}")


@dataclass(frozen=True, slots=True)
class Credentials:
    """A signed right to come in, and the key that proves it is ours."""

    jwt: bytes
    seed: bytes

    def signed(self, nonce: str) -> bytes:
        """What a server asks to be signed."""
        import nkeys

        pair = nkeys.from_seed(bytearray(self.seed))
        try:
            return base64.b64encode(pair.sign(nonce.encode()))
        finally:
            pair.wipe()


def reader_of(given: str) -> Callable[[], Credentials]:
    """Reads the credentials each time they are needed. Raises SettingsError where they cannot be
    read; neither the error nor its hint tells what is in them."""

    def read() -> Credentials:
        text, place = given, "the credentials of [nats]"
        if is_file(given):
            place = f"the credentials file {given}"
            try:
                text = Path(given).read_text()
            except (OSError, UnicodeDecodeError) as error:
                reason = getattr(error, "strerror", None) or "it is not text"
                raise SettingsError(f"{place} cannot be read: {reason}") from None
        jwt, seed = _JWT.search(text), _SEED.search(text)
        if jwt is None or seed is None:
            raise SettingsError(
                f"{place} contains no {'user JWT' if jwt is None else 'seed of a user key'}",
                hint="write one with `nsc generate creds`, or use user and password in the url",
            )
        return Credentials(jwt[1].encode(), seed[1].encode())

    return read
