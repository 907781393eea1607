"""A store is itself, whatever it is called.

SQLite keeps its journal beside the *name* of a file. Two names of one file would have two journals,
and damage it; a file that was moved without its journal lacks the newest commits. So the store
remembers the name that it is used by (`home` in `fql_meta`): other names lead to that one, and a
journal left behind is noticed. Decision 0061.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

from fql.errors import StoreError, StoreGone, StoreLocked
from fql.store.sqlite.lock import Inode, holder, inode_of, shown

HOME = "home"
FIND_HOME = "SELECT value FROM fql_meta WHERE name = 'home'"
TRIES = 5


def beside(path: Path, ending: str) -> Path:
    """A file that SQLite keeps beside a database: `-wal` or `-shm`."""
    return path.with_name(path.name + ending)


def settled(path: Path) -> Path:
    """The name that this store is used by: symbolic links are followed, and of a file with several
    hard links it is the one that the store itself remembers. Raises StoreError."""
    path = path.resolve()
    if not path.is_file() or path.stat().st_nlink == 1:
        return path
    home = _remembered(path)
    return home if home is not None and _same(home, path) else path


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _remembered(path: Path) -> Path | None:
    """What the file itself says, without its journal: that is looked for. While an engine moves
    pages from there the file may be torn for a moment."""
    problem: sqlite3.Error | None = None
    for _ in range(TRIES):
        connection = sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)
        try:
            row = connection.execute(FIND_HOME).fetchone()
        except sqlite3.OperationalError:  # no such table: no store yet
            return None
        except sqlite3.DatabaseError as error:
            problem = error
        else:
            return None if row is None else Path(str(row[0]))
        finally:
            connection.close()
    raise StoreError(
        f"the store {path} has several names (hard links), and cannot be read: {problem}",
        hint="use the name that its engine was started with, or remove the other names",
    ) from problem


def refuse_other_name(path: Path) -> None:
    """Called when a connection has the file open and has not read it: an engine at work keeps its
    `-shm` beside the name it uses, so without one it goes by another name, such as that of a
    mount. Raises StoreLocked."""
    process = holder(inode_of(path))
    if process is not None and not beside(path, "-shm").exists():
        raise StoreLocked(
            f"the store {path} is in use under another name: {shown(process)} is its engine",
            hint="use the name that engine was started with; mount the folder, not the file alone",
        )


def note_home(connection: sqlite3.Connection, path: Path) -> bool:
    """Remember the name, if it is new; whether it was. It is looked for in the file without its
    journal, so the caller moves it there. Raises StoreError where the one before has left its
    journal behind."""
    row = connection.execute(FIND_HOME).fetchone()
    if row is not None and row[0] == str(path):
        return False
    if row is not None:
        _refuse_left_behind(Path(str(row[0])), path)
    put = "INSERT OR REPLACE INTO fql_meta VALUES('home', ?)"
    connection.execute(put, (str(path),))
    return True


def _refuse_left_behind(home: Path, path: Path) -> None:
    journal = beside(home, "-wal")
    if not home.exists() and journal.is_file() and journal.stat().st_size:
        raise StoreError(
            f"the store {path} was moved from {home} without its journal: the newest commits are"
            f" in {journal}",
            hint=f"move it along: mv {journal} {beside(path, '-wal')}",
        )


class Watched:
    """The files that a store was opened with: the database and its journal."""

    def __init__(self, path: Path) -> None:
        self._files = {each: inode_of(each) for each in (path, beside(path, "-wal"))}
        self._path = path

    @property
    def inode(self) -> Inode:
        """The database file itself."""
        return self._files[self._path]

    def check(self) -> None:
        """Raises StoreGone when another file, or none, has their names by now."""
        for path, known in self._files.items():
            try:
                now = inode_of(path)
            except OSError:
                raise _gone(path, "removed or moved away") from None
            if now != known:
                raise _gone(path, "replaced by another file")

    def leave(self, connection: sqlite3.Connection) -> None:
        """Before closing: SQLite leaves the journal of a file that was moved where it was, so what
        is in
        it goes into the file first, wherever that is now."""
        try:
            self.check()
        except StoreGone:
            with suppress(sqlite3.Error):
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _gone(path: Path, how: str) -> StoreGone:
    return StoreGone(
        f"the store's file {path} was {how} while it was in use",
        hint="nothing is accepted or sent any more; start again on the store that is there now",
    )
