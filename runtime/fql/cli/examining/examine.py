"""The examinations of `fqlc doctor` on this machine: each looks at one thing and gives findings."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from fql.cli.capturing.opening import capturing
from fql.cli.examining.finding import Finding, Level, in_words
from fql.cli.project import Project
from fql.errors import FqlError, StoreError
from fql.nats.driver import require_nats
from fql.outbox.driver import require_driver
from fql.plan.environment import Places
from fql.plan.model import Plan
from fql.settings.databases import Database
from fql.store.opening import Place
from fql.store.sqlite.format import format_of
from fql.store.sqlite.prune import used_bytes
from fql.store.sqlite.schema import FORMAT
from fql.terminal.words import counted

NETWORK_FILESYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs"})
NEAR = 0.9
"""The part of `[store] max_size` from which a store is nearly full, as for its alert."""


def secrets(plan: Plan, environment: Mapping[str, str]) -> list[Finding]:
    """Are all names of the plan set?"""
    missing = [n for n in plan.environment if n.name not in environment]
    places = ", ".join(environment.places if isinstance(environment, Places) else ())
    looked = f"; looked for in {places}" if places else ""
    found = [
        Finding(
            "secrets", "problem", f"{n.name} is not set (used by {', '.join(n.used_by)}){looked}"
        )
        for n in missing
    ]
    count = len(plan.environment)
    fine = f"all {counted(count, 'name')} are set" if count else "the plan uses none"
    return found or [Finding("secrets", "ok", fine)]


def store(place: Place, max_size: int) -> list[Finding]:
    """Is the store durable, private and sound, and far from `max_size` bytes?"""
    path = place.database.file
    if place.database.kind == "postgresql":
        return _on_server(place)
    if place.database.kind == "nats":
        return _in_nats(place)
    if path is None:
        return [Finding("store", "warning", f"{place.url} keeps nothing when the process ends")]
    if not path.exists():
        return [Finding("store", "ok", f"{path} does not exist yet; `fqlc run` creates it")]
    found = [*_modes(path), *_filesystem(path), *_soundness(path, max_size)]
    if all(one.level == "ok" for one in found):
        found.append(Finding("store", "ok", f"{path} is private, local and sound"))
    return found


def _on_server(place: Place) -> list[Finding]:
    """Does the server answer, does it keep what it commits, and is there a store?"""
    try:
        require_driver()
        from fql.cli.examining.examine_server import examined

        return [Finding("store", level, words) for level, words in examined(place)]
    except FqlError as problem:
        return [Finding("store", "problem", in_words(problem))]


def _in_nats(place: Place) -> list[Finding]:
    """Do the servers answer, are they new enough, and do they keep what is committed?"""
    try:
        require_nats()
        from fql.cli.examining.examine_nats import examined

        return [Finding("store", level, words) for level, words in examined(place)]
    except FqlError as problem:
        return [Finding("store", "problem", in_words(problem))]


def _modes(path: Path) -> Iterable[Finding]:
    for file in (path, path.with_name(path.name + "-wal")):
        if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077:
            mode = stat.S_IMODE(file.stat().st_mode)
            yield Finding("store", "warning", f"{file} can be read by others (mode {mode:o}); "
                          f"chmod 600 {file}")  # fmt: skip


def _filesystem(path: Path) -> Iterable[Finding]:
    kind = filesystem_of(path.resolve(), mounts())
    if kind in NETWORK_FILESYSTEMS:
        yield Finding("store", "problem", f"{path} is on a network file system ({kind}), where "
                      "SQLite's locks do not hold")  # fmt: skip


def mounts() -> str:
    """The text of `/proc/mounts`; empty where there is none."""
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


def _soundness(path: Path, max_size: int) -> Iterable[Finding]:
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=2)
        try:
            (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            form = _format(connection, path) if answer == "ok" else None
            used = used_bytes(connection) if answer == "ok" else 0
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        yield Finding("store", "problem", f"{path} cannot be read: {error}")
        return
    if answer != "ok":
        yield Finding("store", "problem", f"{path} is damaged: {answer}")
    if form is not None:
        yield form
    if used >= NEAR * max_size:
        when = "are removed" if used >= max_size else "will soon be removed"
        yield Finding("store", "warning", f"{path} is {used * 100 // max_size} % of `[store] "
                      f"max_size`: finished runs {when} before `keep_runs` is over; raise one or "
                      "lower the other")  # fmt: skip


def _format(connection: sqlite3.Connection, path: Path) -> Finding:
    """Whether this version reads the store as it is."""
    try:
        found = format_of(connection, path)
    except StoreError as problem:
        return Finding("store", "problem", in_words(problem))
    if found is None:
        words = "is an SQLite file without a store; `fqlc run` makes one in it"
        return Finding("store", "warning", f"{path} {words}")
    if found == FORMAT:
        return Finding("store", "ok", f"{path} has format {found}, that of this version")
    return Finding(
        "store", "warning",
        f"{path} has the older format {found}: it is upgraded to {FORMAT} when it is opened, and "
        "older versions refuse it then; copy the file before",
    )  # fmt: skip


def sources(project: Project, plan: Plan) -> list[Finding]:
    """Are the triggers in step with the plan?"""
    name = project.settings.project.name
    return [
        Finding(f"source {source}", level, message)
        for source, database in project.databases().items()
        for level, message in _capture(database, plan, name)
    ]


def _capture(database: Database, plan: Plan, project: str) -> list[tuple[Level, str]]:
    try:
        looked = capturing(database, project).look(plan)
    except FqlError as error:
        return [("problem", in_words(error))]
    now = looked.status
    odd_rows = [one for one in looked.samples if one.unfit]
    warnings: list[tuple[Level, str]] = [
        ("warning", str(one)) for one in (*looked.unfit, *odd_rows)
    ]
    if looked.held:
        warnings.append(("warning", f"an open transaction slows the outbox down: {looked.held}"))
    if now.in_step:
        fine = f"{database.shown}: triggers are in step with the plan, {now.waiting} waiting"
        return [("ok", fine), *warnings]
    odd = [f"{t.name} {t.state}" for t in now.triggers if t.state != "installed"]
    about = "; ".join([*now.problems, *odd]) or "there is no outbox"
    return [("problem", f"{database.shown}: {about}; run `fqlc capture install`"), *warnings]


def privileges() -> list[Finding]:
    """Running as root is never needed."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return [Finding("user", "warning", "running as root is not needed")]
    return []
