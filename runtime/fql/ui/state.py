"""How things are, in a sentence, and what needs a person. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from fql.store.choosing import LetterGroup
from fql.store.port import Counts
from fql.store.shown import as_far, instant

MANY_COMMANDS = 1
"""Commands that no engine has taken: with one at work they are gone within a second."""


@dataclass(frozen=True, slots=True)
class Need:
    """Something that only a person can decide: what (`chip`), where, and where to look."""

    level: Literal["bad", "warn"]
    chip: str
    subject: str
    text: str
    link: str
    pausable: str = ""
    since: str = ""
    replay: Mapping[str, str] = field(default_factory=dict)


def needs_of(counts: Counts, groups: Sequence[LetterGroup]) -> list[Need]:
    """The worst first: dead letters by action, what is paused, commands that nobody takes."""
    needs = [_dead(name, found) for name, found in _by_action(groups).items()]
    needs += [
        Need("warn", "paused", name, "Nothing is sent until it is resumed.", "/endpoints", name)
        for name in sorted(counts.paused)
    ]
    if counts.inbox >= MANY_COMMANDS:
        text = f"{as_far(counts.inbox, 'command')} waiting for an engine. Start `fqlc run`."
        needs.append(Need("warn", "no engine?", "", text, "/runs"))
    return needs


def sentence_of(counts: Counts, needs: Sequence[Need]) -> str:
    """The first line of the overview."""
    open_runs = counts.runs.get("open", 0)
    keeping = "Nothing is waiting"
    if open_runs:
        number = as_far(open_runs, "run")
        keeping = f"{number[0].upper()}{number[1:]} open"
    if not needs:
        return f"{keeping}, and nothing needs you"
    many = len(needs)
    return f"{keeping}, and {'one thing needs' if many == 1 else f'{many} things need'} you"


def _by_action(groups: Sequence[LetterGroup]) -> Mapping[str, list[LetterGroup]]:
    found: dict[str, list[LetterGroup]] = {}
    for group in sorted(groups, key=lambda one: -one.number):
        name = f"{group.observer}.{group.action}" if group.observer else "changes"
        found.setdefault(name, []).append(group)
    return found


def _dead(name: str, groups: Sequence[LetterGroup]) -> Need:
    total = sum(group.number for group in groups)
    reasons = ", ".join(f"{group.number:,} × {group.error_class}" for group in groups)
    since = instant(min(group.oldest for group in groups)) or ""
    first = groups[0]
    link = f"/dead?observer={first.observer}" if first.observer else "/dead"
    if first.action:
        link += f"&action={first.action}"
    chosen = {"observer": first.observer, "action": first.action} if first.action else {}
    return Need(
        "bad", _counted(total, "dead letter"), name, f"{reasons}.", link, since=since, replay=chosen
    )


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
