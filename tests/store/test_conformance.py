"""What every storage must do, run on each of them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from fql.errors import StoreLocked, StoreRewound
from fql.store.choosing import EventFilter, LetterFilter, RunFilter
from fql.store.memory import MemoryStore
from fql.store.nats.store import NatsStore
from fql.store.port import Lease, Store
from fql.store.postgresql.store import PostgresStore
from fql.store.records import BatchRow, LimitRow, Mutations, Page, Retention, StoredPlan
from fql.store.sessions import BEGINNING
from fql.store.sqlite.store import SqliteStore
from tests.servers.databases import Databases
from tests.servers.nats import fresh
from tests.servers.pooler import Pooler
from tests.servers.postgresql import Server
from tests.store.rows import attempt, event, letter, one_run, patch, remembered, run

Reopen = Callable[[], Awaitable[Store]]
MADE: dict[str, Callable[[pytest.FixtureRequest, Path], Store]] = {
    "memory": lambda request, folder: MemoryStore(),
    "sqlite": lambda request, folder: SqliteStore(folder / "s.db"),
    "postgresql": lambda request, folder: PostgresStore(request.getfixturevalue("postgresql_url")),
    "postgresql 16": lambda request, folder: PostgresStore(
        request.getfixturevalue("postgresql_16_url")
    ),
    "postgresql behind a pooler": lambda request, folder: PostgresStore(
        request.getfixturevalue("pooled_url")
    ),
    "nats": lambda request, folder: NatsStore(
        [request.getfixturevalue("nats_url")], project=fresh()
    ),
}


@pytest.fixture
def pooled_url(postgresql_server: Databases, postgresql_url: str) -> Iterator[str]:
    """Behind a pooler that gives each transaction to another connection. Nothing is left on any
    of them."""
    if not isinstance(postgresql_server, Server):
        pytest.skip("a server of your own may not listen here")
    with Pooler(postgresql_server.port, urlsplit(postgresql_url).path[1:]) as pooler:
        yield pooler.url
        with psycopg.connect(pooler.url, autocommit=True, prepare_threshold=None) as connection:
            for _ in range(4):
                assert connection.execute(LEFT).fetchall() == []
        assert pooler.transactions > 10


LEFT = """SELECT name FROM pg_prepared_statements
  UNION ALL SELECT name FROM pg_settings WHERE source = 'session' AND name <> 'application_name'
  UNION ALL SELECT locktype FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'
  UNION ALL SELECT name FROM pg_cursors WHERE is_holdable
  UNION ALL SELECT channel FROM pg_listening_channels() AS channel"""


@pytest.fixture(params=MADE)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    made = MADE[request.param](request, tmp_path)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def lease(store: Store) -> Lease:
    return await store.acquire("test")


async def again(store: Store, lease: Lease, *, clean: bool = True) -> Lease:
    """The next engine on the same store."""
    await store.release(lease, clean=clean)
    return await store.acquire("next")


async def test_what_was_committed_is_loaded_and_paged(store: Store, lease: Lease) -> None:
    assert await store.commit(lease, one_run()) == "ok"
    snapshot = await store.load(lease)
    assert snapshot.lanes == ["here"]
    assert snapshot.open_runs == 1
    paged = await store.page(Page("here", horizon=5, limit=10))
    assert paged.runs[0].run._replace(number=0) == run(11, 10)
    assert paged.runs[0].event == event(10)
    assert paged.next_due is None


async def test_page_skips_held_and_later_runs_and_says_when_next(
    store: Store, lease: Lease
) -> None:
    changed = Mutations(
        events=[event(10)],
        runs=[run(11, 10), run(12, 10, due=50), run(13, 10, due=900), run(14, 10, lane="there")],
    )
    await store.commit(lease, changed)
    paged = await store.page(Page("here", horizon=100, limit=10, held=frozenset({11})))
    assert [loaded.run.id for loaded in paged.runs] == [12]
    assert paged.next_due == 900
    first = await store.page(Page("here", horizon=100, limit=1))
    assert [loaded.run.id for loaded in first.runs] == [12], "it was due before the other began"
    assert first.next_due == 0


async def test_a_page_has_the_oldest_first_whether_they_waited_for_a_time_or_not(
    store: Store, lease: Lease
) -> None:
    rows = [
        run(number, 10, due=due)._replace(started=started)
        for number, due, started in (
            (11, 0, 100), (12, 0, 300), (13, 200, 50), (14, 900, 50), (15, 0, 400), (16, 350, 60),
        )
    ]  # fmt: skip
    await store.commit(lease, Mutations(events=[event(10)], runs=rows))

    async def page(limit: int, *, fresh: bool = False) -> tuple[list[int], int | None, int | None]:
        found = await store.page(Page("here", 500, limit, held=frozenset({11}), fresh=fresh))
        return [one.run.id for one in found.runs], found.next_due, found.since

    assert await page(2) == ([13, 12], 0, 350)
    assert await page(3) == ([13, 12, 16], 0, 400)
    assert await page(10) == ([13, 12, 16, 15], 900, 900)
    assert (await page(10, fresh=True))[0] == [12, 15]
    assert (await page(1, fresh=True))[0] == [12]


async def test_page_by_ids_gives_what_exists(store: Store, lease: Lease) -> None:
    await store.commit(lease, one_run())
    paged = await store.page(Page(ids=(11, 99)))
    assert [loaded.run.id for loaded in paged.runs] == [11]


async def test_a_patch_changes_a_run_and_takes_it_off_its_lane(store: Store, lease: Lease) -> None:
    await store.commit(lease, one_run())
    done = patch(run(11, 10), state="done", due=None, ended=7, works='[["d",1]]')
    await store.commit(lease, Mutations(patches=[done]))
    assert (await store.load(lease)).lanes == []
    [loaded] = await store.runs(RunFilter(ids=(11,)))
    assert (loaded.run.state, loaded.run.ended, loaded.run.works) == ("done", 7, '[["d",1]]')
    assert loaded.run.key == "key11"


async def test_only_one_engine_at_a_time(store: Store, lease: Lease) -> None:
    with pytest.raises(StoreLocked):
        await _other(store).acquire("second")


def _other(store: Store) -> Store:
    """Another process's view: the same object in memory, another connection on a file."""
    return store


