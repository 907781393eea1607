"""The unit of systemd: its commands are really run, stopped and reloaded."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fql.exact.writing import json_text
from fql.testing import MockWebhookServer
from fql.testing.replies import Reply
from tests.cli_runtime.shop import paid, write_project
from tests.deploy.files import VENV, Unit, assigned, moved, stored, unit

PROGRAMS = Path(sys.executable).parent
TEXT = stored("fql.service")
UNIT = unit(TEXT)
ANALYZE = shutil.which("systemd-analyze")


def environment(unit: Unit, root: Path) -> dict[str, str]:
    """That of the service: what the unit sets, and nothing of this process but what tests need."""
    values = assigned(" ".join(unit.values["Environment"]))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FQL")}
    return kept | {name: moved(value, root, PROGRAMS) for name, value in values.items()}


def test_what_a_unit_must_hold() -> None:
    wanted = {
        "Type": "exec", "ExecReload": "/bin/kill -HUP $MAINPID", "KillMode": "mixed",
        "Restart": "always", "TimeoutStopSec": "35", "StateDirectory": "fql", "UMask": "0077",
        "StartLimitIntervalSec": "0",
    }  # fmt: skip
    assert {key: UNIT.one(key) for key in wanted} == wanted
    assert UNIT.one("User") == "fql"


@pytest.mark.timeout(100)
def test_it_runs_reloads_and_drains_within_its_time(tmp_path: Path) -> None:
    etc, state = tmp_path / "etc/fql", tmp_path / "var/lib/fql"
    etc.mkdir(parents=True)
    state.mkdir(parents=True)
    with MockWebhookServer() as server:
        server.always(Reply(200, delay=3.0))
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        write_project(etc, server.url, settings=f"[observability.prometheus]\nport = {port}\n")
        fqlc = [sys.executable, "-m", "fqlc"]
        subprocess.run([*fqlc, "compile", "shop.fql", "-o", "plan.json"], cwd=etc, check=True)
        command = moved(UNIT.one("ExecStart"), tmp_path, PROGRAMS).split()
        process = subprocess.Popen(
            command, cwd=moved(UNIT.one("WorkingDirectory"), tmp_path, PROGRAMS),
            env=environment(UNIT, tmp_path), stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert process.stderr is not None
            until(process, "ready")
            reload = UNIT.one("ExecReload").replace("$MAINPID", str(process.pid)).split()
            subprocess.run(reload, check=True)
            until(process, "reloaded: plan")
            store = f"sqlite:///{state}/fql.db"
            emitted = subprocess.run(
                [*fqlc, "emit", "--store", store, "-"], input=json_text(paid(1)), cwd=tmp_path,
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert emitted.returncode == 0, emitted.stderr
            assert server.wait_for(1, 30)
            health = [*fqlc, "health", "--settings", "etc/fql/fql.toml"]
            assert subprocess.run(health, cwd=tmp_path, check=False).returncode == 0
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(int(UNIT.one("TimeoutStopSec"))) == 0
            assert time.monotonic() - began < 35
        finally:
            process.kill()
            process.communicate()
    assert {path.name for path in state.iterdir()} == {"fql.db"}


def until(process: subprocess.Popen[str], words: str) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return
    pytest.fail(f"it never said {words!r}")


@pytest.mark.skipif(ANALYZE is None, reason="there is no systemd-analyze")
def test_systemd_understands_it_and_rates_it(tmp_path: Path) -> None:
    """On a scale of 0 (safe) to 10: below 2."""
    assert ANALYZE is not None
    file = tmp_path / "fql.service"
    file.write_text(TEXT.replace(VENV + "fqlc", sys.executable))
    verified = subprocess.run(
        [ANALYZE, "verify", "--man=no", str(file)], capture_output=True, text=True, check=False
    )
    assert (verified.returncode, verified.stderr) == (0, "")
    rated = subprocess.run(
        [ANALYZE, "security", "--offline=true", "--threshold=20", str(file)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert rated.returncode == 0, rated.stdout[-500:]
