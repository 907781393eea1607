"""`/batches`: what is collected for one call, and batches that were sealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from fql.hindsight import RunChoice
from fql.store.shown import DeadLetter, RunShown
from fql.ui.desk import back, desk_of, form_of, listed, one, wants_json
from fql.ui.filters import AFTER, filters_of, link, pair_of, place_of
from fql.ui.present.words import instant

LOOKED_AT = 500
"""Open runs and dead letters that a page looks at."""
LETTERS_AFTER = "letters_after"
"""Where a page of dead letters begins, beside that of runs."""


@dataclass(frozen=True, slots=True)
class Buffer:
    """Members that wait for their batch: how many, since when, and when it goes at the latest."""

    observer: str
    action: str
    members: int
    since: str
    next_at: str

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {"observer": self.observer, "action": self.action, "members": self.members,
                "since": self.since, "next_at": self.next_at or None}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sealed:
    """A batch whose members never change: how many are open or dead, how often it was sent."""

    batch: str
    observer: str
    action: str
    members: int
    dead: int
    attempts: int
    since: str

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {"batch": self.batch, "observer": self.observer, "action": self.action,
                "members": self.members, "dead": self.dead, "attempts": self.attempts,
                "since": self.since}  # fmt: skip


async def batches(request: Request) -> Response:
    """What open runs and dead letters are part of: the newest, or those after a place."""
    desk = desk_of(request)
    given = filters_of(request.query_params.multi_items(), (AFTER, LETTERS_AFTER))
    ask = await desk.asking(request)
    choice = RunChoice(state="open", after=pair_of(given.get(AFTER, "")), limit=LOOKED_AT)
    runs = await ask.main("open runs", lambda client: client.runs(**choice))
    last = place_of(given.get(LETTERS_AFTER, ""))
    letters = await ask.main("dead letters", lambda it: it.dead_letters_after(last, LOOKED_AT))
    buffers, sealed = buffers_of(runs), sealed_of(runs, letters)
    if wants_json(request):
        return listed([each.as_json() for each in buffers] + [each.as_json() for each in sealed])
    return await desk.page(
        request, "batches", buffers=buffers, sealed=sealed, older=_older(runs, letters)
    )


def _older(runs: Sequence[RunShown], letters: Sequence[DeadLetter]) -> str:
    """The next page of both, as far as there is one. What has come to its end stays there."""
    ends: dict[str, str] = {}
    if len(runs) == LOOKED_AT:
        at, number = runs[-1].place
        ends[AFTER] = f"{at}.{number}"
    if len(letters) == LOOKED_AT:
        ends[LETTERS_AFTER] = f"{instant(letters[-1].failed_at)}.{letters[-1].dlq_id}"
    if not ends:
        return ""
    return link("/batches", {AFTER: "0.0", LETTERS_AFTER: "0.0", **ends})


async def seal(request: Request) -> Response:
    """Send what is collected for an action now, however little it is."""
    form = form_of(request)
    client = await desk_of(request).commander()
    await client.seal(one(form, "observer"), one(form, "action"))
    return back(request, "/batches")


def buffers_of(runs: Sequence[RunShown]) -> list[Buffer]:
    """What waits to be collected, by action. `runs` are the newest first. Pure."""
    found: dict[tuple[str, str], Buffer] = {}
    for run in runs:
        for node in run.nodes:
            if node["state"] == "buffered":
                key = run.observer, node["name"]
                before = found.get(key)
                members = 1 + (before.members if before else 0)
                found[key] = Buffer(*key, members, run.started_at, node.get("next_at", ""))
    return list(found.values())


def sealed_of(runs: Sequence[RunShown], letters: Sequence[DeadLetter]) -> list[Sealed]:
    """Batches of which something is open or dead. Pure."""
    found: dict[tuple[str, str, str], Sealed] = {}
    for run in runs:
        for node in run.nodes:
            if "batch" in node:
                key = node["batch"], run.observer, node["name"]
                before = found.get(key, Sealed(*key, 0, 0, 0, run.started_at))
                tries = max(before.attempts, node["attempts"])
                found[key] = Sealed(*key, before.members + 1, before.dead, tries, run.started_at)
    for letter in letters:
        if letter.batch is not None:
            key = letter.batch, letter.observer, letter.action
            before = found.get(key, Sealed(*key, 0, 0, len(letter.attempts), letter.failed_at))
            found[key] = Sealed(
                *key, before.members, before.dead + 1, before.attempts, before.since
            )
    return list(found.values())