async def test_a_doubtful_commit_is_settled(store: Store, lease: Lease) -> None:
    """An engine that lost the reply learns whether its commit counted."""
    await store.commit(lease, one_run())
    assert await store.settle(lease, 0) is True
    assert await store.settle(lease, 1) is False
    assert await store.settle(lease, 1) is False, "nor when it is asked again"
    assert await store.commit(lease, Mutations(pauses={"here": True})) == "ok", "it goes on"
    follower = await again(store, lease)
    assert await store.settle(lease, 3) is None
    assert await store.settle(follower, 0) is False


async def test_a_store_that_has_forgotten_commits_says_how_many(store: Store, lease: Lease) -> None:
    await store.commit(lease, one_run())
    with pytest.raises(StoreRewound, match="the last 2 commits are lost"):
        await store.settle(lease, 3)
    with pytest.raises(StoreRewound, match="the last commit of this engine is lost"):
        await store.settle(lease, 2)


async def test_waiting_for_the_store_to_become_free_ends(store: Store, lease: Lease) -> None:
    await store.until_free(0.01)
    await store.release(lease, clean=True)
    await store.until_free(0.01)
    assert (await store.acquire("next")).session > lease.session


async def test_a_lease_can_be_renewed_until_another_session_begins(
    store: Store, lease: Lease
) -> None:
    assert await store.renew(lease)
    follower = await again(store, lease)
    assert not await store.renew(lease)
    assert await store.renew(follower)


async def test_a_commit_under_an_old_lease_is_fenced(store: Store, lease: Lease) -> None:
    """Nothing of a fenced engine is ever applied."""
    newer = await again(store, lease)
    assert await store.commit(lease, one_run()) == "fenced"
    assert await store.runs(RunFilter()) == []
    assert await store.commit(newer, one_run()) == "ok"


