"""All benchmarks, one after the other: `make bench`. Each module also runs by itself. The first two
write their tables and pictures into docs/performance.md."""

from __future__ import annotations

import importlib

from tests.benchmarks.page.machine import load, machine

MODULES = (
    "peers.__main__",
    "growth.__main__",
    "deliveries",
    "prototype",
    "inside",
    "expressions",
    "sending",
    "compile",
    "sqlite.outbox",
    "sqlite.capture",
    "isolation",
    "editor.__main__",
    "backlog",
    "postgresql.commits",
    "postgresql.capture",
    "postgresql.__main__",
    "shards",
)


def main() -> None:
    print(machine())
    for name in MODULES:
        print(f"\n== {name}, load {load()}", flush=True)
        importlib.import_module(f"tests.benchmarks.{name}").main()


if __name__ == "__main__":
    main()
