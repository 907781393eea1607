"""Values of keys as people write them."""

from __future__ import annotations

from decimal import Decimal

from fql.plan.units import show_duration, show_size
from fqlc.checks.table.keys import Kind


def written(kind: Kind, value: int | Decimal | None) -> str:
    """A number of a kind as one writes it."""
    if value is None:
        return ""
    if kind is Kind.DURATION:
        return f"`{show_duration(int(value))}`"
    if kind is Kind.SIZE:
        return f"`{show_size(int(value))}`"
    return f"{value:,.10g}" if value != int(value) else f"{int(value):,}"
