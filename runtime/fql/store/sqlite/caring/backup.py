"""Backups: whole copies of a store, which know when they were made."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from fql.errors import StoreError, UsageError
from fql.store.sqlite.files import connect, read_only, translate
from fql.store.sqlite.format import format_of
from fql.store.sqlite.marks import BACKUP, COPIED, mark_copied, note
from fql.store.sqlite.names import settled
from fql.store.sqlite.reading.read import meta
from fql.store.sqlite.whole import copy_whole, remove_left_part

TIME = "{time}"
"""In the name of a backup: when it was made."""
_STAMP = r"\d{8}T\d{6}Z"


def named(pattern: str, now: int) -> Path:
    """The file of a backup that is made at `now`, in milliseconds since 1970."""
    moment = datetime.fromtimestamp(now / 1000, UTC)
    return Path(pattern.replace(TIME, f"{moment:%Y%m%dT%H%M%SZ}"))


def backup(path: Path, target: Path, now: int) -> int:
    """Copy the store as it is at this moment, whether an engine works on it or not; the store notes
    that there was a backup. Returns the bytes of the copy. Raises StoreError, UsageError."""
    path = settled(path)
    _require_ours(path, target)
    try:
        with closing(connect(path)) as source:
            format_of(source, path)
            size = copy_whole(source, target, partial(mark_copied, now), Path.replace)
            note(source, BACKUP, now)
    except sqlite3.Error as problem:
        raise translate(problem, path) from problem
    return size


def _require_ours(path: Path, target: Path) -> None:
    """What is replaced by a backup is an older backup, and nothing else. Raises UsageError."""
    if not target.exists():
        return
    if target.samefile(path):
        raise UsageError(f"{target} is the store itself", hint="name another file for the backup")
    if is_backup(target):
        return
    raise UsageError(
        f"{target} is there and is not a backup of a store", hint="name another file for the backup"
    )


def is_backup(file: Path) -> bool:
    """Whether a file is a copy that `backup` has made, and that no engine has used since."""
    try:
        with closing(read_only(file)) as found:
            return meta(found, COPIED) is not None
    except sqlite3.Error:
        return False


def keep_newest(pattern: str, keep: int) -> list[Path]:
    """Remove all but the newest `keep` backups of a pattern with `{time}`; returns what is gone.
    Raises StoreError."""
    before, _, after = Path(pattern).name.partition(TIME)
    form = re.compile(f"{re.escape(before)}{_STAMP}{re.escape(after)}")
    folder = Path(pattern).parent
    found = [file for file in folder.iterdir() if form.fullmatch(file.name)]
    gone = sorted(file for file in found if is_backup(file))[:-keep]
    try:
        for file in gone:
            file.unlink()
    except OSError as problem:
        raise StoreError(
            f"the old backup {problem.filename} cannot be removed: {problem.strerror}",
            hint="the new backup is there; check the permissions of the folder",
        ) from problem
    for part in folder.glob(".*.part"):
        if form.fullmatch(part.name[1 : -len(".part")]):
            remove_left_part(part)
    return gone
