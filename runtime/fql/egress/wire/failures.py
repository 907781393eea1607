"""How a request can fail without an answer, as one exception with a kind."""

from __future__ import annotations

import os
import ssl
from typing import Literal

FailureKind = Literal[
    "dns", "connect", "tls", "certificate", "timeout", "reset", "protocol", "egress", "request",
    "shortage",
]  # fmt: skip

_ABOUT_OURS = frozenset(
    {
        "access denied", "bad certificate", "certificate expired", "certificate revoked",
        "certificate unknown", "unknown ca", "unsupported certificate",
    }
)  # fmt: skip
"""Alerts (RFC 8446, section 6.2) that a server sends about a client's certificate."""

MAY_WANT = "it may want a client certificate, and none is set"
MAY_HAVE_REFUSED = "it may have refused our client certificate"


class SendFailed(Exception):
    """No usable answer came. `kind` decides whether another attempt makes sense.

    `said` is what the receiver sent, not yet masked. `retry_after` is its wish in milliseconds.
    """

    def __init__(
        self, kind: FailureKind, message: str, *, said: str = "", retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.kind: FailureKind = kind
        self.message = message
        self.said = said
        self.retry_after = retry_after


def of_connecting(error: OSError, where: str) -> SendFailed:
    """Classify what a connect or TLS handshake raised."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return SendFailed("certificate", f"the certificate of {where} does not verify: "
                          f"{error.verify_message}")  # fmt: skip
    if isinstance(error, ssl.SSLError):
        return _of_alert(error) or SendFailed(
            "tls", f"the TLS handshake with {where} failed: {_reason(error)}"
        )
    if isinstance(error, ConnectionResetError):
        return SendFailed("tls", f"{where} closed the connection during the TLS handshake")
    reason = os.strerror(error.errno) if error.errno else str(error)  # asyncio has words of its own
    return SendFailed("connect", f"no connection to {where}: {reason}")


def of_losing(
    error: Exception | None, *, unanswered: bool = False, identified: bool = False
) -> SendFailed:
    """Classify how a connection ended on which an answer was awaited. In TLS 1.3 a receiver says
    only here that it does not take our certificate. One that says nothing may have meant that
    where the connection was secure and `unanswered`: no byte of an answer ever came over it.
    `identified` is true where we have a certificate."""
    if isinstance(error, ssl.SSLError):
        return _of_alert(error) or SendFailed("tls", f"TLS ended: {_reason(error)}")
    message = "the receiver closed the connection"
    if unanswered:
        message += f" without an answer; {MAY_HAVE_REFUSED if identified else MAY_WANT}"
    return SendFailed("reset", message)


def _of_alert(error: ssl.SSLError) -> SendFailed | None:
    """A failure that names what the receiver said by a TLS alert; None where it said nothing."""
    reason = _reason(error)
    if " alert " not in f" {reason} ":
        return None
    alert = reason.rpartition("alert ")[2]
    if alert == "certificate required":
        return SendFailed("certificate", "the receiver wants a client certificate")
    if alert in _ABOUT_OURS:
        return SendFailed("certificate", f"the receiver refuses our client certificate: {alert}")
    return SendFailed("tls", f"the receiver ended TLS: {alert}")


def _reason(error: ssl.SSLError) -> str:
    """OpenSSL's reason in words, such as `tlsv13 alert certificate required`."""
    return (error.reason or str(error)).lower().replace("_", " ")
