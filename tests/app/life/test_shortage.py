"""What this process or machine runs out of is no receiver's fault: it waits and says so."""

from __future__ import annotations

import errno
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from fql.egress.wire.connection import Connection
from fql.egress.wire.dialling import first_open
from fql.egress.wire.failures import FailureKind, SendFailed
from fql.egress.wire.resolver import ThreadResolver
from fql.egress.wire.shortages import SHORTAGES, shortage_of
from fql.testing import MockWebhookServer, Reply

FEW = 40
"""Descriptors, of which a process needs some twenty for itself."""

CODE = """
import asyncio, logging, resource, sys
from tests.app.plans import *
from fql import Runtime
resource.setrlimit(resource.RLIMIT_NOFILE, ({few}, {few}))
logging.basicConfig(format="%(message)s")
ONCE = ONE.replace("path:", "retry: {{ max_attempts: 1 }} path:")
async def main():
    async with Runtime(plan_of(ONCE), store="sqlite:///{folder}/s.db", settings=settings_of(),
                       environment={{"RECEIVER": "{url}"}}) as running:
        await asyncio.gather(*(running.emit("Order.insert", new=order(n)) for n in range(200)))
        summary = await running.until_idle(60)
        print(summary.done, summary.dead, summary.left, len(await running.client.dead_letters()))
asyncio.run(main())
"""


def test_without_descriptors_attempts_are_not_spent(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """One attempt each, and more of them at once than there are descriptors."""
    webhook_server.always(Reply(200, delay=0.05))
    code = CODE.format(few=FEW, folder=tmp_path, url=webhook_server.url)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=110, check=False
    )
    assert done.stdout == "200 0 0 0\n", done.stderr
    assert "OwnShortage reason=this process has no descriptor left (EMFILE)" in done.stderr
    assert "Traceback" not in done.stderr
    assert {request.attempt for request in webhook_server.requests} == {1}
    assert len({request.key for request in webhook_server.requests}) == 200


@pytest.mark.parametrize("number", SHORTAGES)
def test_errors_of_our_own_are_told_by_their_names(number: int) -> None:
    assert errno.errorcode[number] in shortage_of(OSError(number, "no"), "10.0.0.1")


def test_other_errors_speak_of_the_receiver() -> None:
    for number in (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ETIMEDOUT):
        assert not shortage_of(OSError(number, "no"), "10.0.0.1")
    assert not shortage_of(OSError(errno.EADDRNOTAVAIL, "no"), "::1"), "a machine without IPv6"
    assert not shortage_of(ConnectionError())


async def test_one_of_several_addresses_for_which_we_have_nothing_left() -> None:
    """The others are tried; where none answers, the receiver is not to blame."""

    async def dial(address: str) -> Connection:
        kind: FailureKind = "shortage" if address == "10.0.0.1" else "connect"
        raise SendFailed(kind, address)

    with pytest.raises(SendFailed) as failed:
        await first_open(["10.0.0.1", "10.0.0.2"], dial, "shop.example")
    assert failed.value.kind == "shortage"
    with pytest.raises(SendFailed, match=r"10\.0\.0\.2; 10\.0\.0\.3") as failed:
        await first_open(["10.0.0.2", "10.0.0.3"], dial, "shop.example")
    assert failed.value.kind == "connect"


async def test_a_name_that_cannot_be_looked_up_for_want_of_a_descriptor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The C library says "temporary failure", whatever the reason."""

    def lookup(_host: str) -> tuple[str, ...]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    resolver = ThreadResolver(lookup)
    with pytest.raises(SendFailed) as failed:
        await resolver.resolve("shop.example")
    assert failed.value.kind == "dns"
    monkeypatch.setattr("fql.egress.wire.resolver.shortage_now", lambda: SHORTAGES[errno.EMFILE])
    with pytest.raises(SendFailed) as failed:
        await resolver.resolve("shop.example")
    assert failed.value.kind == "shortage"
    resolver.close()
