"""A store seen from outside its engine: read runs and dead letters, hand in events and commands.

Works from any process, whether an engine runs or not. Commands are durable when a call returns; the
engine on that store carries them out, or the next one that starts.
"""

from __future__ import annotations

import asyncio
import difflib
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fql.engine.loop.clock import Clock, SystemClock
from fql.engine.process.checks import Origin, check, handed_in
from fql.engine.process.receipts import Handed, Receipt
from fql.engine.program.model import Program
from fql.errors import UsageError
from fql.events.intake import Intake
from fql.exact.reading import read_json
from fql.exact.writing import write_json
from fql.plan.model import Plan
from fql.store.opening import open_store
from fql.store.plans import plan_of
from fql.store.port import Counts, Store
from fql.store.records import LetterFilter, RunFilter
from fql.store.shown import DeadLetter, RunShown, Shower, Trace
from fql.store.works import inbox_name, parse_name

MOST_COMMANDS = 1_000
"""How many commands that no engine has taken are looked at."""
HANDLED_HINT = "its `else` chain took over; replay it with force (`--force`)"


@dataclass(frozen=True, slots=True)
class Replayed:
    """A dead letter that was marked for replay, or would be (`dry_run`). `skipped` says why one
    was not."""

    letter: DeadLetter
    due: str = ""
    skipped: str = ""

    def as_json(self) -> dict[str, object]:
        """The dead letter with the time of its replay."""
        return {**self.letter.as_json(), "replay_at": self.due or None, "skipped": self.skipped}


