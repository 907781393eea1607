"""Stored work meets another plan: nothing is lost, nothing stops, and everything has words.

By version 1 of a plan work is left in every state there is: ready (paused), armed (killed on the
wire), scheduled, buffered, sealed, dead, waiting after a dead one, mended by an `else`, ordered
after one that is dead and blocks. Then other versions come, by restart, by reload and after a kill,
with replays, cancels and new events in between. At last all names are set, receivers answer well,
and what is dead is replayed: by the active plan where it fits, else by its own.

Real plans, engine, store and inbox; only receivers and time are played. A seed is a whole story.
"""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from fql.store.memory import MemoryStore
from fql.store.port import Store
from fql.store.works import parse_name, run_name
from tests.histories.played import CLASSES, NAMES, History
from tests.histories.versions import KINDS, changed, first, secrets_moved


async def leave_everything(history: History) -> None:
    """Work in every state, by the first version; then a kill."""
    await history.start()
    await history.now.client.pause("ready")
    await history.now.client.wait_taken()
    await history.emit(*(kind for kind in KINDS for _ in range(2)))
    await history.settle()
    kinds = Counter(history.runs.values())
    assert kinds == dict.fromkeys(KINDS, 2)
    letters = await history.now.client.dead_letters()
    assert Counter(one.observer for one in letters) == {
        "dead": 2, "behind": 2, "mended": 2, "ordered": 1,
    }  # fmt: skip
    await history.end(kill=True)


async def one_step(history: History) -> None:
    """Another plan, or the same one, by a restart or a reload; then something that people do."""
    chance = history.chance
    how = chance.choice(["restart", "reload", "kill", "same"])
    mended = bool(history.now.engine.state.stuck) and chance.random() < 0.4
    how = "reload" if mended else how
    if how != "same":
        if chance.random() < 0.15:
            history.version = first()
        if chance.random() < 0.4:
            history.version = secrets_moved(history.version, chance)
        history.version, history.plan, names = changed(
            history.version, chance, chance.randrange(1, 4)
        )
        history.log.append(f"{how}: {', '.join(names)}")
    for name in NAMES:
        if chance.random() < 0.4:
            history.names.pop(name, None)
            history.log.append(f"unset {name}")
    if mended or chance.random() < 0.2:
        history.names |= NAMES
    history.names |= {w.name: NAMES[w.name] for w in history.plan.environment}
    if how == "reload":
        await history.now.reload(history.plan)
    elif how != "same":
        await history.end(kill=how == "kill")
        await history.start()
    await history.settle()
    if how != "same" and history.names == NAMES:
        assert not history.now.engine.state.stuck, "every name is set, and yet work is stuck"
    await something(history)


DEEDS = ("emit", "replay", "original", "delayed", "cancel", "time", "resume", "well", "resend")


async def something(history: History) -> None:
    chance, client = history.chance, history.now.client
    what = chance.choice(DEEDS)
    history.log.append(what)
    if what == "emit":
        await history.emit(*(chance.choice(KINDS) for _ in range(2)))
    elif what in ("replay", "original", "delayed"):
        plan: Any = "original" if what == "original" else "active"
        delay = "5m" if what == "delayed" else None
        for one in await history.now.replay(
            all=True, plan=plan, delay=delay, force=True, rate=1000
        ):
            assert not one.skipped or len(one.skipped.split()) > 2
    elif what == "cancel":
        states, stuck_runs = await history.states(), history.now.engine.state.stuck
        open_runs = [run for run, state in states.items() if state in ("open", "dead")]
        if stuck_runs and chance.random() < 0.7:
            open_runs = [run_name(number) for number in stuck_runs]
        if open_runs:
            run = chance.choice(open_runs)
            stuck = (parse_name(run) or 0) in history.now.engine.state.stuck
            await client.cancel(run=run)
            await client.wait_taken()
            await history.settle()
            history.log.append(f"cancelled {run}")
            if (await history.states())[run] == "cancelled":
                history.cancelled.add(run)
            assert run in history.cancelled or not stuck, "cancelled without its plan"
    elif what == "resend":
        done = [run for run, state in (await history.states()).items() if state == "done"]
        if done:
            await client.resend(chance.choice(done))
    elif what == "time":
        await history.pass_time(chance.choice([60_000, 4_000_000]))
    elif what == "resume":
        if "ready" in history.now.engine.state.paused:
            await client.resume("ready")
    else:
        history.receivers.well = chance.random() < 0.5
    await client.wait_taken()
    await history.settle()


