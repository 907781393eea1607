"""The one statement of a commit: what is in it, and rows that several of its parts would touch."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import adapt
from psycopg.pq import Format

from fql.errors import StoreError
from fql.store.choosing import LetterFilter, RunFilter
from fql.store.history.rows import (
    BulkRow,
    BulkStep,
    History,
    MinuteRow,
    Posted,
    PulseRow,
    UnmatchedRow,
)
from fql.store.port import Lease
from fql.store.postgresql.wire import values
from fql.store.postgresql.writing.commit import PARTS, statement
from fql.store.postgresql.writing.session import counted
from fql.store.records import BatchRow, Hint, LimitRow, Mutations, StoredPlan, Taken
from tests.store.postgresql.conftest import Open
from tests.store.rows import attempt, event, letter, one_run, patch, remembered, run

Admin = psycopg.Connection[tuple[object, ...]]
LEASE = Lease(1, "x", 10.0)


def history() -> History:
    return History(
        unmatched=[UnmatchedRow(12, 5, "src", "Order", "insert", "e", "none", "", "1", "p", "")],
        minutes=[MinuteRow(60_000, 0, "engine", "", 1, "{}")],
        pulse=PulseRow(1, 5, "x", "{}"), bulks=[BulkRow(13, 5, "me", "{}", 1, 5, "d1")],
        steps={13: BulkStep(13, marked=1)}, posted=[Posted("replay", b"{}", 5, "me", 4)],
    )  # fmt: skip


def everything() -> Mutations:
    batch = BatchRow(20, "bk", "p1", "watch", "a", "[11]", 5, 0, "here", None, "[]")
    return Mutations(
        events=[event(10)], runs=[run(11, 10)], patches=[patch(run(9, 8))], batches=[batch],
        attempts=[attempt(11, 1)], letters=[letter("d1")],
        letter_states=[("replaying", "d2"), ("resolved", "d3")],
        limits=[LimitRow("here", 2.5, 77, 99)], remembered=[remembered(1)],
        positions={"src": 7}, taken=[Taken(b"1", "o", 1)], forgotten=[b"2"],
        pauses={"a": True, "b": False}, consumed=[1], plans=[StoredPlan("p", "d", b"{}", 5)],
        active="p", dropped_runs=[7], hints={3: Hint({"here"})}, released=[4],
        history=history(),
    )  # fmt: skip


def test_each_part_takes_part() -> None:
    text, given = statement(counted(LEASE, 0, 0), everything(), notes=True)
    parts = PARTS.keys() - {"remembered_once"}
    assert all(f"\n{name} AS (" in text for name in parts)
    assert text.count(";") == 0
    assert text.count("EXISTS (SELECT FROM f)") == len(parts), "nothing happens when it is fenced"
    assert f"${len(given)}" in text
    assert f"${len(given) + 1}" not in text


def test_a_commit_has_only_the_parts_that_it_needs() -> None:
    text, given = statement(counted(LEASE, 0, 0), one_run(), notes=True)
    assert [name for name in PARTS if f"\n{name} AS (" in text] == ["events", "runs"]
    assert len(given) == 2 + 10 + 15


def test_every_value_is_binary_and_no_list_is_ever_sent() -> None:
    """Text arrays cost the client four times as much."""
    _, given = statement(counted(LEASE, 0, 0), everything(), notes=True)
    assert {type(value) for value in given} <= set(values.OIDS)
    for dumper in values._DUMPERS.values():
        assert issubclass(dumper, adapt.Dumper)
        assert dumper.format is Format.BINARY
        assert dumper.oid in values.OIDS.values()


async def test_a_commit_is_one_statement_outside_of_a_transaction(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is one round trip, and a transaction pooler may take it."""
    store = await opened()
    lease = await store.acquire("x")
    await store.commit(lease, one_run())
    sent: list[object] = []
    execute = psycopg.RawCursor.execute

    def noting(self: psycopg.RawCursor, query: bytes, *args: Any, **more: Any) -> object:
        sent.append(query)
        return execute(self, query, *args, **more)

    monkeypatch.setattr(psycopg.RawCursor, "execute", noting)
    changed = everything()
    changed.events, changed.runs = [], []
    assert await store.commit(lease, changed) == "ok"
    assert len(sent) == 1


