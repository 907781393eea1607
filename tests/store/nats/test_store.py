"""What the store in NATS does by its own means: log, lease, limits, and what it refuses."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from fql.app import Runtime
from fql.errors import SettingsError, StoreError, StoreFull, StoreGone, StoreLocked
from fql.exact.writing import write_json
from fql.nats.connection import NatsConnection
from fql.settings.databases import store_at
from fql.store.choosing import LetterFilter, RunFilter
from fql.store.nats.store import NatsStore
from fql.store.opening import Place, open_store, require_store
from fql.store.port import Lease
from fql.store.records import LimitRow, Mutations, Retention, StoredPlan, Taken
from fql.testing import MockWebhookServer
from tests.app.plans import ONE, order, plan_of, settings_of
from tests.store.nats.conftest import Open
from tests.store.rows import attempt, event, letter, one_run, patch, remembered, run

SEEN = ("numbered", "last_copy", "changes")
"""Numbers of what a process has seen, which is less where it has read on from a later point."""


def drawn(chance: random.Random, number: int, known: list[int]) -> Mutations:
    """A commit as engines make them."""
    base = number * 100
    runs = [run(base + n, base, lane=chance.choice("ab")) for n in range(1, chance.randint(2, 4))]
    made = Mutations(events=[event(base)], runs=runs)
    made.remembered = [remembered(chance.randint(0, 99))]
    made.positions = {"src": number}
    made.pauses = {chance.choice("xy"): chance.random() < 0.5}
    made.taken = [Taken(bytes([number % 256]) * 16, "outbox", number)]
    made.forgotten = [bytes([max(0, number - 3)]) * 16]
    made.limits = [LimitRow("here", chance.random(), number, 0)]
    if number == 1:
        made.plans, made.active = [StoredPlan("p1", "sha256:p1", b"{}\xff", 5)], "p1"
    for one in chance.sample(known, min(3, len(known))):
        row = run(one, one - one % 100)
        end = chance.choice([None, 7])
        made.patches.append(patch(row, state="open" if end is None else "done", ended=end))
        made.attempts.append(attempt(one, 1))
        if chance.random() < 0.3:
            made.letters.append(letter(f"dlq_{one}", run=one, payload=b"\x00\xff"))
    known += [row.id for row in runs]
    for changed in made.patches:
        if changed.ended and chance.random() < 0.5:
            made.dropped_runs.append(changed.id)
            known.remove(changed.id)
    return made


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_read_back_is_what_the_engine_had(
    opened: Open, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where most of the log has been dropped meanwhile, which is every time here."""
    monkeypatch.setattr("fql.store.nats.log.SPARE", 10)
    monkeypatch.setattr("fql.store.nats.log.FEWEST_DROPPED", 3)
    chance, known = random.Random(seed), list[int]()
    store, beside = await opened(), await opened()
    store.note_copies()
    lease = await store.acquire("test")
    for number in range(1, 60):
        assert await store.commit(lease, drawn(chance, number, known)) == "ok"
        if chance.random() < 0.1:
            await beside.counts()
        if chance.random() < 0.2:
            await store.append([("pause", b"{}")] * 2, now=1)
            [first, *_] = await store.fetch(1, frozenset())
            await store.commit(lease, Mutations(consumed=[first.id]))
        if chance.random() < 0.05:
            await store.prune(Retention(8, 1001, 0, slice=2))
            known[:] = [one for one in known if one in store.rows.tables.runs]
    late = await opened()
    for other in (beside, late):
        await other.counts()
        for name in vars(store.rows.tables):
            if not name.startswith("_") and name not in SEEN:
                assert getattr(other.rows.tables, name) == getattr(store.rows.tables, name), name
        assert other.rows.tables.numbered <= store.rows.tables.numbered
    found = await store.stream.look()
    assert found is not None
    assert late.rows.log.used > 0
    assert len(late.rows.log._alive) < 40, "the beginning of the log was dropped"


async def test_an_entry_may_be_larger_than_a_message(opened: Open) -> None:
    store = await opened()
    lease = await store.acquire("test")
    large = event(10, payload="x" * 3_500_000)
    assert await store.commit(lease, Mutations(events=[large], runs=[run(11, 10)])) == "ok"
    [loaded] = await (await opened()).runs(RunFilter())
    assert loaded.event == large


