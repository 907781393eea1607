"""Replays of dead letters: those that are named, at once; those that a filter chooses, by one
command that the engine works through. Decisions 0062, 0290.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Unpack

from fql.engine.core.held.keys import form_hash
from fql.engine.loop.clock import Clock
from fql.engine.program.bulkhead import guarded
from fql.errors import StoreError, UsageError
from fql.exact.reading import read_object
from fql.exact.writing import write_json
from fql.letters import (
    RATE,
    Asked,
    Bounds,
    Dues,
    Foreseen,
    Replayed,
    Wanted,
    asked,
    instant_of,
)
from fql.looking import MOST_COMMANDS, Ordering
from fql.store.choosing import LetterFilter, newest_last
from fql.store.history.rows import RUNNING
from fql.store.port import Store
from fql.store.showing.bulks import BULK, STOP, BulkAsked, bulk_body, read_asked
from fql.store.showing.history import Bulk, bulk_name, bulk_number, bulk_of
from fql.store.showing.shower import Shower, parted
from fql.store.shown import DeadLetter, instant

if TYPE_CHECKING:
    from fql.engine.process.replays.marking import Command, Judging
    from fql.plan.model import Plan

PATIENCE = 60.0
"""Seconds without any progress after which nobody waits for replays any more."""
LONGEST_FORM = 100
"""Characters by which a sender knows a request."""


class Replaying(Ordering):
    """The part of `fql.client.Client` that replays."""

    def __init__(self, store: Store, clock: Clock | None = None, *, by: str = "") -> None:
        super().__init__(store, clock, by=by)
        self._shower = Shower(store)

    async def replay(self, dlq_id: str | None = None, **wanted: Unpack[Wanted]) -> list[Replayed]:
        """Grant fresh attempts to the dead letter `dlq_id`, or to those that the words of
        `fql.letters.Wanted` choose, which are one bulk (`start_bulk`); the DAG continues after
        those that succeed. Returns what becomes of each. Skipped are dead letters that are being
        replayed already, those that an `else` chain has handled (except with `force`), and those
        whose action the plan no longer has. Raises UsageError, and StoreError when `wait` waits in
        vain."""
        if dlq_id is not None:
            replayed = await self.replay_these((dlq_id,), **wanted)
            waits = wanted.get("wait") and not wanted.get("dry_run")
            return await self.ended(replayed) if waits else replayed
        return await self._replay_many(wanted)

    async def replay_these(self, ids: Sequence[str], **wanted: Unpack[Wanted]) -> list[Replayed]:
        """The same for the dead letters of these `ids`, as `fql.letters.Wanted` says; it does not
        `wait`. Raises UsageError."""
        if not ids:
            raise UsageError("say which dead letters to replay, by their ids")
        wish, replayed = asked(ids, wanted), list[Replayed]()
        async for page, commands in self._decided(wish):
            if not wish.dry_run:
                await self._append(commands)
            replayed += page
        return replayed

    async def _replay_many(self, wanted: Wanted) -> list[Replayed]:
        wish = asked((), wanted)
        replayed = [one async for page, _ in self._decided(wish) for one in page]
        left = [one for one in replayed if not one.skipped]
        if wish.dry_run or not left:
            return replayed
        rows = [one.letter for one in replayed]
        full = len(rows) == wish.letters.limit
        bounds = Bounds(len(left), _place(rows[0]), _place(rows[-1]) if full else None)
        name = await self._begin_bulk(wish, bounds)
        if not wish.wait:
            return replayed
        await self.bulk_ended(name)
        return await self._with_ends(replayed)

    async def foreseen(
        self, ids: Sequence[str] = (), **wanted: Unpack[Wanted]
    ) -> AsyncIterator[list[Replayed]]:
        """What a replay would do with dead letters, in pages, for large numbers: those of these
        `ids`, or those that `fql.letters.Wanted` chooses. Nothing is changed. Raises UsageError."""
        async for page, _ in self._decided(asked(ids, wanted)):
            yield page

    async def _decided(self, wish: Asked) -> AsyncIterator[tuple[list[Replayed], list[Command]]]:
        """What becomes of them page by page, and the commands for those that are named."""
        if not wish.letters.ids:
            wish = replace(wish, rate=wish.rate or RATE)
        judging, dues = await self._judging(wish), Dues(wish, self._wall())
        async for rows in self._shower.row_pages(wish.letters):
            why_not = await judging.obstacles(rows)
            replayed: list[Replayed] = []
            commands: list[Command] = []
            for row, letter in zip(rows, await self._shower.letters(rows), strict=True):
                if row.id in why_not:
                    replayed.append(Replayed(letter, skipped=why_not[row.id]))
                    continue
                due = dues.next()
                commands.append(judging.marking.command(row, due))
                replayed.append(Replayed(letter, due=dues.shown(due)))
            yield replayed, commands

    async def _judging(self, wish: Asked) -> Judging:
        from fql.engine.process.replays.marking import Judging, Manner  # plans, judged by it

        await self._check_names(wish.letters)
        plan = None if wish.original else await self.plan()
        return Judging(self._store, Manner(wish.original, wish.force, wish.response), plan)

    # Bulks -------------------------------------------------------------------------------

    async def foresee(self, **wanted: Unpack[Wanted]) -> Foreseen:
        """The dry run of a bulk replay of the dead letters that `fql.letters.Wanted` chooses: how
        many go where, how many do not and why, and how long it takes. Raises UsageError."""
        wish = asked((), wanted)
        self._require_bulks()
        judging, active = await self._judging(wish), await self.plan()
        names = {} if active is None else receivers(active)
        actions, going, skipped = Counter[str](), Counter[str](), Counter[str]()
        newest: tuple[int, str] | None = None
        seen, last = 0, (0, "")
        async for rows in self._shower.row_pages(wish.letters):
            why_not = await judging.obstacles(rows)
            newest = newest or newest_last(rows[0])
            seen, last = seen + len(rows), newest_last(rows[-1])
            skipped.update(why_not.values())
            left = [one for one in rows if one.id not in why_not]
            actions.update(f"{one.observer}.{one.action}".strip(".") or "event" for one in left)
            going.update(names.get((one.observer, one.action), "") for one in left)
        going.pop("", None)
        oldest = last if seen == wish.letters.limit else None
        bounds = Bounds(actions.total(), newest, oldest) if newest and actions else None
        return Foreseen(wish.rate or RATE, _most(actions), _most(going), _most(skipped), bounds)

    async def start_bulk(self, bounds: Bounds, *, form: str = "", **wanted: Unpack[Wanted]) -> str:
        """Replay the dead letters that `fql.letters.Wanted` chooses, within the `bounds` of their
        dry run (`foresee`); what fails after that is not among them. Gives the id of the bulk,
        which `bulks` and `stop_bulk` take. The same `form`, any text of its sender, is done once,
        however often it is sent. Raises UsageError."""
        from fql.engine.core.held.storable import is_storable

        if len(form) > LONGEST_FORM or not is_storable(form):
            raise UsageError(f"the id of a form has at most {LONGEST_FORM} characters")
        wish = asked((), wanted)
        await self._check_names(wish.letters)
        known = await self._begun_by(form) if form else None
        return known or await self._begin_bulk(wish, bounds, form)

    async def _begin_bulk(self, wish: Asked, bounds: Bounds, form: str = "") -> str:
        self._require_bulks()
        given = BulkAsked(
            letters=replace(wish.letters, limit=None),
            rate=wish.rate or RATE,
            start=self._wall() + wish.delay if wish.delay else 0,
            oldest=bounds.oldest,
            original=wish.original,
            force=wish.force,
            answer=wish.response,
            form=form,
        )
        body = bulk_body(given, bounds.total, bounds.newest)
        (number,) = await self._append([(BULK, body)])
        return bulk_name(number)

    def _require_bulks(self) -> None:
        if self._store.no_bulks:
            raise UsageError(
                self._store.no_bulks,
                hint="list them with `fqlc dlq list --format json`, and give their ids",
            )

    async def _begun_by(self, form: str) -> str | None:
        """The bulk that this form has begun, or is about to."""
        key = form_hash(form)
        if found := (await self._store.known([key])).get(key):
            return bulk_name(found.event)
        for command in await self._store.fetch(MOST_COMMANDS, frozenset()):
            if command.kind == BULK and guarded(_form_of, command.body) == form:
                return bulk_name(command.id)
        return None

    async def stop_bulk(self, bulk: str) -> None:
        """Let the `bulk` of this id mark no more dead letters; what is marked goes on. Raises
        UsageError for one that the store does not have."""
        number = bulk_number(bulk)
        waits = await self._store.pending([number])
        if not waits and not await self._store.bulks([number]):
            raise UsageError(f"there is no bulk replay {bulk} in this store",
                             hint="see `fqlc dlq bulks`")  # fmt: skip
        await self._append([(STOP, {"bulk": number})])

    async def bulk_ended(self, bulk: str) -> Bulk:
        """Wait until all that the `bulk` of this id marks has ended. Raises StoreError when nothing
        of it has for a minute, though it was due."""
        number = bulk_number(bulk)
        since, before = self._wall(), None
        while True:
            rows = await self._store.bulks([number])
            row = rows[0] if rows else None
            if row is not None and row.state != RUNNING:
                shown = bulk_of(row)
                if shown.ended >= shown.marked:
                    return shown
            given = None if row is None else guarded(read_asked, row.asked)
            calm = given.start if isinstance(given, BulkAsked) else 0
            pause = 1000 / given.rate if isinstance(given, BulkAsked) else 0
            now = self._wall()
            if row != before or now < calm:
                before, since = row, now
            if now - since > PATIENCE * 1000 + pause:
                raise StoreError(f"no engine has gone on with {bulk} for a minute")
            await asyncio.sleep(0.05)

    # The ends of those that were named ---------------------------------------------------

    async def ended(self, replayed: Sequence[Replayed]) -> list[Replayed]:
        """Wait until all of `replayed`, from `replay_these`, have ended, and return them: `state`
        is then `resolved` or `dead`. Raises StoreError when none has ended for a minute after the
        last one was due."""
        marked = {one.letter.dlq_id: one for one in replayed if not one.skipped}
        last = max((one.due for one in marked.values()), default="")
        read_again = max((one.due for one in marked.values() if one.letter.run is None), default="")
        while (instant(self._wall()) or "") < read_again:  # noqa: ASYNC110 - a time of the wall
            await asyncio.sleep(0.05)
        if not await self.wait_taken(PATIENCE):
            raise StoreError("no engine has taken the replays within a minute")
        for part in parted(tuple(marked)):
            await self._none_replaying(part, last)
        return await self._with_ends(replayed)

    async def _with_ends(self, replayed: Sequence[Replayed]) -> list[Replayed]:
        ids = tuple(one.letter.dlq_id for one in replayed if not one.skipped)
        pages = self._shower.pages(LetterFilter(ids=ids))
        left = {letter.dlq_id: letter async for page in pages for letter in page} if ids else {}
        return [
            one if one.skipped else replace(one, letter=_end_of(one.letter, left))
            for one in replayed
        ]

    async def _none_replaying(self, ids: Sequence[str], last: str) -> None:
        wanted = LetterFilter(ids=tuple(ids), states=("replaying",))
        before, since = -1, self._wall()
        while left := len(await self._store.letters(wanted)):
            now = self._wall()
            if left != before or (instant(now) or "") < last:
                before, since = left, now
            if now - since > PATIENCE * 1000:
                raise StoreError("no engine has finished the replays within a minute")
            await asyncio.sleep(0.05)


def _place(letter: DeadLetter) -> tuple[int, str]:
    return instant_of(letter.failed_at) or 0, letter.dlq_id


def receivers(plan: Plan) -> dict[tuple[str, str], str]:
    """The receiver of each action: the endpoint that it names, else the origin of its URL."""
    from fql.engine.program.receivers import endpoint_name

    return {
        (observer.name, node.name): endpoint_name(node, {})
        for observer in plan.observers
        for node in observer.nodes
    }


def _most(counted: Counter[str]) -> dict[str, int]:
    return dict(counted.most_common())


def _form_of(body: bytes) -> str:
    return read_asked(write_json(read_object(body)["asked"]).decode()).form


def _end_of(letter: DeadLetter, left: Mapping[str, DeadLetter]) -> DeadLetter:
    return left.get(letter.dlq_id) or replace(letter, state="resolved")
