"""What `fqlc doctor --production` looks at besides: what would not do where it runs for good."""

from __future__ import annotations

import os
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fql.cli.examining.examine import filesystem_of, mounts
from fql.cli.examining.finding import Finding, Level
from fql.cli.project import Project
from fql.errors import FqlError
from fql.plan.environment import together
from fql.plan.language.units import show_duration, show_size
from fql.plan.model import Plan
from fql.settings.environment import names_of
from fql.settings.model import Settings
from fql.settings.values import host_and_port
from fql.store.opening import Place
from fql.version import VERSION

FLEETING = {"tmpfs": "is kept in memory", "ramfs": "is kept in memory",
            "overlay": "is a layer of a container, which goes with it"}  # fmt: skip
BACKUP_HOURS = 26
HOUR = 3_600_000
SYNCS = 16
"""How often the disk is asked for a sync; the median counts."""
RATES = ((1, 5_000), (5, 1_000), (50, 100))
"""Milliseconds of a sync, and the deliveries per second that a disk of this speed carries."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What is asked of the machine. Moments in milliseconds since 1970; None where there is none,
    or nothing to ask: a store on a server has no file."""

    now: int
    mounts: str = ""
    mode: int | None = None
    free: int | None = None
    backup: int | None = None
    sync_ms: float | None = None
    stop_seconds: str = ""


def examined(project: Project, plan: Plan, place: Place) -> list[Finding]:
    """Would this do in production?"""
    machine = machine_of(place, os.environ)
    file = place.database.file
    return [
        *_of_settings(project.settings, plan),
        *_of_store(file, machine),
        *_of_machine(project.settings, machine),
        *_of_secrets(project, plan),
    ]


def machine_of(place: Place, environment: Mapping[str, str]) -> Machine:
    """Measure it. A sync is measured in the folder of the store, with a file of its own."""
    now, stop = int(time.time() * 1000), environment.get("FQL_STOP_SECONDS", "")
    file = place.database.file
    if file is None or not file.parent.is_dir():
        return Machine(now, stop_seconds=stop)
    disk = os.statvfs(file.parent)
    return Machine(
        now=now,
        mounts=mounts(),
        mode=stat.S_IMODE(file.stat().st_mode) if file.exists() else None,
        free=disk.f_bavail * disk.f_frsize,
        backup=_last_backup(file),
        sync_ms=_sync_ms(file.parent),
        stop_seconds=stop,
    )


def _last_backup(file: Path) -> int | None:
    from fql.store.sqlite.caring.info import info_of

    try:
        return info_of(file).last_backup if file.exists() else None
    except FqlError:
        return None  # told by another examination


def _sync_ms(folder: Path) -> float | None:
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".fql-sync-") as file:
            times = [_one_sync(file.fileno()) for _ in range(SYNCS)]
    except OSError:
        return None
    return sorted(times)[SYNCS // 2]


def _one_sync(handle: int) -> float:
    os.write(handle, b"x" * 4096)
    begin = time.perf_counter()
    os.fsync(handle)
    return (time.perf_counter() - begin) * 1000


def _of_settings(settings: Settings, plan: Plan) -> Iterator[Finding]:
    if not settings.sources:
        yield Finding("sources", "problem", "there is no source: events come by `fqlc emit` or a"
                      " client alone; write [sources.NAME] into fql.toml")  # fmt: skip
    if settings.webhooks.test_url is not None:
        yield Finding("test_url", "problem", "test_url is set: no receiver gets anything; take it"
                      " out of [webhooks]")  # fmt: skip
    if _newer(plan.compiler):
        yield Finding("plan", "problem", f"the plan was compiled by fqlc {plan.compiler}, and this"
                      f" is {VERSION}: update fqlc here")  # fmt: skip
    host = host_and_port(settings.ui.listen)[0]
    if settings.ui.payloads == "all" and host not in ("127.0.0.1", "::1", "localhost"):
        yield Finding("page", "problem", f'the page listens at {host} and shows rows whole: write'
                      ' payloads = "masked" into [ui]')  # fmt: skip
    prometheus = settings.observability.prometheus
    if prometheus is None or not prometheus.enabled:
        yield Finding("metrics", "warning", "there are no metrics, so no alert can fire: write"
                      " [observability.prometheus] into fql.toml")  # fmt: skip
    if settings.observability.logging.level == "debug":
        yield Finding("logs", "warning", "debug logs are many: write level = \"info\" into"
                      " [observability.logging]")  # fmt: skip


def _newer(compiler: str) -> bool:
    return _numbers(compiler) > _numbers(VERSION)


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]


def _of_store(file: Path | None, machine: Machine) -> Iterator[Finding]:
    if file is None:
        return
    kind = filesystem_of(file.resolve(), machine.mounts)
    if kind in FLEETING:
        yield Finding("store", "problem", f"{file} {FLEETING[kind]} ({kind}): put it on a disk that"
                      " lasts, such as a volume")  # fmt: skip
    if machine.mode is not None and machine.mode & 0o077:
        yield Finding("store", "problem", f"{file} can be read by others (mode {machine.mode:o});"
                      f" chmod 600 {file}")  # fmt: skip
    if machine.backup is None or machine.now - machine.backup > BACKUP_HOURS * HOUR:
        yield Finding("backup", "warning", f"there was no backup in the last {BACKUP_HOURS} hours:"
                      " run `fqlc store backup` from a timer")  # fmt: skip
    if machine.sync_ms is not None:
        rate = next((rate for most, rate in RATES if machine.sync_ms < most), 10)
        level: Level = "ok" if rate > 100 else "warning"
        yield Finding("disk", level, f"a sync takes {machine.sync_ms:.1f} ms, which carries about"
                      f" {rate:,} deliveries per second")  # fmt: skip


def _of_machine(settings: Settings, machine: Machine) -> Iterator[Finding]:
    drain, stop = settings.webhooks.dispatch.drain, machine.stop_seconds
    if stop.isdigit() and drain > int(stop) * 1000:
        yield Finding("drain", "warning", f"drain is {show_duration(drain)}, and the supervisor"
                      f" kills after {stop}s (FQL_STOP_SECONDS): lower drain")  # fmt: skip
    if machine.free is not None and settings.store.max_size > machine.free:
        free = show_size(machine.free // 1_000_000 * 1_000_000)
        yield Finding("disk", "warning", f"max_size of [store] is"
                      f" {show_size(settings.store.max_size)}, and {free} are free")  # fmt: skip


def _of_secrets(project: Project, plan: Plan) -> Iterator[Finding]:
    names = together(names_of(project.written or project.settings), plan.names)
    fixed = [name for name in sorted(names) if project.secrets.place(name) == "environment"]
    if fixed:
        yield Finding("secrets", "warning", f"{', '.join(fixed)} come from the environment, which"
                      " cannot change while a process runs: use files ([secrets])")  # fmt: skip