async def test_the_next_engine_learns_whether_the_last_one_drained(
    store: Store, lease: Lease
) -> None:
    assert (await store.load(lease)).clean
    second = await again(store, lease, clean=False)
    assert not (await store.load(second)).clean
    third = await again(store, second, clean=True)
    assert (await store.load(third)).clean


async def test_sessions_grow(store: Store, lease: Lease) -> None:
    """Ids of two engines never meet, not even where a store went back and forgot some: they are
    numbered by the seconds since 2026."""
    assert abs(lease.session - (time.time() - BEGINNING)) < 60
    assert (await again(store, lease)).session == lease.session + 1


async def test_remembered_keys_are_known_and_the_first_stays(store: Store, lease: Lease) -> None:
    await store.commit(lease, Mutations(remembered=[remembered(1), remembered(255)]))
    await store.commit(lease, Mutations(remembered=[remembered(2)]))
    known = await store.known([bytes([1]) * 16, bytes([255]) * 16, bytes([9]) * 16])
    assert known == {bytes([1]) * 16: remembered(1), bytes([255]) * 16: remembered(255)}
    assert await store.known([]) == {}


async def test_positions_limits_pauses_and_plans_come_back(store: Store, lease: Lease) -> None:
    limit = LimitRow("here", 2.5, 77, 99)
    plan = StoredPlan("p1", "sha256:p1", b"{}", 5)
    changed = Mutations(
        positions={"src": 7}, limits=[limit], pauses={"here": True, "there": True},
        plans=[plan], active="p1",
    )  # fmt: skip
    await store.commit(lease, changed)
    await store.commit(lease, Mutations(positions={"src": 8}, pauses={"there": False}))
    snapshot = await store.load(lease)
    assert snapshot.positions == {"src": 8}
    assert snapshot.limits == [limit]
    assert snapshot.pauses == ["here"]
    assert (snapshot.plans, snapshot.active) == ([plan], "p1")
    assert await store.plans() == ([plan], "p1")


async def test_what_is_under_way_is_the_first_of_its_queue(store: Store, lease: Lease) -> None:
    """It may have been replayed before an older one that is replayed as well, or is dead."""
    dead = run(11, 10, order_key="k", due=None, state="dead", ended=5)
    runs = [dead, run(12, 10, order_key="k", due=None), run(13, 10, order_key="k", due=0)]
    await store.commit(lease, Mutations(events=[event(10)], runs=runs))
    assert (await store.load(lease)).queues == [("k", 13), ("k", 11), ("k", 12)]


async def test_the_order_of_runs_is_their_number_and_not_their_id(
    store: Store, lease: Lease
) -> None:
    """An older session may write after a newer one, with smaller ids."""
    runs = [run(n, 10, order_key="k", due=None) for n in (13, 11)]
    await store.commit(lease, Mutations(events=[event(10)], runs=runs))
    late = [run(12, 10, order_key="k", due=None), run(10, 10, order_key="k", due=None, started=9)]
    await store.commit(lease, Mutations(runs=late, letters=[letter("d", run=12, node="a")]))
    assert (await store.load(lease)).queues == [("k", 13), ("k", 11), ("k", 12), ("k", 10)]
    stored = await store.runs(RunFilter())
    assert [one.run.id for one in stored] == [12, 11, 13, 10], "lists begin with the newest"
    numbers = {one.run.id: one.run.number for one in stored}
    assert sorted(numbers, key=numbers.__getitem__) == [13, 11, 12, 10]
    assert [row.number for row in await store.letters(LetterFilter())] == [numbers[12]]


