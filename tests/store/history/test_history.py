"""What every store keeps for people who look at it, asked of each of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fql.store.choosing import EventFilter, LetterFilter, RunFilter, UnmatchedFilter
from fql.store.history.minutes import BY_MINUTE, KEPT, MINUTE, TEN, Numbers, read_numbers
from fql.store.history.rows import (
    BulkRow,
    BulkStep,
    History,
    MinuteRow,
    Posted,
    PulseRow,
    UnmatchedRow,
)
from fql.store.port import Lease, Store
from fql.store.records import Mutations, Retention
from tests.store.rows import event, letter, run
from tests.store.test_conformance import MADE

NOW = 1_800_000_000_000


@pytest.fixture(params=["memory", "sqlite", "postgresql", "nats"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    made = MADE[request.param](request, tmp_path)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def lease(store: Store) -> Lease:
    return await store.acquire("test")


def unmatched(number: int, **changes: object) -> UnmatchedRow:
    row = UnmatchedRow(
        number, NOW + number, "src", "Order", "insert", f"e{number}", "unmatched", "no condition",
        "7", "p1", '{"new":{"id":7},"old":null}',
    )  # fmt: skip
    return row._replace(**changes)  # type: ignore[arg-type]


def minute(at: int, name: str, done: int, *, session: int = 3, span: int = MINUTE) -> MinuteRow:
    numbers = Numbers()
    numbers.add("done", done)
    numbers.measure(done)
    return MinuteRow(span, at, "observer", name, session, numbers.written())


async def tell(store: Store, lease: Lease, **parts: object) -> None:
    history = History(**parts)  # type: ignore[arg-type]
    assert await store.commit(lease, Mutations(history=history)) == "ok"


async def pruned(store: Store, **changes: int) -> None:
    wish = {"runs_before": 0, "keys_before": 0, "letters_before": 0, "now": NOW, **changes}
    while (await store.prune(Retention(**wish))).more:
        pass


async def test_events_without_a_run_are_found_by_what_is_known_of_them(
    store: Store, lease: Lease
) -> None:
    rows = [
        unmatched(1),
        unmatched(2, row_key="8", result="refused", source="other"),
        unmatched(3, entity="Parcel", result="unknown", event_id="", row_key="", payload=""),
        unmatched(4),
    ]
    await tell(store, lease, unmatched=rows)

    async def found(**wanted: object) -> list[int]:
        return [row.id for row in await store.unmatched(UnmatchedFilter(**wanted))]  # type: ignore[arg-type]

    assert await found() == [4, 3, 2, 1]
    assert (await store.unmatched(UnmatchedFilter(id=2))) == [rows[1]]
    assert await found(entity="Order", row_key="7") == [4, 1]
    assert await found(event_id="e4") == [4]
    assert await found(result="unknown") == [3]
    assert await found(source="other") == [2]
    assert await found(since=NOW + 2, until=NOW + 4) == [3, 2]
    assert await found(limit=2) == [4, 3]
    assert await found(limit=2, below=(NOW + 3, 3)) == [2, 1]
    await pruned(store, unmatched_max=2)
    assert await found() == [4, 3]
    await pruned(store, runs_before=NOW + 4)
    assert await found() == [4]
    await pruned(store, unmatched_max=0)
    assert await found() == []


async def test_runs_and_dead_letters_are_found_by_their_row_and_time(
    store: Store, lease: Lease
) -> None:
    changed = Mutations(
        events=[event(10), event(20, entity="Parcel")],
        runs=[
            run(11, 10, row_key="7", started=1000),
            run(12, 10, row_key="8", started=2000, state="dead", observer="other"),
            run(21, 20, row_key="7", started=3000, state="dead"),
            run(22, 20, row_key="", started=3000, state="done"),
        ],
        letters=[
            letter("dlq_a", row_key="7", failed_at=1),
            letter("dlq_b", row_key="7", entity="Parcel", failed_at=2),
            letter("dlq_c", failed_at=3),
        ],
    )
    await store.commit(lease, changed)

    async def runs(**wanted: object) -> list[int]:
        return [one.run.id for one in await store.runs(RunFilter(**wanted))]  # type: ignore[arg-type]

    assert await runs(entity="Order", row_key="7") == [11]
    assert await runs(row_key="7") == [21, 11]
    assert await runs(entity="Parcel") == [22, 21]
    assert await runs(state="dead") == [21, 12]
    assert await runs(state="dead", observer="watch") == [21]
    assert await runs(state="open") == [11]
    assert await runs(state="done") == [22]
    assert await runs(observer="other") == [12]
    assert await runs(since=2000) == [22, 21, 12]
    assert await runs(until=2000) == [11]
    last = (await store.runs(RunFilter(limit=1)))[0].run
    assert await runs(below=(last.started, last.number)) == [21, 12, 11]
    assert await runs(below=(last.started, last.number), limit=1, state="dead") == [21]
    found = await store.letters(LetterFilter(entity="Order", row_key="7"))
    assert [row.id for row in found] == ["dlq_a"]
    said = letter("dlq_d", reason="status 429: 50 % of 'quota' _used_", failed_at=4)
    await store.commit(lease, Mutations(letters=[said]))
    for part, names in (("429", ["dlq_d"]), ("50 % of 'quota' _", ["dlq_d"]), ("%", ["dlq_d"]),
                        ("STATUS", []), ("status 503", ["dlq_c", "dlq_b", "dlq_a"])):  # fmt: skip
        found = await store.letters(LetterFilter(reason=part))
        assert [row.id for row in found] == names, part


async def test_events_are_listed_newest_first(store: Store, lease: Lease) -> None:
    rows = [event(10, received=1), event(11, received=2, source="x"), event(12, received=2)]
    await store.commit(
        lease, Mutations(events=rows, runs=[run(10 + one.id, one.id) for one in rows])
    )

    async def found(**wanted: object) -> list[int]:
        return [row.id for row in await store.events(EventFilter(**wanted))]  # type: ignore[arg-type]

    assert await found() == [12, 11, 10]
    assert await found(id=11) == [11]
    assert await found(event_id="e10") == [10]
    assert await found(source="x", entity="Order") == [11]
    assert await found(since=2) == [12, 11]
    assert await found(until=2) == [10]
    assert await found(below=(2, 12), limit=1) == [11]


async def test_minutes_are_written_again_and_merged_when_they_are_old(
    store: Store, lease: Lease
) -> None:
    ten = (NOW - BY_MINUTE) // TEN * TEN - TEN
    rows = [minute(ten, "a", 1), minute(ten + MINUTE, "a", 2, session=4), minute(NOW, "a", 4)]
    await tell(store, lease, minutes=rows)
    await tell(store, lease, minutes=[minute(NOW, "a", 5)])
    assert await store.minutes(0) == [*rows[:2], minute(NOW, "a", 5)]
    assert await store.minutes(NOW) == [minute(NOW, "a", 5)]
    assert await store.minutes(0, ("engine",)) == await store.minutes(0, (), ("c",)) == []
    assert await store.minutes(NOW, ("engine", "observer"), ("c", "a")) == [minute(NOW, "a", 5)]
    await pruned(store)
    merged, last = await store.minutes(0)
    assert last == minute(NOW, "a", 5)
    assert (merged.span, merged.at, merged.name, merged.session) == (TEN, ten, "a", 0)
    assert read_numbers(merged.numbers).counts == {"done": 3}
    assert sum(read_numbers(merged.numbers).ms or ()) == 2
    await tell(store, lease, minutes=[minute(ten, "a", 1)])
    await pruned(store)
    merged, _ = await store.minutes(0)
    assert read_numbers(merged.numbers).counts == {"done": 4}, "a late one is added"
    await pruned(store, now=NOW + KEPT + TEN)
    assert await store.minutes(0) == []


async def test_an_engine_has_one_pulse(store: Store, lease: Lease) -> None:
    pulse = PulseRow(lease.session, NOW, "me", '{"in_flight":1}')
    await tell(store, lease, pulse=pulse._replace(at=1))
    await tell(store, lease, pulse=pulse)
    assert await store.pulse() == [pulse]


async def test_a_bulk_and_what_it_marks_are_one_commit(store: Store, lease: Lease) -> None:
    row = BulkRow(5, NOW, "me", "{}", 10, NOW, "dlq_a")
    await tell(store, lease, bulks=[row])
    history = History()
    history.step(BulkStep(5, NOW - 1, "dlq_b", marked=3, asked='{"passed":{"gone":2}}'))
    history.step(BulkStep(5, resolved=2, dead=1))
    if type(store).__name__ != "NatsStore":  # its inbox is not part of a commit
        history.posted.append(Posted("replay", b'{"letter":"dlq_b"}', NOW, "me", 0))
    await store.commit(lease, Mutations(history=history))
    asked = '{"passed":{"gone":2}}'
    changed = row._replace(
        cursor_at=NOW - 1, cursor_id="dlq_b", marked=3, resolved=2, dead=1, asked=asked
    )
    assert await store.bulks() == await store.bulks([5]) == [changed]
    assert await store.bulks([6]) == []
    posted = [(one.kind, one.body, one.by) for one in await store.fetch(10, frozenset())]
    assert posted == [("replay", b'{"letter":"dlq_b"}', "me")][: len(history.posted)]
    await pruned(store, runs_before=NOW + 1)
    assert await store.bulks() == [changed], "it is at work"
    await tell(store, lease, steps={5: BulkStep(5, state="marked")})
    await pruned(store, runs_before=NOW + 1)
    assert await store.bulks() == []


async def test_a_stopped_bulk_stays_stopped(store: Store, lease: Lease) -> None:
    """Whatever comes after, in a commit of its own or in the one that stops it, is counted only."""
    row = BulkRow(5, NOW, "me", "{}", 10, NOW, "dlq_a")
    await tell(store, lease, bulks=[row, row._replace(id=6)])
    history = History()
    history.step(BulkStep(6, state="stopped"))
    history.step(BulkStep(6, state="marked", marked=1))
    await store.commit(lease, Mutations(history=history))
    await tell(store, lease, steps={5: BulkStep(5, state="stopped")})
    await tell(store, lease, steps={5: BulkStep(5, NOW - 1, "dlq_b", "marked", marked=1)})
    found = {one.id: (one.state, one.marked) for one in await store.bulks()}
    assert found == {5: ("stopped", 1), 6: ("stopped", 1)}