class Client:
    """See `open_client`."""

    def __init__(self, store: Store, clock: Clock | None = None) -> None:
        self._store = store
        self._clock = clock or SystemClock()
        self._shower = Shower(store)

    async def emit(self, envelope: Mapping[str, Any]) -> Receipt:
        """Hand an event in; durable on return. Raises EventRefused when the store's plan says
        that it does not fit."""
        plan = await self.plan()
        position = uuid.uuid4().hex
        origin = Origin("emit", "inbox", position)
        if plan is not None:
            check(_checking(plan), envelope, origin, self._clock)
        known_by = handed_in(envelope, origin)
        duplicate = bool(await self._store.known([known_by]))
        body = {"source": "inbox", "position": position, "envelope": dict(envelope)}
        (entry,) = await self._append([("emit", body)])
        event_id = str(envelope.get("id") or "")
        return Receipt(
            inbox_name(entry), event_id, duplicate=duplicate, handed=Handed(entry, known_by)
        )

    async def runs(
        self,
        *,
        ids: Sequence[str] = (),
        observer: str | None = None,
        state: str | None = None,
        event: str | None = None,
        limit: int = 100,
    ) -> list[RunShown]:
        """Runs, newest first; `event` is the event's own id or a receipt's."""
        number = parse_name(event) if event else None
        wanted = RunFilter(
            ids=tuple(_number(name, "run") for name in ids),
            event=number,
            event_id=None if number is not None else event,
            observer=observer,
            state=state,
            limit=limit,
        )
        return await self._shower.runs(await self._store.runs(wanted))

    async def dead_letters(
        self,
        *,
        ids: Sequence[str] = (),
        observer: str | None = None,
        action: str | None = None,
        error_class: str | None = None,
        failed_after: datetime | None = None,
        failed_before: datetime | None = None,
        batch: str | None = None,
        limit: int | None = None,
    ) -> list[DeadLetter]:
        """Dead letters, newest first."""
        wanted = LetterFilter(
            ids=tuple(ids),
            observer=observer,
            action=action,
            error_class=error_class,
            failed_after=_milliseconds(failed_after),
            failed_before=_milliseconds(failed_before),
            batch=None if batch is None else _number(batch, "batch"),
            limit=limit,
        )
        return await self._shower.letters(await self._store.letters(wanted))

    async def dead_letter(self, dlq_id: str) -> DeadLetter | None:
        """One dead letter, or None."""
        found = await self.dead_letters(ids=[dlq_id])
        return found[0] if found else None

    async def replay(
        self,
        letters: Sequence[DeadLetter],
        *,
        delay_ms: int = 0,
        rate: float | None = None,
        dry_run: bool = False,
        original: bool = False,
        response: object = None,
        force: bool = False,
    ) -> list[Replayed]:
        """Grant fresh attempts to these dead letters; the DAG goes on behind those that succeed.

        `rate` is replays a second. `response` supplies the answer without sending. `original`
        keeps the plan of then. What an `else` chain has handled needs `force`. One that is being
        replayed already is skipped. Raises UsageError when the plan no longer has the action.
        """
        now = self._clock.now()
        plan = None if original else await self.plan()
        replayed: list[Replayed] = []
        commands: list[tuple[str, dict[str, Any]]] = []
        for letter in letters:
            reason = _not_now(letter, force=force) or _gone(letter, plan)
            if reason:
                replayed.append(Replayed(letter, skipped=reason))
                continue
            wait = 0 if rate is None else int(len(commands) * 1000 / rate)
            due = now + delay_ms + wait if delay_ms + wait else 0
            commands.append(_replay_command(letter, due, force, original, response))
            replayed.append(Replayed(letter, due=_text(due or now)))
        if not dry_run:
            await self._append(commands)
        return replayed

    async def discard(self, ids: Sequence[str]) -> list[DeadLetter]:
        """Give dead letters up for good; what waits behind them is cancelled."""
        found = await self.dead_letters(ids=ids) if ids else []
        await self._append([("discard", _about(letter)) for letter in found])
        return found

    async def cancel(self, *, run: str | None = None, observer: str | None = None) -> list[str]:
        """Stop one run, or all open and dead runs of an observer; gives their ids, none where all
        have ended. Raises UsageError for a run that the store does not have."""
        if (run is None) == (observer is None):
            raise UsageError("give either a run or an observer to cancel")
        ids = [run] if run is not None else []
        shown = await self.runs(ids=ids, observer=observer, limit=100_000)
        if run is not None and not shown:
            raise UsageError(f"there is no run {run} in this store", hint="see `fqlc runs`")
        names = [one.run for one in shown if one.state in ("open", "dead")]
        await self._append([("cancel", {"run": _number(name, "run")}) for name in names])
        return names

    async def resend(self, run: str, *, action: str = "", new_key: bool = False) -> None:
        """Send the actions of a run that are done once more, under the same key unless told."""
        salt = uuid.uuid4().hex if new_key else ""
        found = await self.runs(ids=[run])
        if not found:
            raise UsageError(f"there is no run {run} in this store", hint="see `fqlc runs`")
        names = [str(node["name"]) for node in found[0].nodes]
        if action and action not in names:
            raise UsageError(f"{run} has no action {action!r}", hint=f"it has {', '.join(names)}")
        body = {"run": _number(run, "run"), "node": action, "new_key": salt}
        await self._append([("resend", body)])

    async def pause(self, name: str) -> None:
        """Stop sending to an endpoint, or for an observer, until `resume`. An endpoint without a
        name is paused by its origin, such as `https://api.example.com:443`. Raises UsageError for
        a name that no plan of the store has."""
        known = await self._names()
        if known and name not in known and "://" not in name:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"it has {', '.join(sorted(known))}"
            raise UsageError(f"the plan has no endpoint or observer {name!r}", hint=hint)
        await self._append([("pause", {"name": name})])

    async def resume(self, name: str) -> None:
        """Undo `pause`. Raises UsageError for a name that is not paused."""
        paused = set((await self._store.counts()).paused)
        for command in await self._store.fetch(MOST_COMMANDS, 0):
            body = read_json(command.body)
            if command.kind == "pause" and isinstance(body, dict):
                paused.add(str(body.get("name")))
        if name not in paused:
            hint = f"paused are {', '.join(sorted(paused))}" if paused else "nothing is paused"
            raise UsageError(f"{name!r} is not paused", hint=hint)
        await self._append([("resume", {"name": name})])

    async def trace(self, name: str) -> Trace:
        """The story of an event (its own id, or a receipt's) or of a run."""
        number = parse_name(name)
        if name.startswith("run_") and number is not None:
            wanted = RunFilter(ids=(number,))
        else:
            wanted = RunFilter(event=number, event_id=None if number is not None else name)
        return await self._shower.trace(name, await self._store.runs(wanted))

    async def plan(self) -> Plan | None:
        """The plan that is active in the store, or None before the first engine."""
        plans, active = await self._store.plans()
        found = next((plan for plan in plans if plan.short == active), None)
        return None if found is None else plan_of(found)

    async def _names(self) -> set[str]:
        """Endpoints and observers of all plans that are in use; none before the first engine."""
        plans = [plan_of(stored) for stored in (await self._store.plans())[0] if stored.blob]
        endpoints = {each.name for plan in plans for each in plan.endpoints}
        return endpoints | {each.name for plan in plans for each in plan.observers}

    async def counts(self) -> Counts:
        """How much there is in the store."""
        return await self._store.counts()

    async def dead_letter_counts(self) -> dict[str, int]:
        """Dead letters by observer."""
        counts: dict[str, int] = {}
        for row in await self._store.letters(LetterFilter()):
            counts[row.observer] = counts.get(row.observer, 0) + 1
        return counts

    async def wait_taken(self, timeout: float = 10.0) -> bool:  # noqa: ASYNC109
        """Wait, at most so many seconds, until an engine has taken all commands."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout
        while (await self._store.counts()).inbox:
            if loop.time() > end:
                return False
            await asyncio.sleep(0.02)
        return True

    async def _append(self, commands: Sequence[tuple[str, Mapping[str, Any]]]) -> list[int]:
        if not commands:
            return []
        encoded = [(kind, _encoded(body)) for kind, body in commands]
        return await self._store.append(encoded, self._clock.now())


@asynccontextmanager
async def open_client(store_url: str, *, dlq_table: str = "webhook_dlq") -> AsyncIterator[Client]:
    """A client of a store: `async with open_client("sqlite:///fql.db") as client`."""
    store = open_store(store_url, letters=dlq_table)
    await store.open()
    try:
        yield Client(store)
    finally:
        await store.close()


def _checking(plan: Plan) -> Program:
    """A program that can check events and nothing else."""
    intake = Intake(plan)
    return Program("", plan.digest, {}, lambda _event: (), intake.restore, plan=plan, intake=intake)


def _number(name: str, what: str) -> int:
    number = parse_name(name)
    if number is None:
        raise UsageError(f"{name!r} is not the id of a {what}", hint="ids look like run_100000002")
    return number


def _milliseconds(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp() * 1000)


def _encoded(body: Mapping[str, Any]) -> bytes:
    try:
        return write_json(body)
    except TypeError as problem:
        raise UsageError(f"this cannot be handed to the store as JSON: {problem}") from None


def _text(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")


def _not_now(letter: DeadLetter, *, force: bool) -> str:
    if letter.state == "replaying":
        return "is being replayed already"
    if letter.handled and not force:
        return HANDLED_HINT
    return ""


def _gone(letter: DeadLetter, plan: Plan | None) -> str:
    """Why the active plan cannot replay it; what has no run is checked when it is taken."""
    if plan is None or (letter.run is None and not letter.observer):
        return ""
    observer = next((each for each in plan.observers if each.name == letter.observer), None)
    if letter.run is None:
        return "" if observer is not None else "the active plan no longer has this observer"
    if observer is None or all(node.name != letter.action for node in observer.nodes):
        return (
            "the active plan no longer has this action;"
            " replay it with the original one (`--plan original`)"
        )
    return ""


def _about(letter: DeadLetter) -> dict[str, Any]:
    number = parse_name(letter.run) if letter.run else 0
    return {"letter": letter.dlq_id, "run": number, "node": letter.action}


def _replay_command(
    letter: DeadLetter, due: int, force: bool, original: bool, response: object
) -> tuple[str, dict[str, Any]]:
    if letter.run is None:
        body = {
            "name": "capture", "source": letter.source, "position": letter.dlq_id,
            "envelope": letter.envelope, "letter": letter.dlq_id, "only": letter.observer,
        }  # fmt: skip
        return "recapture", body
    about = _about(letter)
    return "replay", {
        **about, "due": due, "force": force, "original": original, "answer": response,
    }  # fmt: skip


__all__ = ["Client", "Replayed", "open_client"]
