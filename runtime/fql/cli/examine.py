"""The examinations of `fqlc doctor`: each looks at one thing and gives findings. Sends nothing
but one OPTIONS request to each receiver, through the same egress path as deliveries."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Literal

from fql.cli.project import Project
from fql.egress.failures import SendFailed
from fql.egress.send import PLAIN, Outgoing, Sender
from fql.egress.settings import resolve_parts, text_parts
from fql.errors import FqlError, MissingSecrets
from fql.outbox.database import opened, status
from fql.plan.addresses import EgressSettings
from fql.plan.codec import load_expression
from fql.plan.model import Plan
from fql.plan.settings_model import SqliteSource
from fql.plan.urls import UrlParts, UrlProblem, parse_literal_url, split_url

Level = Literal["ok", "warning", "problem"]
NETWORK_FILESYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs"})
CLOCK_TOLERANCE = 60.0
"""Seconds that this clock may differ from a receiver's: half of what signatures allow, and less."""
CONNECT_MS = 5_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    level: Level
    message: str


def secrets(plan: Plan, environment: Mapping[str, str]) -> list[Finding]:
    """Are all names of the plan set?"""
    missing = [n for n in plan.environment if n.name not in environment]
    found = [
        Finding("secrets", "problem", f"{n.name} is not set (used by {', '.join(n.used_by)})")
        for n in missing
    ]
    count = len(plan.environment)
    return found or [Finding("secrets", "ok", f"all {count} environment variables are set")]


def store(url: str) -> list[Finding]:
    """Is the store durable, private and sound?"""
    if not url.startswith("sqlite:///"):
        return [Finding("store", "warning", f"{url} keeps nothing when the process ends")]
    path = Path(url.removeprefix("sqlite:///"))
    if not path.exists():
        return [Finding("store", "ok", f"{path} does not exist yet; `fqlc run` creates it")]
    found = [*_modes(path), *_filesystem(path), *_soundness(path)]
    return found or [Finding("store", "ok", f"{path} is private, local and sound")]


def _modes(path: Path) -> Iterable[Finding]:
    for file in (path, path.with_name(path.name + "-wal")):
        if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077:
            mode = stat.S_IMODE(file.stat().st_mode)
            yield Finding("store", "warning", f"{file} can be read by others (mode {mode:o}); "
                          f"chmod 600 {file}")  # fmt: skip


def _filesystem(path: Path) -> Iterable[Finding]:
    kind = filesystem_of(path.resolve(), _mounts())
    if kind in NETWORK_FILESYSTEMS:
        yield Finding("store", "problem", f"{path} lies on a network file system ({kind}), where "
                      "SQLite's locks do not hold")  # fmt: skip


def _mounts() -> str:
    try:
        return Path("/proc/mounts").read_text("utf-8", "replace")
    except OSError:
        return ""


def filesystem_of(path: Path, mounts: str) -> str:
    """The kind of file system of a path, from the text of `/proc/mounts`; empty when unknown."""
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) > 2 and path.is_relative_to(fields[1]) and len(fields[1]) >= len(best):
            best, kind = fields[1], fields[2]
    return kind


def _soundness(path: Path) -> Iterable[Finding]:
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=2)
        try:
            (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        yield Finding("store", "problem", f"{path} cannot be read: {error}")
        return
    if answer != "ok":
        yield Finding("store", "problem", f"{path} is damaged: {answer}")


def sources(project: Project, plan: Plan) -> list[Finding]:
    """Are the triggers in step with the plan?"""
    found = []
    for name, source in project.settings.sources.items():
        if isinstance(source, SqliteSource):
            found += [
                Finding(f"source {name}", level, message)
                for level, message in _capture(project.path(source.database), plan)
            ]
    return found


def _capture(path: Path, plan: Plan) -> list[tuple[Level, str]]:
    try:
        with opened(path, writable=False) as connection:
            now = status(connection, plan)
    except FqlError as error:
        return [("problem", error.message)]
    if now.in_step:
        return [("ok", f"{path}: triggers are in step with the plan, {now.waiting} events wait")]
    odd = [f"{t.name} {t.state}" for t in now.triggers if t.state != "installed"]
    about = "; ".join([*now.problems, *odd]) or "there is no outbox"
    return [("problem", f"{path}: {about}; run `fqlc capture install`")]


def targets(plan: Plan, environment: Mapping[str, str]) -> dict[str, UrlParts]:
    """The receivers of a plan by the name of the endpoint or action; those whose names are
    missing in the environment or whose url cannot be read are left to other examinations."""
    urls = {f"endpoint {endpoint.name}": endpoint.url for endpoint in plan.endpoints}
    for observer in plan.observers:
        for node in observer.nodes:
            if node.config.url is not None:
                urls[f"action {observer.name}.{node.name}"] = node.config.url
    found = {}
    for name, url in urls.items():
        try:
            parts = resolve_parts(text_parts(load_expression(url)), environment, name)
            base = split_url(parts).base
        except (MissingSecrets, UrlProblem):
            continue
        if base is not None:
            found[name] = base
    return found


async def reachability(found: Mapping[str, UrlParts], egress: EgressSettings) -> list[Finding]:
    """Does every receiver answer, and does it agree about the time?"""
    sender = Sender(egress, user_agent="fql-doctor")
    origins = {str(parse_literal_url(url.origin)): name for name, url in found.items()}
    try:
        lists = await asyncio.gather(
            *(_probe(sender, name, parse_literal_url(url)) for url, name in origins.items())
        )
    finally:
        await sender.close()
    return [finding for findings in lists for finding in findings]


async def _probe(sender: Sender, name: str, url: UrlParts) -> list[Finding]:
    started = time.monotonic()
    try:
        answer = await sender.send(Outgoing("OPTIONS", url, (), b""), PLAIN, CONNECT_MS)
    except SendFailed as error:
        return [Finding(name, "problem", f"{url.origin} cannot be reached: {error}")]
    took = round((time.monotonic() - started) * 1_000)
    found = [Finding(name, "ok", f"{url.origin} answers ({answer.status}, {took} ms)")]
    return found + _clock(url.origin, answer.headers.get("date"))


def _clock(origin: str, date: str | None) -> list[Finding]:
    """Signatures are refused when clocks differ by more than five minutes."""
    if not date:
        return []
    try:
        theirs = parsedate_to_datetime(date).timestamp()
    except ValueError:
        return []
    off = time.time() - theirs
    if abs(off) <= CLOCK_TOLERANCE:
        return []
    return [Finding("clock", "warning", f"this clock is {off:+.0f} s off from that of {origin}")]


def privileges() -> list[Finding]:
    """Running as root is never needed."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return [Finding("user", "warning", "running as root is not needed")]
    return []
