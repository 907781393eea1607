"""Which dead letters are replayed, and the commands for it. Whoever replays asks this: a client
for those that are named, the engine for those of a bulk, and both for what would become of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fql.engine.process.replays.refit import Refits
from fql.exact.reading import read_object
from fql.plan.model import Plan
from fql.store.choosing import RunFilter
from fql.store.port import Store
from fql.store.records import LetterRow

NO_ACTION = "it has no action yet whose answer this could be; replay it without a response"
HANDLED = "its `else` chain took over; replay it with force (`--force`)"
GONE = (
    "the active plan no longer has this action; replay it with the original one (`--plan original`)"
)
NO_OBSERVER = "the active plan no longer has this observer"
Command = tuple[str, Mapping[str, object]]
"""Kind and body of an entry in the inbox."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How dead letters are replayed: by the `original` plan, also those that an `else` chain has
    handled (`force`), with an `answer` in place of the receiver's."""

    original: bool = False
    force: bool = False
    answer: object = None


class Marking:
    """Decides about dead letters one by one. `plan` is the active one; None where it does not
    matter. Pure."""

    def __init__(self, manner: Manner, plan: Plan | None) -> None:
        self._manner = manner
        self._actions: dict[str, set[str]] | None = None
        if plan is not None and not manner.original:
            self._actions = {o.name: {node.name for node in o.nodes} for o in plan.observers}

    def obstacle(self, letter: LetterRow) -> str:
        """Why it is not replayed, or nothing. What has no run is checked when it is taken."""
        if letter.state == "replaying":
            return "is being replayed already"
        if letter.handled and not self._manner.force:
            return HANDLED
        if letter.run is None and self._manner.answer is not None:
            return NO_ACTION
        if self._actions is None or (letter.run is None and not letter.observer):
            return ""
        if letter.run is None:
            return "" if letter.observer in self._actions else NO_OBSERVER
        return "" if letter.action in self._actions.get(letter.observer, ()) else GONE

    def command(self, letter: LetterRow, due: int = 0, bulk: int = 0) -> Command:
        """What lets the owner of its run replay it: at a time, in milliseconds since 1970, or at
        once; as part of a bulk, if it is of one."""
        part = {"bulk": bulk} if bulk else {}
        if letter.run is None:
            envelope = {} if letter.payload is None else read_object(letter.payload)
            return "recapture", {
                "name": "capture", "source": letter.source, "position": letter.id,
                "envelope": envelope, "letter": letter.id, "only": letter.observer, "due": due,
                **part,
            }  # fmt: skip
        manner = self._manner
        return "replay", {
            **about(letter), "due": due, "force": manner.force, "original": manner.original,
            "answer": manner.answer, **part,
        }  # fmt: skip


def about(letter: LetterRow) -> dict[str, object]:
    """A dead letter as commands name it."""
    return {"letter": letter.id, "run": letter.run or 0, "node": letter.action}


class Judging:
    """Says of dead letters of a store why they are not replayed: also those whose run, as it is
    stored, does not fit."""

    def __init__(self, store: Store, manner: Manner, plan: Plan | None) -> None:
        self._store = store
        self._answer = manner.answer
        self._plan = None if manner.original else plan
        self._refits: Refits | None = None
        self.marking = Marking(manner, plan)

    async def obstacles(self, letters: Sequence[LetterRow]) -> dict[str, str]:
        """The reasons by the ids of dead letters; those that can be replayed have none."""
        found = {one.id: why for one in letters if (why := self.marking.obstacle(one))}
        left = [one for one in letters if one.id not in found and self._could_not_fit(one)]
        runs = tuple({one.run for one in left if one.run is not None})
        if not runs:
            return found
        if self._refits is None:
            self._refits = Refits((await self._store.plans())[0], self._plan, self._answer)
        stored = await self._store.runs(RunFilter(ids=runs, limit=len(runs)))
        loaded = {one.run.id: one for one in stored}
        for one in left:
            run = None if one.run is None else loaded.get(one.run)
            problem = "" if run is None else self._refits.problem(run, one.action)
            if problem:
                found[one.id] = problem
        return found

    def _could_not_fit(self, letter: LetterRow) -> bool:
        if self._answer is not None:
            return True
        return self._plan is not None and self._plan.digest != letter.plan
