"""The model of sessions, fences and late statements (`fence.pml`): it holds, and would notice."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

MODEL = Path(__file__).with_name("fence.pml")
FAULTS = ("READ_SETTLE", "NO_FENCE", "NO_CYCLE", "TWO_STEPS", "NO_MARK")
MISSING = [tool for tool in ("spin", "gcc") if shutil.which(tool) is None]

pytestmark = pytest.mark.skipif(
    bool(MISSING), reason=f"{' and '.join(MISSING)} not installed (Debian: apt install spin gcc)"
)


def checked(folder: Path, *defines: str) -> tuple[int, int]:
    """How many states there are, and how many errors were found in them."""

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
        return done.stdout

    run("spin", "-a", *(f"-D{define}" for define in defines), str(MODEL))
    run("gcc", "-w", "-O2", "-DSAFETY", "-o", "pan", "pan.c")
    report = run("./pan", "-m100000")
    states = re.search(r"(\d+) states, stored", report)
    errors = re.search(r"errors: (\d+)", report)
    assert states is not None, report
    assert errors is not None, report
    assert "max search depth too small" not in report
    return int(states[1]), int(errors[1])


@pytest.mark.soak
@pytest.mark.timeout(400)
def test_no_history_of_sessions_breaks_a_promise(tmp_path: Path) -> None:
    states, errors = checked(tmp_path)
    assert errors == 0
    assert states > 11_000_000


@pytest.mark.parametrize("fault", FAULTS)
def test_each_planted_fault_is_found(tmp_path: Path, fault: str) -> None:
    _, errors = checked(tmp_path, fault)
    assert errors == 1
