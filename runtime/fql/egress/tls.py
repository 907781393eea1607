"""TLS for requests: 1.2 or later, the certificate checked for the host name, always."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field

from fql.errors import SettingsError


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """Files in PEM. `certificate` and `key` identify us (mTLS); `ca` replaces the system's
    authorities."""

    certificate: str | None = None
    key: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: str | None = None


class TlsContexts:
    """One context for equal settings, so that connections of one identity are shared."""

    def __init__(self) -> None:
        self._made: dict[TlsSettings, ssl.SSLContext] = {}

    def get(self, settings: TlsSettings) -> ssl.SSLContext:
        """The context of a TLS identity. Raises SettingsError."""
        made = self._made.get(settings)
        if made is None:
            made = self._made[settings] = _context(settings)
        return made


def _context(settings: TlsSettings) -> ssl.SSLContext:
    try:
        made = ssl.create_default_context(cafile=settings.ca)
    except (OSError, ssl.SSLError) as error:
        raise _unusable(settings.ca, error) from error
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_alpn_protocols(["http/1.1"])
    if settings.certificate is not None:
        _identify(made, settings.certificate, settings)
    return made


def _identify(made: ssl.SSLContext, certificate: str, settings: TlsSettings) -> None:
    # Without a password function OpenSSL would ask on the terminal.
    password = settings.password or ""
    try:
        made.load_cert_chain(certificate, settings.key, lambda: password)
    except (OSError, ssl.SSLError) as error:
        raise _unusable(certificate, error) from error


def _unusable(path: str | None, error: Exception) -> SettingsError:
    return SettingsError(
        f"The certificate file {path} cannot be used: {error}.",
        hint="name a readable PEM file, with its key",
    )
