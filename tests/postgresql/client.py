"""`python -m tests.postgresql.client URL NUMBER PAUSE`: a process of the shop's application, which
writes orders until its input ends, whatever happens to the server meanwhile.

A line of its output is an order that it began (`began`), whose insert (`placed`) or payment
(`paid`) was acknowledged, or that it rolled back (`undone`).
"""

from __future__ import annotations

import random
import select
import sys
import time
from contextlib import suppress
from itertools import count

import psycopg

STEP = 1_000
"""A client's orders are its number plus multiples of this; its number is their customer."""


def write(url: str, client: int, pause: float) -> None:
    """Connect, write, and when the connection breaks begin anew with the next order."""
    numbers = count(client + STEP, STEP)
    chance = random.Random(client)
    while not over(0):
        with (
            suppress(psycopg.Error),
            psycopg.connect(url, autocommit=True, connect_timeout=5) as connection,
        ):
            connection.execute("SET statement_timeout = '5s'")
            while not over(pause * chance.uniform(0.5, 1.5)):
                order(connection, next(numbers), client, chance.random())
        if over(0.1):
            return


def order(
    connection: psycopg.Connection[tuple[object, ...]], number: int, client: int, chance: float
) -> None:
    """Place one, and pay half of them; a tenth is rolled back."""
    say("began", number)
    insert = "INSERT INTO orders VALUES (%s, %s, 'new')"
    if chance < 0.1:
        with connection.transaction(force_rollback=True):
            connection.execute(insert, (number, client))
        return say("undone", number)
    connection.execute(insert, (number, client))
    say("placed", number)
    if chance < 0.5:
        connection.execute("UPDATE orders SET status = 'paid' WHERE id = %s", (number,))
        say("paid", number)
    return None


def say(what: str, number: int) -> None:
    """One line."""
    print(what, number, flush=True)


def over(seconds: float) -> bool:
    """Whether the input ended within so many seconds."""
    begun = time.monotonic()
    ended = bool(select.select([sys.stdin], [], [], seconds)[0])
    if not ended:
        time.sleep(max(0.0, seconds - (time.monotonic() - begun)))
    return ended


if __name__ == "__main__":
    write(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
