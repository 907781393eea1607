"""What a figure must be read with: the machine, the interpreter and how busy it was."""

from __future__ import annotations

import os
import platform
import sqlite3
import sysconfig


def build() -> str:
    """How the interpreter was built: one without both costs 8 to 17 % here."""
    given = str(sysconfig.get_config_var("CONFIG_ARGS") or "")
    flags = {"PGO": "--enable-optimizations", "LTO": "--with-lto"}
    had = [name for name, flag in flags.items() if flag in given]
    return f"built with {' and '.join(had)}" if had else "built without PGO and LTO"


def machine() -> str:
    """In one line."""
    return (
        f"Python {platform.python_version()} ({build()}), SQLite {sqlite3.sqlite_version}, "
        f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()} {platform.release()}"
    )


def load() -> str:
    """How many processes wanted a core over the last minute, as text."""
    return f"{os.getloadavg()[0]:.1f}"
