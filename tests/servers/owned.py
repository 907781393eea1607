"""What servers of tests have in common: they end with the tests, and so do their files."""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LOCK = "owner.lock"
_GRACE = 60.0
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


def die_with(parent: int, how: signal.Signals) -> Callable[[], None] | None:
    """Runs in the child: Linux sends it this signal when the parent dies, however it dies.
    Elsewhere a killed test run leaves its server behind."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)

    def prepare() -> None:
        library.prctl(_DEATH_SIGNAL, how, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def free_port() -> int:
    """A loopback port that nobody has now. Another process may take it before our server does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def folder(prefix: str, *, on_disk: bool = False) -> Iterator[Path]:
    """A new folder, gone afterwards; its lock says whether somebody still uses it."""
    root = Path("/dev/shm")  # in memory, and short: the path of a socket is limited
    if on_disk or not os.access(root, os.W_OK):
        root = Path(tempfile.gettempdir())
    sweep(root, prefix)
    made = Path(tempfile.mkdtemp(prefix=prefix, dir=root))
    try:
        with (made / _LOCK).open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def sweep(root: Path, prefix: str) -> None:
    """Remove folders whose runs were killed: nobody holds their locks any more."""
    for found in root.glob(f"{prefix}*"):
        with suppress(OSError):
            if time.time() - found.stat().st_mtime < _GRACE:
                continue  # it may be just being made
            with (found / _LOCK).open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(found, ignore_errors=True)
