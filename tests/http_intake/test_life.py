"""An intake from its start to its end, in processes of its own."""

from __future__ import annotations

import os
import random
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fql.testing import MockWebhookServer
from tests.http_intake.processes import Process, project, run
from tests.http_intake.support import order

TOTAL = 40


def call_until_it_dies(process: Process, first: int, accepted: set[str]) -> None:
    """One caller, which remembers what was acknowledged."""
    for number in range(first, first + TOTAL):
        try:
            status, _ = process.post(order(number), key=f"k{number}")
        except OSError:
            return
        assert status == 202
        accepted.add(f"o{number}")


def one_round(folder: Path, server: MockWebhookServer, chance: random.Random) -> set[str]:
    """Callers send events, and the process is killed among them. Gives what was acknowledged."""
    accepted: set[str] = set()
    first = chance.randrange(10**9)
    with run(folder, server.url) as process, ThreadPoolExecutor(4) as pool:
        process.wait_until_it_listens()
        for caller in range(4):
            pool.submit(call_until_it_dies, process, first + caller * TOTAL, accepted)
        threading.Event().wait(chance.uniform(0.05, 0.4))
        process.child.kill()
    return accepted


def kill_rounds(folder: Path, server: MockWebhookServer, rounds: int) -> None:
    """The receiver's ledger must have every event that was answered with 202."""
    project(folder)
    chance = random.Random(rounds)
    accepted: set[str] = set()
    for _ in range(rounds):
        accepted |= one_round(folder, server, chance)
    with run(folder, server.url, "--until-idle") as process:
        process.wait_until_it_listens()
        assert process.child.wait(120) == 0, process.text
    ledger = {one.payload["id"] for one in server.requests if isinstance(one.payload, dict)}
    assert accepted
    assert accepted <= ledger
    keys: dict[str, set[str]] = {}
    for one in server.requests:
        assert isinstance(one.payload, dict)
        keys.setdefault(one.payload["id"], set()).add(one.headers["webhook-id"])
    assert all(len(found) == 1 for found in keys.values())


def test_events_come_by_http_and_survive_kill_9(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    kill_rounds(tmp_path, webhook_server, 2)


@pytest.mark.soak
@pytest.mark.timeout(1_800)
def test_many_rounds_of_kill_9(webhook_server: MockWebhookServer, tmp_path: Path) -> None:
    kill_rounds(tmp_path, webhook_server, 50)


def test_killed_between_its_answer_and_the_first_send(tmp_path: Path) -> None:
    """The receiver does not exist until the process that acknowledged is gone."""
    project(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with run(tmp_path, f"http://127.0.0.1:{port}") as process:
        process.wait_until_it_listens()
        answers = [process.post(order(number))[0] for number in range(5)]
        process.child.kill()
    assert answers == [202] * 5
    with MockWebhookServer(port=port) as server, run(tmp_path, server.url) as process:
        process.wait_until_it_listens()
        assert server.wait_for(5, 60)
        assert {one.payload["id"] for one in server.requests} == {f"o{n}" for n in range(5)}  # type: ignore[index]


def test_it_listens_where_the_settings_say(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    project(tmp_path, listen="[::1]:0")
    with run(tmp_path, webhook_server.url) as process:
        process.wait_until_it_listens()
        assert process.host == "::1"
        assert process.post(order(1))[0] == 202


def test_an_address_that_is_taken_is_one_clear_error(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        project(tmp_path, listen=address)
        with run(tmp_path, webhook_server.url) as process:
            assert process.child.wait(60) == 3
    assert f"[sources.web] cannot listen on {address}" in process.text
    assert "Traceback" not in process.text


def test_tokens_are_changed_without_a_new_start(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    project(tmp_path)
    file = tmp_path / "fql.toml"
    with run(tmp_path, webhook_server.url, OTHER="next") as process:
        process.wait_until_it_listens()
        assert process.post(order(1), token="next")[0] == 401
        text = file.read_text()
        file.write_text(text.replace('"${INTAKE_TOKEN}"', '["${OTHER}", "${INTAKE_TOKEN}"]'))
        os.kill(process.child.pid, signal.SIGHUP)
        process.said("settings applied: sources.web.token")
        assert process.post(order(2), token="next")[0] == 202
        assert process.post(order(3))[0] == 202
        assert "next" not in process.text
    assert "restart" not in process.text


def test_a_bad_token_is_refused_at_the_start(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    project(tmp_path)
    with run(tmp_path, webhook_server.url, INTAKE_TOKEN="two words") as process:
        assert process.child.wait(60) == 3
    assert "sources.web.token: the value of `${INTAKE_TOKEN}` is not allowed" in process.text
    assert "two words" not in process.text


def test_a_standby_on_postgresql_listens_when_the_engine_is_killed(
    webhook_server: MockWebhookServer, postgresql_url: str, tmp_path: Path
) -> None:
    """On the same port, which the killed process had; a proxy needs to know nothing."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        listen = f"127.0.0.1:{free.getsockname()[1]}"
    project(
        tmp_path, listen=listen, more=f'[store]\nurl = "{postgresql_url}"\nengines = "single"\n'
    )
    with run(tmp_path, webhook_server.url) as first, run(tmp_path, webhook_server.url) as second:
        engine, standby = first, second
        while "standing by" not in first.text + second.text:
            assert (first.child.poll(), second.child.poll()) == (None, None)
            time.sleep(0.05)
        if "standing by" in first.text:
            engine, standby = second, first
        engine.wait_until_it_listens()
        assert "listens on" not in standby.text
        assert engine.post(order(1), key="k")[0] == 202
        engine.child.kill()
        standby.wait_until_it_listens()
        assert standby.post(order(1), key="k")[0] == 200
        assert standby.post(order(2))[0] == 202
        assert webhook_server.wait_for(2, 60)
    payloads = {one.payload["id"] for one in webhook_server.requests}  # type: ignore[index]
    assert payloads == {"o1", "o2"}
