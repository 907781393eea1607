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
from fql.ui.present.now import Now, Receiving
from fql.ui.present.words import clock, duration, size

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True, slots=True)
class Need:
    """Something that only a person can decide: what (`chip`), where, and where to look. `resume`
    and `probe` are names of endpoints with which that can be done at once."""

    level: Literal["bad", "warn"]
    chip: str
    subject: str
    text: str
    link: str
    since: str = ""
    resume: str = ""
    probe: str = ""
    replay: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the first page is made of: numbers of the store, dead letters by action, the engines,
    the bytes of the disk and those that are free, since when receivers fail (RFC 3339)."""

    counts: Counts
    groups: Sequence[LetterGroup] = ()
    now: Now = field(default_factory=Now)
    disk: tuple[int, int] | None = None
    down: Mapping[str, str] = field(default_factory=dict)


def needs_of(seen: Seen) -> list[Need]:
    """The worst first: an engine that is silent, dead letters by action, what is held to be down or
    late or paused, commands that nobody takes, a disk that is nearly full."""
    needs = [*_of_engine(seen)]
    needs += [_dead(name, found) for name, found in _by_action(seen.groups).items()]
    needs += [_circuit(name, seen) for name in seen.now.open_circuits]
    if seen.now.late:
        text = f"The oldest work that could be sent has waited {duration(seen.now.waited)}."
        needs.append(Need("warn", "late", "", text, "/runs?state=open"))
    needs += [
        Need(
            "warn",
            "paused",
            name,
            "Nothing is sent until it is resumed.",
            "/endpoints",
            resume=name,
        )
        for name in sorted(seen.counts.paused)
    ]
    if seen.disk and Gauges(disk=seen.disk[0], disk_free=seen.disk[1]).disk_low:
        text = f"{size(seen.disk[1])} are left on the disk of the store."
        needs.append(Need("bad", "disk", "", text, "/"))
    return needs


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
    elif now.state == "unwatched" and counts.inbox:
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


def _dead(name: str, groups: Sequence[LetterGroup]) -> Need:
    total = sum(group.number for group in groups)
    reasons = ", ".join(f"{as_far(group.number)} × {group.error_class}" for group in groups)
    since = instant(min(group.oldest for group in groups)) or ""
    first = groups[0]
    link = f"/dead?observer={first.observer}" if first.observer else "/dead"
    if first.action:
        link += f"&action={first.action}"
    chosen = {"observer": first.observer, "action": first.action} if first.action else {}
    return Need(
        "bad", as_far(total, "dead letter"), name, f"{reasons}.", link, since=since, replay=chosen
    )


def _circuit(name: str, seen: Seen) -> Need:
    """A receiver that is held to be down."""
    one = seen.now.endpoints[name]
    waiting = one.ready + one.resting
    text = (
        f"{_counted(waiting, 'action')} {'waits' if waiting == 1 else 'wait'}. " if waiting else ""
    )
    text += next_probe(one, seen.now.heard)
    link = endpoint_link(name)
    return Need("warn", "circuit open", name, text, link, since=seen.down.get(name, ""), probe=name)


def next_probe(one: Receiving, at: int) -> str:
    """When a receiver that is held to be down is tried again."""
    left = max(one.open_until, one.blocked_until) - at
    return f"Next probe in {duration(left)}." if left > 0 else "The next action is the probe."


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
