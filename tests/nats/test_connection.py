"""Messages to NATS over the one connection: what becomes of them, said in words."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import nats as client
import pytest
import trustme
from nats.js.api import DiscardPolicy
from tests.servers import nats, nats_keys
from tests.servers.nats import Server, fresh, running

from fql.errors import SettingsError
from fql.nats.connection import NatsConnection, Published
from fql.nats.driver import nats_connection
from fql.nats.errors import NatsError, NatsSlow, NatsUnreachable, NoStream, Refused, TooLarge

TWO_USERS = """
authorization { users: [
  { user: all, password: "p@ss/word", },
  { user: some, password: some, permissions: { publish: ["open.>", "$JS.API.>"] } }
  { user: deaf, password: deaf, permissions: { subscribe: ["nothing"] } }
] }
"""


@pytest.fixture
async def connection(nats_url: str) -> AsyncIterator[NatsConnection]:
    made = nats_connection([nats_url])
    yield made
    await made.close()


@pytest.fixture(scope="module")
def guarded() -> Iterator[Server]:
    """A server with users of different rights."""
    with running(TWO_USERS) as server:
        yield server


async def stream(url: str, name: str, **config: Any) -> None:
    """A stream `name` that takes `name.>`."""
    connection = await client.connect(url)
    config.setdefault("subjects", [f"{name}.>"])
    await connection.jetstream().add_stream(name=name, **config)
    await connection.close()


async def put(
    connection: NatsConnection, subject: str, body: bytes = b"{}", **more: Any
) -> Published:
    """One message."""
    given: dict[str, Any] = {"message_id": "k1", "timeout_s": 5.0, **more}
    return await connection.publish(subject, given.pop("headers", {}), body, **given)


async def refusal(
    connection: NatsConnection, subject: str, body: bytes = b"", **more: Any
) -> NatsError:
    """The error of one message."""
    with pytest.raises(NatsError) as caught:
        await put(connection, subject, body, **more)
    return caught.value


async def test_a_message_is_in_the_stream_once(connection: NatsConnection, nats_url: str) -> None:
    name = fresh()
    await stream(nats_url, name)
    assert await put(connection, f"{name}.a") == Published(name, 1, False)
    assert await put(connection, f"{name}.a") == Published(name, 1, True)
    assert await put(connection, f"{name}.a", message_id="k2") == Published(name, 2, False)


async def test_what_is_given_back_is_not_called_lost(
    nats_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    made = nats_connection([nats_url])
    with caplog.at_level(logging.INFO, "fql.nats"):
        await refusal(made, fresh())
        await made.close()
    assert not caplog.records


async def test_headers_arrive(connection: NatsConnection, nats_url: str) -> None:
    name = fresh()
    await stream(nats_url, name)
    await put(connection, f"{name}.a", b"body", headers={"X-One": "1"})
    reader = await client.connect(nats_url)
    found = await reader.jetstream().get_msg(name, 1)
    await reader.close()
    assert found.data == b"body"
    assert found.headers == {"X-One": "1", "Nats-Msg-Id": "k1"}


async def test_without_a_stream_it_is_said(connection: NatsConnection) -> None:
    error = await refusal(connection, fresh() + ".a")
    assert isinstance(error, NoStream)
    assert not error.lasting
    assert "no stream of NATS at nats://127.0.0.1:" in error.message


async def test_too_large_for_the_server_and_for_the_stream(
    connection: NatsConnection, nats_url: str
) -> None:
    """The headers count: the server would close the connection."""
    name = fresh()
    await stream(nats_url, name, max_msg_size=100)
    for body, headers in [(b"x" * 200, {}), (b"x" * (1 << 20), {"A": "b"}), (b"x" * 2_000_000, {})]:
        error = await refusal(connection, f"{name}.a", body, headers=headers)
        assert isinstance(error, TooLarge)
        assert error.lasting
    assert (await put(connection, f"{name}.a")).sequence == 1


async def test_a_full_stream_may_have_room_later(connection: NatsConnection, nats_url: str) -> None:
    name = fresh()
    await stream(nats_url, name, max_msgs=1, discard=DiscardPolicy.NEW)
    await put(connection, f"{name}.a")
    error = await refusal(connection, f"{name}.a", message_id="k2")
    assert isinstance(error, Refused)
    assert not error.lasting
    assert "maximum messages exceeded" in error.message


@pytest.mark.parametrize("subject", ["", "a b", "a..b", "a.*", "a.>", "a\r\nPUB x 0"])
async def test_a_subject_that_is_none(connection: NatsConnection, subject: str) -> None:
    error = await refusal(connection, subject)
    assert isinstance(error, Refused)
    assert error.lasting


async def test_a_header_that_is_none(connection: NatsConnection) -> None:
    error = await refusal(connection, fresh(), headers={"a b": "c"})
    assert isinstance(error, Refused)


async def test_somebody_else_who_answers_is_not_a_stream(
    connection: NatsConnection, nats_url: str
) -> None:
    name = fresh()
    other = await client.connect(nats_url)

    async def answer(message: Any) -> None:
        await message.respond(b"hello")

    await other.subscribe(name, cb=answer)
    await other.flush()
    error = await refusal(connection, name)
    await other.close()
    assert isinstance(error, Refused)
    assert not error.lasting


async def test_who_does_not_answer_is_given_up(connection: NatsConnection, nats_url: str) -> None:
    name = fresh()
    other = await client.connect(nats_url)
    await other.subscribe(name)
    await other.flush()
    error = await refusal(connection, name, timeout_s=0.1)
    await other.close()
    assert isinstance(error, NatsSlow)
    assert "within 0.1 seconds" in error.message


async def test_rights_are_told_apart(guarded: Server) -> None:
    at = guarded.url.removeprefix("nats://")
    everything = nats_connection([f"nats://all:p%40ss%2Fword@{at}"])
    assert isinstance(await refusal(everything, "Closed.a"), NoStream)
    some = nats_connection([f"nats://some:some@{at}"])
    error = await refusal(some, "Closed.a")
    assert isinstance(error, Refused)
    assert error.lasting
    assert "may not publish to Closed.a" in error.message
    deaf = nats_connection([f"nats://deaf:deaf@{at}"])
    error = await refusal(deaf, "Closed.a", timeout_s=0.3)
    assert isinstance(error, Refused)
    assert "may not subscribe to _inbox" in error.message
    for one in (everything, some, deaf):
        await one.close()


@pytest.mark.parametrize("who", ["", "all:wrong@", "token@"])
async def test_who_is_not_let_in_is_told_at_once(guarded: Server, who: str) -> None:
    connection = nats_connection([guarded.url.replace("://", f"://{who}")])
    error = await refusal(connection, "a", timeout_s=20)
    assert isinstance(error, Refused)
    assert "Authorization Violation" in error.message
    assert "wrong" not in error.message
    await connection.close()


async def test_a_server_that_is_down_is_told_at_once_and_found_later() -> None:
    with running() as server:
        await stream(server.url, "s")
        server.kill()
        connection = nats_connection([server.url])
        error = await refusal(connection, "s.a", timeout_s=20)
        assert isinstance(error, NatsUnreachable)
        assert "Connect call failed" in error.message or "refused" in error.message
        server.start()
        assert (await put(connection, "s.a")).sequence == 1
        await connection.close()


async def test_a_connection_that_is_lost_is_made_again() -> None:
    with running() as server:
        await stream(server.url, "s")
        connection = nats_connection([server.url])
        await put(connection, "s.a")
        server.kill()
        error = await refusal(connection, "s.a", timeout_s=0.2)
        assert isinstance(error, NatsUnreachable)
        server.start()
        assert (await put(connection, "s.a")).duplicate
        await connection.close()


async def test_who_waits_for_an_answer_is_told_of_the_loss() -> None:
    with running() as server:
        await stream(server.url, "s")
        connection = nats_connection([server.url])
        await put(connection, "s.a")
        with server.paused():
            asked = asyncio.ensure_future(put(connection, "s.a", timeout_s=60))
            await asyncio.sleep(0.05)
            server.kill()
        with pytest.raises(NatsUnreachable, match=r"lost before s\.a was answered"):
            await asked
        await connection.close()


@pytest.mark.parametrize("raised", [asyncio.CancelledError, OSError, client.errors.Error])
async def test_a_connection_that_is_lost_while_it_is_closed_is_closed(
    nats_url: str, monkeypatch: pytest.MonkeyPatch, raised: type[BaseException]
) -> None:
    """The library cancels its own wait then, which would look as if we were cancelled."""
    connection = nats_connection([nats_url])
    link = await connection.link(5.0)
    whole = link.client.close

    async def close() -> None:
        await whole()
        raise raised

    monkeypatch.setattr(link.client, "close", close)
    await connection.close()
    assert link.client.is_closed


async def test_one_of_several_servers_is_enough(nats_url: str) -> None:
    name = fresh()
    await stream(nats_url, name)
    connection = nats_connection(["nats://127.0.0.1:1", nats_url])
    assert (await put(connection, f"{name}.a")).sequence == 1
    await connection.close()
    assert isinstance(await refusal(connection, f"{name}.a"), NatsUnreachable)


async def test_many_at_once_share_one_connection(connection: NatsConnection, nats_url: str) -> None:
    name = fresh()
    await stream(nats_url, name)
    done = await asyncio.gather(
        *(put(connection, f"{name}.a", message_id=f"m{n}") for n in range(200))
    )
    assert sorted(one.sequence for one in done) == list(range(1, 201))


# TLS and credentials -----------------------------------------------------------------


async def test_nothing_is_said_without_tls_where_it_is_wanted(guarded: Server) -> None:
    """A server that does not speak TLS, or somebody between us, would get the password."""
    url = guarded.url.replace("nats://", "tls://somebody:secret@")
    error = await refusal(nats_connection([url]), "a", timeout_s=20)
    assert isinstance(error, Refused)
    assert "begins with tls://" in error.message
    assert "somebody" not in guarded.log


async def test_tls_checks_who_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority, key, cert = trustme.CA(), tmp_path / "key.pem", tmp_path / "cert.pem"
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(key)
    issued.cert_chain_pems[0].write_to_path(cert)
    config = f'tls {{ cert_file: "{cert}", key_file: "{key}" }}'
    with nats.running(config) as server:
        url = server.url.replace("nats://", "tls://")
        connection = nats_connection([url])
        error = await refusal(connection, "a", timeout_s=20)
        assert isinstance(error, Refused)
        assert "certificate" in error.message
        await connection.close()
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        trusting = nats_connection([url])
        assert isinstance(await refusal(trusting, "a"), NoStream)
        await trusting.close()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "contains no user JWT"),
        (
            "-----BEGIN NATS USER JWT-----\na.b.c\n------END NATS USER JWT------\n",
            "contains no seed",
        ),
    ],
)
async def test_credentials_that_are_none_are_refused(
    nats_url: str, tmp_path: Path, text: str, told: str
) -> None:
    """The library would read such a file for ever."""
    file = tmp_path / "me.creds"
    file.write_text(text)
    with pytest.raises(SettingsError, match=told):
        await put(nats_connection([nats_url], str(file)), "a")
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        await put(nats_connection([nats_url], str(tmp_path / "none")), "a")


async def test_a_user_with_a_key_is_let_in_and_its_file_may_be_renewed(tmp_path: Path) -> None:
    """Operator, account and user, as `nsc` makes them. A user of somebody else's is not let in."""
    realm, other = nats_keys.realm(), nats_keys.realm()
    with running(realm.config) as server:
        file = tmp_path / "fqlc.creds"
        file.write_text(other.credentials())
        connection = nats_connection([server.url], str(file))
        error = await refusal(connection, "a")
        assert isinstance(error, Refused)
        assert "Authorization Violation" in error.message
        file.write_text(realm.credentials())
        assert isinstance(await refusal(connection, "a"), NoStream)
        await connection.ask("STREAM.CREATE.S", b'{"name": "S", "subjects": ["s"]}', timeout_s=5.0)
        await connection.close()
        told = nats_connection([server.url], realm.credentials(pub={"deny": ["s"]}))
        assert "may not publish to s" in (await refusal(told, "s")).message
        await told.close()


@pytest.mark.parametrize(
    ("config", "right", "wrong"),
    [
        ('authorization { token: "t/k@n" }', "t%2Fk%40n", "t"),
        ('authorization { user: u, password: "p:w" }', "u:p%3Aw", "u:p"),
    ],
    ids=["token", "password"],
)
async def test_a_secret_of_the_url_is_told_as_it_is(config: str, right: str, wrong: str) -> None:
    with running(config) as server:
        for secret, expected in ((right, NoStream), (wrong, Refused)):
            connection = nats_connection([server.url.replace("://", f"://{secret}@")])
            assert isinstance(await refusal(connection, "a"), expected)
            await connection.close()
