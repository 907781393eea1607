"""A folder with the shop of example 06, `fqlc run` beside it, and all that happens to both."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.storm.receiver import Receiver
from tests.storm.shop import EXAMPLE, Shop, example

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SHORT_TIMES = (("initial_delay: 50ms, max_delay: 1s", "initial_delay: 20ms, max_delay: 200ms"),)
VARIANTS = (
    (),
    (("body: { id, customer, total }", "body: { id, customer, total, status }"),),
    (("timeout: 5s", "timeout: 3s, concurrency: 7"),
     ("body: { id, customer }", "body: { customer, id }")),
    (("  shipped_at: DateTime?\n", "  shipped_at: DateTime?\n  note: String?\n"),
     ("body: { id, customer, total }", "body: { id, customer, total, note }")),
)  # fmt: skip
"""What a team may change: a body, limits, the order of keys, a column that the migration adds."""
DAY = 86_400_000


@dataclass
class World:
    """All of it. `said` tells in order what was done, for whoever reads a failure; `came_back`
    has the values in the rows of the outbox of each file that took the place of the database."""

    folder: Path
    receiver: Receiver
    shop: Shop
    chance: random.Random
    said: list[str] = field(default_factory=list)
    kills: int = 0

    def __post_init__(self) -> None:
        self.backup: tuple[Path, frozenset[int]] | None = None
        self.came_back: set[object] = set()
        self.engine: subprocess.Popen[bytes] | None = None
        self.variant = 0
        self.has_note = False
        self._clock = self.folder / "clock"
        self._clock.write_bytes(struct.pack("<q", 0))
        shutil.copy(EXAMPLE / "fql.toml", self.folder / "fql.toml")
        self._write_program()
        with closing(example().connect(str(self.database))) as db:
            db.executescript(example().SCHEMA)
        self.fqlc("capture", "install", "--database", "shop.db", "shop.fql")

    @property
    def database(self) -> Path:
        """The application's file."""
        return self.folder / "shop.db"

    # Programs

    def environment(self) -> dict[str, str]:
        """That of `fqlc`: a wall clock that is set by hand, and what the program needs."""
        clock = str(Path(__file__).parent / "clock")
        own = {"PYTHONPATH": clock, "FQL_STORM_CLOCK": str(self._clock), "NO_COLOR": "1"}
        return {**os.environ, **own, "RECEIVER": self.receiver.url, "WAREHOUSE_SECRET": SECRET}

    def fqlc(self, *arguments: str) -> str:
        """Run a command to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "fqlc", *arguments], cwd=self.folder, capture_output=True,
            text=True, timeout=300, check=False, env=self.environment(),
        )  # fmt: skip
        assert done.returncode == 0, (arguments, done.stderr, self.said[-20:])
        return done.stdout

    def start(self) -> None:
        """Start the engine."""
        place = self.folder / "run.log"
        self._began = len(self.log()) if place.exists() else 0
        with (self.folder / "run.log").open("ab") as log:
            self.engine = subprocess.Popen(
                [sys.executable, "-m", "fqlc", "run", "shop.fql"],
                cwd=self.folder, stdout=log, stderr=log, env=self.environment(),
            )  # fmt: skip

    def end(self, number: signal.Signals) -> None:
        """End the engine by a signal."""
        assert self.engine is not None
        code = self.engine.poll()
        assert code is None, (code, self.said[-20:], self.log()[-3000:])
        self.engine.send_signal(number)
        self.engine.wait(60)

    def log(self) -> str:
        """What the engines said."""
        return (self.folder / "run.log").read_text(encoding="utf-8", errors="replace")

    def _write_program(self) -> None:
        text = (EXAMPLE / "shop.fql").read_text(encoding="utf-8")
        for old, new in (*SHORT_TIMES, *VARIANTS[self.variant]):
            assert old in text, old
            text = text.replace(old, new)
        (self.folder / "shop.fql").write_text(text, encoding="utf-8")

    # What happens

    def kill(self) -> None:
        """kill -9, and a start."""
        self.end(signal.SIGKILL)
        self.kills += 1
        self.start()

    def restart(self) -> None:
        """SIGTERM, a start, as a deployment does."""
        self.end(signal.SIGTERM)
        self.start()

    def change_plan(self) -> None:
        """Another version of the program, by reload or by restart."""
        self.settle()
        wanted = self.chance.randrange(len(VARIANTS))
        if wanted == 3 and not self.has_note:
            with self.shop.still():
                self._execute("alter table orders add column note text")
            self.has_note = True
        self.variant = wanted
        self._write_program()
        with self.shop.still():
            self.fqlc("capture", "install", "--database", "shop.db", "shop.fql")
            if self.chance.random() < 0.5:
                self.reload()
            else:
                self.restart()

    def reload(self) -> None:
        """SIGHUP, once the engine listens to it: before, it ends a process."""
        self.settle()
        assert self.engine is not None
        self.engine.send_signal(signal.SIGHUP)

    def settle(self) -> None:
        """Until the engine has started: a start without triggers is refused, as it should be."""
        end = time.monotonic() + 60
        while '"Ready"' not in self.log()[self._began :] and time.monotonic() < end:
            time.sleep(0.05)

    def rebuild_table(self) -> None:
        """As migrations of SQLite do it; the triggers go with the old table."""
        self.settle()
        columns = "id, customer, status, total, is_priority, shipped_at"
        columns += ", note" if self.has_note else ""
        schema = example().SCHEMA.replace("if not exists orders", "orders_new")
        with self.shop.still():
            with closing(example().connect(str(self.database))) as db:
                db.executescript(schema)
                if self.has_note:
                    db.execute("alter table orders_new add column note text")
                db.execute("begin immediate")
                db.execute(f"insert into orders_new ({columns}) select {columns} from orders")
                db.execute("drop table orders")
                db.execute("alter table orders_new rename to orders")
                db.execute("commit")
            self.fqlc("capture", "install", "--database", "shop.db", "shop.fql")

    def take_backup(self) -> None:
        """A copy of the application's file."""
        place = self.folder / "backup.db"
        place.unlink(missing_ok=True)
        with self.shop.still():
            self._execute("vacuum into ?", str(place))
            self.backup = (place, frozenset(self.shop.committed))
            self.backup_has_note = self.has_note

    def restore_backup(self) -> None:
        """The application's file goes back to the copy, below a running engine."""
        if self.backup is None or self.backup_has_note != self.has_note:
            return
        place, kept = self.backup
        self.settle()
        with self.shop.still():
            self._replace_by(shutil.copy(place, self.folder / "restored.db"))
            self.shop.went_back(kept)
            self.fqlc("capture", "install", "--database", "shop.db", "shop.fql")

    def replace_file(self) -> None:
        """Another file with the same content takes the place."""
        place = self.folder / "other.db"
        place.unlink(missing_ok=True)
        with self.shop.still():
            self._execute("vacuum into ?", str(place))
            self._replace_by(place)

    def step_clock(self) -> None:
        """Somebody sets the wall clock."""
        self._set_clock(self.chance.choice((0, -DAY, DAY, 3_600_000, -61_000)))

    def let_all_be_due(self) -> None:
        """Two days on. A retry that was stored by a clock a day ahead is cut to the longest delay
        of its policy, which with Retry-After is an hour: nobody here waits for that."""
        self._set_clock(2 * DAY)

    def _set_clock(self, step: int) -> None:
        with self._clock.open("r+b") as file:  # in place: engines have it mapped
            file.write(struct.pack("<q", step))

    def reset_sequence(self) -> None:
        """Somebody tidies up the counter of the outbox."""
        with self.shop.still():
            self._execute("update fql_main_source set number = 0")

    def rest(self) -> None:
        """Nothing for a while."""
        time.sleep(self.chance.uniform(0.2, 1.5))

    def _replace_by(self, place: Path | str) -> None:
        for ending in ("-wal", "-shm"):
            Path(f"{self.database}{ending}").unlink(missing_ok=True)
        with closing(sqlite3.connect(place)) as db:
            for row in db.execute("SELECT * FROM fql_main_outbox"):
                self.came_back.update(row)
        Path(place).replace(self.database)

    def _execute(self, statement: str, *values: object) -> None:
        with closing(sqlite3.connect(self.database, timeout=30, isolation_level=None)) as db:
            db.execute(statement, values)

    def storm(self, seconds: float, kinds: int = 1) -> None:
        """Let things happen for so long, and on until so many kinds of things have."""
        happenings = (
            self.kill, self.kill, self.restart, self.change_plan, self.rebuild_table,
            self.take_backup, self.restore_backup, self.replace_file, self.step_clock,
            self.reset_sequence,
        )  # fmt: skip
        end = time.monotonic() + seconds
        self.start()
        while time.monotonic() < end or len(set(self.said)) < kinds:
            self.rest()
            happening = self.chance.choice(happenings)
            self.said.append(happening.__name__)
            happening()
        self.end(signal.SIGTERM)
