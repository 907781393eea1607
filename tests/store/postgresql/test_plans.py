"""A hundred thousand runs: what is asked is found along indexes, and sizes are about right."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import psycopg
import pytest

from fql.store.choosing import EventFilter, LetterFilter, RunFilter
from fql.store.port import MOST_COUNTED
from fql.store.postgresql.prune import Sweep, prune
from fql.store.postgresql.store import PostgresStore
from fql.store.postgresql.tables.sizes import live_bytes, used_bytes
from fql.store.postgresql.wire.line import Wire
from fql.store.records import Mutations, Page, Retention, StoredPlan
from tests.servers.databases import Databases
from tests.store.postgresql.conftest import Open
from tests.store.postgresql.test_commit import everything
from tests.store.rows import event, remembered, run

MANY = 100_000
FILL = f"""
INSERT INTO fql_main.fql_event SELECT n, 'src', n, 'Order', 'insert', 'e' || n, '', n,
  repeat('x', 200), '' FROM generate_series(1001, 1000 + {MANY}) n;
INSERT INTO fql_main.fql_run(id, event, plan, observer, key, state, due, lane, order_key, started,
  ended, works, row_key) SELECT n, n, 'p1', 'watch', 'k' || n, CASE WHEN n % 10 = 0 THEN 'open'
  ELSE 'done' END, CASE WHEN n % 10 = 0 THEN n END, 'lane' || n % 5, CASE WHEN n % 1000 = 0
  THEN 'o' END, n, CASE WHEN n % 10 > 0 THEN n END, '[["r"]]', 'r' || n
  FROM generate_series(1001, 1000 + {MANY}) n;
INSERT INTO fql_main.fql_attempt SELECT n, 'a', 1, n, 200, NULL, '', 5, repeat('y', 50)
  FROM generate_series(1001, 1000 + {MANY}) n;
