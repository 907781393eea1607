"""`/batches`: what is collected for one call, and batches that were sealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from fql.store.shown import DeadLetter, RunShown
from fql.ui.desk import desk_of, listed, wants_json
from fql.ui.filters import filters_of

LOOKED_AT = 500
"""Open runs, the newest, and dead letters that are looked at."""


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
    """What the newest open runs and dead letters are part of."""
    desk = desk_of(request)
    filters_of(request.query_params.multi_items(), ())
    client = await desk.client()
    runs = await client.runs(state="open", limit=LOOKED_AT)
    letters = await client.dead_letters(limit=LOOKED_AT)
    buffers, sealed = buffers_of(runs), sealed_of(runs, letters)
    if wants_json(request):
        return listed([*(one.as_json() for one in buffers), *(one.as_json() for one in sealed)])
    return await desk.page(
        request, "batches", buffers=buffers, sealed=sealed, cut=len(runs) == LOOKED_AT
    )


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
