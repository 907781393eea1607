"""A session of an engine: leases by time, doubtful commits, stores that went back."""

from __future__ import annotations

import asyncio
import contextlib
import random

import pytest

from fql.engine.loop.session import Session
from fql.engine.loop.sharing.verdicts import FencedError
from fql.errors import StoreError
from fql.store.records import Mutations
from fql.store.sessions import BEGINNING, LATEST, next_session, settlement
from tests.simulation.rivals import LEASE, Database, Line

PAUSED = Mutations(pauses={"here": True})


class Time:
    """Milliseconds since 1970."""

    def __init__(self) -> None:
        self.at = BEGINNING * 1000

    def now(self) -> int:
        return self.at

    def after(self, seconds: float) -> None:
        self.at += int(seconds * 1000)


class Slow(Line):
    """Each call takes seconds to reach the server."""

    seconds = 0.0
    time: Time

    async def renew(self, lease: object) -> bool:
        self.time.after(self.seconds)
        return await self.database.renew(lease)  # type: ignore[arg-type]


def engine(time: Time, database: Database, doubts: float = 0.0) -> tuple[Session, Slow]:
    line = Slow(database, random.Random(1), doubts)
    line.time = time
    return Session(line, "test", lambda event: None, time.now), line


async def test_nothing_is_sent_from_two_seconds_before_the_lease_ends() -> None:
    time = Time()
    session, _ = engine(time, Database(time.now))
    await session.begin()
    time.after(LEASE - 2.1)
    assert session.may_send()
    time.after(0.2)
    assert not session.may_send()
    await session.renew()
    assert session.may_send()
    time.after(LEASE - 0.1)
    await session.commit(PAUSED)
    assert session.may_send(), "a commit renews"


async def test_a_renewal_counts_from_before_it_was_sent() -> None:
    time = Time()
    session, line = engine(time, Database(time.now))
    await session.begin()
    time.after(5)
    line.seconds = 4.0
    await session.renew()
    time.after(3.9)
    assert session.may_send()
    time.after(0.2)
    assert not session.may_send(), "8.1 s after it was sent, 4.1 s after it arrived"


async def test_who_slept_past_the_lease_is_fenced() -> None:
    time = Time()
    database = Database(time.now)
    first, _ = engine(time, database)
    second, _ = engine(time, database)
    await first.begin()
    time.after(14)
    await second.begin()
    assert not first.may_send()
    await first.renew()
    assert first.lost
    assert not first.may_send()
    with pytest.raises(FencedError, match="lost its lease"):
        await first.commit(PAUSED)
    await second.commit(PAUSED)


async def test_a_late_statement_never_counts() -> None:
    time = Time()
    database = Database(time.now)
    session, line = engine(time, database, doubts=1.0)
    await session.begin()
    while not line.late:  # its reply is lost, and whether it arrives is chance
        with contextlib.suppress(StoreError):
            await session.commit(PAUSED)
    line.doubts = 0.0
    await session.commit(Mutations(pauses={"here": False}))
    assert [database.serve(*statement) for statement in line.late] == ["fenced"]
    assert (await session.load()).pauses == []


async def test_a_store_that_went_back_says_how_many_commits_are_lost() -> None:
    time = Time()
    database = Database(time.now)
    session, _ = engine(time, database)
    await session.begin()
    backup = database.saved()
    for _ in range(3):
        await session.commit(PAUSED)
    database.restore(backup)
    with pytest.raises(FencedError, match=r"went back.*the last 3 commits are lost"):
        await session.commit(PAUSED)


async def test_a_lease_is_renewed_each_third_of_its_time() -> None:
    """By the clock of the process; a store that does not answer is asked again."""
    time = Time()
    database = Database(time.now)
    session, _line = engine(time, database)
    await session.begin()
    time.after(LEASE / 3 - 0.05)
    woken: list[bool] = []
    task = asyncio.create_task(session.keep(lambda: woken.append(True)))
    await asyncio.sleep(0)
    assert database.expires == (BEGINNING + LEASE) * 1000, "not yet"
    time.after(0.1)
    await asyncio.sleep(0.2)
    assert database.expires == time.now() + LEASE * 1000
    database.fence()
    time.after(LEASE)
    task.cancel()
    task = asyncio.create_task(session.keep(lambda: woken.append(True)))
    await asyncio.sleep(0.1)
    assert woken == [True]
    task.cancel()


@pytest.mark.parametrize(
    ("last", "now", "number"),
    [
        (0, BEGINNING, 1), (0, BEGINNING + 70, 70), (70, BEGINNING + 70, 71), (90, BEGINNING, 91),
        (7, 0, 8), (0, BEGINNING + (1 << 40), LATEST), (LATEST, 1 << 50, LATEST + 1),
    ],
)  # fmt: skip
def test_session_numbers_grow_whatever_the_clock_says(last: int, now: int, number: int) -> None:
    assert next_session(last, now) == number
    assert number << 32 < 1 << 63


def test_what_a_settlement_says() -> None:
    assert (settlement(None, 3), settlement(3, 3), settlement(4, 3)) == (None, False, True)
    assert settlement(4, 3, settled=4) is False, "it was settled before, and the reply was lost"
