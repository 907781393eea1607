"""Dead letters as people ask for them: which ones, and how they are to be sent again.

One vocabulary for `Runtime.replay`, its blocking twin, `Client`, `replay_dlq` and `fqlc dlq`. What
is asked for is checked when it is given: nothing that is empty or out of range means something
else. Pure. Decision 0062.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import isfinite
from typing import Literal, NamedTuple, TypedDict

from fql.errors import UsageError
from fql.plan.language.units import MILLISECONDS, parse_duration, show_duration
from fql.store.choosing import LetterFilter
from fql.store.showing.bulks import Place
from fql.store.showing.history import key_and_entity
from fql.store.shown import DeadLetter

CLASSES = (
    "exhausted", "permanent", "evaluation", "expired", "poison", "capture", "internal",
)  # fmt: skip
"""Why an action is dead."""
FILTERS = ("observer", "action", "class", "batch", "reason", "entity", "row")
LONGEST_DELAY = 365 * MILLISECONDS["d"]
SLOWEST, FASTEST = 0.001, 1_000_000
"""Replays per second."""
PREFIXES = {"run": "run", "batch": "bat"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

RATE = 10.0
"""Replays per second where many are chosen and nobody says another number: a receiver that was down
is not overrun."""

_LETTER_ID = re.compile(r"dlq_[0-9a-f]{1,16}(?:_\w+)?")
_NUMBERED = re.compile(r"([a-z]+)_([0-9a-f]{1,16})")


class Choice(TypedDict, total=False):
    """Which dead letters. `failed_after` and `failed_before` are dates or times, UTC without an
    offset; `filter` knows `observer`, `action`, `class`, `batch`, `entity`, `row` (such as
    "Order 48213") and `reason`, a part of theirs; `limit` is how many at most, the newest first."""

    failed_after: str | date | None
    failed_before: str | date | None
    filter: Mapping[str, str] | None
    limit: int | None


class Wanted(Choice, total=False):
    """Which dead letters to replay, and how.

    Without an id, a time or a filter nothing is replayed, except for `all=True`. `delay` is a
    duration such as `"30s"`, or seconds; `rate` is replays per second, 10 unless they are chosen by
    their ids. `plan` "original" renders as
    then. `response` supplies the answer without sending, at once. `force` replays also what an
    `else` chain took over. `dry_run` only says what would be replayed. `wait` waits for the ends.
    """

    all: bool
    delay: str | float | None
    rate: float | None
    plan: Literal["active", "original"]
    response: object
    force: bool
    dry_run: bool
    wait: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A replay as it was asked for, checked. `delay` is in milliseconds."""

    letters: LetterFilter
    delay: int = 0
    rate: float | None = None
    original: bool = False
    response: object = None
    force: bool = False
    dry_run: bool = False
    wait: bool = False


def asked(ids: Sequence[str], wanted: Wanted) -> Asked:
    """Check what is asked for. Raises UsageError."""
    _refuse_unknown(wanted, Wanted.__annotations__)
    everything = _switch(wanted, "all")
    letters = chosen(ids, wanted)
    if everything and letters != LetterFilter(limit=letters.limit):
        raise UsageError("give either `all` or which dead letters, not both")
    if not everything and letters == LetterFilter(limit=letters.limit):
        raise UsageError(
            "say which dead letters to replay: by id, by time or by a filter",
            hint="or replay every one there is, with all=True (`--all`)",
        )
    delay, rate = _delay(wanted.get("delay")), _rate(wanted.get("rate"))
    if wanted.get("response") is not None and (delay or rate):
        raise UsageError(
            "an answer that is supplied is taken at once, as nothing is sent",
            hint="leave out delay and rate (`--delay`, `--rate`)",
        )
    plan = wanted.get("plan", "active")
    if plan not in ("active", "original"):
        raise UsageError(f'plan is "active" or "original", not {plan!r}')
    return Asked(
        letters=letters,
        delay=delay,
        rate=rate,
        original=plan == "original",
        response=wanted.get("response"),
        force=_switch(wanted, "force"),
        dry_run=_switch(wanted, "dry_run"),
        wait=_switch(wanted, "wait"),
    )


def chosen(ids: Sequence[str], choice: Choice) -> LetterFilter:
    """Which dead letters. Raises UsageError."""
    for name in ids:
        if not isinstance(name, str) or not _LETTER_ID.fullmatch(name):
            raise UsageError(
                f"{name!r} is not the id of a dead letter",
                hint="ids look like dlq_4fdee000000002_label; see `fqlc dlq list`",
            )
    named = _filter(choice.get("filter"))
    limit = choice.get("limit")
    after, before = instant_of(choice.get("failed_after")), instant_of(choice.get("failed_before"))
    if after is not None and before is not None and after >= before:
        raise UsageError("failed_after is not before failed_before: there is nothing between them")
    row, entity = key_and_entity(named.get("row"), named.get("entity"))
    return LetterFilter(
        ids=tuple(ids),
        observer=named.get("observer"),
        action=named.get("action"),
        error_class=named.get("class"),
        batch=number_of(named["batch"], "batch") if "batch" in named else None,
        failed_after=after,
        failed_before=before,
        reason=named.get("reason"),
        entity=entity,
        row_key=row,
        limit=None if limit is None else most(limit),
    )


def number_of(name: str, kind: Literal["run", "batch"]) -> int:
    """The number in the id of a run or batch. Raises UsageError for anything else."""
    found = _NUMBERED.fullmatch(name) if isinstance(name, str) else None
    number = int(found[2], 16) if found and found[1] == PREFIXES[kind] else -1
    if not 0 <= number < 1 << 63:
        raise UsageError(
            f"{name!r} is not the id of a {kind}",
            hint=f"ids look like {PREFIXES[kind]}_4fdee000000002",
        )
    return number


