"""The receivers of a plan with what is known of each. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fql.engine.program.receivers import endpoint_name
from fql.plan.language.expressions import Constant, Expr
from fql.plan.model import Plan
from fql.plan.show import show
from fql.plan.stored.codec import load_expression
from fql.store.port import MOST_COUNTED
from fql.store.shown import instant
from fql.ui.present.now import HELD, Receiving
from fql.ui.present.numbers import Hour
from fql.ui.present.state import Seen

GOOD = "sending"


@dataclass(frozen=True, slots=True)
class Receiver:
    """An endpoint, and the actions that send to it. `now` is None where nobody watches it; `dead`
    is counted as far as `Counts` goes, and None where that took too long; `since` is when the
    oldest of them failed, `down` since when all fails (RFC 3339). `idle` is one to which nobody
    sends, as no engine is at work."""

    name: str
    url: str
    actions: tuple[str, ...]
    paused: bool
    dead: int | None
    since: str = ""
    down: str = ""
    idle: bool = False
    hour: Hour = field(default_factory=Hour)
    now: Receiving | None = None

    @property
    def state(self) -> str:
        """In words."""
        if self.paused:
            return "paused"
        if self.now is not None and self.now.open_until:
            return HELD["circuit"]
        if self.now is not None and self.now.held_back == "retry_after":
            return HELD["retry_after"]
        if self.idle:
            return "not sending"
        return GOOD if not self.down else "failing"

    @property
    def look(self) -> str:
        """The class of its state."""
        return {GOOD: "ok", "failing": "bad"}.get(self.state, "warn")

    @property
    def is_open(self) -> bool:
        """Whether it is held to be down, so that it can be probed."""
        return self.now is not None and self.now.open_until > 0

    def as_json(self) -> dict[str, object]:
        """For programs."""
        now = self.now
        return {
            "name": self.name, "url": self.url, "state": self.state, "paused": self.paused,
            "actions": list(self.actions), "dead": min(self.dead or 0, MOST_COUNTED),
            "more": (self.dead or 0) > MOST_COUNTED, "dead_since": self.since or None,
            "failing_since": self.down or None, "sent": self.hour.of("sent"),
            "failed": self.hour.of("failed"), "reasons": dict(self.hour.why), "p50": self.hour.p50,
            "p95": self.hour.p95, "p99": self.hour.p99,
            "in_flight": None if now is None else now.in_flight,
            "ready": None if now is None else now.ready,
            "waits": None if now is None else dict(now.waits),
        }  # fmt: skip


def receivers(plan: Plan, seen: Seen, hours: Mapping[str, Hour]) -> list[Receiver]:
    """Names that can be paused, with what is sent there, those with trouble first."""
    urls = {one.name: _url_text(load_expression(one.url)) for one in plan.endpoints}
    users: dict[str, list[str]] = {name: [] for name in urls}
    for observer in plan.observers:
        for node in observer.nodes:
            users.setdefault(endpoint_name(node, {}), []).append(f"{observer.name}.{node.name}")
    found = []
    for name, actions in users.items():
        mine = [one for one in seen.groups or () if f"{one.observer}.{one.action}" in actions]
        found.append(
            Receiver(
                name=name, url=urls.get(name, ""), actions=tuple(actions),
                paused=name in seen.paused,
                dead=None if seen.groups is None else sum(one.number for one in mine),
                since=instant(min((one.oldest for one in mine), default=None)) or "",
                down=seen.down.get(name, ""),
                idle=seen.now.state in ("silent", "none"), hour=hours.get(name, Hour()),
                now=seen.now.endpoints.get(name, Receiving()) if seen.now.works else None,
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: (one.state == GOOD, -(one.dead or 0), one.name))


def _url_text(url: Expr) -> str:
    if isinstance(url, Constant) and isinstance(url.value, str):
        return url.value
    return show(url).strip('"')