async def test_shards_row_keys_and_who_asked_are_kept(store: Store, lease: Lease) -> None:
    placed = {"shard": 7, "row_key": "48213"}
    batch = BatchRow(20, "bk", "p1", "watch", "a", "[11]", 5, 0, "here", None, '[["r"]]', 7)
    changed = Mutations(
        events=[event(10)], runs=[run(11, 10, **placed)], letters=[letter("d", **placed)],
        batches=[batch],
    )  # fmt: skip
    await store.commit(lease, changed)
    [loaded] = await store.runs(RunFilter())
    [dead] = await store.letters(LetterFilter())
    assert (loaded.run.shard, loaded.run.row_key) == (dead.shard, dead.row_key) == (7, "48213")
    assert (await store.load(lease)).batches == [batch]
    await store.append([("pause", b"{}")], now=3, by="zoe")
    await store.append([("pause", b"{}")], now=3)
    assert [one.by for one in await store.fetch(10, frozenset())] == ["zoe", ""]


async def test_open_batches_come_with_their_members(store: Store, lease: Lease) -> None:
    batch = BatchRow(20, "bk", "p1", "watch", "a", "[11]", 5, 0, "here", None, '[["r"]]')
    member = run(11, 10, due=None, works='[["m",0,0,0,0,0,null,null,20]]', held=True)
    buffered = run(12, 10, due=500, works='[["b",0,0,0,500]]', held=True)
    answered = run(13, 10, works='[["d",1,0,0,0,0,{"b":"m"}],["r"]]')
    changed = Mutations(events=[event(10)], runs=[member, buffered, answered], batches=[batch])
    await store.commit(lease, changed)
    snapshot = await store.load(lease)
    assert snapshot.batches == [batch]
    assert [loaded.run.id for loaded in snapshot.held] == [11, 12]
    await store.commit(lease, Mutations(batches=[batch._replace(ended=9)]))
    assert (await store.load(lease)).batches == []


async def test_the_mark_is_another_one_after_each_commit_and_command(
    store: Store, lease: Lease
) -> None:
    seen = [await store.mark()]
    assert await store.mark() == seen[0]
    await store.commit(lease, one_run())
    seen.append(await store.mark())
    await store.append([("pause", b"{}")], 1)
    seen.append(await store.mark())
    (entry,) = await store.fetch(10, frozenset())
    await store.commit(lease, Mutations(consumed=[entry.id]))
    seen.append(await store.mark())
    assert len(set(seen)) == 4


async def test_inbox_keeps_order_until_consumed(store: Store, lease: Lease) -> None:
    ids = await store.append([("pause", b'{"name":"x"}'), ("resume", b"{}")], now=3)
    assert await store.wait(0.5)
    commands = await store.fetch(10, frozenset())
    assert [(c.id, c.kind, c.body) for c in commands] == [
        (ids[0], "pause", b'{"name":"x"}'), (ids[1], "resume", b"{}")
    ]  # fmt: skip
    assert [c.id for c in await store.fetch(10, frozenset(ids[:1]))] == [ids[1]]
    assert [c.id for c in await store.fetch(1, frozenset())] == [ids[0]]
    await store.commit(lease, Mutations(consumed=[ids[0]]))
    assert await store.pending(ids) == {ids[1]}


async def test_dead_letters_are_filtered_newest_first(store: Store, lease: Lease) -> None:
    rows = [
        letter("d1", failed_at=100),
        letter("d2", failed_at=300, observer="other"),
        letter("d3", failed_at=200, error_class="permanent", batch=4),
    ]
    await store.commit(lease, Mutations(letters=rows))

    async def found(**wanted: object) -> list[str]:
        return [row.id for row in await store.letters(LetterFilter(**wanted))]  # type: ignore[arg-type]

    assert await found() == ["d2", "d3", "d1"]
    assert await found(observer="watch") == ["d3", "d1"]
    assert await found(error_class="permanent") == ["d3"]
    assert await found(failed_after=100, failed_before=300) == ["d3"]
    assert await found(ids=("d1",)) == ["d1"]
    assert await found(batch=4) == ["d3"]
    assert await found(limit=1) == ["d2"]
    assert (await store.letters(LetterFilter(ids=("d3",))))[0] == rows[2]
    number = store.letter_number
    assert await number(LetterFilter()) == 3 and await number(LetterFilter(limit=2)) == 2
    assert await number(LetterFilter(observer="watch", failed_after=100)) == 1


