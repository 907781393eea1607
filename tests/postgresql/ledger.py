"""What the receivers were told, against what the application wrote down with its rows."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from fql.testing.received import ReceivedRequest
from tests.kills.shop import MAX_IN_FLIGHT

LEASE_AND_MORE = 15.0
"""Seconds after which the last effect of a happening is over: a lease, and a busy machine."""
RESET = 5.0
"""Seconds within which a request is made again by the transport, as part of the same attempt."""


class Place(NamedTuple):
    """What a delivery is about: `action` is `news-insert` where one action serves several events;
    `step` is 0 where a row brings about one such delivery only."""

    action: str
    row: int
    step: int


@dataclass(frozen=True, slots=True)
class Heard:
    """One request: which engine sent it, when (on the test's monotonic clock), how it called
    itself, and whether it was answered with 2xx."""

    engine: str
    place: Place
    key: str
    attempt: int
    again: bool
    at: float
    taken: bool


@dataclass(frozen=True, slots=True)
class Happening:
    """What was done to engines, server or network, from when to when. Where `back` is true the
    server may have lost what it committed meanwhile."""

    name: str
    began: float
    ended: float
    back: bool = False

    def explains(self, first: Heard, second: Heard) -> bool:
        """Whether because of it a delivery could be made again. Where an attempt between the two
        was not heard, that one is made again, and it was begun at any time between them."""
        last = second.at if second.attempt > first.attempt + 1 else first.at
        near = self.began - 1 <= last and first.at <= self.ended + LEASE_AND_MORE
        return near and second.at >= self.began


@dataclass(frozen=True, slots=True)
class Truth:
    """What must have come, in the order of each line, and how often something may have come where a
    server went back: the application does again what was lost."""

    wanted: Mapping[Place, str]
    possible: Counter[Place]


def heard(requests: Iterable[ReceivedRequest], taken: Collection[int]) -> list[Heard]:
    """In the order in which they came. `taken` has the `id` of those that were answered with
    2xx."""
    found = []
    for request in requests:
        payload = request.payload
        assert isinstance(payload, dict)
        action = request.headers["fql-action"]
        event = f"{action}-{payload['event']}" if "step" in payload else action
        found.append(
            Heard(
                engine=request.path.split("/")[1],
                place=Place(event, payload["id"], payload.get("step", 0)),
                key=request.key,
                attempt=request.attempt,
                again=request.headers.get("fql-redelivery") == "1",
                at=request.at,
                taken=id(request) in taken,
            )
        )
    return found


def check(
    told: Sequence[Heard], truth: Truth, happenings: Sequence[Happening], after: Mapping[str, str]
) -> Counter[str]:
    """Nothing lost, nothing invented, one key for each intent, order kept, no attempt made twice,
    and each repetition explained. An action comes after the one that `after` names. Gives what
    explains how many repetitions."""
    assert truth.wanted, "the test must do something"
    keys = _keys(told)
    kept = {found[-1] for found in keys.values()}
    first: dict[Place, int] = {}
    taken: dict[Place, int] = {}
    for index, one in enumerate(told):
        if one.key in kept:
            first.setdefault(one.place, index)
            if one.taken:
                taken.setdefault(one.place, index)
    lost = set(truth.wanted) - set(taken)
    assert not lost, ("lost", len(lost), sorted(lost)[:9])
    possible = truth.possible if any(one.back for one in happenings) else {}
    often = {place: possible.get(place, int(place in truth.wanted)) for place in keys}
    several = {place: found for place, found in keys.items() if len(found) > often[place]}
    assert not several, ("invented, or more than one key", several)
    assert len({one.key for one in told}) == sum(map(len, keys.values())), "two share a key"
    _in_order(first, taken, truth.wanted, after)
    return _explained(told, happenings)


def _keys(told: Sequence[Heard]) -> dict[Place, list[str]]:
    """The keys of each place, as they came first: only the last one is of what was not lost."""
    keys: dict[Place, list[str]] = defaultdict(list)
    for one in told:
        if one.key not in keys[one.place]:
            keys[one.place].append(one.key)
    return keys


def _in_order(
    first: Mapping[Place, int],
    taken: Mapping[Place, int],
    wanted: Mapping[Place, str],
    flow: Mapping[str, str],
) -> None:
    """A step begins after the ones before it are answered, and so does the next one in a line."""
    lines: dict[str, list[Place]] = defaultdict(list)
    for place, line in wanted.items():
        if place.action in flow:
            before = place._replace(action=flow[place.action])
            assert taken[before] < first[place], (before, "must be answered before", place)
        if line:
            lines[line].append(place)
    for line, places in lines.items():
        for before, after in itertools.pairwise(places):
            assert taken[before] < first[after], (line, before, after)


def _explained(told: Sequence[Heard], happenings: Sequence[Happening]) -> Counter[str]:
    by_key: dict[str, list[Heard]] = defaultdict(list)
    for one in told:
        by_key[one.key].append(one)
    reasons: Counter[str] = Counter()
    for requests in by_key.values():
        for before, after in itertools.pairwise(requests):
            reasons[_why(before, after, happenings)] += 1
    again = sum(one.again for one in told)
    assert again <= len(happenings) * MAX_IN_FLIGHT, (again, "redeliveries")
    return reasons


def _why(before: Heard, after: Heard, happenings: Sequence[Happening]) -> str:
    """Why a delivery was made again: its first attempt failed, or something happened."""
    same = (before.engine, before.attempt) == (after.engine, after.attempt)
    if same and not before.taken and after.at - before.at < RESET:
        return "a kept connection was reset"
    around = [one for one in happenings if one.explains(before, after)]
    forgotten = [one for one in around if one.back]
    assert after.attempt > before.attempt or forgotten, ("made twice", before, after)
    if not before.taken and after.again == before.again:  # a mark stays
        return "the receiver failed"
    assert after.again or forgotten, ("a repetition that is not marked", before, after)
    assert around, ("a repetition without a reason", before, after)
    return (forgotten or around)[-1].name
