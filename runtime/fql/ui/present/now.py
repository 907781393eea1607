"""How the engines are at this second, from what they say while somebody watches. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from fql.store.showing.history import Pulse

PATIENCE = 4_000
"""Milliseconds after which an engine that is watched should have said something."""
LATE = 60_000
"""Milliseconds that work may wait before a person should know."""

HELD = {
    "circuit": "circuit open", "paused": "paused", "retry_after": "asked to wait",
    "rate": "rate reached", "concurrency": "all in use",
}  # fmt: skip
"""What holds an endpoint back, in words."""
State = Literal["unwatched", "awaited", "working", "silent", "none"]
"""Nobody watches; it is watched since a moment ago; it works; it was heard and is silent now; no
engine has taken what was asked."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Since when somebody watches without a gap (milliseconds since 1970; 0: nobody does), and
    whether an engine has `taken` what was last asked of it."""

    since: int = 0
    taken: bool = True


@dataclass(frozen=True, slots=True)
class Receiving:
    """An endpoint now: requests on the wire, work that is ready, what holds it back (`held_back`),
    and how often each limit did so since the engine's start. Times are milliseconds since 1970, 0
    where there is none."""

    in_flight: int = 0
    ready: int = 0
    resting: int = 0
    tokens: int = 0
    open_until: int = 0
    blocked_until: int = 0
    held_back: str = ""
    waits: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Now:
    """All engines that are heard, together. `heard` is when one last spoke, `since` when the first
    of them began, `oldest_due` when the work that has waited longest could first have been sent.
    `troubles` say of sources what is wrong with them, `lags` for how many milliseconds the oldest
    event of a source has waited to be taken in."""

    state: State = "unwatched"
    heard: int = 0
    since: int = 0
    in_flight: int = 0
    open_runs: int = 0
    oldest_due: int = 0
    endpoints: Mapping[str, Receiving] = field(default_factory=dict)
    actions: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    troubles: Mapping[str, str] = field(default_factory=dict)
    lags: Mapping[str, int] = field(default_factory=dict)

    @property
    def works(self) -> bool:
        """Whether what it says is about this second."""
        return self.state == "working"

    @property
    def waited(self) -> int:
        """For how many milliseconds the oldest work that could be sent has waited."""
        return max(0, self.heard - self.oldest_due) if self.works and self.oldest_due else 0

    @property
    def running(self) -> int:
        """For how many milliseconds the engine has run; 0 where that is not known."""
        return max(0, self.heard - self.since) if self.works and self.since else 0

    @property
    def late(self) -> bool:
        """Whether that is long."""
        return self.waited > LATE

    @property
    def open_circuits(self) -> list[str]:
        """Endpoints that are held to be down."""
        return sorted(name for name, one in self.endpoints.items() if one.open_until)


def now_of(pulses: Sequence[Pulse], watch: Watch, wall: int) -> Now:
    """How the engines are at `wall`, in milliseconds since 1970."""
    spoken = [one for one in pulses if not one.silent]
    heard = max((one.at for one in pulses), default=0)
    if spoken:
        return _together(spoken)
    if not watch.since:
        return Now("unwatched")
    if heard >= watch.since:
        return Now("silent", heard)
    if wall - watch.since < PATIENCE:
        return Now("awaited")
    return Now("silent" if watch.taken else "none", watch.since)


def _together(pulses: Sequence[Pulse]) -> Now:
    bodies = [one.body for one in pulses]
    dues = [due for body in bodies if (due := _whole(body, "oldest_due"))]
    begun = [since for body in bodies if (since := _whole(body, "since"))]
    endpoints: dict[str, Receiving] = {}
    actions: dict[str, Counter[str]] = {}
    for body in bodies:
        for name, part in _parts(body, "endpoints"):
            if name:
                endpoints[name] = _both(endpoints.get(name, Receiving()), part)
        for name, part in _parts(body, "actions"):
            counts = {state: _whole(part, state) for state in part}
            actions.setdefault(name, Counter()).update(counts)
    sources = [one for body in bodies for one in _sources(body)]
    return Now(
        "working",
        heard=max(one.at for one in pulses),
        since=min(begun, default=0),
        in_flight=sum(_whole(body, "in_flight") for body in bodies),
        open_runs=sum(_whole(body, "open_runs") for body in bodies),
        oldest_due=min(dues, default=0),
        endpoints=endpoints,
        actions=actions,
        troubles={name: _trouble(one) for name, one in sources if one.get("ok") is False},
        lags={name: _whole(one, "lag") for name, one in sources},
    )


def _both(one: Receiving, part: Mapping[str, object]) -> Receiving:
    waits, found = Counter(one.waits), part.get("waits")
    if isinstance(found, Mapping):
        waits.update({str(name): _whole(found, name) for name in found})
    held_back = part.get("held_back")
    return Receiving(
        in_flight=one.in_flight + _whole(part, "in_flight"),
        ready=one.ready + _whole(part, "ready"),
        resting=one.resting + _whole(part, "waiting"),
        tokens=one.tokens + _whole(part, "tokens"),
        open_until=max(one.open_until, _whole(part, "open_until")),
        blocked_until=max(one.blocked_until, _whole(part, "blocked_until")),
        held_back=held_back if isinstance(held_back, str) and held_back else one.held_back,
        waits=waits,
    )


def _sources(body: Mapping[str, object]) -> Iterable[tuple[str, Mapping[str, object]]]:
    found = body.get("sources")
    for one in found if isinstance(found, list) else ():
        if isinstance(one, Mapping):
            yield str(one.get("name", "")), one


def _trouble(source: Mapping[str, object]) -> str:
    told = str(source.get("trouble") or "")
    return told.removeprefix(f"source {source.get('name')}: ")


def _parts(body: Mapping[str, object], name: str) -> Iterable[tuple[str, Mapping[str, object]]]:
    """Objects by name. What another version of the engine does not say is not there."""
    found = body.get(name)
    for key, part in found.items() if isinstance(found, Mapping) else ():
        if isinstance(part, Mapping):
            yield str(key), part


def _whole(part: Mapping[str, object], name: str) -> int:
    found = part.get(name)
    return found if isinstance(found, int) else 0