async def test_a_resolved_letter_leaves_and_a_failed_replay_keeps_it(
    store: Store, lease: Lease
) -> None:
    await store.commit(lease, Mutations(letters=[letter("d1"), letter("d2")]))
    await store.commit(lease, Mutations(letter_states=[("replaying", "d1"), ("resolved", "d2")]))
    assert [(r.id, r.state) for r in await store.letters(LetterFilter())] == [("d1", "replaying")]
    await store.commit(lease, Mutations(letters=[letter("d1", failed_at=9)]))
    assert [(r.state, r.failed_at) for r in await store.letters(LetterFilter())] == [("dead", 9)]


async def test_attempts_are_kept_in_order(store: Store, lease: Lease) -> None:
    await store.commit(lease, Mutations(attempts=[attempt(11, 2), attempt(12, 1), attempt(11, 1)]))
    rows = await store.attempts([11])
    assert sorted(rows, key=lambda row: row.number) == [attempt(11, 1), attempt(11, 2)]


async def test_runs_are_filtered_newest_first(store: Store, lease: Lease) -> None:
    changed = Mutations(
        events=[event(10), event(20)],
        runs=[run(11, 10), run(21, 20, observer="other"), run(22, 20, state="dead")],
    )
    await store.commit(lease, changed)

    async def found(**wanted: object) -> list[int]:
        return [each.run.id for each in await store.runs(RunFilter(**wanted))]  # type: ignore[arg-type]

    assert await found() == [22, 21, 11]
    assert await found(event_id="e20") == [22, 21]
    assert await found(event=10) == [11]
    assert await found(observer="other") == [21]
    assert await found(state="dead") == [22]
    assert await found(limit=1) == [22]
    assert [row.id for row in await store.events(EventFilter(event_id="e10"))] == [10]


async def test_counts(store: Store, lease: Lease) -> None:
    changed = one_run()
    changed.letters = [letter("d1")]
    await store.commit(lease, changed)
    await store.append([("pause", b"{}")], now=1)
    counts = await store.counts()
    assert (counts.events, counts.runs, counts.letters, counts.inbox) == (
        1, {"open": 1}, {"dead": 1}, 1,
    )  # fmt: skip


async def test_counts_by_state_leave_out_what_is_done(store: Store, lease: Lease) -> None:
    ended = [run(21, 10, state="done", due=None, ended=50), run(31, 10, state="dead", ended=50)]
    await store.commit(lease, Mutations(events=[event(10)], runs=[run(11, 10), *ended]))
    assert (await store.counts()).runs == {"open": 1, "dead": 1}
    await store.commit(lease, Mutations(dropped_runs=[11, 21, 31]))
    assert (await store.counts()).runs == {}


async def test_pruning_spares_open_work_and_what_dead_letters_need(
    store: Store, lease: Lease
) -> None:
    changed = Mutations(
        events=[event(10), event(20), event(30)],
        runs=[
            run(11, 10, state="dead", due=None, ended=50),
            run(21, 20, state="done", due=None, ended=50),
            run(31, 30),
        ],
        attempts=[attempt(21, 1), attempt(11, 1)],
        letters=[letter("d1", run=11, failed_at=500)],
        remembered=[remembered(1), remembered(2, at=9000)],
    )
    await store.commit(lease, changed)
    gone = await store.prune(Retention(runs_before=100, keys_before=5000, letters_before=100))
    assert (gone.runs, gone.keys, gone.letters) == (1, 1, 0)
    assert [each.run.id for each in await store.runs(RunFilter())] == [31, 11]
    assert await store.attempts([21]) == []
    assert len(await store.attempts([11])) == 1
    assert list(await store.known([bytes([1]) * 16, bytes([2]) * 16])) == [bytes([2]) * 16]
    gone = await store.prune(Retention(runs_before=100, keys_before=0, letters_before=600))
    assert [row.id for row in gone.evicted] == ["d1"]
    assert await store.letters(LetterFilter()) == []


