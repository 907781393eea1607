"""How things are, in a sentence, and what needs a person. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from fql.observe.series.gauges import Gauges
from fql.store.choosing import LetterGroup
from fql.store.port import Counts
from fql.store.shown import as_far, instant
from fql.ui.filters import endpoint_link
from fql.ui.present.now import LATE, Now, Receiving
from fql.ui.present.words import clock, duration, size

COUNTS = "how much waits"
GROUPS = "dead letters by action"
HOURS = "the numbers of the hour"
"""Parts of a view that several have."""
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True, slots=True)
class Need:
    """Something that only a person can decide: what (`chip`), where (`subject`, which begins the
    sentence of `text`), and where to look, if there is a view of it. `resume` and `probe` are names
    of endpoints with which that can be done at once."""

    level: Literal["bad", "warn"]
    chip: str
    subject: str
    text: str
    link: str = ""
    since: str = ""
    resume: str = ""
    probe: str = ""
    replay: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the first page is made of: numbers of the store, dead letters by action, the engines,
    the bytes of the disk and those that are free, since when receivers fail (RFC 3339), why the
    newest dead letter of an action was given up. `counts` and `groups` are None where they were
    not found in time."""

    counts: Counts | None
    groups: Sequence[LetterGroup] | None = ()
    now: Now = field(default_factory=Now)
    disk: tuple[int, int] | None = None
    down: Mapping[str, str] = field(default_factory=dict)
    last: Mapping[str, str] = field(default_factory=dict)

    @property
    def paused(self) -> frozenset[str]:
        """Names of endpoints and observers that get nothing."""
        return frozenset() if self.counts is None else self.counts.paused


def needs_of(seen: Seen) -> list[Need]:
    """The worst first: an engine that is silent, dead letters by action, what is held to be down or
    late or paused, commands that nobody takes, a disk that is nearly full. What could not be
    counted is one of them: nobody must take it for nothing."""
    needs = [*_of_engine(seen), *_of_sources(seen.now)]
    needs += [
        _dead(name, found, seen.last.get(name, ""))
        for name, found in _by_action(seen.groups or ()).items()
    ]
    needs += [_circuit(name, seen) for name in seen.now.open_circuits]
    if seen.now.late:
        text = f"The oldest work that could be sent has waited {duration(seen.now.waited)}."
        needs.append(Need("warn", "late", "", text, "/runs?state=open"))
    paused = "gets nothing until it is resumed."
    needs += [
        Need("warn", "paused", name, paused, endpoint_link(name), resume=name)
        for name in sorted(seen.paused)
    ]
    if seen.disk and Gauges(disk=seen.disk[0], disk_free=seen.disk[1]).disk_low:
        text = f"{size(seen.disk[1])} are left on the disk of the store."
        text += " When it is full, no event is taken any more. Make room, or lower `keep_runs`."
        needs.append(Need("bad", "disk nearly full", "", text))
    missing = [
        name for name, told in ((COUNTS, seen.counts), (GROUPS, seen.groups)) if told is None
    ]
    if missing:
        text = f"{' and '.join(missing)}: this took too long. `fqlc status` waits until it knows."
        needs.append(Need("warn", "not counted", "", text[0].upper() + text[1:]))
    return needs


def _of_sources(now: Now) -> Iterator[Need]:
    """Sources whose changes do not come, or come late."""
    for name, text in sorted(now.troubles.items()):
        why = f": {text}" if text else ""
        told = f"does not bring all changes{why}. `fqlc capture status` says what to do."
        yield Need("bad", "source in trouble", name, told)
    for name, lag in sorted(now.lags.items()):
        if lag > LATE and name not in now.troubles:
            yield Need(
                "warn", "source late", name, f"is late: an event has waited {duration(lag)}."
            )