def _refuse_unknown(given: Mapping[str, object], known: Mapping[str, object]) -> None:
    for name in given:
        if name in FILTERS:
            raise UsageError(f"{name!r} is a filter", hint=f'write filter={{"{name}": ...}}')
        if name not in known:
            raise UsageError(
                f"a replay has no option {name!r}",
                hint=f"its options are dlq_id, {', '.join(sorted(known))}",
            )


def _switch(wanted: Wanted, name: str) -> bool:
    value = wanted.get(name, False)
    if not isinstance(value, bool):
        raise UsageError(f"{name} is True or False, not {value!r}")
    return value


def _filter(given: Mapping[str, str] | None) -> Mapping[str, str]:
    if given is None:
        return {}
    if not isinstance(given, Mapping) or any(not isinstance(one, str) for one in given.values()):
        example = '{"observer": "paid"}'
        raise UsageError(f"a filter is texts by name, such as {example}, not {given!r}")
    for name, value in given.items():
        if name not in FILTERS:
            raise UsageError(f"a filter takes {', '.join(FILTERS)}, not {name!r}")
        if not value.strip():
            raise UsageError(f"the filter {name!r} is empty", hint="leave it out for all of them")
        if name == "class" and value not in CLASSES:
            raise UsageError(
                f"there is no class {value!r} of dead letters", hint=f"it is {', '.join(CLASSES)}"
            )
    return given


def instant_of(given: str | date | None) -> int | None:
    """Milliseconds since 1970 of a date or a time, which without an offset is UTC. Raises
    UsageError."""
    if given is None:
        return None
    if not isinstance(given, str | date):
        raise _no_time(given)
    try:
        at = datetime.fromisoformat(str(given))
    except ValueError as problem:
        raise _no_time(given) from problem
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return (at - EPOCH) // timedelta(milliseconds=1)


def _no_time(given: object) -> UsageError:
    return UsageError(f"{given!r} is not a date or time such as 2026-03-02T14:00:00Z")


def most(given: int) -> int:
    """How many are shown at most. Raises UsageError."""
    if _is_number(given) and isinstance(given, int) and given >= 1:
        return min(given, 1 << 62)
    raise UsageError(f"limit must be a whole number, at least 1, not {given!r}")


def _delay(given: str | float | None) -> int:
    """Milliseconds of a duration such as "30s", or of seconds."""
    if given is None:
        return 0
    if isinstance(given, str):
        try:
            milliseconds = parse_duration(given)
        except ValueError as problem:
            raise UsageError(str(problem)) from problem
    elif not _is_number(given) or not 0 <= given * 1000 <= LONGEST_DELAY:
        raise _no_delay(given)
    else:
        milliseconds = round(given * 1000)
    if milliseconds > LONGEST_DELAY:
        raise _no_delay(given)
    return milliseconds


def _no_delay(given: object) -> UsageError:
    longest = show_duration(LONGEST_DELAY)
    return UsageError(
        f'delay must be a duration such as "30s", or seconds, from 0 to {longest}, not {given!r}'
    )


def _rate(given: float | None) -> float | None:
    if given is None or (_is_number(given) and SLOWEST <= given <= FASTEST):
        return given
    raise UsageError(f"rate must be {SLOWEST:g} to {FASTEST:,} replays per second, not {given!r}")


def _is_number(given: object) -> bool:
    if isinstance(given, bool) or not isinstance(given, int | float):
        return False
    return isinstance(given, int) or isfinite(given)


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


class Dues:
    """When each of many replays is to be sent; `now` is in milliseconds since 1970."""

    def __init__(self, wish: Asked, now: int) -> None:
        self._wish = wish
        self._now = now
        self._given = 0

    def next(self) -> int:
        """When the next one is sent; 0 for at once."""
        wait = 0 if self._wish.rate is None else int(self._given * 1000 / self._wish.rate)
        self._given += 1
        later = self._wish.delay + wait
        return self._now + later if later else 0

    def shown(self, due: int) -> str:
        """The same for people."""
        at = datetime.fromtimestamp((due or self._now) / 1000, UTC)
        return at.isoformat(timespec="milliseconds")


class Bounds(NamedTuple):
    """Which dead letters a bulk replay is about: how many a dry run has counted, and the places of
    the newest and, where there is such a bound, the oldest of all that it has seen. A place is when
    one failed, in milliseconds since 1970, and its id."""

    total: int
    newest: Place
    oldest: Place | None = None


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a bulk replay would do: how many dead letters would be sent again by `actions`
    (`observer.action`) and by `receivers` (endpoints, or origins of URLs), how many would be
    `skipped` for which reason, at which `rate` a second. `bounds` are for `Client.start_bulk`; None
    where nothing would be sent."""

    rate: float
    actions: Mapping[str, int]
    receivers: Mapping[str, int]
    skipped: Mapping[str, int]
    bounds: Bounds | None

    @property
    def total(self) -> int:
        """How many would be sent again."""
        return 0 if self.bounds is None else self.bounds.total

    @property
    def seconds(self) -> float:
        """How long it takes at least to mark them all."""
        return max(0, self.total - 1) / self.rate

    def as_json(self) -> dict[str, object]:
        """One object with everything but the bounds."""
        return {
            "total": self.total, "rate": self.rate, "seconds": self.seconds,
            "actions": dict(self.actions), "receivers": dict(self.receivers),
            "skipped": dict(self.skipped),
        }  # fmt: skip
