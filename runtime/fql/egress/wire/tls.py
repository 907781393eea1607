"""TLS for requests: 1.2 or later, the certificate checked for the host name, always."""

from __future__ import annotations

import asyncio
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


class Hearing(ssl.SSLObject):
    """TLS of one connection, which keeps what the receiver said by an alert: asyncio forgets it
    where writing has failed before. `identified` says whether we have a certificate to show."""

    heard: ssl.SSLError | None = None
    identified = False

    def read(  # type: ignore[override]  # "anything with bytes" has no type before Python 3.12
        self, size: int = 1024, buffer: bytearray | memoryview | None = None
    ) -> bytes:
        """As `ssl.SSLObject` does."""
        try:
            return super().read(size, buffer)
        except ssl.SSLWantReadError:
            raise
        except ssl.SSLError as error:
            self.heard = self.heard or error
            raise


class Identified(Hearing):
    """The same with a certificate of ours."""

    identified = True


def hear_the_rest(below: asyncio.Transport) -> None:
    """Hand TLS what has come on a connection on which writing has failed. A receiver that refuses a
    certificate in TLS 1.3 says so and resets the connection; Linux keeps what came before that."""
    tls = below.get_protocol()
    if not isinstance(tls, asyncio.BufferedProtocol):
        return
    try:
        with below.get_extra_info("socket").dup() as rest:
            data = rest.recv(65_536)
    except OSError:
        return
    memoryview(tls.get_buffer(len(data)))[: len(data)] = data
    tls.buffer_updated(len(data))


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
    made.sslobject_class = Hearing if settings.certificate is None else Identified
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
        f"the certificate file {path} cannot be used: {error}",
        hint="name a readable PEM file, with its key",
    )
