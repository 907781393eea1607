"""TLS with certificates of a test authority."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from fql.egress.auth import Auth
from fql.egress.send import Profile, Sender
from fql.egress.wire.answer import Limits
from fql.egress.wire.dialling import Dialler
from fql.egress.wire.failures import SendFailed
from fql.egress.wire.own import nothing_listens
from fql.egress.wire.tls import TlsContexts, TlsSettings
from fql.errors import SettingsError
from fql.plan.web.addresses import LOOPBACK
from fql.plan.web.urls import UrlParts
from fql.testing import MockWebhookServer
from tests.egress.support import Names, answering, failure, post, raw_server

HOST = "shop.example.com"


@dataclass(frozen=True)
class Authority:
    """A test authority, its file, and a folder for more."""

    ca: trustme.CA
    file: str
    folder: Path

    def server(self, *names: str) -> ssl.SSLContext:
        """A receiver's context for these host names."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert(*names).configure_cert(context)
        return context


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder = tmp_path_factory.mktemp("ca")
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    return Authority(ca, str(folder / "ca.pem"), folder)


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[Authority]:
    """The test authority as the system's."""
    monkeypatch.setenv("SSL_CERT_FILE", authority.file)
    yield authority


def at(server: MockWebhookServer, host: str = HOST) -> UrlParts:
    return UrlParts("https", host, server.port, "/hook")


def client() -> Sender:
    return Sender(LOOPBACK, resolver=Names(("127.0.0.1",)))


async def test_a_good_certificate_is_accepted_and_the_connection_kept(trusted: Authority) -> None:
    sender = client()
    with MockWebhookServer(tls=trusted.server(HOST)) as server:
        for _ in range(3):
            assert (await post(sender, at(server))).status == 200
        assert server.connections == 1
    await sender.close()


async def test_the_certificate_must_be_for_the_host_name(trusted: Authority) -> None:
    sender = client()
    with MockWebhookServer(tls=trusted.server("other.example.com")) as server:
        failed = await failure(sender, at(server))
        assert failed.kind == "certificate"
        assert not server.called
    await sender.close()


async def test_a_second_host_on_the_same_address_is_checked_by_its_own_name(
    trusted: Authority,
) -> None:
    """A session opened for one host is never lent to another one."""
    sender = client()
    with MockWebhookServer(tls=trusted.server(HOST)) as server:
        assert (await post(sender, at(server))).status == 200
        assert (await failure(sender, at(server, "evil.example.com"))).kind == "certificate"
        assert server.call_count == 1
    await sender.close()


async def test_an_unknown_authority_is_refused(authority: Authority) -> None:
    sender = client()
    with MockWebhookServer(tls=authority.server(HOST)) as server:
        assert (await failure(sender, at(server))).kind == "certificate"
        assert not server.called
    await sender.close()


async def test_an_address_needs_its_own_certificate(trusted: Authority) -> None:
    sender = client()
    with MockWebhookServer(tls=trusted.server("127.0.0.1")) as server:
        assert (await post(sender, at(server, "127.0.0.1"))).status == 200
    with MockWebhookServer(tls=trusted.server(HOST)) as server:
        assert (await failure(sender, at(server, "127.0.0.1"))).kind == "certificate"
    await sender.close()


async def test_a_receiver_without_tls_is_a_tls_failure(trusted: Authority) -> None:
    sender = client()
    with MockWebhookServer() as server:
        assert (await failure(sender, at(server))).kind == "tls"
    await sender.close()


async def test_a_connection_closed_in_the_handshake_is_a_tls_failure(trusted: Authority) -> None:
    sender = client()
    async with raw_server(answering()) as url:
        failed = await failure(sender, UrlParts("https", HOST, url.port))
    assert failed.kind == "tls"
    await sender.close()


def test_nothing_below_tls_1_2_is_spoken() -> None:
    context = TlsContexts().get(TlsSettings())
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED


async def test_a_client_certificate_is_shown(trusted: Authority) -> None:
    mine = trusted.ca.issue_cert("client@example.com")
    mine.private_key_and_cert_chain_pem.write_to_path(str(trusted.folder / "client.pem"))
    server_context = trusted.server(HOST)
    server_context.verify_mode = ssl.CERT_REQUIRED
    trusted.ca.configure_trust(server_context)
    identity = TlsSettings(certificate=str(trusted.folder / "client.pem"), ca=trusted.file)
    sender = client()
    with MockWebhookServer(tls=server_context) as server:
        shown = Profile(auth=Auth(tls=identity))
        assert (await post(sender, at(server), profile=shown)).status == 200
        # The pool must not lend that connection to requests that show no certificate.
        assert (await failure(sender, at(server))).kind in {"reset", "tls", "protocol"}
        assert server.call_count == 1
    await sender.close()


@pytest.mark.parametrize("settings", [TlsSettings(certificate="/nowhere.pem"),
                                      TlsSettings(ca="/nowhere.pem")])  # fmt: skip
def test_a_missing_certificate_file_stops_the_start(settings: TlsSettings) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.pem"):
        Sender(LOOPBACK).prepare(Profile(auth=Auth(tls=settings)))


def test_a_file_that_is_no_certificate_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "x.pem"
    path.write_text("nothing")
    with pytest.raises(SettingsError, match="cannot be used"):
        TlsContexts().get(TlsSettings(certificate=str(path)))


