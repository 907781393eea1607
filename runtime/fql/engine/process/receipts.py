"""What the runtime says about an accepted event, and about all of its work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from fql.engine.core.held.inputs import NewEvent, Tally
from fql.errors import FqlError
from fql.store.works import event_name, run_name


class Handed(NamedTuple):
    """An event that another process is to take: its entry in the inbox of the store, and what the
    store remembers it by once it is taken."""

    entry: int
    known_by: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """The event is durable. `runs` are the observers' runs for it; with `duplicate` its key was
    known already, and the ids are those of the first time. `ended` says whether all runs have
    ended, `states` how, by run. While another process has yet to take the event, `handed` says
    where it waits; `wait` fills in the rest."""

    id: str
    event_id: str = ""
    duplicate: bool = False
    runs: tuple[str, ...] = ()
    ended: bool = False
    states: Mapping[str, str] = field(default_factory=dict)
    handed: Handed | None = None


Taken = Receipt | FqlError
"""What becomes of one event of many: its receipt, or why it was refused."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Numbers of a runtime since its start; `left` are open runs, `replayed` dead letters."""

    events: int = 0
    duplicates: int = 0
    refused: int = 0
    unknown: int = 0
    runs: int = 0
    done: int = 0
    dead: int = 0
    left: int = 0
    replayed: int = 0

    def as_json(self) -> dict[str, object]:
        """The same numbers as an object for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


def receipt_of(new: NewEvent) -> Receipt:
    """The receipt of a committed event."""
    return Receipt(
        event_name(new.number), new.event.id, new.duplicate, tuple(map(run_name, new.runs)),
        ended=not new.runs and not new.duplicate,
    )  # fmt: skip


def summary_of(tally: Tally) -> Summary:
    """The numbers that an engine has counted."""
    return Summary(
        events=tally.events,
        duplicates=tally.duplicates,
        refused=tally.refused,
        unknown=tally.unknown,
        runs=tally.runs,
        done=tally.done,
        dead=tally.dead,
        left=max(0, tally.open_runs),
        replayed=tally.replayed,
    )
