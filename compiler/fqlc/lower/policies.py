"""Effective settings to the form of a plan: value and origin by dotted key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fql.plan.language.expressions import Constant, Node
from fql.plan.language.nodes import dump_expression
from fql.plan.language.types import NULL
from fqlc.checks.levels import Given
from fqlc.checks.reading.settings import HeaderGiven

Stored = dict[str, Any]


def plan_policies(settings: Mapping[str, Given]) -> Stored:
    """All policies but headers. Built-in defaults are not written: the format pins them."""
    return {
        key: {"value": stored_value(given.value), "origin": str(given.origin)}
        for key, given in settings.items()
        if not key.startswith("headers.")
    }


def plan_headers(settings: Mapping[str, Given]) -> list[Stored]:
    """The headers by name. A removed one has the value null, so that it hides an endpoint's."""
    headers = [g.value for k, g in sorted(settings.items()) if k.startswith("headers.")]
    return [
        {"name": header.name, "value": dump_expression(header.value)}
        for header in headers
        if isinstance(header, HeaderGiven)
    ]


def removed_header(name: str) -> Stored:
    """A header of the value null, which hides an endpoint's."""
    return {"name": name, "value": dump_expression(Constant(type=NULL, value=None))}


def stored_value(value: object) -> Any:
    """A settled value as JSON; texts become expressions."""
    if isinstance(value, Node):
        expr: Any = value
        return dump_expression(expr)
    if isinstance(value, list):
        return [stored_value(item) for item in value]
    if isinstance(value, dict):
        return {key: stored_value(item) for key, item in value.items()}
    return value
