"""The check of arriving events: an envelope as it came becomes an event with typed rows, or is
refused with the path, the expected type and what came.

The check of a row is generated code for each entity: values that fit as they are pass with one
comparison, everything else goes through the decoder of its type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from fql.errors import EventRefused
from fql.events.decoding import (
    MAX_PROBLEMS,
    MISSING,
    Decoder,
    Problem,
    Problems,
    decode_datetime,
    decoder,
    is_clean_text,
    refuse,
    shown,
)
from fql.events.model import Envelope, Event, Kind, Row
from fql.events.restoring import Restorer, restore_fields, restorer
from fql.events.row_check import RowCheck, row_check
from fql.events.row_key import bounded
from fql.events.values import payload_of
from fql.exact.kinds import as_a, as_object
from fql.exact.reading import read_object
from fql.exact.writing import json_text
from fql.near import did_you_mean
from fql.plan.language.types import parse_type
from fql.plan.model import Entity, EntityField, Plan
from fql.plan.table import TypeTable

KINDS: tuple[Kind, ...] = ("insert", "update", "delete")
_KINDS: Mapping[str, Kind] = {kind: kind for kind in KINDS}

MAX_TEXT_KEY = 1_000
"""The longest `id` and `key` of an envelope, in characters."""


class EventMisfit(EventRefused):
    """Values do not fit. `problems` has up to ten of them."""

    def __init__(self, entity: str, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        what = f"the event of {entity}" if entity else "the event"
        listed = "; ".join(map(str, self.problems))
        more = "; and perhaps more" if len(self.problems) >= MAX_PROBLEMS else ""
        super().__init__(
            f"{what} does not fit: {listed}{more}",
            hint="change what is sent, or the declaration of the entity",
        )


class AnswerMisfit(ValueError):
    """An answer does not fit its type; says for each problem the path, the expected type and what
    came. `bare` does not say what came, for logs."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.bare = "; ".join(one.bare for one in problems)


class UnknownEntity(EventRefused):
    """The plan has no entity of this name; the engine counts such events and ignores them."""

    def __init__(self, entity: str) -> None:
        self.entity = entity
        super().__init__(
            f"the plan has no entity {entity!r}", hint="declare it, or stop sending its events"
        )


class _Rows:
    """How the rows of one entity are checked and restored."""

    def __init__(self, entity: Entity, table: TypeTable, needed: frozenset[str]) -> None:
        types = [(field.name, parse_type(field.type)) for field in entity.fields]
        self.check = row_check(entity.fields, table)
        self.check_old = row_check(_loosened(entity.fields, needed), table)
        self.needs_old = bool(needed)
        self.key = next((field.name for field in entity.fields if field.key), None)
        self.restorers: list[tuple[str, Restorer | None]] = [
            (name, restorer(type_, table)) for name, type_ in types
        ]

    def key_of(self, row: Mapping[str, object] | None) -> str:
        """The `@key` of a checked row as text: as in JSON, but without quotes, and bounded."""
        value = None if row is None or self.key is None else row.get(self.key)
        if isinstance(value, str) and "\0" not in value:
            return bounded(value)
        text = "" if value is None else json_text(value)
        return bounded(text.removeprefix('"').removesuffix('"'))


def _loosened(fields: Sequence[EntityField], needed: frozenset[str]) -> list[EntityField]:
    """The fields of the old row of an update: sources bring those that conditions need, and the
    others only perhaps."""
    return [
        field
        if field.name in needed or field.type.endswith("?")
        else field.model_copy(update={"type": field.type + "?"})
        for field in fields
    ]


