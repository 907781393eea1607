"""One engine among several, as a world plays it."""

from __future__ import annotations

from dataclasses import dataclass, field

from fql.engine.core.held.inputs import Inputs
from fql.engine.core.held.runs import Work
from fql.engine.core.held.state import State
from fql.engine.loop.rescue import Rescue


@dataclass
class Engine:
    """One process: its session, its memory, what it has on the wire."""

    session: int
    state: State
    inputs: Inputs = field(default_factory=Inputs)
    wire: list[Work] = field(default_factory=list)
    commits: int = 0
    wake: int | None = 0
    rescue: Rescue = field(default_factory=Rescue)
    entries: set[int] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
