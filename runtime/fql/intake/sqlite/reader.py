"""Reading an outbox through everything that can happen to its file. Used on one thread.

Each read first looks: is it still the same file, are tables and triggers what the plan needs, is
this store the one that reads it, have the numbers gone back? What is wrong is reported once and
kept in
`health` until it is fixed. Rows are known by their ids alone, so whatever happened, each row that
is not known is handed on.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from fql.errors import FqlError, SettingsError, StoreError
from fql.intake.port import Consumer
from fql.intake.readership import HAND_OVER, may_read, reader_of
from fql.intake.sqlite.file import Inode, OutboxFile, inode_of, texts
from fql.intake.sqlite.left import LeftBehind
from fql.intake.sqlite.rows import Ask, Row, Seen
from fql.intake.sqlite.triggers import Options, judge
from fql.intake.voice import Voice
from fql.outbox.health import INSTALL
from fql.outbox.sqlite.installing import create_tables
from fql.outbox.sqlite.tables import Names
from fql.plan.model import Plan

LOOK_SECONDS = 1.5
"""Time between two whole looks; a change of tables or triggers is seen by each read."""


class OutboxReader:
    """The outbox of one project in the database at `path`, for the source `name`."""

    def __init__(
        self,
        name: str,
        path: Path,
        names: Names,
        options: Options,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._path = path
        self._names = names
        self._options = options
        self._clock = clock
        self._file: OutboxFile | None = None
        self._inode: Inode | None = None
        self._looked: Seen | None = None
        self._whole_at = float("-inf")
        self._floor = self._number = 0
        self._recalled: Mapping[str, int] = {}
        self._gone: list[bytes] = []
        self._since = 0.0
        self._well_at = time.time()
        self.voice = Voice(name)
        self._left = LeftBehind(self.voice, clock)
        self.outbox = ""
        self.done: dict[bytes, int] = {}
        self.failures_in_a_row = 0
        self.opened = 0

    # Start and end.

    def open(self, plan: Plan, consumer: Consumer) -> None:
        """Connect, and compare with the plan. Raises StoreError, SettingsError."""
        self._plan = plan
        self._reader = reader_of(consumer)
        if inode_of(self._path) is None:
            raise StoreError(
                f"source {self._name}: there is no database {self._path}",
                hint="start the application first, or correct `database` in fql.toml",
            )
        if self._file is None:
            self._connect()
        self._require(plan)
        file = self._opened()
        if file.look(Ask()).tables != "current":
            with texts(file.connection) as connection:
                create_tables(connection, self._names)
        self._rows(0)
        if reason := self.voice.has("reader"):
            raise StoreError(f"source {self._name}: {self._path}: {reason}", hint=HAND_OVER)

    def follow(self, plan: Plan) -> None:
        """Use another plan from the next read on. Raises SettingsError, and the current plan stays,
        when the triggers do not supply what it needs."""
        if self._file is not None:
            self._require(plan)
        self._plan, self._looked = plan, None

    def _require(self, plan: Plan) -> None:
        judgement = judge(self._opened(), plan, self._options, self.voice)
        if judgement.trouble:
            code = "FQL223: " if judgement.stale else ""
            raise SettingsError(
                f"{code}source {self._name}: {self._path}: {judgement.trouble}", hint=INSTALL
            )

    def recall(self, numbers: Mapping[str, int]) -> None:
        """The last numbers that the store has seen, by outbox."""
        self._recalled = numbers
        self._number = max(self._number, numbers.get(self.outbox, 0))

    def close(self) -> None:
        """Delete what is done, if the database lets us, and give the connections back."""
        try:
            while self.done and self._is_same_file():
                self._delete(patient=True)
        except (sqlite3.Error, OSError) as error:
            self.voice.inform(f"rows are deleted later: {error}")
        try:
            self._rescue()
        except (sqlite3.Error, OSError, FqlError) as error:
            self.voice.trouble("left", f"rows of a replaced file are lost: {error}", "see the log")
        self._left.close()
        self._disconnect()

    def _rescue(self) -> None:
        if self._file is not None and inode_of(self._path) not in (None, self._inode):
            self._replaced()
        if self._file is not None:
            self._left.rescue(self._file, self.done)

    # Reading.

    def read(self, limit: int) -> list[Row]:
        """Rows that are not done, oldest first. Never raises: what is wrong is in `health`."""
        try:
            self._look_at_file()
            rows = self._left.rows(limit, self.done) or self._rows(limit)
            self._gone += self._left.forget()
        except (sqlite3.Error, OSError, FqlError) as error:
            self._fail(error)
            return []
        self.failures_in_a_row = 0
        self.voice.mended("read", "the database can be read again")
        return rows

    def _rows(self, limit: int) -> list[Row]:
        file = self._opened()
        whole = self._clock() >= self._whole_at
        known = None if whole else self._looked
        ask = Ask(self._floor, limit, self.done, known, counted=whole)
        began = self._clock()
        seen = file.look(ask)
        if whole:  # what takes long is done less often
            self._whole_at = self._clock() + max(LOOK_SECONDS, 50 * (self._clock() - began))
        if self._looked is None or seen[:3] != self._looked[:3]:
            self._look_at_triggers(file)
            seen = file.look(ask._replace(known=self._looked))
        elif not self.voice.has("capture"):
            self._well_at = time.time()
        if seen.tables != "current" or not may_read(
            seen.reader, self._reader, file.register, self.voice
        ):
            return []
        if self._has_missed(file, seen):
            seen = file.look(ask._replace(after=0))
        return list(seen.rows)

    def finish(self, rows: list[tuple[bytes, int]]) -> None:
        """These are committed in the store."""
        if not self.done:
            self._since = self._clock()
        if self._left.finish([id_ for id_, _ in rows]):
            return
        for id_, number in rows:
            self.done[id_] = number
            self._floor = max(self._floor, number)

    def gone(self) -> list[bytes]:
        """Ids of rows that are no longer there, each told once."""
        gone, self._gone = self._gone, []
        return gone

    def age(self) -> float:
        """Seconds since the oldest row was done that is still there."""
        return self._clock() - self._since if self.done else 0.0

    def tidy(self, *, pressing: bool = False) -> None:
        """Delete rows that are done, unless somebody is at work on the database; where it is
        `pressing`, a slice of them anyway."""
        try:
            while self.done and self._is_same_file():
                if not self._delete(patient=pressing) or pressing:
                    return
            if self._file is not None:
                self._file.settle()
        except (sqlite3.Error, OSError) as error:
            self.voice.inform(f"rows are deleted later: {error}")

    def _delete(self, *, patient: bool) -> bool:
        result = self._opened().delete(self.done, patient=patient)
        if result is None:
            return False
        for id_ in result.gone:
            del self.done[id_]
        self._gone += result.gone
        self._since = self._clock()
        if result.unseen is not None:
            self._floor = min(self._floor, result.unseen - 1)
        return True

    # Looking.

    def _look_at_file(self) -> None:
        inode = inode_of(self._path)
        if inode is None:
            text = f"the database file {self._path} is gone"
            hint = "put it back; what is still written to the old file is read from there"
            self.voice.trouble("file", text, hint)
            return
        self.voice.mended("file", "the database file is there again")
        if inode != self._inode:
            self._replaced()
        elif self._file is None or self._file.is_stale():
            self._disconnect()
            self._connect()

    def _connect(self) -> None:
        self._file = OutboxFile(self._path, self._names)
        self._inode = self._file.inode
        self.opened += 1

    def _disconnect(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _replaced(self) -> None:
        """Rows that are done and came along keep their place; the others are left behind."""
        old = self._file
        self._connect()
        self.voice.restored(
            f"the database file {self._path} was replaced by another one; rows are known by their"
            " ids, so each that was not sent yet is sent"
        )
        usable = self._opened().look(Ask()).tables == "current"
        there = self._opened().places(self.done) if usable else {}
        left = {id_ for id_ in self.done if id_ not in there}
        if old is not None:
            self._left.add(old, left)
        else:
            self._gone += left
        self.done = there
        self._floor, self._looked = 0, None

    def _look_at_triggers(self, file: OutboxFile) -> None:
        judgement = judge(file, self._plan, self._options, self.voice)
        self._looked = file.look(Ask())
        self.voice.captured(judgement.captured)
        if judgement.trouble:
            since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self._well_at))
            text = f"{judgement.trouble}; changes since {since} may be missing"
            self.voice.trouble("capture", text, INSTALL)
            return
        self.voice.mended("capture", "changes are captured again")
        if judgement.advice:
            self.voice.warn(f"{judgement.advice}; {INSTALL}")

    def _has_missed(self, file: OutboxFile, seen: Seen) -> bool:
        """Whether there may be rows below those that were read last, and they are to be read: the
        numbers went back, perhaps on again since, or the outbox is another one."""
        floor = self._floor
        if seen.incarnation != self.outbox:
            if self.outbox:
                self.voice.restored(f"the outbox in {self._path} was created again")
            self.outbox, self._floor = seen.incarnation, 0
            self._number = self._recalled.get(self.outbox, 0)
        if seen.number < self._number:
            self._floor = 0
            self.voice.restored(
                f"the numbers of the outbox in {self._path} went back from {self._number} to"
                f" {seen.number}: an older copy seems to have been restored. Rows are known by"
                " their ids: none is dropped, and those that came back are sent again under their"
                " old keys. What was changed between copy and restore is no longer there"
            )
        self._number = seen.number
        below = sum(number <= floor for number in self.done.values())
        if seen.below not in (None, below):
            there = file.places(self.done)
            self._gone += [id_ for id_ in self.done if id_ not in there]
            self.done, self._floor = there, 0
        return self._floor != floor

    def _opened(self) -> OutboxFile:
        if self._file is None:
            raise StoreError(f"source {self._name} is not open")
        return self._file

    def _is_same_file(self) -> bool:
        return self._file is not None and inode_of(self._path) == self._file.inode

    def _fail(self, error: Exception) -> None:
        """The next read connects again, as what this connection believes may be wrong."""
        self.failures_in_a_row += 1
        self.voice.failed()
        self._looked = None
        text = f"the database {self._path} cannot be read: {error}"
        self.voice.trouble("read", text, "it is tried again")
        if self._is_where_it_was():
            self._disconnect()

    def _is_where_it_was(self) -> bool:
        """Whether the name still means the file that is open. Another one is looked at by the next
        read, which needs the connection to this one."""
        try:
            return inode_of(self._path) == self._inode
        except OSError:
            return False