async def test_a_row_that_is_inserted_and_changed_in_one_commit(opened: Open) -> None:
    store = await opened()
    lease = await store.acquire("x")
    new = run(11, 10)
    changed = Mutations(
        events=[event(10)], runs=[new],
        patches=[patch(new, state="dead"), patch(new, state="done", due=None, ended=7)],
    )  # fmt: skip
    assert await store.commit(lease, changed) == "ok"
    assert [(one.run.state, one.run.ended) for one in await store.runs(RunFilter())] == [
        ("done", 7)
    ]
    twice = [patch(new, state="dead"), patch(new, state="open", lane="there")]
    assert await store.commit(lease, Mutations(patches=twice)) == "ok"
    assert [(one.run.state, one.run.lane) for one in await store.runs(RunFilter())] == [
        ("open", "there")
    ]


async def test_what_is_put_twice_in_one_commit_is_what_was_put_last(opened: Open) -> None:
    store = await opened()
    lease = await store.acquire("x")
    batch = BatchRow(20, "bk", "p1", "watch", "a", "[11]", 5, 0, "here", None, "[]")
    changed = Mutations(
        letters=[letter("d1", reason="one"), letter("d1", reason="two")],
        batches=[batch._replace(lane="old"), batch],
        attempts=[attempt(1, 1, error="one"), attempt(1, 1, error="two")],
        limits=[LimitRow("e", 1.0, 1, 1), LimitRow("e", 2.0, 2, 2)],
        remembered=[remembered(1), remembered(1, at=2)],
        taken=[Taken(b"1", "o", 1), Taken(b"2", "o", 2)], forgotten=[b"1"],
    )  # fmt: skip
    assert await store.commit(lease, changed) == "ok"
    snapshot = await store.load(lease)
    assert [row.reason for row in await store.letters(LetterFilter())] == ["two"]
    assert snapshot.batches == [batch]
    assert [row.error for row in await store.attempts([1])] == ["two"]
    assert snapshot.limits == [LimitRow("e", 2.0, 2, 2)]
    assert (await store.known([remembered(1).key]))[remembered(1).key].at == 1000
    assert snapshot.taken == {b"2": "o"}


async def test_a_letter_that_is_put_and_leaves_in_one_commit_is_noted_twice(opened: Open) -> None:
    store = await opened()
    store.note_copies()
    lease = await store.acquire("x")
    changed = Mutations(
        letters=[letter("d1"), letter("d2"), letter("d3")],
        letter_states=[("resolved", "d1"), ("replaying", "d2")],
    )
    assert await store.commit(lease, changed) == "ok"
    assert {row.id: row.state for row in await store.letters(LetterFilter())} == {
        "d2": "replaying", "d3": "dead",
    }  # fmt: skip
    assert [(one.dlq_id, one.change) for one in await store.copies(10)] == [
        ("d1", "dead"), ("d2", "dead"), ("d3", "dead"), ("d1", "resolved"),
    ]  # fmt: skip


async def test_a_letter_has_the_number_of_a_run_of_its_own_commit(opened: Open) -> None:
    store = await opened()
    lease = await store.acquire("x")
    changed = Mutations(
        events=[event(10)], runs=[run(12, 10), run(11, 10)], letters=[letter("d1", run=11)]
    )
    assert await store.commit(lease, changed) == "ok"
    assert await store.commit(lease, Mutations(letters=[letter("d2", run=12)])) == "ok"
    numbers = {one.run.id: one.run.number for one in await store.runs(RunFilter())}
    found = {row.id: row.number for row in await store.letters(LetterFilter())}
    assert found == {"d1": numbers[11], "d2": numbers[12]}
    assert numbers[12] < numbers[11], "in order of arrival"


