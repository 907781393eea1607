"""`python -m tests.postgresql.client FOLDER NUMBER PAUSE`: a process of the application of example
07, which changes its tables in every way until its input ends, whatever happens to the server.

What must be delivered is written into the table `told`, by the transaction that changes the rows:
it counts where they count, and is lost where they are lost. A line of its output is a delivery that
may come, because a transaction with it was about to be committed.
"""

from __future__ import annotations

import importlib.util
import os
import random
import select
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from types import ModuleType

import psycopg

STEP = 1_000
"""Numbers of a client are its own number plus multiples of this."""
LINES = 2
"""Customers of each client; `line` is one of them."""
TABLES = """
CREATE TABLE parcels (id bigint PRIMARY KEY, line text NOT NULL, state text, step bigint);
CREATE TABLE told (n bigint, place int, action text, id bigint, step bigint, line text,
  PRIMARY KEY (n, place));
CREATE TABLE turns (client int PRIMARY KEY);
INSERT INTO turns SELECT generate_series(1, 1000);
"""

Connection = psycopg.Connection[tuple[object, ...]]


def shop_in(folder: Path) -> ModuleType:
    """The application of the example, as a module."""
    spec = importlib.util.spec_from_file_location("shop", folder / "shop.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Client:
    """One process of the application. `n` numbers its transactions, and never comes again."""

    def __init__(self, folder: Path, number: int) -> None:
        self.shop = shop_in(folder)
        self.number = number
        self.chance = random.Random(number)
        self.numbers = count(number + STEP, STEP)
        self.n = 0
        self.told: list[tuple[str, object, int, str]] = []

    def write(self, pause: float) -> None:
        """Until the input ends; a connection that breaks is followed by another one."""
        while not over(0):
            with suppress(psycopg.Error, psycopg.Rollback), psycopg.connect(
                os.environ["SHOP_DATABASE"], autocommit=True, connect_timeout=5
            ) as connection:  # fmt: skip
                connection.execute("SET statement_timeout = '8s'")
                while not over(pause * self.chance.uniform(0.5, 1.5)):
                    self.transaction(connection)
            if over(0.1):
                return

    def transaction(self, db: Connection) -> None:
        """One, which is sometimes long, and sometimes rolled back."""
        self.n, self.told = next(self.numbers), []
        with db.transaction():
            # Of a client whose connection broke, an earlier transaction may not have ended yet.
            db.execute("SELECT FROM turns WHERE client = %s FOR UPDATE", (self.number,))
            self.change(db)
            if self.chance.random() < 0.03:
                time.sleep(self.chance.uniform(0.5, 3))
                self.change(db)
            if self.chance.random() < 0.1:
                raise psycopg.Rollback
            self.tell(db)

    def change(self, db: Connection) -> None:
        """Something; now and then also something that a savepoint undoes."""
        changes: list[Callable[[Connection], None]] = [
            self.place, self.place, self.ship, self.ship, self.remove,
            self.send, self.move, self.move, self.merge, self.arrive, self.touch,
        ]  # fmt: skip
        if self.chance.random() < 0.1:
            before = list(self.told)
            with db.transaction():
                self.chance.choice(changes)(db)
                raise psycopg.Rollback
            self.told = before
        self.chance.choice(changes)(db)

    def tell(self, db: Connection) -> None:
        """What this transaction must bring about."""
        for place, (action, number, step, line) in enumerate(self.told):
            db.execute(
                "INSERT INTO told VALUES (%s, %s, %s, %s, %s, %s)",
                (self.n, place, action, number, step, line),
            )
            print(action, number, step, flush=True)

    # Orders, as the example writes them

    def place(self, db: Connection) -> None:
        """An order, placed and paid."""
        number, chance = next(self.numbers), self.chance
        total = f"{chance.randint(1, 400)}.{chance.randint(0, 99):02d}"
        self.shop.place(db, number, total, chance.random() < 0.1)
        self.told.append(("pick", number, 0, ""))

    def ship(self, db: Connection) -> None:
        """The oldest order that was paid."""
        found = db.execute(
            "SELECT id, total, is_priority FROM orders WHERE status = 'paid' AND id %% %s = %s"
            " ORDER BY id LIMIT 1", (STEP, self.number),
        ).fetchone()  # fmt: skip
        if found is not None:
            number, total, urgent = found
            self.shop.ship(db, number)
            large, label = float(str(total)) >= 200, float(str(total)) > 100 or urgent
            names = ["label", "crm", *(["statistics"] if large else [])] if label else []
            self.told += [(name, number, 0, "") for name in names]

    def remove(self, db: Connection) -> None:
        """Orders that were shipped, several with one statement."""
        gone = db.execute(
            "DELETE FROM orders WHERE id IN (SELECT id FROM orders WHERE status = 'shipped'"
            " AND id %% %s = %s LIMIT 3) RETURNING id", (STEP, self.number),
        ).fetchall()  # fmt: skip
        self.told += [("gone", number, 0, "") for (number,) in gone]

    def touch(self, db: Connection) -> None:
        """Changes that nobody watches, and some that change nothing."""
        db.execute("UPDATE orders SET total = total WHERE id %% %s = %s", (STEP, self.number))

    # Parcels

    def send(self, db: Connection) -> None:
        """Several, with one statement."""
        line, step = self.a_line(), next(self.numbers)
        sent = [next(self.numbers) for _ in range(self.chance.randint(1, 3))]
        values = ", ".join(f"({number}, '{line}', 'new', {step})" for number in sent)
        db.execute(f"INSERT INTO parcels VALUES {values}".encode())
        self.told += [("news-insert", number, step, line) for number in sent]

    def move(self, db: Connection) -> None:
        """All parcels of a customer."""
        line, step = self.a_line(), next(self.numbers)
        rows = db.execute(
            "UPDATE parcels SET state = 'moving', step = %s WHERE line = %s RETURNING id",
            (step, line),
        ).fetchall()
        self.told += [("news-update", number, step, line) for (number,) in rows]

    def merge(self, db: Connection) -> None:
        """Insert a parcel, or change the one that is there."""
        line, number, step = self.a_line(), self.number, next(self.numbers)
        row = db.execute(
            "INSERT INTO parcels VALUES (%s, %s, 'merged', %s) ON CONFLICT (id) DO UPDATE"
            " SET step = excluded.step, state = 'merged', line = excluded.line"
            " RETURNING xmax = 0", (number, line, step),
        ).fetchone()  # fmt: skip
        assert row is not None
        event = "news-insert" if row[0] else "news-update"
        self.told.append((event, number, step, line))

    def arrive(self, db: Connection) -> None:
        """Parcels that moved are gone."""
        line = self.a_line()
        gone = db.execute(
            "DELETE FROM parcels WHERE line = %s AND state = 'moving' RETURNING id, step", (line,)
        ).fetchall()
        self.told += [("news-delete", number, int(str(step)), line) for number, step in gone]

    def a_line(self) -> str:
        """One of this client's customers."""
        return f"{self.number}-{self.chance.randrange(LINES)}"


def over(seconds: float) -> bool:
    """Whether the input ended within so many seconds."""
    begun = time.monotonic()
    ended = bool(select.select([sys.stdin], [], [], seconds)[0])
    if not ended:
        time.sleep(max(0.0, seconds - (time.monotonic() - begun)))
    return ended


if __name__ == "__main__":
    Client(Path(sys.argv[1]), int(sys.argv[2])).write(float(sys.argv[3]))
