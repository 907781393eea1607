"""SIGKILL and SIGTERM at random moments of `fqlc run`, with changes captured from a database."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest

from fql.testing import MockWebhookServer
from tests.kills.places import KINDS
from tests.kills.report import kill
from tests.kills.shop import Shop, check_ledger, fqlc, running, write_shop


def kill_loop(folder: Path, rounds: int, seed: int, store: str = "sqlite:///fql.db") -> None:
    """Run, write, kill, again; then let the rest drain and look at the ledger."""
    rng = random.Random(seed)
    kills = 0
    with MockWebhookServer() as server:
        server.always(lambda _: 503 if rng.random() < 0.1 else 200)
        write_shop(folder, server.url, store)
        with Shop(folder) as shop:
            for _ in range(rounds):
                before = server.call_count
                with running(folder) as process:
                    if rng.random() < 0.9:
                        server.wait_for(before + 1, 60)
                    time.sleep(rng.uniform(0, 0.5))
                    killed = rng.random() < 0.85
                    kills += killed
                    process.send_signal(signal.SIGKILL if killed else signal.SIGTERM)
                    code = process.wait(60)
                    assert code == -signal.SIGKILL if killed else code in (0, -signal.SIGTERM)
        server.always(200)
        fqlc(folder, "run", "shop.fql", "--until-idle", "--timeout", "60s", "--fail-on-dead")
        check_ledger(server.requests, shop, kills)
    assert len(shop.placed) > 20, "the test must do something"


def test_a_few_kills_lose_and_invent_nothing(tmp_path: Path) -> None:
    kill_loop(tmp_path, 3, seed=1)


def test_a_few_kills_lose_and_invent_nothing_with_a_store_on_postgresql(
    tmp_path: Path, postgresql_url: str
) -> None:
    kill_loop(tmp_path, 3, seed=2, store=postgresql_url)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("kind", KINDS)
def test_many_kills_lose_and_invent_nothing(kind: str) -> None:
    """A thousand, of engines and of the servers of their stores."""
    assert kill(kind, 1000, seed=100).lost == 0


def test_sigterm_under_load_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    """A drained process leaves nothing on the wire, so nothing is sent twice."""
    with MockWebhookServer() as server:
        write_shop(tmp_path, server.url)
        with Shop(tmp_path, pause=0.002) as shop:
            for round_ in range(1, 4):
                with running(tmp_path) as process:
                    assert server.wait_for(60 * round_, 60)
                    process.send_signal(signal.SIGTERM)
                    assert process.wait(60) == 0
        fqlc(tmp_path, "run", "shop.fql", "--until-idle", "--timeout", "60s", "--fail-on-dead")
        check_ledger(server.requests, shop, 0)
        assert len({request.key for request in server.requests}) == server.call_count
