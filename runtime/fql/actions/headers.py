"""The headers that tell every receiver of a delivery, whatever its kind."""

from __future__ import annotations

from fql.actions.port import Delivery
from fql.plan.web.headers import value_problem

TRACE_HEADERS = ("traceparent", "tracestate")


def delivery_headers(delivery: Delivery) -> tuple[tuple[str, str], ...]:
    """What every receiver is told of a delivery: who sends it, which try it is, its trace."""
    headers = (
        ("fql-observer", delivery.observer),
        ("fql-action", delivery.action),
        ("fql-attempt", str(delivery.attempt)),
    )
    if not delivery.redelivery and not delivery.context:
        return headers
    more = [("fql-redelivery", "1")] if delivery.redelivery else []
    for name in TRACE_HEADERS:
        value = delivery.context.get(name)
        if value and not value_problem(value):
            more.append((name, value))
    return (*headers, *more)
