"""What a newcomer types: `init` and its next commands, and `demo`."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

from tests.cli_runtime.conftest import Fqlc


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_project_of_init_runs_with_its_own_receiver(tmp_path: Path, process: Fqlc) -> None:
    assert process("init").code == 0
    assert process("check").code == 0
    port = free_port()
    shop = tmp_path / "shop.fql"
    shop.write_text(shop.read_text().replace("9080", str(port)))
    receiver = subprocess.Popen(
        [sys.executable, "receiver.py", str(port)], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    try:
        assert receiver.stdout is not None
        assert "listening" in receiver.stdout.readline()
        done = process("run", "--events", "events.jsonl", "--until-idle", "--timeout", "20s")
    finally:
        receiver.kill()
        printed, _ = receiver.communicate()
    assert done.code == 0, done.err
    assert "3 events, 2 runs: 2 done, 0 dead, 0 left" in done.out
    assert "200 /boss" in printed
    assert "503" in printed
    assert "attempt 2" in printed


def test_demo_proves_that_nothing_is_lost(tmp_path: Path, process: Fqlc) -> None:
    done = process("demo", "--orders", "60", "--keep", "kept")
    assert done.code == 0, done.out + done.err
    assert done.err.count("kill -9") == 2
    assert "Nothing lost, everything in order." in done.out
    assert (tmp_path / "kept" / "shop.fql").exists()


def test_a_demo_that_runs_out_of_time_blames_nobody(process: Fqlc) -> None:
    """A slow machine has lost nothing."""
    done = process("demo", "--orders", "60", "--limit", "0.1")
    assert done.code == 3
    assert "FAULT" not in done.out + done.err
    assert "deliveries were made in 0.1 seconds, and others are still to come" in done.err
    assert "fqlc demo --limit 0.4" in done.err


def test_demo_keeps_away_from_a_folder_that_is_there(tmp_path: Path, process: Fqlc) -> None:
    (tmp_path / "kept").mkdir()
    done = process("demo", "--keep", "kept")
    assert done.code == 2
    assert "the folder kept cannot be made: File exists" in done.err
