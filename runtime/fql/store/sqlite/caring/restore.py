"""Putting a backup in the place of a store.

What is open in a backup may have been delivered since it was made: it is sent again under its own
keys, marked as a possible repetition. The next session begins above every one that the backup or
the replaced store knows, so that no id comes twice.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from fql.errors import StoreError
from fql.store.records import StoredPlan
from fql.store.sessions import next_session
from fql.store.sqlite.caring.facts import Past, past_of, past_of_file, require_sound
from fql.store.sqlite.files import connect, read_only, translate
from fql.store.sqlite.format import write_missing_formats
from fql.store.sqlite.lock import EngineLock, inode_of
from fql.store.sqlite.marks import COPIED, RESTORED, forget, note
from fql.store.sqlite.names import HOME, beside
from fql.store.sqlite.whole import copy_whole, sync_folder
from fql.store.works import TERMINAL, StoredWork, decode_works, encode_works

JOURNALS = ("-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored. What the store accepted from `since` to `until` (milliseconds since 1970)
    is not in it; `replaced` is where the store that was there is now; `plan` was the active one."""

    since: int
    until: int
    replaced: Path | None
    plan: StoredPlan | None


def restore(file: Path, path: Path, letters: str, now: int, *, replace: bool) -> Restored:
    """Make a store at `path` from the backup `file`. Raises StoreError, also where a store is there
    and is not to be replaced, and StoreLocked while an engine has it."""
    path = path.resolve()
    require_sound(file)
    if path.exists() and path.samefile(file):
        raise StoreError(f"{file} is the store itself", hint="name a backup of it")
    before = _before(path, replace=replace)
    try:
        with closing(read_only(file)) as source:
            past = past_of(source)
            made = _Made(path, letters, now, past, before)
            with _replaceable(path):
                aside: list[Path] = []
                copy_whole(source, path, made.finish, partial(_placed, aside))
    except sqlite3.Error as problem:
        raise translate(problem, file) from problem
    until = now if before is None else max(before.newest, past.newest)
    return Restored(past.newest, until, aside[0] if aside else None, past.plan)


def _before(path: Path, *, replace: bool) -> Past | None:
    if not path.exists():
        return None
    if not replace:
        raise StoreError(
            f"there is a store already: {path}",
            hint=f"--replace keeps it as {old_name(path).name} and puts the backup in its place",
        )
    return past_of_file(path)


@contextmanager
def _replaceable(path: Path) -> Iterator[None]:
    """Nobody becomes the engine of the file that is there. Raises StoreLocked."""
    if not path.exists():
        yield
        return
    with suppress(sqlite3.Error):  # damaged: it is kept with its journal as it is
        _fold_journal(path)
    handle, lock = os.open(path, os.O_RDWR), EngineLock()
    try:
        lock.take(path, inode_of(path))
        yield
    finally:
        lock.give()
        os.close(handle)


def _fold_journal(path: Path) -> None:
    lock = EngineLock()
    with closing(connect(path)) as connection:
        lock.take(path, inode_of(path))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        lock.give()


@dataclass(frozen=True, slots=True)
class _Made:
    """A copy on its way to be the store at `path`."""

    path: Path
    letters: str
    now: int
    past: Past
    before: Past | None

    def finish(self, copy: sqlite3.Connection) -> None:
        """Bring it to the format of now, and mark what may be repeated."""
        copy.isolation_level = None
        copy.execute("INSERT OR REPLACE INTO fql_meta VALUES(?, ?)", (HOME, str(self.path)))
        write_missing_formats(copy, self.path, self.letters)
        copy.execute("BEGIN")
        copy.execute(_SESSION, self._session())
        _mark_possible_repetitions(copy, "fql_run", "works")
        _mark_possible_repetitions(copy, "fql_batch", "work")
        forget(copy, COPIED)
        note(copy, RESTORED, self.now)
        copy.execute("COMMIT")

    def _session(self) -> tuple[int, int]:
        known = [one for one in (self.past, self.before) if one is not None]
        last = max(one.session for one in known)
        return next_session(last, self.now // 1000), max(one.numbered for one in known)


_SESSION = """INSERT INTO fql_session(id, holder, cycle, state, numbered)
  VALUES(?, 'restore', 0, 'left', ?)"""


def _mark_possible_repetitions(copy: sqlite3.Connection, table: str, column: str) -> None:
    find = f"SELECT id, {column} FROM {table} WHERE ended IS NULL"  # noqa: S608
    patch = f"UPDATE {table} SET {column} = ? WHERE id = ?"  # noqa: S608
    for number, text in copy.execute(find).fetchall():
        try:
            works = decode_works(text)
        except ValueError:  # damaged: whoever reads it says so
            continue
        copy.execute(patch, (encode_works([_marked(work) for work in works]), number))


def _marked(work: StoredWork) -> StoredWork:
    return work if work.state in TERMINAL else work._replace(redelivery=True)


def _placed(aside: list[Path], part: Path, path: Path) -> None:
    """Move what is there aside, its journal with it, and give the copy its name."""
    if path.exists():
        old = old_name(path)
        path.rename(old)
        aside.append(old)
        _move_journals(path, old)
    elif any(beside(path, ending).exists() for ending in JOURNALS):
        _move_journals(path, old_name(path))
    try:
        os.link(part, path)
    except FileExistsError:
        raise StoreError(
            f"a process has made a new store {path} just now",
            hint="stop it, and restore again with --replace",
        ) from None
    sync_folder(path.parent)


def _move_journals(path: Path, old: Path) -> None:
    """SQLite would take the journal of another database for that of the copy."""
    for ending in JOURNALS:
        journal = beside(path, ending)
        if journal.exists():
            journal.rename(beside(old, ending))


def old_name(path: Path) -> Path:
    """Where a store that is replaced is kept: a name that nothing has yet."""
    names = [path.with_name(f"{path.name}.old")]
    while names[-1].exists() or beside(names[-1], "-wal").exists():
        names.append(path.with_name(f"{path.name}.old-{len(names) + 1}"))
    return names[-1]