async def finish(history: History) -> None:
    """Everything is well at last: what is left must come to its end."""
    history.log.append("finish")
    history.receivers.well = True
    history.names |= NAMES
    await history.end()
    await history.start()
    if "ready" in history.now.engine.state.paused:
        await history.now.client.resume("ready")
    for plan in ("active", "original", "original"):
        await ended(history)
        for one in await history.now.replay(all=True, plan=plan, force=True, rate=1000):
            if one.skipped:
                assert "--plan original" in one.skipped, one.skipped
    await ended(history)


async def ended(history: History) -> None:
    """All that can move has moved."""
    for _ in range(6):
        history.now.engine.flush()
        await history.pass_time(4_000_000)
    await history.now.until_idle(20)


async def judge(history: History, caplog: pytest.LogCaptureFixture) -> None:
    letters = await history.now.client.dead_letters()
    assert not letters, [(one.dlq_id, one.error_class, one.reason) for one in letters]
    states = await history.states()
    assert set(states) == set(history.runs), "no run is lost, and none is there that was not asked"
    left = {run: state for run, state in states.items() if state not in ("done", "cancelled")}
    assert not left
    again = {run: states[run] for run in history.cancelled if states[run] != "cancelled"}
    assert not again, "what was cancelled stays so"
    asked = {line.split()[1] for line in history.log if line.startswith("cancelled ")}
    assert {run for run, state in states.items() if state == "cancelled"} <= asked
    assert not history.receivers.wrong
    good = {run for _, run, _, status in history.receivers.ledger if status == 200}
    for one in await history.now.client.runs(limit=10_000):
        for node in one.nodes:
            assert node["state"] != "done" or {one.run, node.get("batch")} & good, (one, node)
    for run in states:
        tries = (await history.now.client.trace(run)).attempts[run]
        numbers = Counter((one.action, one.number) for one in tries)
        assert not [one for one, count in numbers.items() if count > 1], numbers
    said = [record.getMessage() for record in caplog.records]
    assert not [line for line in said if "set aside" in line or "a fault" in line], said
    sent = Counter((key, attempt) for key, _, attempt, _ in history.receivers.ledger)
    twice = {one: count for one, count in sent.items() if count > 1}
    assert not twice, f"a number of an attempt was given twice: {twice}"


async def play(store: str | Store, seed: int, steps: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    history = History(store, seed)
    try:
        await leave_everything(history)
        await history.start()
        for _ in range(steps):
            await one_step(history)
            failed = history.now.engine.failed()
            assert failed is None, failed
            letters = await history.now.client.dead_letters()
            assert {one.error_class for one in letters} <= CLASSES, letters
            assert not [one for one in letters if "cannot be used" in one.reason]
        await finish(history)
        await judge(history, caplog)
    except BaseException as problem:
        problem.add_note(f"seed {seed}: {' | '.join(history.log)}")
        problem.add_note(str(history.version))
        raise
    finally:
        if history.running is not None:
            await history.end()


def seeds(few: int, most: int) -> pytest.MarkDecorator:
    """A few, and in `make soak` many."""
    long = [pytest.param(seed, marks=pytest.mark.soak) for seed in range(few, most)]
    return pytest.mark.parametrize("seed", [*range(few), *long])


@seeds(8, 400)
async def test_stored_work_meets_other_plans(
    tmp_path: Path, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    await play(f"sqlite:///{tmp_path}/s.db", seed, 5, caplog)


@seeds(2, 60)
async def test_it_does_so_in_memory(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    await play(MemoryStore(), seed, 5, caplog)


@seeds(4, 100)
async def test_it_does_so_on_postgresql(
    postgresql_url: str, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    await play(postgresql_url, seed, 5, caplog)
