"""A commit as one statement: first the session row, then each kind of change, if that was found.

One statement without a transaction around it is one round trip, and a transaction pooler may give
it to any of its connections. It holds only the parts that this commit has; they come in a fixed
order, so that few statements serve all commits. Decision 0094.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

from fql.store.history.rows import BulkStep, History, Posted
from fql.store.postgresql.tables import schema
from fql.store.postgresql.tables.plans import ACTIVATE, AGAIN, NEWEST, NEXT, NOW
from fql.store.postgresql.wire.values import byteas, int8s, texts
from fql.store.postgresql.writing.folding import Folded, fold, last_of
from fql.store.postgresql.writing.session import ADVANCE, ADVANCE_BY_PLAN
from fql.store.records import LetterRow, Mutations, Remembered
from fql.store.sharing.homes import HINT, write_hint

ALONE = 2
"""How many values the session row takes where one engine has the store; where it is shared, the
generation of the plan is one more."""


class Part(NamedTuple):
    """One kind of change. In `text`, `{0}`, `{1}`, ... are its columns, `{new}` stands for all of
    them as rows named n, and `{if}` for the condition that the session is live; a part that others
    read is called `name`."""

    name: str
    text: str
    types: tuple[str, ...]


Statement = tuple[str, Sequence[bytes]]


def statement(
    session: Sequence[bytes], changed: Mutations, *, notes: bool, shared: bool = False
) -> Statement:
    """The text, with `{s}` for the schema, and the values. `notes` says that copies of dead
    letters are kept; where the store is `shared`, a key that is known already is a conflict."""
    folded = fold(changed)
    values: list[bytes] = [*session]
    parts: list[str] = []
    for name, columns in _given(changed, folded, notes=notes, shared=shared):
        parts.append(name)
        values += columns
    return _statement_text(tuple(parts), len(session)), values


@cache
def _statement_text(names: tuple[str, ...], given: int) -> str:
    advance = ADVANCE if given == ALONE else ADVANCE_BY_PLAN
    number, lines = given + 1, [f"WITH f AS ({advance})"]
    for name in names:
        part = PARTS[name]
        values = [f"${number + n}::{kind}[]" for n, kind in enumerate(part.types)]
        number += len(values)
        lines.append(f"{name} AS ({_filled(part, values, names)})")
    return ",\n".join(lines) + "\nSELECT id FROM f"


def _filled(part: Part, values: Sequence[str], names: Sequence[str]) -> str:
    aliases = ", ".join(f"c{n}" for n in range(len(values)))
    text = part.text.replace("{new}", f"unnest({', '.join(values)}) AS n({aliases})")
    text = text.replace("{if}", "EXISTS (SELECT FROM f)")
    text = text.replace("{number}", _NUMBER if "runs" in names else _NUMBER_OF_OLD)
    for n, value in enumerate(values):
        text = text.replace(f"{{{n}}}", value)
    return text


# The parts ---------------------------------------------------------------------------------------

_NUMBER_OF_OLD = "(SELECT r.number FROM {s}.fql_run r WHERE r.id = n.c1)"
_NUMBER = f"coalesce((SELECT r.number FROM runs r WHERE r.id = n.c1), {_NUMBER_OF_OLD})"  # noqa: S608
_RUN = [(name, kind) for name, kind in schema.RUN.columns if name != "number"]
_PATCH = ("state", "due", "lane", "order_key", "ended", "works", "held")
_PATCH_KINDS = [*(dict(schema.RUN.columns)[name] for name in _PATCH), schema.INT]


def _insert(table: schema.Table, names: Sequence[str], more: str = "") -> str:
    wanted, into = ", ".join(f"n.c{n}" for n in range(len(names))), schema.columns(names)
    chosen = f" SELECT {wanted} FROM {{new}} WHERE {{if}} {more}"  # noqa: S608
    return f"INSERT INTO {{s}}.{table.name}({into}){chosen}"


def _put(table: schema.Table, key: str) -> str:
    """Insert, or replace what has the key."""
    others = ", ".join(f'"{n}" = excluded."{n}"' for n in table.names if n not in key.split(", "))
    return _insert(table, table.names, f"ON CONFLICT ({key}) DO UPDATE SET {others}")


def _types(kinds: Iterable[schema.Kind]) -> tuple[str, ...]:
    return tuple(kind.name for kind in kinds)


def _of(table: schema.Table) -> tuple[str, ...]:
    return _types(kind for _, kind in table.columns)


_LETTERS = schema.LETTER.names
_DEAD = ", ".join("{number}" if name == "number" else f"n.c{n}" for n, name in enumerate(_LETTERS))
_LETTER = _DEAD.replace("{number}", "coalesce({number}, n.c20)")
_PLANS = ["short", "digest", "blob", "at"]
_SAME = ", ".join(f'"{name}" = excluded."{name}"' for name in _LETTERS if name != "dlq_id")
_CHANGED = ", ".join(f'"{name}" = n.c{n}' for n, name in enumerate(_PATCH))
_LONE = """DELETE FROM {s}.fql_event e WHERE {if} AND e.id IN
  (SELECT d.event FROM {s}.fql_run d WHERE d.id = ANY({0}) UNION ALL SELECT unnest({2}))
  AND e.id <> ALL({1}) AND NOT EXISTS
  (SELECT FROM {s}.fql_run o WHERE o.event = e.id AND o.id <> ALL({0}))"""

_BULK_STEPS = """UPDATE {s}.fql_bulk b SET cursor_at = coalesce(n.c1, b.cursor_at),
  cursor_id = coalesce(n.c2, b.cursor_id), marked = b.marked + n.c4,
  state = CASE b.state WHEN 'running' THEN coalesce(n.c3, b.state) ELSE b.state END,
  resolved = b.resolved + n.c5, dead = b.dead + n.c6, other = b.other + n.c7,
  asked = coalesce(n.c8, b.asked) FROM {new},
  (SELECT id FROM {s}.fql_bulk WHERE id = ANY({0}) ORDER BY id FOR UPDATE) o
  WHERE b.id = n.c0 AND o.id = n.c0 AND {if}"""
_STEP = [(one, dict(schema.BULK.columns)[one]) for one in BulkStep._fields]
_POSTED = [(one, dict(schema.INBOX.columns)[one]) for one in Posted._fields]

_HINTS = f"""INSERT INTO {{s}}.fql_inbox(kind, body, at, shard)
  SELECT '{HINT}', n.c1, {NOW}, n.c0 FROM {{new}} WHERE {{if}}"""  # noqa: S608
_ACTIVE = f"""{ACTIVATE} SELECT short, {NEXT}, {NOW} FROM unnest({{0}}) AS p(short)
  WHERE {{if}} AND short IS DISTINCT FROM ({NEWEST}) {AGAIN}"""  # noqa: S608

PARTS = {
    part.name: part
    for part in (
        Part("events", _insert(schema.EVENT, schema.EVENT.names), _of(schema.EVENT)),
        Part(
            "runs",
            _insert(schema.RUN, [name for name, _ in _RUN], "RETURNING id, number"),
            _types(kind for _, kind in _RUN),
        ),
        Part(
            "patches",
            f"UPDATE {{s}}.fql_run r SET {_CHANGED} FROM {{new}} WHERE r.id = n.c7 AND {{if}}",  # noqa: S608
            _types(_PATCH_KINDS),
        ),
        Part("batches", _put(schema.BATCH, "id"), _of(schema.BATCH)),
        Part("attempts", _put(schema.ATTEMPT, "owner, node, number"), _of(schema.ATTEMPT)),
        Part(
            "letters",
            f"INSERT INTO {{s}}.fql_letter({schema.columns(_LETTERS)})"  # noqa: S608
            f" SELECT {_LETTER} FROM {{new}} WHERE {{if}}"
            f" ON CONFLICT (dlq_id) DO UPDATE SET {_SAME}",
            _of(schema.LETTER),
        ),
        Part(
            "noted",
            f"INSERT INTO {{s}}.fql_copy({schema.columns(_LETTERS)}, change)"  # noqa: S608
            f" SELECT {_LETTER}, n.c{len(_LETTERS)} FROM {{new}} WHERE {{if}}",
            (*_of(schema.LETTER), "text"),
        ),
        Part("closed", "DELETE FROM {s}.fql_letter WHERE dlq_id = ANY({0}) AND {if}", ("text",)),
        Part(
            "marked",
            "UPDATE {s}.fql_letter l SET state = n.c0 FROM {new} WHERE l.dlq_id = n.c1 AND {if}",
            ("text", "text"),
        ),
        Part("limits", _put(schema.LIMIT, "endpoint"), _of(schema.LIMIT)),
        Part(
            "remembered",
            _insert(schema.REMEMBERED, schema.REMEMBERED.names, "ON CONFLICT (key) DO NOTHING"),
            _of(schema.REMEMBERED),
        ),
        Part(
            "remembered_once",
            _insert(schema.REMEMBERED, schema.REMEMBERED.names),
            _of(schema.REMEMBERED),
        ),
        Part("positions", _put(schema.POSITION, "source"), _of(schema.POSITION)),
        Part(
            "taken",
            _insert(schema.TAKEN, schema.TAKEN.names, "ON CONFLICT (id) DO NOTHING"),
            _of(schema.TAKEN),
        ),
        Part("forgotten", "DELETE FROM {s}.fql_taken WHERE id = ANY({0}) AND {if}", ("bytea",)),
        Part(
            "paused",
            _insert(schema.PAUSE, ["name"], "ON CONFLICT (name) DO NOTHING"),
            ("text",),
        ),
        Part("resumed", "DELETE FROM {s}.fql_pause WHERE name = ANY({0}) AND {if}", ("text",)),
        Part("consumed", "DELETE FROM {s}.fql_inbox WHERE id = ANY({0}) AND {if}", ("bigint",)),
        Part(
            "plans",
            _insert(
                schema.PLAN, _PLANS, "ON CONFLICT (short) DO UPDATE SET uses = fql_plan.uses + 1"
            ),
            _of(schema.PLAN)[: len(_PLANS)],
        ),
        Part("active", _ACTIVE, ("text",)),
        Part("hints", _HINTS, ("bigint", "bytea")),
        Part("unmatched", _put(schema.UNMATCHED, "id"), _of(schema.UNMATCHED)),
        Part(
            "minutes",
            _put(schema.MINUTE, "span, at, kind, name, session"),
            _of(schema.MINUTE),
        ),
        Part("pulse", _put(schema.PULSE, "session"), _of(schema.PULSE)),
        Part(
            "bulks",
            _insert(schema.BULK, schema.BULK.names, "ON CONFLICT (id) DO NOTHING"),
            _of(schema.BULK),
        ),
        Part("bulk_steps", _BULK_STEPS, _types(kind for _, kind in _STEP)),
        Part(
            "posted",
            _insert(schema.INBOX, [name for name, _ in _POSTED]),
            _types(kind for _, kind in _POSTED),
        ),
        Part(
            "released",
            "UPDATE {s}.fql_shard SET session = NULL, crashed = false"
            " WHERE shard = ANY({0}) AND session = $1 AND {if}",
            ("bigint",),
        ),
        Part("lone", _LONE, ("bigint", "bigint", "bigint")),
        Part("dropped", "DELETE FROM {s}.fql_run WHERE id = ANY({0}) AND {if}", ("bigint",)),
        Part(
            "dropped_attempts",
            "DELETE FROM {s}.fql_attempt WHERE owner = ANY({0}) AND {if}",
            ("bigint",),
        ),
    )
}  # fmt: skip

# Their values ------------------------------------------------------------------------------------

Given = tuple[str, Sequence[bytes]]


def _given(changed: Mutations, folded: Folded, *, notes: bool, shared: bool) -> Iterable[Given]:
    """The parts that this commit has, in their order."""
    yield from _rows("events", schema.EVENT.columns, folded.events)
    if folded.runs:
        columns = _packed(schema.RUN.columns, folded.runs)
        del columns[schema.RUN.names.index("number")]
        yield "runs", columns
    if folded.patches:
        kinds = [(kind.name, kind) for kind in _PATCH_KINDS]
        yield "patches", _packed(kinds, folded.patches)
    yield from _rows(
        "batches",
        schema.BATCH.columns,
        last_of(changed.batches, [row.id for row in changed.batches]),
    )
    yield from _rows("attempts", schema.ATTEMPT.columns, folded.attempts)
    yield from _of_letters(folded, notes=notes)
    limits = last_of(changed.limits, [row.endpoint for row in changed.limits])
    yield from _rows("limits", schema.LIMIT.columns, limits)
    new = changed.remembered
    if shared:
        new = list({row.key: row for row in reversed(new)}.values())
    remembered = [remembered_row(row) for row in new]
    name = "remembered_once" if shared else "remembered"
    yield from _rows(name, schema.REMEMBERED.columns, remembered)
    yield from _of_sources(changed, folded)
    yield from _rare(changed, folded, shared=shared)


def _of_letters(folded: Folded, *, notes: bool) -> Iterable[Given]:
    yield from _rows("letters", schema.LETTER.columns, folded.letters)
    closed = [name for _, name in folded.closed]
    if notes:
        nothing = [None] * (len(LetterRow._fields) - 1)
        notes_of: list[tuple[object, ...]] = [(*row, "dead") for row in folded.noted]
        notes_of += [(name, *nothing, state) for state, name in folded.closed]
        yield from _rows("noted", (*schema.LETTER.columns, ("change", schema.TEXT)), notes_of)
    if closed:
        yield "closed", (texts(closed),)
    if folded.marked:
        yield "marked", [texts(column) for column in zip(*folded.marked, strict=True)]


def _of_sources(changed: Mutations, folded: Folded) -> Iterable[Given]:
    yield from _rows("positions", schema.POSITION.columns, list(changed.positions.items()))
    yield from _rows("taken", schema.TAKEN.columns, folded.taken)
    if changed.forgotten:
        yield "forgotten", (byteas(changed.forgotten),)
    for name, wanted in (("paused", True), ("resumed", False)):
        names = [one for one, paused in changed.pauses.items() if paused is wanted]
        if names:
            yield name, (texts(names),)
    if changed.consumed:
        yield "consumed", (int8s(changed.consumed),)


def _rare(changed: Mutations, folded: Folded, *, shared: bool) -> Iterable[Given]:
    plans = last_of(changed.plans, [plan.short for plan in changed.plans])
    yield from _rows("plans", schema.PLAN.columns[: len(_PLANS)], plans)
    if changed.active and not shared:  # else it has been activated beside the commits
        yield "active", (texts([changed.active]),)
    if folded.dropped:
        dropped = int8s(folded.dropped)
        yield "lone", (dropped, int8s(folded.needed_events), int8s(folded.lone_events))
        yield "dropped", (dropped,)
        yield "dropped_attempts", (dropped,)
    if changed.hints:
        shards = sorted(changed.hints)
        bodies = [write_hint(changed.hints[shard]) for shard in shards]
        yield "hints", (int8s(shards), byteas(bodies))
    if changed.released:
        yield "released", (int8s(changed.released),)
    if changed.history is not None:
        yield from _of_history(changed.history)


def _of_history(history: History) -> Iterable[Given]:
    yield from _rows("unmatched", schema.UNMATCHED.columns, history.unmatched)
    yield from _rows("minutes", schema.MINUTE.columns, history.minutes)
    if history.pulse is not None:
        yield from _rows("pulse", schema.PULSE.columns, [history.pulse])
    yield from _rows("bulks", schema.BULK.columns, history.bulks)
    yield from _rows("bulk_steps", _STEP, list(history.steps.values()))
    yield from _rows("posted", _POSTED, history.posted)


def _rows(
    name: str, columns: Sequence[tuple[str, schema.Kind]], rows: Sequence[Sequence[Any]]
) -> Iterable[Given]:
    if rows:
        yield name, _packed(columns, rows)


def _packed(
    columns: Sequence[tuple[str, schema.Kind]], rows: Sequence[Sequence[Any]]
) -> list[bytes]:
    """Each column as one array."""
    packers: list[Callable[[Sequence[Any]], bytes]] = [kind.pack for _, kind in columns]
    return [pack(column) for pack, column in zip(packers, zip(*rows, strict=True), strict=True)]


def remembered_row(row: Remembered) -> tuple[bytes, int, int, int]:
    """A key as it is stored: the hash of its payload as an integer."""
    payload = int.from_bytes(row.payload, "big", signed=True) if row.payload else 0
    return row.key, row.event, row.at, payload


def remembered_from(row: Sequence[Any]) -> Remembered:
    """A stored key as it was."""
    key, event, at, payload = row
    return Remembered(key.bytes, event, at, payload.to_bytes(8, "big", signed=True))
