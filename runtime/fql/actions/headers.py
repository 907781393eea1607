"""The headers that tell every receiver of a delivery, whatever its kind."""

from __future__ import annotations

from fql.actions.port import Delivery
from fql.plan.web.headers import value_problem

TRACE_HEADERS = ("traceparent", "tracestate")


def delivery_headers(delivery: Delivery) -> tuple[tuple[str, str], ...]:
    """What every receiver is told of a delivery: who sends it, which try it is, its trace."""
    return (*sender_headers(delivery.observer, delivery.action), *attempt_headers(delivery))


def sender_headers(observer: str, action: str) -> tuple[tuple[str, str], ...]:
    """Who sends it: the same in each delivery of an action."""
    return ("fql-observer", observer), ("fql-action", action)


def attempt_headers(delivery: Delivery) -> tuple[tuple[str, str], ...]:
    """Which try it is, and its trace."""
    headers = (("fql-attempt", str(delivery.attempt)),)
    if not delivery.redelivery and not delivery.context:
        return headers
    more = [("fql-redelivery", "1")] if delivery.redelivery else []
    for name in TRACE_HEADERS:
        value = delivery.context.get(name)
        if value and not value_problem(value):
            more.append((name, value))
    return (*headers, *more)