INSERT INTO fql_main.fql_letter(dlq_id, run, node, observer, action, event_id, class, failed_at,
  state, plan_digest) SELECT 'd' || n, n, 'a', 'watch' || n % 3, 'a', 'e' || n, 'permanent', n,
  'dead', 'sha' FROM generate_series(1001, 1000 + {MANY // 5}) n;
INSERT INTO fql_main.fql_remembered SELECT md5(n::text)::uuid, n, n, 0
  FROM generate_series(1001, 1000 + {MANY}) n
"""


@pytest.fixture(scope="module")
def filled(postgresql_server: Databases) -> Iterator[str]:
    with postgresql_server.database() as url:
        yield url


@pytest.fixture
async def store(filled: str) -> AsyncIterator[PostgresStore]:
    store = PostgresStore(filled)
    await store.open()
    with psycopg.connect(filled, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM fql_main.fql_run LIMIT 1").fetchone() is None:
            connection.execute(FILL.encode())
            connection.execute("VACUUM ANALYZE")
    yield store
    await store.close()


def scans(plan: dict[str, Any]) -> Iterator[str]:
    """The tables that a plan reads from end to end."""
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for below in plan.get("Plans", ()):
        yield from scans(below)


@pytest.fixture
def read_whole(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Tables that statements read from end to end, each with the statement."""
    found: list[str] = []
    send = Wire.run

    def explaining(
        wire: Wire, query: str, values: Sequence[bytes] = (), *, prepare: bool | None = None
    ) -> list[Sequence[Any]]:
        if query.split()[0] in ("SELECT", "WITH", "UPDATE", "DELETE", "INSERT"):
            rows = send(wire, f"EXPLAIN (FORMAT JSON) {query}", values, prepare=False)
            plan = rows[0][0]
            plan = json.loads(plan) if isinstance(plan, str | bytes) else plan
            whole = [table for table in scans(plan[0]["Plan"]) if table in LARGE]
            found.extend(f"{table}: {query}" for table in whole)
        return send(wire, query, values, prepare=prepare)

    monkeypatch.setattr(Wire, "run", explaining)
    return found


SELDOM = ("fql_remembered WHERE at <",)
"""Old keys are looked for each five minutes, by a BRIN index once there are many of them."""
LARGE = ("fql_event", "fql_run", "fql_attempt", "fql_letter", "fql_remembered")


async def test_what_goes_on_all_the_time_reads_no_table_whole(
    store: PostgresStore, read_whole: list[str]
) -> None:
    lease = await store.acquire("x")
    await store.known([remembered(1).key])
    await store.page(Page("lane0", horizon=9000, limit=100, held=frozenset({10, 20})))
    await store.page(Page(ids=(10, 20, 30)))
    await store.commit(lease, everything())
    await store.renew(lease)
    await store.settle(lease, 1)
    await store.append([("pause", b"{}")], 1)
    await store.fetch(100, frozenset({1}))
    await store.pending([1])
    await store.wait(0)
    await store.size()
    for _ in range(3):  # the walks go on from their places
        await store.prune(Retention(1500, 1500, 1500, slice=100))
    await store.release(lease, clean=True)
    often = [one for one in read_whole if not any(words in one for words in SELDOM)]
    assert not often, "\n".join(often)


async def test_a_slice_goes_on_after_what_it_has_passed_over(
    store: PostgresStore, read_whole: list[str]
) -> None:
    """Finished runs that dead letters need, events with open runs, runs of plans in use: a slice
    looks at so many rows as it may, and no statement reads a table whole."""
    sweep, retention = Sweep(), Retention(21_000, 0, 0, slice=1_000)
    places = []
    for _ in range(4):
        gone = await store._writing.call(
            lambda wire: prune(wire, retention, sweep, notes=False, keys=False)
        )
        assert (gone.more, gone.runs < 500) == (True, True), "most of them have a dead letter"
        places.append((sweep.ended[0], sweep.event[0]))
    assert places == sorted(set(places))
    assert places[-1][0] - places[0][0] >= 3_000, "a slice each"
    assert not read_whole, "\n".join(read_whole)


async def test_a_plan_that_comes_into_use_stays(opened: Open) -> None:
    """While runs are looked through for those of plans that seem unused."""
    store = await opened()
    lease = await store.acquire("x")
    plans = [StoredPlan(f"p{n}", f"sha256:p{n}", b"", n) for n in range(4)]
    runs = [run(n, 10) for n in range(11, 60)]
    first = Mutations(events=[event(10)], runs=runs, plans=plans, active="p2")
    await store.commit(lease, first)
    retention = Retention(0, 0, 0, slice=1)
    assert (await store.prune(retention)).more, "the walk has begun"
    await store.commit(lease, Mutations(plans=[plans[3]]))
    while (await store.prune(retention)).more:
        pass
    assert [plan.short for plan in (await store.plans())[0]] == ["p1", "p2", "p3"]


async def test_what_people_ask_reads_no_table_whole(
    store: PostgresStore, read_whole: list[str]
) -> None:
    await store.runs(RunFilter(limit=100))
    await store.runs(RunFilter(ids=(70_000, 80_000)))
    await store.runs(RunFilter(event=70_000))
    await store.runs(RunFilter(event_id="e70000"))
    await store.letters(LetterFilter(limit=100))
    await store.letters(LetterFilter(ids=("d1700",)))
    await store.letters(LetterFilter(run=1700))
    await store.letters(LetterFilter(event_id="e1700"))
    await store.letters(LetterFilter(limit=100, below=(1700, "d1700")))
    await store.events(EventFilter(event_id="e1700"))
    await store.attempts([1700, 1800])
    counts = await store.counts()
    assert (counts.events, counts.letters) == (MOST_COUNTED + 1, {"dead": MOST_COUNTED + 1})
    assert counts.runs["open"] >= 1000
    assert "done" not in counts.runs
    assert not read_whole, "\n".join(read_whole)


async def test_a_start_reads_only_what_it_must(store: PostgresStore, read_whole: list[str]) -> None:
    lease = await store.acquire("x")
    await store.load(lease)
    await store.release(lease, clean=True)
    assert not read_whole, "\n".join(read_whole)


async def test_sizes_are_about_right(store: PostgresStore) -> None:
    used = await store._read(used_bytes)
    alive = await store._read(live_bytes)
    assert 0.4 * used < alive < 1.2 * used
