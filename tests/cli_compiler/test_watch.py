"""`fqlc compile --watch`: the plan follows its sources and what they import."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from fqlc.cli.compile import seen_by
from tests.cli_compiler.conftest import SHOP


def until(true: Callable[[], bool]) -> None:
    """Wait for something, at most half a minute."""
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def test_what_is_saved_during_a_compile_is_compiled_again() -> None:
    """Whether it was known before, or is an import that this compile has found."""
    before, after = {"a.fql": 5, "b.fql": 6}, {"a.fql": 50, "b.fql": 6, "c.fql": 20, "d.fql": 40}
    seen = seen_by(30, before, after)
    assert seen == {"a.fql": 5, "b.fql": 6, "c.fql": 20, "d.fql": -1}


def test_a_change_of_an_import_is_seen(shop: Path) -> None:
    (shop / "shop.fql").write_text('import "limits.fql"\n' + SHOP.replace("> 100", "> limit"))
    limits, plan = shop / "limits.fql", shop / "plan.json"

    def shows(text: str) -> bool:
        return plan.exists() and text in json.dumps(json.loads(plan.read_bytes())["observers"])

    limits.write_text("let limit = 111\n")
    command = [sys.executable, "-m", "fqlc", "compile", "--watch", "-o", "plan.json", "shop.fql"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=os.environ.copy()) as process:
        try:
            until(lambda: shows("111"))
            limits.write_text("let limit = oops\n")
            time.sleep(0.3)
            limits.write_text("let limit = 22222\n")
            until(lambda: shows("22222"))
        finally:
            process.send_signal(signal.SIGINT)
    assert process.returncode == 130
