"""`fqlc status`: how engine and store are, and what needs a person."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress

import click

from fql.cli.asking import ask, shards_words
from fql.cli.glance import Port, page_of, seen
from fql.cli.operating.judging import (
    NOTHING,
    Dead,
    Live,
    Samples,
    State,
    last_of,
    live_of,
    samples_of,
)
from fql.cli.stored.stores import with_orders
from fql.errors import StoreError
from fql.exact.reading import read_object
from fql.looking import Ordering
from fql.plan.language.units import show_size
from fql.store.opening import Place
from fql.store.sessions import begun
from fql.store.sharing.holding import Holding
from fql.store.showing.history import Pulse
from fql.store.shown import as_far
from fql.terminal.lines import data, json_line, on_terminal
from fql.terminal.options import format_option, settings_option, store_option
from fql.terminal.words import moment

EVERY = 2.0
"""Seconds between two looks of --watch."""
PATIENCE = 1.5
"""Seconds in which an engine says how it is, if it does: it looks at the inbox each 50 ms, and
engines that share a store hear of it within a second."""
SPAN = 300_000
"""Milliseconds that rates are about."""


@click.command(epilog="\b\nExamples:\n  fqlc status\n  fqlc status --watch\n"
               "  fqlc status --format json")  # fmt: skip
@click.option("--watch", is_flag=True, help="Show it again every two seconds, until Ctrl-C.")
@store_option()
@settings_option()
@format_option()
def status(watch: bool, store: str | None, settings_file: str | None, form: str) -> None:
    """Show engine, plan, sources, what waits and what is dead.

    Exit code 1 when something needs a person, 3 when the store cannot be reached. What the engine
    knows alone (sources, circuits, how long work waits) comes from its metrics port, where
    `[observability.prometheus]` is in fql.toml; without it the engine is asked by the store.
    """
    while True:
        found = looked(store, settings_file)
        if watch and on_terminal(err=False):
            data("\x1b[2J\x1b[H" if form == "text" else "")
        if form == "json":
            json_line(found.as_json())
        else:
            for title, text in _report(found):
                data(f"{title:10}  {text}")
        if not watch:
            break
        time.sleep(EVERY)
    if found.needs():
        raise click.exceptions.Exit(1)


def looked(store: str | None, settings_file: str | None) -> State:
    """How engine and store are now. Raises StoreError, SettingsError, MissingSecrets."""
    found = seen(store, settings_file)
    place = found.place
    engine, samples = _asked(found.port)
    if engine == "unknown":
        engine = _holder(place)
    shared = place.database.kind == "postgresql"
    now = int(time.time() * 1000)

    async def work(client: Ordering) -> State:
        holdings = await client.holdings()
        at_work = engine
        if at_work == "unknown" and shared:
            at_work = "ready" if any(one.left > 0 for one in holdings) else "none"
        live, last_seen = last_of(await client.pulses()) if at_work == "none" else (NOTHING, None)
        asked = not samples and at_work == "ready" and await _asked_in_store(client)
        counts, size = await client.counts(), await client.size()
        plan = await client.active_digest()
        groups = await client.dead_letter_groups()
        rates: dict[str, float] = {}
        for one in await client.minutes(now - SPAN, ("engine",)):
            for name, number in one.counts.items():
                rates[name] = rates.get(name, 0) + number / (SPAN / 60_000)
        return State(
            now=now,
            store=place.database.shown,
            engine=at_work,
            plan=plan,
            open_runs=counts.runs.get("open", 0),
            inbox=counts.inbox,
            paused=tuple(sorted(counts.paused)),
            dead=tuple(Dead(g.observer, g.action, g.error_class, g.number) for g in groups),
            rates=rates,
            disk=size.disk,
            backup=size.backup,
            samples=samples,
            live=await _heard(client, sum(one.left > 0 for one in holdings)) if asked else live,
            since=None if at_work == "none" else _since(place, holdings, now),
            last_seen=last_seen,
            holdings=holdings,
        )

    return with_orders(place, work)


async def _asked_in_store(client: Ordering) -> bool:
    """Ask the engines to say how they are; False where this may only read the store."""
    with suppress(StoreError):
        await client.watch()
        return True
    return False


async def _heard(client: Ordering, engines: int) -> Live:
    """What they say, as soon as all of them have."""
    pulses: list[Pulse] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while sum(not one.silent for one in pulses) < max(1, engines):
                pulses = await client.pulses()
                await asyncio.sleep(0.02)
    return live_of(pulses)


def _asked(port: Port | None) -> tuple[str, Samples]:
    """What the engine says of itself on its metrics port."""
    if port is None or not port.enabled or not port.port:
        return "unknown", ()
    ready, page = (ask(page_of(port, name)) for name in ("ready", "metrics"))
    if ready is None or page is None:
        return "none", ()
    prefix = f"{port.namespace}_"
    samples = [
        (name.removeprefix(prefix), labels, value) for name, labels, value in samples_of(page.text)
    ]
    if ready.is_success:
        return "ready", samples
    return _reason(ready.text), samples


def _since(place: Place, holdings: Sequence[Holding], now: int) -> int | None:
    """When the engine at work began, by the number of its session; the first of several."""
    file, sessions = place.database.file, [one.session for one in holdings if one.left > 0]
    if file is not None and file.exists():
        from fql.store.sqlite.caring.facts import session_of

        sessions.append(session_of(file))
    return begun(min(sessions), now) if sessions else None


def _reason(text: str) -> str:
    """Why an engine is not ready, from what it answers."""
    try:
        return str(read_object(text)["reason"])
    except (ValueError, KeyError):
        return text


def _holder(place: Place) -> str:
    """Whether a process holds an SQLite store; elsewhere nobody can be asked."""
    file = place.database.file
    if file is None or not file.exists():
        return "unknown"
    from fql.store.sqlite.caring.facts import engine_of

    return "none" if engine_of(file) is None else "ready"


def _report(found: State) -> Iterator[tuple[str, str]]:
    since = "" if found.since is None else f", since {moment(found.since)} UTC"
    yield "engine", found.engine + since
    for one in found.holdings:
        yield "", shards_words(one)
    yield "store", found.store
    yield "plan", (found.plan or "none")[:19]
    yield "open", f"{as_far(found.open_runs, 'run')}, {as_far(found.inbox)} in the inbox"
    seen = "" if found.last_seen is None else f" (when last seen, {moment(found.last_seen)} UTC)"
    for name, fine, lag in found.sources():
        yield "source", f"{name}: {'ok' if fine else 'in trouble'}, {lag:.0f} s late{seen}"
    if found.rates:
        rates = ", ".join(f"{value:.1f} {name}" for name, value in sorted(found.rates.items()))
        yield "a minute", rates
    yield from _waiting(found, seen)
    if found.disk is not None:
        yield "disk", f"{show_size(found.disk[1] // 10**6 * 10**6)} free"
    if found.backup is not None:
        yield "backup", f"{moment(found.backup)} UTC"
    needs = found.needs()
    for need in needs:
        yield "NEEDS YOU", need
    if not needs:
        yield "", "nothing needs you"


def _waiting(found: State, seen: str) -> Iterator[tuple[str, str]]:
    oldest = found.oldest_due()
    if oldest is not None:
        yield "oldest due", f"{oldest:.0f} s{seen}"
    for endpoint, state in found.circuits():
        yield "circuit", f"{endpoint}: {state.replace('_', ' ')}{seen}"
    if found.paused:
        yield "paused", ", ".join(found.paused)
    for one in found.dead:
        name = f"{one.observer}.{one.action}" if one.action else "(capture)"
        yield "dead", f"{as_far(one.number)} of {name} ({one.error_class})"
