"""Example 08 as its one command plays it: two engines, a broker that is killed, a ledger."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.support import EXAMPLES
from tests.servers import nats, programs


def test_the_pipeline_is_complete_though_the_broker_is_killed(
    tmp_path: Path, postgresql_url: str
) -> None:
    try:
        nats.find()
    except programs.ServerMissing as missing:
        pytest.skip(str(missing))
    folder = Path(shutil.copytree(EXAMPLES / "08_nats_pipeline", tmp_path / "pipeline"))
    done = subprocess.run(
        [sys.executable, "story.py", "10"], cwd=folder, timeout=110, check=False,
        capture_output=True, text=True, env={**os.environ, "SHOP_DATABASE": postgresql_url},
    )  # fmt: skip
    logs = "".join(one.read_text() for one in folder.glob("*.log"))
    assert done.returncode == 0, done.stdout + done.stderr + logs
    assert "2 dead letters replayed (4 records)" in done.stdout
    assert "the ledger is complete" in done.stdout
    assert "Traceback" not in done.stderr + logs
