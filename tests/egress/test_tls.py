"""TLS with certificates of a test authority."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from fql.egress.auth import Auth
from fql.egress.send import Profile, Sender
from fql.egress.tls import TlsContexts, TlsSettings
from fql.errors import SettingsError
from fql.plan.addresses import LOOPBACK
from fql.plan.urls import UrlParts
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
