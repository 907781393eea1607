"""From envelopes to inputs: what fits becomes an event, what does not a capture dead letter."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from fql.engine.core.held.inputs import Misfit, NewEvent
from fql.engine.core.held.keys import dedup_hash
from fql.engine.loop.clock import Clock
from fql.engine.process.arrivals.outbox_rows import event_of, shown
from fql.engine.program.bulkhead import Fault, guarded
from fql.engine.program.model import Program
from fql.errors import EventRefused, PlanError
from fql.events.intake import UnknownEntity
from fql.exact.writing import NotWritable, write_given, write_json
from fql.intake.port import OUTBOX
from fql.observe.logs import logger

UNREADABLE = b'{"lost":"it could not be written as JSON"}'
"""Stands for an envelope that cannot be stored in any form."""
MAX_DEPTH = 100
"""Brackets within brackets that a misfit is stored with."""


class Origin(NamedTuple):
    """Where an event came from. `name` is the scope of its key, `incarnation` and `position`
    identify it for ever."""

    name: str
    incarnation: str
    position: str


def check(
    program: Program, envelope: Mapping[str, object], origin: Origin, clock: Clock
) -> NewEvent:
    """The event in an envelope. Raises EventRefused (UnknownEntity)."""
    if program.intake is None:
        raise PlanError("this program was made without a plan, so it cannot check events")
    event = program.intake.check(
        envelope,
        source=origin.incarnation,
        position=origin.position,
        new_id=_random_uuid,
        now=datetime.fromtimestamp(clock.now() / 1000, UTC),
    )
    return NewEvent(event, None if event.key is None else _known_by(envelope, origin))


def _known_by(envelope: Mapping[str, object], origin: Origin) -> bytes | None:
    """What the store will remember an event by that brings a key or an id of its own."""
    key = envelope.get("key") or envelope.get("id")
    return dedup_hash(origin.name, str(key)) if key else None


def handed_in(envelope: Mapping[str, object], origin: Origin, letter: str = "") -> bytes:
    """What the store will remember an event by that comes through the inbox: also one without a key
    is known again, and one that comes from a dead letter (`letter`) is not the one before."""
    known = None if letter else _known_by(envelope, origin)
    return known or dedup_hash("inbox", origin.incarnation + origin.position + letter)


def _random_uuid() -> str:
    """A UUID of version 4 (RFC 9562), in a third of the time of `uuid.uuid4`."""
    digits = os.urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def check_or_misfit(
    program: Program,
    envelope: Mapping[str, object],
    origin: Origin,
    clock: Clock,
    problem: str = "",
) -> NewEvent | Misfit | None:
    """Like `check`, but a misfit is data; None for an entity that the plan does not know. What
    comes from an outbox is a row of it, and its dead letter keeps the row. What raises in this is a
    misfit of class `internal`."""
    made = guarded(_checked, program, envelope, origin, clock, problem)
    return unchecked(envelope, origin, made) if isinstance(made, Fault) else made


def _checked(
    program: Program, envelope: Mapping[str, object], origin: Origin, clock: Clock, problem: str
) -> NewEvent | Misfit | None:
    if problem:
        return misfit(envelope, origin, problem)
    try:
        event = event_of(program.readers, envelope) if origin.incarnation == OUTBOX else envelope
        return check(program, event, origin, clock)
    except UnknownEntity:
        return None
    except EventRefused as refused:
        return misfit(envelope, origin, refused.message)
    except ValueError as problem_of_row:
        return misfit(envelope, origin, str(problem_of_row))


def misfit(envelope: Mapping[str, object], origin: Origin, reason: str) -> Misfit:
    """A change as it came, with the reason why it cannot be used."""
    return Misfit(
        source=origin.incarnation,
        position=origin.position,
        entity=_without_half_pairs(envelope.get("entity", "")),
        kind=_without_half_pairs(envelope.get("event", "")),
        event_id=_without_half_pairs(envelope.get("id") or ""),
        reason=_without_half_pairs(reason),
        payload=_payload(shown(envelope) if origin.incarnation == OUTBOX else envelope),
    )


def unchecked(envelope: Mapping[str, object], origin: Origin, fault: Fault) -> Misfit:
    """A change that could not be checked, with as much of it as can be stored."""
    logger.error("change %s of %s: %s", origin.position, origin.incarnation, fault.text)
    made = guarded(misfit, envelope, origin, fault.text)
    if isinstance(made, Fault):
        place = (origin.incarnation, origin.position)
        made = Misfit(*place, "", "", "", fault.text, UNREADABLE)
    made.error_class = "internal"
    return made


def _payload(envelope: Mapping[str, object]) -> bytes:
    try:
        return write_given(envelope, "")
    except NotWritable:
        return write_json(_storable(envelope))


def _storable(value: object, depth: int = MAX_DEPTH) -> object:
    """What is legal in JSON and can still not be stored, by a stand-in: it must stop neither the
    source nor those who look at the dead letter."""
    if isinstance(value, Mapping | list | tuple) and not depth:
        return "(nested too deeply)"
    if isinstance(value, Mapping):
        return {_without_half_pairs(key): _storable(item, depth - 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(item, depth - 1) for item in value]
    try:
        write_given(value, "")
    except NotWritable:
        return _without_half_pairs(value)
    return value


def _without_half_pairs(value: object) -> str:
    """Half a surrogate pair is not a text; each becomes a question mark."""
    return str(value).encode("utf-8", "replace").decode()
