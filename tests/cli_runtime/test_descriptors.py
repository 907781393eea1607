"""The limit on open files: raised by `fqlc run`, compared with the plan by `fqlc doctor`."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.app.plans import plan_of, settings_of
from tests.cli_runtime.shop import write_project

from fql.cli.examining.descriptors import finding, needed
from fql.intake.http.source import MOST_OPEN
from fql.testing import MockWebhookServer


def test_run_raises_its_soft_limit_to_the_hard_one(tmp_path: Path) -> None:
    with MockWebhookServer() as server:
        write_project(tmp_path, server.url)
        with subprocess.Popen(
            ["sh", "-c", 'ulimit -Sn 128; ulimit -Hn 512; exec "$@"', "-",
             sys.executable, "-m", "fqlc", "run", "shop.fql"],
            cwd=tmp_path, text=True, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            assert process.stderr is not None
            assert any("ready" in line for line in process.stderr)
            if not Path("/proc/self/limits").exists():
                pytest.skip("this system does not tell the limits of another process")
            limits = Path(f"/proc/{process.pid}/limits").read_text()
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
    (line,) = [line for line in limits.splitlines() if line.startswith("Max open files")]
    assert line.split()[3:5] == ["512", "512"]


def test_the_plan_says_how_many_are_needed() -> None:
    one = needed(plan_of(), settings_of())
    assert one == 256 + 256 + 64
    more = settings_of("[webhooks.dispatch]\nmax_in_flight = 1000\n")
    assert needed(plan_of(), more) == one + 744
    callers = settings_of('[sources.web]\nkind = "http"\ntoken = "t"\n')
    assert needed(plan_of(), callers) == one + 8 + MOST_OPEN


@pytest.mark.parametrize(
    ("soft", "hard", "level"),
    [(1024, 4096, "ok"), (256, 4096, "warning"), (256, 512, "problem"), (600, 600, "ok")],
)
def test_doctor_compares_the_limits_with_the_plan(soft: int, hard: int, level: str) -> None:
    assert finding(600, soft, hard).level == level