class Intake:
    """Checks events against one plan. Safe to share between threads once it is made."""

    def __init__(self, plan: Plan) -> None:
        self._table = TypeTable.of(plan)
        needed = _old_values(plan)
        self._old_checks: dict[tuple[str, frozenset[str]], RowCheck] = {}
        self._rows = {
            entity.name: _Rows(entity, self._table, needed.get(entity.name, frozenset()))
            for entity in plan.entities
        }

    def check(
        self,
        envelope: Envelope | Mapping[str, object],
        *,
        source: str,
        position: str,
        new_id: Callable[[], str],
        now: datetime,
    ) -> Event:
        """The event in an envelope. `new_id` names it if it brings no `id`, `now` dates it if it
        brings no `timestamp`. Raises EventMisfit, or UnknownEntity."""
        raw = envelope if isinstance(envelope, dict) else _as_mapping(envelope)
        entity, kind = self._subject(raw)
        rows = self._rows[entity]
        problems: Problems = []
        new = None if kind == "delete" else _present(raw.get("new"), "new", problems)
        old = None if kind == "insert" else self._old(raw.get("old"), kind, rows, problems)
        new_row = None if new is None else rows.check(new, "new", problems)
        check_old = rows.check if kind == "delete" else rows.check_old
        old_row = None if old is None else check_old(old, "old", problems)
        event_id, key = _short_text(raw, "id", problems), _short_text(raw, "key", problems)
        timestamp = _timestamp(raw, now, problems)
        context = _context(raw.get("context"), problems)
        if problems:
            raise EventMisfit(entity, problems)
        payload = payload_of(new_row, old_row)
        return Event(
            entity, kind, new_row, old_row, event_id or new_id(), timestamp,
            source, position, payload, key or event_id, context,
            rows.key_of(old_row if new_row is None else new_row),
        )  # fmt: skip

    def _subject(self, raw: Mapping[str, object]) -> tuple[str, Kind]:
        entity, kind = raw.get("entity", MISSING), raw.get("event", MISSING)
        if isinstance(kind, str) and isinstance(entity, str) and entity in self._rows:
            known = _KINDS.get(kind)
            if known is not None:
                return str(entity), known
        problems: Problems = []
        if not isinstance(entity, str) or not entity:
            refuse(entity, "entity", "the name of an entity", problems)
        if not isinstance(kind, str) or kind not in KINDS:
            meant = did_you_mean(kind.strip(), KINDS) if isinstance(kind, str) else ""
            wanted = f"insert, update or delete{meant and f' ({meant})'}"
            refuse(kind, "event", wanted, problems)
        if problems:
            raise EventMisfit("", problems)
        raise UnknownEntity(as_a(str, entity))

    @staticmethod
    def _old(value: object, kind: str, rows: _Rows, problems: Problems) -> Row | None:
        if value is None and kind == "update" and not rows.needs_old:
            return None
        return _present(value, "old", problems)

    def restore(self, entity: str, kind: str, payload: bytes) -> tuple[Row | None, Row | None]:
        """The typed rows (new, old) in the stored payload of a checked event; fields that it
        lacks are null. Raises UnknownEntity, and ValueError for what no `check` has made."""
        del kind
        if entity not in self._rows:
            raise UnknownEntity(entity)
        return _restored(read_object(payload), self._rows[entity])

    def refit(
        self, entity: str, kind: str, payload: bytes, needed: frozenset[str]
    ) -> tuple[Row | None, Row | None]:
        """The rows (new, old) in the payload of an event that another plan has checked, checked
        and typed by this one. `needed` are the fields of the old row that must be there. Raises
        EventMisfit, UnknownEntity."""
        rows = self._rows.get(entity)
        if rows is None:
            raise UnknownEntity(entity)
        problems: Problems = []
        stored = read_object(payload)
        new = None if kind == "delete" else _present(stored.get("new"), "new", problems)
        given = stored.get("old")
        may_lack = given is None and (kind == "insert" or (kind == "update" and not needed))
        old = None if may_lack else _present(given, "old", problems)
        check_old = rows.check if kind == "delete" else self._old_check(entity, needed)
        new_row = None if new is None else rows.check(new, "new", problems)
        old_row = None if old is None else check_old(old, "old", problems)
        if problems:
            raise EventMisfit(entity, problems)
        return new_row, old_row

    def _old_check(self, entity: str, needed: frozenset[str]) -> RowCheck:
        key = (entity, needed)
        if key not in self._old_checks:
            fields = _loosened(self._table.entities[entity].fields, needed)
            self._old_checks[key] = row_check(fields, self._table)
        return self._old_checks[key]

    def fit_answer(self, type_text: str, value: object) -> object:
        """The typed value in the JSON that a receiver answered. Raises AnswerMisfit."""
        decode: Decoder = decoder(parse_type(type_text), self._table)
        problems: Problems = []
        result = decode(value, "response", problems)
        if problems:
            raise AnswerMisfit(problems)
        return result


def envelope_problems(raw: Mapping[str, object]) -> list[Problem]:
    """What is wrong with `id`, `key` and `context` of an envelope, whatever its entity."""
    problems: Problems = []
    for name in ("id", "key"):
        _short_text(raw, name, problems)
    _context(raw.get("context"), problems)
    return problems


def _old_values(plan: Plan) -> dict[str, frozenset[str]]:
    """For each entity the fields whose old value the observers of its updates use."""
    needed: dict[str, frozenset[str]] = {}
    for observer in plan.observers:
        for trigger in observer.on:
            if trigger.event == "update":
                known = needed.get(trigger.entity, frozenset())
                needed[trigger.entity] = known | frozenset(observer.requires.old_values)
    return needed


def _as_mapping(envelope: Envelope | Mapping[str, object]) -> Mapping[str, object]:
    if isinstance(envelope, dict | Mapping):  # `dict` first: it is one, and found at once
        return envelope
    if isinstance(envelope, Envelope):
        return {name: getattr(envelope, name) for name in Envelope.__slots__}
    raise EventMisfit("", [Problem("the event", "an object", shown(envelope))])


def _present(row: object, path: str, problems: Problems) -> Row | None:
    if isinstance(row, dict | Mapping):
        return row
    moment = "before" if path == "old" else "after"
    refuse(row, path, f"the row {moment} the change", problems)
    return None


def _short_text(raw: Mapping[str, object], name: str, problems: Problems) -> str | None:
    value = raw.get(name)
    if value is None:
        return None
    if isinstance(value, str) and 0 < len(value) <= MAX_TEXT_KEY and is_clean_text(value):
        return value
    return refuse(value, name, f"a text of 1 to {MAX_TEXT_KEY} characters", problems)


def _timestamp(raw: Mapping[str, object], now: datetime, problems: Problems) -> datetime:
    value = raw.get("timestamp")
    if value is None:
        return now.astimezone(UTC)
    moment = decode_datetime(value, "timestamp", problems)
    return moment if isinstance(moment, datetime) else now


def _context(value: object, problems: Problems) -> dict[str, str]:
    if value is None:
        return {}
    if isinstance(value, Mapping) and all(
        isinstance(part, str) and is_clean_text(part) for pair in value.items() for part in pair
    ):
        return dict(value)
    refuse(value, "context", "an object of texts", problems)
    return {}


def _restored(stored: Mapping[str, object], rows: _Rows) -> tuple[Row | None, Row | None]:
    new, old = stored["new"], stored["old"]
    return (
        None if new is None else restore_fields(as_object(new), rows.restorers),
        None if old is None else restore_fields(as_object(old), rows.restorers),
    )
