"""How capture in a database compares with what a plan wants, and what was changed, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

State = Literal["installed", "missing", "disabled", "behind", "differs", "obsolete"]
"""`behind` is a trigger with another text, one that an index added later calls for, or one that
fires after a younger one of the application, where all that the plan needs is supplied; `differs`
is one that does not supply it; `obsolete` is one of this project that the plan does not want;
`disabled` is one that a database knows and does not fire."""

Tables = Literal["none", "incomplete", "current", "older", "newer", "foreign"]


@dataclass(frozen=True, slots=True)
class TriggerState:
    """How one trigger in the database compares with what the plan wants."""

    name: str
    table: str
    state: State


@dataclass(frozen=True, slots=True)
class Status:
    """What `fqlc capture status` tells. `uncaptured` are tables for which no triggers can
    be made; `younger` are triggers of the application that fire before ours and change a captured
    table; `waiting` is the number of rows in the outbox; `others` are other projects that have one
    in this database, with their rows."""

    triggers: tuple[TriggerState, ...]
    problems: tuple[str, ...]
    tables: Tables
    uncaptured: tuple[str, ...] = ()
    younger: tuple[str, ...] = ()
    waiting: int = 0
    others: Mapping[str, int] = field(default_factory=dict)

    @property
    def outbox(self) -> bool:
        """Whether there is an outbox that can be read."""
        return self.tables == "current"

    @property
    def in_step(self) -> bool:
        """True when nothing must be installed and nothing prevents it."""
        return (
            self.outbox
            and not self.problems
            and all(trigger.state == "installed" for trigger in self.triggers)
        )

    def named(self, *states: State) -> tuple[str, ...]:
        """The triggers in one of these states."""
        return tuple(sorted(t.name for t in self.triggers if t.state in states))


@dataclass(frozen=True, slots=True)
class Changed:
    """What `install` or `uninstall` did: names of triggers that were made (renewed ones too) and
    removed, of tables that were removed, and how many waiting rows an older outbox handed over."""

    made: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    moved: int = 0
