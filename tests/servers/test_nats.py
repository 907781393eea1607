"""The NATS servers of the tests: real, taken away and brought back, gone with their owner."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import nats as client
import pytest

from tests.servers import fixture, nats, owned
from tests.servers.nats import Server
from tests.servers.programs import ServerFailed, ServerMissing

OWNER = """
import time
from tests.servers import nats
with nats.running() as server:
    print(server.folder, server.process.pid, server.port, flush=True)
    time.sleep(60)
"""


async def put(url: str, stream: str, replicas: int = 1) -> int:
    """Make the stream and write a message: its sequence."""
    connection = await client.connect(url)
    try:
        js = connection.jetstream()
        await js.add_stream(name=stream, subjects=[f"{stream}.>"], num_replicas=replicas)
        return (await js.publish(f"{stream}.x", b"1")).seq
    finally:
        await connection.close()


async def last(url: str, stream: str) -> int:
    """The last sequence of a stream."""
    connection = await client.connect(url)
    try:
        return (await connection.jetstream().stream_info(stream)).state.last_seq
    finally:
        await connection.close()


async def test_the_server_of_all_tests_has_jetstream(nats_url: str) -> None:
    assert await put(nats_url, nats.fresh()) == 1


@pytest.mark.parametrize("end", [Server.kill, Server.stop])
async def test_a_server_that_was_taken_away_comes_back(end: Callable[[Server], None]) -> None:
    with nats.running() as server:
        assert await put(server.url, "s") == 1
        end(server)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port), 1)
        server.start()
        assert await last(server.url, "s") == 1


async def test_a_paused_server_goes_on() -> None:
    with nats.running() as server:
        with (
            server.paused(),
            socket.create_connection(("127.0.0.1", server.port), 1) as connection,
            pytest.raises(TimeoutError),
        ):
            connection.settimeout(0.1)
            connection.recv(4)
        assert await put(server.url, "s") == 1


@pytest.mark.soak
async def test_three_hold_a_stream_together() -> None:
    with nats.cluster() as servers:
        await answered(lambda: put(servers[0].url, "s", 3))
        servers[0].kill()
        assert await answered(lambda: last(servers[1].url, "s")) >= 1


async def answered(ask: Callable[[], Awaitable[int]]) -> int:
    """What is answered once there is a leader."""
    async with asyncio.timeout(40):
        while True:
            try:
                return await ask()
            except client.errors.Error:
                await asyncio.sleep(0.1)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_it_ends_with_a_killed_owner() -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    folder, pid, _ = owner.stdout.readline().split()
    owner.stdout.close()
    owner.kill()
    owner.wait()
    end = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists() and time.monotonic() < end:
        time.sleep(0.01)
    assert not Path(f"/proc/{pid}").exists()
    os.utime(folder, (0, 0))  # an hour later
    owned.sweep(Path(folder).parent, nats.PREFIX)
    assert not Path(folder).exists()


def test_a_server_of_your_own_is_used_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(fixture.OWN_NATS, "nats://127.0.0.1:1")
    with fixture.nats_ready() as url:
        assert url == "nats://127.0.0.1:1"


def test_without_a_server_the_tests_are_skipped_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(fixture.OWN_NATS, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(ServerMissing, match=r"no NATS server: .* FQL_NATS_SERVER"):
        nats.find()
    with pytest.raises(pytest.skip.Exception, match="no NATS server"), fixture.nats_ready():
        pass
    monkeypatch.setenv(nats.NAMED, str(tmp_path / "none"))
    with pytest.raises(ServerFailed, match="not a program"):
        nats.find()


def test_a_server_that_refuses_its_configuration_says_why() -> None:
    with pytest.raises(ServerFailed, match="unknown field"), nats.running("nonsense: 1"):
        pass
