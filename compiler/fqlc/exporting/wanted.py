"""What a document is to describe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fql.plan.model import Plan
from fqlc.exporting.actions import Action


class Example(NamedTuple):
    """A body that a test sends, by the title of that test."""

    title: str
    body: object


class Wanted(NamedTuple):
    """Actions, and what is told of them. `examples` are by `observer.action`."""

    title: str
    doc: str
    actions: Sequence[Action]
    plan: Plan
    closed: bool
    examples: Mapping[str, Sequence[Example]]
