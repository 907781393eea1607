"""What is checked next, and what is published of it. Decisions only: the clock is passed in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from fqlc.services.answers import Findings

PAUSE = 0.3
"""Seconds without a change after which a project is checked."""


@dataclass(frozen=True, slots=True)
class Agenda:
    """The projects that wait for a check, with the time when it is due, and the one that is being
    checked. A project waits once, however often it has changed, and one check runs at a time."""

    waiting: Mapping[str, float] = field(default_factory=dict)
    running: str | None = None

    def typed(self, project: str, now: float) -> Agenda:
        """A text has changed: check when nobody has typed for a while."""
        return replace(self, waiting={**self.waiting, project: now + PAUSE})

    def wanted(self, project: str, now: float) -> Agenda:
        """Somebody waits for a check, or a file was saved: check as soon as possible."""
        return replace(self, waiting={**self.waiting, project: now})

    def dropped(self, project: str) -> Agenda:
        """The project is gone."""
        return replace(self, waiting={k: v for k, v in self.waiting.items() if k != project})

    def next(self, now: float) -> str | None:
        """The project to check now: the one that has waited longest of those that are due."""
        due = [(at, project) for project, at in self.waiting.items() if at <= now]
        return min(due)[1] if due and self.running is None else None

    def started(self, project: str) -> Agenda:
        """A check of the project runs; what changes from now on needs another one."""
        return replace(self.dropped(project), running=project)

    def ended(self) -> Agenda:
        """The check that ran has ended."""
        return replace(self, running=None)

    def is_stale(self, now: float) -> bool:
        """True when the running check works on texts that have moved on, and their next check is
        due."""
        return self.running is not None and self.waiting.get(self.running, now + 1) <= now

    def is_settled(self, project: str) -> bool:
        """True when the last check of the project saw all there is."""
        return project not in self.waiting and project != self.running

    def pause(self, now: float) -> float | None:
        """Seconds until `next` or `is_stale` may have another answer; None while only an end or a
        change can bring one."""
        if self.running is None:
            return max(min(self.waiting.values()) - now, 0.0) if self.waiting else None
        due = self.waiting.get(self.running, now)
        return due - now if due > now else None


Version = int | None
"""What an editor calls a state of a text; None for a file that is not open."""


@dataclass(frozen=True, slots=True)
class Published:
    """Diagnostics to publish for a text."""

    uri: str
    version: Version
    findings: Findings


@dataclass(frozen=True, slots=True)
class Board:
    """What the editor has been told, by uri."""

    shown: Mapping[str, tuple[Version, Findings]] = field(default_factory=dict)

    def news(
        self, found: Mapping[str, Findings], checked: Mapping[str, Version],
        now: Mapping[str, Version], gone: Iterable[str] = (),
    ) -> tuple[Board, tuple[Published, ...]]:  # fmt: skip
        """What to publish after a check that `found` this, of open texts in the `checked` versions,
        while they are `now` in those; and the board afterwards. Texts that have moved on wait for
        their own check. Of texts that are `gone` nothing may stay."""
        shown, news = dict(self.shown), []
        for uri in dict.fromkeys((*found, *gone)):
            told = found.get(uri, _NOTHING)
            version = now.get(uri)
            if uri in found and version != checked.get(uri):
                continue
            before = shown.get(uri)
            if before == (version, told) or (
                before is None and not told.findings and uri not in now
            ):
                continue
            news.append(Published(uri, version, told))
            if told.findings or uri in now:
                shown[uri] = (version, told)
            else:
                shown.pop(uri, None)
        return Board(shown), tuple(news)


_NOTHING = Findings(())
