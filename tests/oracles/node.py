"""Tools from npm, installed into a folder that is gone afterwards."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path


class NoNode(Exception):
    """There is no Node, or it cannot install."""


def installed(folder: Path, package: str, program: str) -> Path:
    """The program of a package, `name@version`, in a folder. Raises NoNode."""
    npm = shutil.which("npm")
    if npm is None:
        raise NoNode("npm is not installed")
    command = [npm, "install", "--no-save", "--no-audit", "--no-fund", "--prefix", str(folder)]
    done = subprocess.run(
        [*command, package], capture_output=True, text=True, timeout=540, check=False
    )
    found = folder / "node_modules" / ".bin" / program
    if done.returncode or not found.exists():
        raise NoNode(f"{package} cannot be installed: {done.stderr.strip()[-300:]}")
    return found
