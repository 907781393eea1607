"""`fqlc graph` where its standard output is a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(("form", "code"), [("png", 2), ("mermaid", 0)])
def test_a_terminal_gets_text_only(shop: Path, form: str, code: int) -> None:
    """The bytes of a png would leave it in disorder."""
    theirs, ours = os.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "fqlc", "graph", "--format", form, "shop.fql"],
            cwd=shop, stdout=theirs, stderr=subprocess.PIPE, check=False, timeout=60,
        )  # fmt: skip
    finally:
        os.close(theirs)
        os.close(ours)
    assert done.returncode == code, done.stderr
    assert (b"name a file with -o" in done.stderr) == (code == 2)
