"""Plans of small sources."""

from __future__ import annotations

import json
from typing import Any

from fqlc.checks.model import Surroundings
from fqlc.pipeline import compile_project


def plan(text: str, surroundings: Surroundings | None = None) -> Any:
    """The plan of a text, as data; fails with the reports where there is none."""
    done = compile_project(["case.fql"], {"case.fql": text.encode()}.get, surroundings)
    assert done.plan is not None, done.diagnostics
    return json.loads(done.plan)


def node(found: Any, observer: int = 0, action: int = 0) -> Any:
    """One node of a plan."""
    return found["observers"][observer]["nodes"][action]


ORDER = 'entity Order { id: ID @key  status: String  total: Decimal?  note: String @column("n") }\n'
