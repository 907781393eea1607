"""How a request can fail without an answer, as one exception with a kind."""

from __future__ import annotations

import ssl
from typing import Literal

FailureKind = Literal[
    "dns", "connect", "tls", "certificate", "timeout", "reset", "protocol", "egress", "request"
]


class SendFailed(Exception):
    """No usable answer came. `kind` decides whether another attempt makes sense."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind: FailureKind = kind
        self.message = message


def of_connecting(error: OSError, where: str) -> SendFailed:
    """Classify what a connect or TLS handshake raised."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return SendFailed("certificate", f"the certificate of {where} does not verify: "
                          f"{error.verify_message}")  # fmt: skip
    if isinstance(error, ssl.SSLError):
        return SendFailed("tls", f"the TLS handshake with {where} failed: {error.reason}")
    if isinstance(error, ConnectionResetError):
        return SendFailed("tls", f"{where} closed the connection during the TLS handshake")
    return SendFailed("connect", f"no connection to {where}: {error.strerror or error}")