async def test_what_is_dropped_in_the_commit_that_makes_it(opened: Open) -> None:
    store = await opened()
    lease = await store.acquire("x")
    both = Mutations(
        events=[event(10), event(20)], runs=[run(11, 10), run(21, 20), run(22, 20)],
        attempts=[attempt(11, 1)], patches=[patch(run(11, 10), state="done")],
        dropped_runs=[11, 21],
    )  # fmt: skip
    assert await store.commit(lease, both) == "ok"
    assert [one.run.id for one in await store.runs(RunFilter())] == [22]
    assert (await store.counts()).events == 1
    assert await store.attempts([11]) == []
    done = Mutations(patches=[patch(run(22, 20), state="done")], dropped_runs=[22])
    assert await store.commit(lease, done) == "ok"
    assert (await store.counts()).events == 0


async def test_a_dropped_run_leaves_an_event_that_gets_another_one(opened: Open) -> None:
    store = await opened()
    lease = await store.acquire("x")
    await store.commit(lease, Mutations(events=[event(10)], runs=[run(11, 10)]))
    assert await store.commit(lease, Mutations(runs=[run(12, 10)], dropped_runs=[11])) == "ok"
    assert [one.run.id for one in await store.runs(RunFilter())] == [12]


@pytest.mark.parametrize("text", ["\0", "a\0b", "\x1a", "\x1a0\x1a1\0", "\uffff\U0010ffff", ""])
async def test_every_text_comes_back_as_it_was(opened: Open, text: str) -> None:
    """PostgreSQL itself takes no NUL in a text."""
    store = await opened()
    lease = await store.acquire(f"holder {text}")
    new = run(11, 10, works=text, order_key=text, key=text, row_key=text)
    of = event(10, payload=text, context=text, event_id=f"e{text}")
    changed = Mutations(
        events=[of], runs=[new], attempts=[attempt(11, 1, error=text, response_start=text)],
        letters=[letter(f"d{text}", request=text, payload=text.encode())],
        pauses={f"p{text}": True}, positions={f"s{text}": 1},
    )  # fmt: skip
    assert await store.commit(lease, changed) == "ok"
    [loaded] = await store.runs(RunFilter(event_id=f"e{text}"))
    assert loaded.run._replace(number=0) == new
    assert loaded.event == of
    assert (await store.attempts([11]))[0].response_start == text
    [dead] = await store.letters(LetterFilter(ids=(f"d{text}",)))
    assert (dead.request, dead.payload) == (text, text.encode())
    snapshot = await store.load(lease)
    assert (snapshot.pauses, snapshot.positions) == ([f"p{text}"], {f"s{text}": 1})
    assert snapshot.queues == [(text, 11)]


@pytest.mark.parametrize("bad", [{"due": 1 << 63}, {"works": "\ud800"}])
async def test_what_cannot_be_stored_is_refused_and_changes_nothing(
    opened: Open, bad: dict[str, object]
) -> None:
    store = await opened()
    lease = await store.acquire("x")
    with pytest.raises(StoreError, match="cannot keep a value"):
        await store.commit(lease, one_run(**bad))
    assert await store.settle(lease, 0) is False
    extreme = one_run(due=(1 << 63) - 1, started=-(1 << 63))
    assert await store.commit(lease, extreme) == "ok"
    [loaded] = await store.runs(RunFilter())
    assert (loaded.run.due, loaded.run.started) == ((1 << 63) - 1, -(1 << 63))


async def test_a_refused_row_leaves_the_session_as_it_was(opened: Open) -> None:
    store = await opened()
    lease = await store.acquire("x")
    await store.commit(lease, one_run())
    with pytest.raises(StoreError):
        await store.commit(lease, one_run())
    assert await store.settle(lease, 1) is False
    assert await store.commit(lease, Mutations(pauses={"x": True})) == "ok"
