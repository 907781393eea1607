"""An event as it travels from a source to the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

Row = Mapping[str, object]
"""Typed values by field name, as `fql.events.intake` makes them."""

Kind = Literal["insert", "update", "delete"]


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event as it came: JSON values, not yet checked. The shape is a promise
    (`docs/reference/events.md`)."""

    entity: str
    event: str
    new: dict[str, object] | None = None
    old: dict[str, object] | None = None
    id: str | None = None
    key: str | None = None
    timestamp: str | None = None
    context: dict[str, str] = field(default_factory=dict)


class Event(NamedTuple):
    """A checked event. (A tuple, because a frozen dataclass takes four times as long to make.)

    - `entity`, `kind`: whose row changed, and `insert`, `update` or `delete`.
    - `new`, `old`: the rows after and before, with typed values; None where there is none.
    - `id`, `timestamp`: what receivers see as its id, and when it happened.
    - `source`, `position`: where it came from and its place there, which identify it for good.
    - `payload`: the normalised JSON of both rows, as stored and sent.
    - `key`: how its sender recognises it: a second event with the same key is a duplicate.
    - `context`: what its sender added, such as `traceparent`; only texts.
    - `row_key`: the value of the entity's `@key` field as text; empty where it declares none.
    """

    entity: str
    kind: Kind
    new: Row | None
    old: Row | None
    id: str
    timestamp: datetime
    source: str
    position: str
    payload: bytes
    key: str | None
    context: dict[str, str]
    row_key: str = ""
