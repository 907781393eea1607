"""A small shop with its own SQLite tables. It knows nothing of fql: the triggers do the capturing.

    python shop.py create shop.db               make the tables
    python shop.py work shop.db CLIENT ORDERS   place, pay and ship orders like one busy client

`work` writes what it committed, one JSON object per line, to check a receiver's ledger by.
"""

import json
import random
import sqlite3
import sys
from datetime import UTC, datetime

SCHEMA = """
create table if not exists orders (
  id          integer primary key,
  customer    text not null,
  status      text not null default 'placed',
  total       text not null,
  is_priority integer not null default 0,
  shipped_at  text
);
"""


def connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=30, isolation_level=None)
    connection.execute("pragma journal_mode = wal")
    return connection


def place(db: sqlite3.Connection, number: int, chance: random.Random) -> tuple[str, bool]:
    """Insert an order; returns its total and whether it is urgent."""
    total = f"{chance.randint(1, 400)}.{chance.randint(0, 99):02d}"
    priority = chance.random() < 0.1
    db.execute(
        "insert into orders (id, customer, total, is_priority) values (?, ?, ?, ?)",
        (number, f"customer-{number % 50}", total, priority),
    )
    return total, priority


def pay(db: sqlite3.Connection, number: int) -> None:
    db.execute("update orders set status = 'paid' where id = ?", (number,))


def ship(db: sqlite3.Connection, number: int) -> None:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    db.execute("update orders set status = 'shipped', shipped_at = ? where id = ?", (now, number))


def work(path: str, client: int, orders: int) -> None:
    """One client: every order is placed and paid, most are shipped, some are rolled back."""
    chance = random.Random(client)
    db = connect(path)
    for n in range(orders):
        number = client * 1_000_000 + n
        db.execute("begin immediate")
        total, priority = place(db, number, chance)
        pay(db, number)
        db.execute("commit")
        shipped = chance.random() < 0.8
        db.execute("begin immediate")
        ship(db, number)
        db.execute("commit" if shipped else "rollback")
        line = {"id": number, "total": total, "priority": priority, "shipped": shipped}
        print(json.dumps(line), flush=True)


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["create"]:
        connect(arguments[1]).executescript(SCHEMA)
    elif arguments[:1] == ["work"]:
        work(arguments[1], int(arguments[2]), int(arguments[3]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
