"""All benchmarks, one after the other: `make bench`. Each module also runs by itself."""

from __future__ import annotations

import importlib
import platform
import sqlite3

MODULES = (
    "deliveries",
    "expressions",
    "sizes",
    "sending",
    "compile",
    "outbox",
    "capture",
    "isolation",
    "backlog",
    "postgresql.commits",
    "postgresql.capture",
    "postgresql.__main__",
)


def main() -> None:
    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
          f"{platform.machine()}, {platform.system()}")  # fmt: skip
    for name in MODULES:
        print(f"\n== {name}", flush=True)
        importlib.import_module(f"tests.benchmarks.{name}").main()


if __name__ == "__main__":
    main()