async def test_many_rows_and_many_commands_are_one_commit(opened: Open) -> None:
    store = await opened()
    lease = await store.acquire("test")
    ids = await store.append([("pause", b"{}")] * 1_500, now=1)
    assert len(await store.fetch(2_000, frozenset())) == 1_500
    runs = [run(n, 10) for n in range(11, 3_011)]
    changed = Mutations(events=[event(10)], runs=runs, consumed=ids)
    assert await store.commit(lease, changed) == "ok"
    other = await opened()
    assert (await other.counts()).runs == {"open": 3_000}
    assert await other.pending(ids) == set()
    await store.renew(lease)
    await asyncio.sleep(1.5)
    asked = write_json({"subjects_filter": ">"})
    info = await store.stream.connection.ask(f"STREAM.INFO.{store.stream.name}", asked, timeout_s=5)
    assert b".inbox." not in write_json(info), "the stream has none of them any more"


async def test_a_command_larger_than_a_message_is_refused(opened: Open) -> None:
    store = await opened()
    with pytest.raises(StoreError, match="larger than"):
        await store.append([("emit", b"x" * 2_000_000)], now=1)


async def test_with_max_open_runs_nothing_more_is_taken_in(opened: Open) -> None:
    store = await opened(max_open=2)
    lease = await store.acquire("test")
    changed = Mutations(events=[event(10)], runs=[run(11, 10), run(12, 10)])
    assert await store.commit(lease, changed) == "ok"
    more = Mutations(events=[event(20)], runs=[run(21, 20)])
    with pytest.raises(StoreFull, match="2 runs are open, and `\\[store\\] max_open` is 2"):
        await store.commit(lease, more)
    ended = Mutations(patches=[patch(run(11, 10), state="done", due=None, ended=7)])
    assert await store.commit(lease, ended) == "ok"
    assert await store.commit(lease, more) == "ok"


async def test_max_open_of_the_settings(nats_url: str, webhook_server: MockWebhookServer) -> None:
    webhook_server.always(503)
    settings = settings_of(f'[project]\nname = "{name()}"\n[store]\nmax_open = 1\n')
    made = Runtime(
        plan_of(ONE), store=nats_url, settings=settings,
        environment={"RECEIVER": webhook_server.url},
    )  # fmt: skip
    async with made as running:
        await running.emit("Order.insert", new=order(1))
        with pytest.raises(StoreFull, match="max_open"):
            await running.emit("Order.insert", new=order(2))


def name() -> str:
    return "p" + random.randbytes(6).hex()


# Leases --------------------------------------------------------------------------------------


async def test_the_engine_is_named_and_its_lease_ends_by_the_clock_of_the_server(
    opened: Open,
) -> None:
    first, second = await opened(lease_seconds=1.0), await opened()
    await first.acquire("17")
    with pytest.raises(StoreLocked, match=r"its engine is process 17 on .* for 1 seconds"):
        await second.acquire("second")
    await second.until_free(5)
    assert not (await second.load(await second.acquire("second"))).clean


async def test_a_renewed_lease_goes_on(opened: Open) -> None:
    first, second = await opened(lease_seconds=0.6), await opened()
    lease = await first.acquire("first")
    for _ in range(4):
        await asyncio.sleep(0.3)
        assert await first.renew(lease)
    with pytest.raises(StoreLocked):
        await second.acquire("second")


async def test_a_fenced_engine_changes_nothing_and_reads_what_the_other_does(
    opened: Open,
) -> None:
    first, second = await opened(lease_seconds=0.2), await opened()
    lost = await first.acquire("first")
    await first.commit(lost, one_run())
    await second.until_free(5)
    lease = await second.acquire("second")
    done = Mutations(patches=[patch(run(11, 10), state="done", due=None, ended=7)])
    assert await second.commit(lease, done) == "ok"
    assert await first.commit(lost, Mutations(letters=[letter("d1")])) == "fenced"
    assert await first.settle(lost, 1) is None
    assert not await first.renew(lost)
    with pytest.raises(StoreLocked):
        await first.load(lost)
    assert [one.run.state for one in await first.runs(RunFilter())] == ["done"]
    assert await second.letters(LetterFilter()) == []


