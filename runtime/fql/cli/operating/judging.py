"""How things are, and what of it needs a person. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fql.exact.kinds import as_a, as_object, as_objects
from fql.observe.series.gauges import Gauges
from fql.plan.language.units import spoken_duration
from fql.store.port import MOST_COUNTED
from fql.store.sharing.holding import Holding
from fql.store.showing.history import SILENT_AFTER, Pulse
from fql.store.shown import as_far

Labels = Mapping[str, str]
Samples = Sequence[tuple[str, Labels, float]]
LATE = 300
"""Seconds after which waiting work needs a person, as in FqlOldestDue and FqlSourceLag."""
BACKUP_OLD = 26 * 3_600_000
_SAMPLE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def samples_of(page: str) -> Samples:
    """What a page of metrics says."""
    found = []
    for line in page.splitlines():
        sample = None if line.startswith("#") else _SAMPLE.fullmatch(line)
        if sample is not None:
            labels = dict(_LABEL.findall(sample[2] or ""))
            found.append((sample[1], labels, float(sample[3])))
    return found


@dataclass(frozen=True, slots=True)
class Dead:
    """Dead letters of an action in a class, counted as far as `Counts` goes."""

    observer: str
    action: str
    error_class: str
    number: int


@dataclass(frozen=True, slots=True)
class Live:
    """What engines say of themselves: each source with whether all is well and its lag in seconds,
    circuits that are not closed, and how long the oldest work that could be sent has waited, in
    seconds; None where no engine says anything."""

    sources: tuple[tuple[str, bool, float], ...] = ()
    circuits: tuple[tuple[str, str], ...] = ()
    oldest_due: float | None = None


NOTHING = Live()


def last_of(pulses: Sequence[Pulse]) -> tuple[Live, int | None]:
    """What engines said when one was last heard, and when that was; of those that have not spoken
    since, nothing."""
    at = max((one.at for one in pulses), default=None)
    if at is None:
        return NOTHING, None
    last = [replace(one, silent=at - one.at > SILENT_AFTER) for one in pulses]
    return live_of(last), at


def live_of(pulses: Sequence[Pulse]) -> Live:
    """What the engines that are not silent say."""
    sources: dict[str, tuple[bool, float]] = {}
    circuits: dict[str, str] = {}
    oldest: float | None = None
    for pulse in pulses:
        if pulse.silent:
            continue
        for one in as_objects(pulse.body.get("sources", [])):
            sources[as_a(str, one["name"])] = bool(one["ok"]), as_a(int, one["lag"]) / 1000
        for name, told in as_object(pulse.body.get("endpoints", {})).items():
            state = as_object(told).get("circuit", "closed")
            if state != "closed":
                circuits[name] = str(state)
        due = pulse.body.get("oldest_due")
        if isinstance(due, int):
            oldest = max(oldest or 0.0, (pulse.at - due) / 1000)
    return Live(
        tuple((name, *told) for name, told in sorted(sources.items())),
        tuple(sorted(circuits.items())), oldest,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class State:
    """One moment. `engine` is `ready`, `none`, `unknown`, or why it is not ready. `samples` are
    those of the metrics port, with their prefix cut off; none where it is off. `live` is what
    engines say of themselves in the store, where that port is off. `holdings` are the engines of a
    store that several may use. `rates` are counts a minute. `open_runs` and `inbox` are counted as
    far as `Counts` goes. Sizes in bytes, times in milliseconds since 1970; None for what is not
    known. `since` is when the engine at work began, the first of several. Where none is at work,
    `live` is what engines said when one was `last_seen`, which needs nobody by itself."""

    now: int
    store: str
    engine: str
    plan: str | None
    open_runs: int
    inbox: int
    paused: tuple[str, ...] = ()
    dead: tuple[Dead, ...] = ()
    rates: Mapping[str, float] = field(default_factory=dict)
    disk: tuple[int, int] | None = None
    backup: int | None = None
    samples: Samples = ()
    live: Live = NOTHING
    holdings: Sequence[Holding] = ()
    since: int | None = None
    last_seen: int | None = None

    def sources(self) -> list[tuple[str, bool, float]]:
        """Each source: whether all is well with it, and its lag in seconds."""
        if not self.samples:
            return list(self.live.sources)
        lags = {labels["source"]: value for labels, value in self._of("source_lag_seconds")}
        return [
            (labels["source"], bool(value), lags.get(labels["source"], 0.0))
            for labels, value in self._of("source_ok")
        ]

    def circuits(self) -> list[tuple[str, str]]:
        """The endpoints whose circuit is not closed."""
        if not self.samples:
            return list(self.live.circuits)
        return [
            (labels["endpoint"], labels["state"])
            for labels, value in self._of("circuit_state")
            if value and labels["state"] != "closed"
        ]

    def oldest_due(self) -> float | None:
        """Seconds that the oldest work that could be sent has waited."""
        found = next((value for _, value in self._of("oldest_due_age_seconds")), None)
        return self.live.oldest_due if found is None else found

    def _of(self, name: str) -> Iterator[tuple[Labels, float]]:
        return ((labels, value) for one, labels, value in self.samples if one == name)

    def needs(self) -> list[str]:
        """What needs a person, in sentences."""
        return [*self._needs_of_engine(), *self._needs_of_store()]

    def _needs_of_engine(self) -> Iterator[str]:
        if self.engine == "none":
            yield "no engine is at work: nothing is sent"
        elif self.engine not in ("ready", "unknown"):
            yield f"the engine is not ready: {self.engine}"
        if self.last_seen is not None:
            return
        for name, fine, lag in self.sources():
            if not fine:
                yield f"the source {name} does not deliver as it should"
            if lag > LATE:
                yield f"events of the source {name} have waited for {_spoken(lag)}"
        for endpoint, state in self.circuits():
            yield f"the circuit of {endpoint} is {state.replace('_', ' ')}"
        oldest = self.oldest_due()
        if oldest is not None and oldest > LATE:
            yield f"work that could be sent has waited for {_spoken(oldest)}"

    def _needs_of_store(self) -> Iterator[str]:
        if self.dead:
            yield f"dead letters wait: {as_far(sum(one.number for one in self.dead))}"
        if self.disk and Gauges(disk=self.disk[0], disk_free=self.disk[1]).disk_low:
            yield f"the disk of the store has {self.disk[1]:,} bytes left"
        if self.backup is not None and self.now - self.backup > BACKUP_OLD:
            yield "the last backup is older than 26 hours"

    def as_json(self) -> dict[str, object]:
        """One object with everything."""
        oldest = self.oldest_due()
        return {
            "store": self.store,
            "engine": self.engine,
            "since": self.since,
            "last_seen": self.last_seen,
            "plan": self.plan,
            "open_runs": min(self.open_runs, MOST_COUNTED),
            "inbox": min(self.inbox, MOST_COUNTED),
            "more": [
                name for name, number in (("open_runs", self.open_runs), ("inbox", self.inbox))
                if number > MOST_COUNTED
            ],
            "engines": [
                {"session": one.session, "holder": one.holder, "lease_s": round(one.left, 1),
                 "shards": list(one.shards)} for one in self.holdings
            ],
            "sources": [
                {"name": name, "ok": fine, "lag_s": lag} for name, fine, lag in self.sources()
            ],
            "rates": dict(self.rates),
            "oldest_due_s": oldest,
            "circuits": [{"endpoint": name, "state": state} for name, state in self.circuits()],
            "paused": list(self.paused),
            "dead": [
                {"observer": one.observer, "action": one.action, "class": one.error_class,
                 "count": min(one.number, MOST_COUNTED), "more": one.number > MOST_COUNTED}
                for one in self.dead
            ],
            "disk_bytes": self.disk[0] if self.disk else None,
            "disk_free_bytes": self.disk[1] if self.disk else None,
            "backup": self.backup,
            "needs": self.needs(),
        }  # fmt: skip


def _spoken(seconds: float) -> str:
    return spoken_duration(int(seconds) * 1000)
