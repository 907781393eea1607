"""Do what a page says: its commands, in a real shell, in a folder of their own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
BIN = Path(sys.executable).parent
PORTS = ("9080", "9999")
"""Those of the pages, the programs and their settings; a test takes a free one instead."""


def commands(page: str) -> list[str]:
    """All commands that a page shows, in order: the lines behind `$ `."""
    lines = [line for block in BLOCK.findall(page) for line in block.splitlines()]
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


def outputs(page: str) -> list[str]:
    """The lines that a page shows as printed by its commands."""
    lines = [line for block in BLOCK.findall(page) for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("$ ")]


def walk(lines: list[str], folder: Path) -> str:
    """Run the commands as one session of bash that ends with the first failure; what they print.

    Ports are replaced, in the files of the folder and beside it as well. A receiver is started in
    the background, as a person would in another terminal, and waited for. Everything that was
    started is ended.
    """
    port = free_port()
    for file in folder.parent.rglob("*"):
        if file.suffix in (".fql", ".py"):
            file.write_text(ported(file.read_text(encoding="utf-8"), port), encoding="utf-8")
    script = "\n".join(["set -e", *(started(ported(line, port), port) for line in lines), "exit 0"])
    log = folder.parent / "walk.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            ["bash", "-c", script], cwd=folder, env=surroundings(folder), stdout=out,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            code = process.wait(110)
        finally:
            end_session(process.pid)
    printed = ported(log.read_text(encoding="utf-8"), "9999", old=(str(port),))
    assert code == 0, printed
    return printed


def ported(text: str, port: int | str, old: tuple[str, ...] = PORTS) -> str:
    """A text with another port."""
    return re.sub("|".join(old), str(port), text)


def started(line: str, port: int) -> str:
    """A command, and for a receiver that it listens before the next one."""
    if "receiver.py" not in line:
        return line
    line = line if line.rstrip().endswith("&") else f"{line} &"
    listening = f"(exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null"
    return f"{line}\nfor _ in {{1..200}}; do {listening} && break; sleep 0.05; done"


def surroundings(folder: Path) -> dict[str, str]:
    """The environment of a newcomer: this installation first, a cache of its own, no colours."""
    own = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}
    return os.environ | own | {"FQLC_CACHE_DIR": str(folder.parent / "cache")}


def end_session(session: int) -> None:
    """End all processes of a session, whatever group they are in."""
    listed = subprocess.run(
        ["ps", "-s", str(session), "-o", "pid="], capture_output=True, text=True, check=False
    )
    for pid in listed.stdout.split():
        try:
            os.kill(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            continue


def free_port() -> int:
    """A port of this machine on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