# What a receiver says by an alert ---------------------------------------------------------


def wanting(authority: Authority, version: ssl.TLSVersion) -> ssl.SSLContext:
    """A receiver that wants a certificate of an authority that nobody has."""
    context = authority.server(HOST)
    context.minimum_version = context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    trustme.CA().configure_trust(context)
    return context


@contextmanager
def blocking_receiver(context: ssl.SSLContext) -> Iterator[UrlParts]:
    """Accepts as OpenSSL does; the servers of asyncio close without sending their alert."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                taken, _ = listener.accept()
                with (
                    context.wrap_socket(
                        taken, server_side=True, do_handshake_on_connect=False
                    ) as secure,
                    suppress(OSError),
                ):
                    secure.do_handshake()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield UrlParts("https", HOST, listener.getsockname()[1])
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_refused_client_certificate_is_named(
    trusted: Authority, version: ssl.TLSVersion
) -> None:
    """In TLS 1.3 the refusal comes after the handshake, in place of an answer."""
    issued = trusted.ca.issue_cert("client.example.com")
    file = str(trusted.folder / "refused.pem")
    issued.private_key_and_cert_chain_pem.write_to_path(file)
    profile = Profile(auth=Auth(tls=TlsSettings(file, ca=trusted.file)))
    sender = client()
    with blocking_receiver(wanting(trusted, version)) as url:
        failed = await failure(sender, url, profile=profile)
    assert failed.kind == "certificate"
    assert "refuses our client certificate: unknown ca" in failed.message
    await sender.close()


WANTED = ("certificate", "the receiver wants a client certificate")
UNSAID = (
    "reset",
    "the receiver closed the connection without an answer; "
    "it may want a client certificate, and none is set",
)
REFUSED = (WANTED,) if sys.platform == "linux" else (WANTED, UNSAID)
"""Other systems throw away what came before a reset."""


async def test_a_missing_client_certificate_is_named(trusted: Authority) -> None:
    sender = client()
    with blocking_receiver(wanting(trusted, ssl.TLSVersion.TLSv1_3)) as url:
        failed = await failure(sender, url)
    assert (failed.kind, failed.message) in REFUSED
    await sender.close()


@contextmanager
def resetting_receiver(context: ssl.SSLContext, *, alert: bool) -> Iterator[UrlParts]:
    """Refuses the client after its part of the handshake, a moment later, and resets."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        taken, _ = listener.accept()
        came, goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(came, goes, server_side=True)
        with taken:
            refused = False
            while not refused:
                came.write(taken.recv(65_536))
                try:
                    tls.do_handshake()
                except ssl.SSLWantReadError:
                    taken.sendall(goes.read())
                except ssl.SSLError:
                    refused = True
            time.sleep(0.05)
            taken.sendall(goes.read() if alert else b"")
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield UrlParts("https", HOST, listener.getsockname()[1])
    finally:
        thread.join()
        listener.close()


@pytest.mark.parametrize("alert", [True, False])
@pytest.mark.parametrize("shown", [True, False])
async def test_a_refusal_that_is_followed_by_a_reset_before_the_request_is_named(
    trusted: Authority, alert: bool, shown: bool
) -> None:
    """The request cannot be written any more, but what the receiver said has come."""
    file = None
    if shown:
        file = str(trusted.folder / "refused.pem")
        trustme.CA().issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(file)
    tls = TlsContexts().get(TlsSettings(file, ca=trusted.file))
    dialler = Dialler(LOOPBACK, Names(("127.0.0.1",)), nothing_listens)
    loop = asyncio.get_running_loop()
    context = wanting(trusted, ssl.TLSVersion.TLSv1_3)
    with resetting_receiver(context, alert=alert) as url:
        connection = await dialler.open(HOST, url.port, tls, loop.time() + 9)
        time.sleep(0.3)  # the loop is busy, and both come meanwhile
        with pytest.raises(SendFailed) as failed:
            await connection.exchange(b"GET / HTTP/1.1\r\n\r\n", Limits(), loop.time() + 9)
    if not alert or sys.platform != "linux":
        assert failed.value.kind == "reset"
        assert ("may have refused" if shown else "none is set") in failed.value.message
    else:
        assert failed.value.kind == "certificate"
        assert ("unknown ca" if shown else "wants a client cert") in failed.value.message


async def test_an_answer_while_the_request_is_unsent_ends_a_secure_connection(
    trusted: Authority,
) -> None:
    """TLS hands everything down at once; what waits below it counts as well."""
    seen: list[int] = []
    done = asyncio.Event()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(1)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Large\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        await done.wait()
        writer.close()

    server = await asyncio.start_server(served, "127.0.0.1", 0, ssl=trusted.server(HOST))
    url = UrlParts("https", HOST, server.sockets[0].getsockname()[1])
    sender = client()
    for _ in range(2):
        assert (await post(sender, url, b"x" * 20_000_000, timeout_ms=9_000)).status == 413
    done.set()
    assert len(seen) == 2
    await sender.close()
    server.close()


async def test_plain_text_on_a_secure_port_is_a_tls_failure(trusted: Authority) -> None:
    sender = client()

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await reader.read()

    async with raw_server(greet) as url:
        failed = await failure(sender, UrlParts("https", HOST, url.port))
    assert failed.kind == "tls"
    await sender.close()