async def test_everything_that_is_old_goes_with_what_belongs_to_it(
    store: Store, lease: Lease
) -> None:
    """Attempts of runs and of batches, events that never had a run, plans that nobody uses."""
    batch = BatchRow(40, "bk", "p1", "watch", "a", "[11]", 5, None, "here", 50, '[["d"]]')
    old = Mutations(
        events=[event(10), event(20)],
        runs=[run(11, 10, state="done", due=None, ended=50)],
        batches=[batch],
        attempts=[attempt(11, 1), attempt(40, 1)],
        remembered=[remembered(1)],
        plans=[StoredPlan("p1", "sha256:p1", b"", 1), StoredPlan("p2", "sha256:p2", b"", 2)],
        active="p2",
    )
    await store.commit(lease, old)
    for _ in range(10):
        gone = await store.prune(Retention(1 << 50, 1 << 50, 1 << 50))
        if not (gone.more or gone.runs):
            break
    counts = await store.counts()
    assert (counts.events, counts.runs) == (0, {})
    assert await store.attempts([11, 40]) == []
    assert await store.known([bytes([1]) * 16]) == {}
    assert [plan.short for plan in (await store.plans())[0]] == ["p2"]


async def test_dropped_runs_take_their_event_along(store: Store, lease: Lease) -> None:
    """`keep_runs = "0s"`: what is done is deleted in the commit that made it so."""
    await store.commit(lease, Mutations(events=[event(10)], runs=[run(11, 10), run(12, 10)]))
    await store.commit(lease, Mutations(dropped_runs=[11]))
    assert (await store.counts()).events == 1
    await store.commit(lease, Mutations(dropped_runs=[12]))
    assert (await store.counts()).events == 0


async def test_changes_of_letters_are_noted_until_they_are_copied(store: Store) -> None:
    """A note comes with the commit that changes the letter, in order, the letter whole."""
    store.note_copies()
    lease = await store.acquire("test")
    row = letter("dlq_1", payload=b'{"id":1}')
    await store.commit(lease, Mutations(letters=[row]))
    await store.commit(lease, Mutations(letter_states=[("replaying", "dlq_1")]))
    await store.commit(lease, Mutations(letter_states=[("resolved", "dlq_1")]))
    notes = await store.copies(10)
    assert [(note.dlq_id, note.change) for note in notes] == [
        ("dlq_1", "dead"),
        ("dlq_1", "resolved"),
    ]
    assert notes[0].letter == row
    await store.copied(notes[0].number)
    assert await store.copies(10) == notes[1:]


async def test_a_refused_commit_notes_nothing(store: Store) -> None:
    store.note_copies()
    lease = await store.acquire("test")
    await again(store, lease)
    assert await store.commit(lease, Mutations(letters=[letter("dlq_1")])) == "fenced"
    assert await store.copies(10) == []


async def test_evicted_letters_are_noted(store: Store) -> None:
    store.note_copies()
    lease = await store.acquire("test")
    await store.commit(lease, Mutations(letters=[letter("dlq_1")]))
    await store.prune(Retention(0, 0, letters_before=6000))
    assert [note.change for note in await store.copies(10)] == ["dead", "evicted"]


@pytest.mark.parametrize(
    ("letters_max", "left"), [(2000, ["d3", "d2"]), (10**6, ["d3", "d2", "d1"])]
)
async def test_past_their_size_the_oldest_letters_go(
    store: Store, lease: Lease, letters_max: int, left: list[str]
) -> None:
    """The store is larger than 2000 bytes, so what counts is what the letters take."""
    request = "x" * 400
    rows = [letter(f"d{n}", failed_at=n, request=request) for n in (2, 1, 3)]
    await store.commit(lease, Mutations(letters=rows))
    gone = await store.prune(Retention(0, 0, 0, letters_max=letters_max))
    assert [row.id for row in await store.letters(LetterFilter())] == left
    assert gone.letters == 3 - len(left)


async def test_without_copies_nothing_is_noted(store: Store, lease: Lease) -> None:
    await store.commit(lease, Mutations(letters=[letter("dlq_1")]))
    assert await store.copies(10) == []
