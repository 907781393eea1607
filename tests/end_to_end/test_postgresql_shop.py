"""Example 07: client processes change rows on a real server, one of three engines is killed, the
others go on, and the ledger of the receiver is complete."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from fql.testing import MockWebhookServer
from tests.end_to_end.support import EXAMPLES, FQLC, environment, fqlc
from tests.end_to_end.test_main_job import (
    Flaky,
    check_ledger,
    expected_of,
    has_accepted,
    order_of,
    wait_until,
)

ON_THE_WIRE = 64
"""An endpoint has no more requests under way than this, which is the default."""
CLIENTS, ORDERS, ENGINES = 2, 60, 3


def has_said(log: Path, words: str) -> bool:
    """Whether an engine has told that."""
    return words in log.read_text("utf-8")


def test_every_matching_change_arrives_though_one_of_three_engines_is_killed(
    tmp_path: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(EXAMPLES / "07_postgresql_shop", tmp_path / "shop"))
    monkeypatch.setenv("SHOP_DATABASE", postgresql_url)
    subprocess.run([sys.executable, "shop.py", "create"], cwd=folder, check=True)
    fqlc("capture", "install", "shop.fql", cwd=folder)
    mood = Flaky(random.Random(7))
    with MockWebhookServer(verify=None) as server:
        server.always(mood)
        log = (folder / "run.log").open("ab")
        engines = [
            subprocess.Popen([FQLC, "run", "shop.fql"], cwd=folder, env=environment(server),
                             stdout=log, stderr=log)
            for _ in range(ENGINES)
        ]  # fmt: skip
        working = [
            subprocess.Popen([sys.executable, "shop.py", "work", str(n + 1), str(ORDERS)],
                             cwd=folder, stdout=subprocess.PIPE, text=True)
            for n in range(CLIENTS)
        ]  # fmt: skip
        try:
            assert wait_until(partial(has_accepted, mood, 60), 60), (folder / "run.log").read_text()
            assert wait_until(partial(has_said, folder / "run.log", "3 engines share the work"), 60)
            engines[0].kill()
            said = [client.communicate(timeout=90)[0] for client in working]
            committed = [json.loads(line) for text in said for line in text.splitlines()]
            wanted = {one for order in committed for one in expected_of(order)}

            def arrived() -> bool:
                found = {(r.headers["fql-action"], order_of(r)) for r in list(mood.accepted)}
                return found >= {(one.action, one.order) for one in wanted}

            assert wait_until(arrived, 60), (folder / "run.log").read_text()[-3000:]
        finally:
            for process in engines:
                process.kill()
                process.wait()
            log.close()
    assert len(committed) == CLIENTS * ORDERS
    check_ledger(server, mood, wanted)
    accepted = Counter(request.key for request in mood.accepted)
    again = sum(accepted.values()) - len(accepted)
    assert again <= ON_THE_WIRE, "only what the engine that was killed had on the wire comes again"
