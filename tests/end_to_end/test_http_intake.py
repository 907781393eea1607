"""Example 09 as its one command plays it: processes of their own, a kill -9, a complete ledger."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.end_to_end.support import EXAMPLES


def test_every_event_that_was_acknowledged_arrives_though_the_application_is_killed(
    tmp_path: Path,
) -> None:
    folder = Path(shutil.copytree(EXAMPLES / "09_http_intake", tmp_path / "shop"))
    done = subprocess.run(
        [sys.executable, "story.py", "12"], cwd=folder, timeout=100, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "12 orders, one kill -9: the ledger is complete" in done.stdout
    assert "Traceback" not in done.stderr
