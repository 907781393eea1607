"""The sides of the comparison: how each is started, with which settings, and why one is absent."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

THEIRS = Path(__file__).with_name("theirs")


@dataclass(frozen=True)
class Side:
    """One of them. `library` is what it needs in the environment beside; `broker` is `redis`,
    `postgresql` or `file`. `share` says how many of the jobs it gets: slow ones get fewer, or a
    run would take hours. In commands `{}` names are filled in when it is started."""

    label: str
    settings: str
    worker: tuple[str, ...]
    producer: tuple[str, ...]
    broker: str
    library: str = ""
    share: float = 1.0
    prefix: str = field(default="")
    """What our plan begins with."""


def _ours(label: str, settings: str, prefix: str = "", *quiet: str) -> Side:
    module = (sys.executable, "-m", "tests.benchmarks.peers.ours")
    worker = (*module, "worker", "{plan}", "sqlite:///{broker}", "{socket}", *quiet)
    return Side(label, settings, worker, (*module, "{socket}"), "file", prefix=prefix)


def _theirs(program: str, *more: str) -> tuple[str, ...]:
    return ("{beside}/bin/python", str(THEIRS / program), *more)


def _on_postgresql(name: str, settings: str, share: float) -> Side:
    program = _theirs("postgresql_side.py", name)
    return Side(name, settings, (*program, "worker"), program, "postgresql", name, share)


BULLMQ = (str(shutil.which("node")), str(THEIRS / "bullmq_side.mjs"))

SIDES = (
    _ours("fqlc, as shipped", "condition, template, signature; SQLite FULL"),
    _ours(
        "fqlc, tuned", "the same, 256 in flight, `gc.set_threshold(10_000, 20, 10)`",
        "defaults { concurrency: 256 }\n", "quiet",
    ),
    Side(
        "BullMQ", "concurrency 64 (1 as shipped)", (*BULLMQ, "worker"), BULLMQ, "redis", "bullmq",
    ),
    Side(
        "taskiq", "as shipped (2 processes, 100 tasks each); streams",
        ("{beside}/bin/python", "-m", "taskiq", "worker", "--log-level", "ERROR", "--app-dir",
         str(THEIRS), "taskiq_side:broker"),
        _theirs("taskiq_side.py"), "redis", "taskiq", 0.5,
    ),
    Side(
        "Celery", "as shipped (a process for each core), `acks_late`",
        ("{beside}/bin/python", "-m", "celery", "--workdir", str(THEIRS), "-A", "celery_side",
         "worker", "--loglevel", "ERROR"),
        _theirs("celery_side.py"), "redis", "celery", 0.25,
    ),
    Side(
        "Huey", "4 threads (1 as shipped); SQLite, fsync",
        ("{beside}/bin/huey_consumer", "huey_side.app", "-w", "4"),
        _theirs("huey_side.py"), "file", "huey", 0.25,
    ),
    _on_postgresql("pgqueuer", "batches of 64 (10 as shipped)", 0.5),
    _on_postgresql("procrastinate", "concurrency 64 (1 as shipped)", 0.125),
    _on_postgresql("dbos", "64 at a time, polled every 50 ms", 0.125),
)  # fmt: skip


def versions(beside: Path | None) -> dict[str, str]:
    """What is installed beside, by name."""
    if beside is None:
        return {}
    found: dict[str, str] = {}
    python = beside / "bin" / "python"
    if python.is_file():
        ask = (
            "import json; from importlib.metadata import distributions; "
            "print(json.dumps({d.name.lower(): d.version for d in distributions()}))"
        )
        found |= json.loads(subprocess.check_output([str(python), "-c", ask], text=True))
    package = beside / "node_modules" / "bullmq" / "package.json"
    if package.is_file():
        found["bullmq"] = json.loads(package.read_text(encoding="utf-8"))["version"]
    return found


def absent(side: Side, installed: dict[str, str]) -> str:
    """Why a side cannot run here; empty where it can."""
    if side.broker == "redis" and shutil.which("redis-server") is None:
        return "absent: no redis-server on the path"
    if side.library == "bullmq" and shutil.which("node") is None:
        return "absent: no node on the path"
    if side.library and side.library not in installed:
        return "absent: it is not installed beside (`tests/benchmarks/peers/requirements.txt`)"
    return ""
