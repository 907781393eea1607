"""A small shop with its own PostgreSQL tables. It knows nothing of fql: triggers do the capturing.

    python shop.py create                make the tables in the database $SHOP_DATABASE
    python shop.py work CLIENT ORDERS    place, pay and ship orders like one busy client
    python shop.py letters               dead letters by observer, in plain SQL

`work` writes what it committed, one JSON object per line, to check a receiver's ledger by. A server
that goes away for a while is waited for, as a good application does.
"""

import json
import os
import random
import sys
import time
from datetime import UTC, datetime

import psycopg

SCHEMA = """
create table if not exists orders (
  id          bigint primary key,
  customer    text not null,
  status      text not null default 'placed',
  total       numeric(10, 2) not null,
  is_priority boolean not null default false,
  shipped_at  timestamptz
);
"""
LETTERS = "select observer, count(*), max(failed_at) from webhook_dlq group by observer"
PATIENCE = 60.0


def connect() -> psycopg.Connection:
    """A connection; a server that does not answer is asked again for a minute."""
    url = os.environ.get("SHOP_DATABASE") or sys.exit("set SHOP_DATABASE to a database's URL")
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return psycopg.connect(url)
        except psycopg.OperationalError as problem:
            if time.monotonic() > end:
                sys.exit(f"the database does not answer: {problem}")
            time.sleep(0.2)


def place(db: psycopg.Connection, number: int, total: str, priority: bool) -> None:
    """Insert an order, or find it: a commit whose reply was lost may have counted."""
    db.execute(
        "insert into orders (id, customer, total, is_priority) values (%s, %s, %s, %s)"
        " on conflict do nothing",
        (number, f"customer-{number % 50}", total, priority),
    )
    db.execute("update orders set status = 'paid' where id = %s and status = 'placed'", (number,))


def ship(db: psycopg.Connection, number: int) -> None:
    now = datetime.now(UTC)
    db.execute(
        "update orders set status = 'shipped', shipped_at = %s where id = %s and status = 'paid'",
        (now, number),
    )


class Client:
    """One busy client, whose transactions are repeated when the server goes away."""

    def __init__(self) -> None:
        self.db = connect()

    def transaction(self, work, *arguments, commit: bool = True) -> None:
        while not self.tried(work, arguments, commit):
            self.db.close()
            self.db = connect()

    def tried(self, work, arguments, commit: bool) -> bool:
        """Whether the server was there to the end."""
        try:
            work(self.db, *arguments)
            self.db.commit() if commit else self.db.rollback()
        except psycopg.OperationalError:
            return False
        return True


def work(client: int, orders: int) -> None:
    """Every order is placed and paid, most are shipped, some are rolled back."""
    chance = random.Random(client)
    shop = Client()
    for n in range(orders):
        number = client * 1_000_000 + n
        total = f"{chance.randint(1, 400)}.{chance.randint(0, 99):02d}"
        priority, shipped = chance.random() < 0.1, chance.random() < 0.8
        shop.transaction(place, number, total, priority)
        shop.transaction(ship, number, commit=shipped)
        line = {"id": number, "total": total, "priority": priority, "shipped": shipped}
        print(json.dumps(line), flush=True)


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["create"]:
        with connect() as db:
            db.execute(SCHEMA)
    elif arguments[:1] == ["work"]:
        work(int(arguments[1]), int(arguments[2]))
    elif arguments[:1] == ["letters"]:
        with connect() as db:
            for observer, count, newest in db.execute(LETTERS):
                print(f"{observer}: {count}, the newest at {newest:%Y-%m-%d %H:%M} UTC")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
