"""Effective settings to the form of a plan: value and origin by dotted key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from fql.plan.language.expressions import Constant, Expr, Node
from fql.plan.language.nodes import dump_expression
from fql.plan.language.types import NULL
from fqlc.checks.levels import Given
from fqlc.checks.reading.settings import HeaderGiven
from fqlc.lower.pieces import StoredHeader, StoredSetting


def plan_policies(settings: Mapping[str, Given]) -> dict[str, StoredSetting]:
    """All policies but headers. Built-in defaults are not written: the format pins them."""
    return {
        key: {"value": stored_value(given.value), "origin": str(given.origin)}
        for key, given in settings.items()
        if not key.startswith("headers.")
    }


def plan_headers(settings: Mapping[str, Given]) -> list[StoredHeader]:
    """The headers by name. A removed one has the value null, so that it hides an endpoint's."""
    headers = [g.value for k, g in sorted(settings.items()) if k.startswith("headers.")]
    return [
        {"name": header.name, "value": dump_expression(header.value)}
        for header in headers
        if isinstance(header, HeaderGiven)
    ]


def removed_header(name: str) -> StoredHeader:
    """A header of the value null, which hides an endpoint's."""
    return {"name": name, "value": dump_expression(Constant(type=NULL, value=None))}


def stored_value(value: object) -> object:
    """A settled value as JSON; texts become expressions."""
    if isinstance(value, Node):
        return dump_expression(cast("Expr", value))
    if isinstance(value, list):
        return [stored_value(item) for item in value]
    if isinstance(value, dict):
        return {key: stored_value(item) for key, item in value.items()}
    return value