async def test_only_one_of_many_becomes_the_engine(opened: Open) -> None:
    stores = [await opened() for _ in range(4)]
    ended = await asyncio.gather(*(one.acquire("x") for one in stores), return_exceptions=True)
    assert sum(isinstance(one, Lease) for one in ended) == 1
    assert sum(isinstance(one, StoreLocked) for one in ended) == 3


# Refusals ------------------------------------------------------------------------------------


async def test_a_server_below_2_12_is_refused() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        info = {"server_id": "x", "version": "2.11.9", "max_payload": 1 << 20, "headers": True}
        writer.write(b"INFO " + write_json(info) + b"\r\n")
        while line := await reader.readline():
            if line.startswith(b"PING"):
                writer.write(b"PONG\r\n")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        store = NatsStore([f"nats://127.0.0.1:{port}"])
        with pytest.raises(SettingsError, match=r"is version 2.11, and a store in NATS needs 2.12"):
            await store.open()


async def test_a_stream_of_somebody_else_is_not_a_store(
    nats_url: str, project: str, opened: Open
) -> None:
    connection = NatsConnection([nats_url])
    config = write_json({"name": f"FQL_{project}", "subjects": [f"fql.{project}.>"]})
    await connection.ask(f"STREAM.CREATE.FQL_{project}", config, timeout_s=5)
    await connection.close()
    with pytest.raises(StoreError, match="no engine has ever used it as a store"):
        await opened()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"max_age": 10**12}, "has been changed: max_age"),
        ({"metadata": {"fql_identity": "x", "fql_format": "9"}}, "format 9, and this fqlc knows 1"),
    ],
)
async def test_a_stream_that_was_changed_or_is_newer_is_refused(
    nats_url: str, project: str, opened: Open, change: dict[str, object], said: str
) -> None:
    await opened()
    connection = NatsConnection([nats_url])
    found = await connection.ask(f"STREAM.INFO.FQL_{project}", timeout_s=5)
    config = write_json({**found["config"], **change})  # type: ignore[dict-item]
    await connection.ask(f"STREAM.UPDATE.FQL_{project}", config, timeout_s=5)
    await connection.close()
    with pytest.raises(StoreError, match=said):
        await opened()


async def test_a_stream_that_is_deleted_is_a_store_that_is_gone(
    nats_url: str, project: str, opened: Open
) -> None:
    store = await opened()
    lease = await store.acquire("test")
    connection = NatsConnection([nats_url])
    await connection.ask(f"STREAM.DELETE.FQL_{project}", timeout_s=5)
    await connection.close()
    assert await store.commit(lease, one_run()) == "ambiguous"
    with pytest.raises(StoreGone):
        await store.settle(lease, 0)


def test_who_only_looks_makes_no_store(nats_url: str) -> None:
    place = Place(store_at(nats_url).url, schema=f"fql_{name()}")
    with pytest.raises(StoreError, match=r"there is no store for fql_.* in NATS at nats://"):
        require_store(place)
    with pytest.raises(StoreError, match="there is no store"):
        require_store(place)

    async def make() -> None:
        store = open_store(place)
        await store.open()
        await store.close()

    asyncio.run(make())
    require_store(place)


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("nats://a", "nats://a"),
        ("NATS://a:1, nats://b:2", "NATS://a:1,nats://b:2"),
        ("tls://u:p@a:4222", "tls://u:p@a:4222"),
    ],
)
def test_the_address_of_a_store(url: str, meant: str) -> None:
    database = store_at(url)
    assert (database.kind, database.url, database.file) == ("nats", meant, None)
    assert database.shared
    assert "u:p" not in database.shown


@pytest.mark.parametrize("url", ["nats://", "nats://a/b", "nats://a,tls://b", "nats://a b"])
def test_what_is_not_such_an_address(url: str) -> None:
    with pytest.raises(SettingsError):
        store_at(url)


def test_doctor_says_what_it_cannot_do(
    nats_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from fql.cli.examining.examine import store as examined

    del tmp_path, capsys
    found = examined(Place(store_at(nats_url).url, schema=f"fql_{name()}"), 10**10)
    assert [one.level for one in found] == ["ok", "problem", "ok"]
    assert "`fqlc run` makes it" in found[0].message
    assert "`sync_interval: always`" in found[1].message
    assert "no tables or views for SQL" in found[2].message
    [away] = examined(Place("nats://127.0.0.1:9"), 10**10)
    assert away.level == "problem"