def _of_engine(seen: Seen) -> Iterator[Need]:
    """What a person should know of an engine that does not work. One that works takes every command
    but those whose time has not come."""
    counts, now = seen.counts, seen.now
    if now.state == "silent":
        text = f"It has said nothing since {clock(now.heard)}; nothing is sent meanwhile."
        yield Need("bad", "engine silent", "", text, "/runs?state=open")
    elif now.state == "none":
        text = "None is at work on this store: what you ask for is queued. Start `fqlc run`."
        yield Need("bad", "no engine", "", text, "/runs?state=open")
    elif now.state == "unwatched" and counts is not None and counts.inbox:
        text = f"{as_far(counts.inbox, 'command')} waiting for an engine. Start `fqlc run`."
        yield Need("warn", "no engine?", "", text, "/runs")


def sentence_of(seen: Seen, needs: Sequence[Need]) -> str:
    """The first line of the overview."""
    many = len(needs)
    number = NUMBERS[many] if many < len(NUMBERS) else f"{many:,}"
    need = (
        f"{number} thing{' needs' if many == 1 else 's need'} you" if many else "nothing needs you"
    )
    text, fine = _keeping(seen)
    return f"{text}, {'but' if fine and many else 'and'} {need}"


def _keeping(seen: Seen) -> tuple[str, bool]:
    """Whether it keeps up, in words, and whether that is good."""
    now = seen.now
    if now.state == "silent":
        return f"The engine has been silent since {clock(now.heard)}", False
    if now.state == "none":
        return "No engine is at work", False
    if now.late:
        return f"{duration(now.waited)} behind", False
    return _open(seen)


def _open(seen: Seen) -> tuple[str, bool]:
    """The same from how much is open."""
    now = seen.now
    if seen.counts is None:
        return ("The engine is at work", True) if now.works else ("Not all was counted", False)
    open_runs = seen.counts.runs.get("open", 0)
    if now.works and open_runs:
        return "Keeping up", True
    if not open_runs:
        return "Nothing is waiting", True
    number = as_far(open_runs, "run")
    return f"{number[0].upper()}{number[1:]} open", False


def _by_action(groups: Sequence[LetterGroup]) -> Mapping[str, list[LetterGroup]]:
    found: dict[str, list[LetterGroup]] = {}
    for group in sorted(groups, key=lambda one: -one.number):
        name = f"{group.observer}.{group.action}" if group.observer else "changes"
        found.setdefault(name, []).append(group)
    return found


def _dead(name: str, groups: Sequence[LetterGroup], last: str) -> Need:
    total = sum(group.number for group in groups)
    reasons = ", ".join(f"{as_far(group.number)} × {group.error_class}" for group in groups)
    text = f"{reasons[0].upper()}{reasons[1:]}." if len(groups) > 1 else ""
    if last:
        text = f"{text} The last one: {last}.".strip()
    since = instant(min(group.oldest for group in groups)) or ""
    first = groups[0]
    link = f"/dead?observer={first.observer}" if first.observer else "/dead"
    if first.action:
        link += f"&action={first.action}"
    chosen = {"observer": first.observer, "action": first.action} if first.action else {}
    text = text or f"All are {first.error_class}."
    return Need("bad", as_far(total, "dead letter"), name, text, link, since=since, replay=chosen)


def _circuit(name: str, seen: Seen) -> Need:
    """A receiver that is held to be down."""
    one = seen.now.endpoints[name]
    waiting = one.ready + one.resting
    since = seen.down.get(name, "")
    text = "It is held to be down. " if since else "is held to be down. "
    if waiting:
        verbs = ("waits", "spends") if waiting == 1 else ("wait", "spend")
        text += f"{_counted(waiting, 'action')} {verbs[0]} and {verbs[1]} no attempts. "
    text += next_probe(one, seen.now.heard)
    link = endpoint_link(name)
    return Need("warn", "circuit open", name, text, link, since=since, probe=name)


def next_probe(one: Receiving, at: int) -> str:
    """When a receiver that is held to be down is tried again."""
    left = max(one.open_until, one.blocked_until) - at
    return f"Next probe in {duration(left)}." if left > 0 else "The next action is the probe."


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
