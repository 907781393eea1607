"""Plans of small sources."""

from __future__ import annotations

import json
from typing import Any

from fql.plan.model import Plan
from fql.plan.stored.codec import read_plan
from fqlc.checks.model import Surroundings
from fqlc.pipeline import compile_project


def plan(text: str, surroundings: Surroundings | None = None) -> Any:
    """The plan of a text, as data; fails with the reports where there is none."""
    return json.loads(_compiled(text, surroundings))


def typed_plan(text: str) -> Plan:
    """The plan of a text as a model, as commands read it."""
    return read_plan(_compiled(text))


def _compiled(text: str, surroundings: Surroundings | None = None) -> bytes:
    done = compile_project(["case.fql"], {"case.fql": text.encode()}.get, surroundings)
    assert done.plan is not None, done.diagnostics
    return done.plan


def node(found: Any, observer: int = 0, action: int = 0) -> Any:
    """One node of a plan."""
    return found["observers"][observer]["nodes"][action]


ORDER = 'entity Order { id: ID @key  status: String  total: Decimal?  note: String @column("n") }\n'
