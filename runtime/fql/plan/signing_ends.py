"""Until when the secrets of a plan sign. Pure: the dates are in the plan, the values are not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from fql.plan.model import Plan
from fql.plan.policies import effective_value


class Span(NamedTuple):
    """From when and until when a secret signs, in unix seconds; None where it has no such date."""

    not_before: float | None = None
    not_after: float | None = None

    def live(self, now: float) -> bool:
        """True while it signs."""
        return (self.not_before or 0) <= now and (self.not_after is None or now < self.not_after)


def covered_until(spans: Sequence[Span], now: float) -> float | None:
    """The first moment from now on at which no secret signs; None for never."""
    moment = now
    while True:
        live = [span.not_after for span in spans if span.live(moment)]
        if not live:
            return moment
        ends = [end for end in live if end is not None]
        if len(ends) < len(live):
            return None
        moment = max(ends)


def signing_ends(plan: Plan, now: float) -> dict[str, float]:
    """For each observer whose secrets end some day, the first moment at which one of its actions
    has none."""
    endpoints = {endpoint.name: endpoint for endpoint in plan.endpoints}
    found: dict[str, float] = {}
    for observer in plan.observers:
        for node in observer.nodes:
            endpoint = endpoints.get(node.config.endpoint or "")
            spans = list(_spans(effective_value(node, endpoint, "signing.secret")))
            end = covered_until(spans, now) if spans else None
            if end is not None:
                found[observer.name] = min(end, found.get(observer.name, end))
    return found


def _spans(secrets: object) -> Iterator[Span]:
    for entry in secrets if isinstance(secrets, list | tuple) else ():
        if isinstance(entry, Mapping) and "secret" in entry:
            yield Span(_moment(entry.get("not_before")), _moment(entry.get("not_after")))
        else:
            yield Span()


def _moment(value: object) -> float | None:
    return datetime.fromisoformat(value).timestamp() if isinstance(value, str) else None
