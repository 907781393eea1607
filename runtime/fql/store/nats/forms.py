"""How rows and the lease are written into messages, and read back. Pure.

An entry of the log is a list of changes, each `[table, key, row]`; a row is the list of its
columns, bytes as base64. It is cut into parts, as a server takes messages of a limited size.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from fql.errors import StoreError
from fql.exact.kinds import as_a, as_list
from fql.exact.reading import read_list, read_object
from fql.exact.writing import write_json
from fql.store.history.rows import BulkRow, MinuteRow, PulseRow, UnmatchedRow
from fql.store.records import (
    AttemptRow,
    BatchRow,
    Command,
    EventRow,
    LetterCopy,
    LetterRow,
    LimitRow,
    Remembered,
    RunRow,
    StoredPlan,
)
from fql.store.tables import Change, Key


@dataclass(frozen=True, slots=True)
class Held:
    """The lease as it is stored. `cycle` counts commits, `settled` is the count that a settlement
    left, `state` is `live`, `drained` or `left`; `clean`: the session before this one drained.
    Messages of the log below `dropped` are not needed, and may be gone."""

    session: int
    holder: str
    nonce: str
    seconds: float
    cycle: int = 0
    settled: int = 0
    state: str = "live"
    clean: bool = True
    dropped: int = 0

    def written(self) -> bytes:
        """As a message."""
        return write_json(asdict(self))


def read_held(body: bytes) -> Held:
    """The lease of a message. Raises StoreError for one that is not ours."""
    try:
        found = read_object(body)
        return Held(
            session=as_a(int, found["session"]),
            holder=as_a(str, found["holder"]),
            nonce=as_a(str, found["nonce"]),
            seconds=float(str(found["seconds"])),
            cycle=as_a(int, found["cycle"]),
            settled=as_a(int, found["settled"]),
            state=as_a(str, found["state"]),
            clean=as_a(bool, found["clean"]),
            dropped=as_a(int, found["dropped"]),
        )
    except (ValueError, KeyError, TypeError):
        raise StoreError(
            "the message with the lease of the store cannot be read",
            hint="only `fqlc` may write to the stream of a store",
        ) from None


def written(changes: Sequence[Change]) -> bytes:
    """An entry of the log."""
    return write_json([[table, _plain(key), _plain(row)] for table, key, row in changes])


def cut(entry: bytes, size: int) -> list[bytes]:
    """The parts of an entry, none larger than `size` bytes."""
    return [entry[at : at + size] for at in range(0, len(entry), size)]


def read_entry(body: bytes) -> list[Change]:
    """The changes of an entry. Raises StoreError for one that is damaged."""
    try:
        return [_change(as_list(one)) for one in read_list(body)]
    except (ValueError, TypeError, KeyError, IndexError) as problem:
        raise StoreError(
            f"an entry of the log of the store cannot be read: {problem}",
            hint="only `fqlc` may write to the stream of a store; restore it from a backup",
        ) from None


def command_written(kind: str, body: bytes, at: int, by: str) -> bytes:
    """A command of the inbox."""
    return write_json([kind, _plain(body), at, by])


def read_command(number: int, body: bytes) -> Command:
    """The command of a message in the inbox. Raises StoreError."""
    try:
        kind, text, at, by = read_list(body)
        found = as_a(str, text), as_a(str, kind), as_a(int, at), as_a(str, by)
    except (ValueError, TypeError):
        raise StoreError(
            f"message {number} in the inbox of the store cannot be read",
            hint="only `fqlc` may write to the stream of a store; delete that message",
        ) from None
    return Command(number, found[1], base64.b64decode(found[0]), found[2], found[3])


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return repr(value) if isinstance(value, float) else value


def _change(found: list[object]) -> Change:
    table, key, row = found
    name = as_a(str, table)
    made: Key = as_a(str, key) if isinstance(key, str) else as_a(int, key)
    if name in ("remembered", "taken"):
        made = _bytes(key)
    return Change(name, made, None if row is None else _ROWS[name](row))


def _bytes(text: object) -> bytes:
    return base64.b64decode(as_a(str, text))


def _same(row: object) -> object:
    return row


def _event(row: object) -> EventRow:
    return EventRow(*as_list(row))  # type: ignore[arg-type]


def _run(row: object) -> RunRow:
    return RunRow(*as_list(row))  # type: ignore[arg-type]


def _batch(row: object) -> BatchRow:
    return BatchRow(*as_list(row))  # type: ignore[arg-type]


def _attempts(rows: object) -> tuple[AttemptRow, ...]:
    return tuple(AttemptRow(*as_list(row)) for row in as_list(rows))  # type: ignore[arg-type]


def _letter(row: object) -> LetterRow:
    letter = LetterRow(*as_list(row))  # type: ignore[arg-type]
    return letter if letter.payload is None else letter._replace(payload=_bytes(letter.payload))


def _limit(row: object) -> LimitRow:
    endpoint, tokens, at, until = as_list(row)
    return LimitRow(as_a(str, endpoint), float(str(tokens)), as_a(int, at), as_a(int, until))


def _remembered(row: object) -> Remembered:
    key, event, at, payload = as_list(row)
    return Remembered(_bytes(key), as_a(int, event), as_a(int, at), _bytes(payload))


def _plan(row: object) -> StoredPlan:
    short, digest, blob, at = as_list(row)
    return StoredPlan(as_a(str, short), as_a(str, digest), _bytes(blob), as_a(int, at))


def _copy(row: object) -> LetterCopy:
    number, name, change, letter = as_list(row)
    whole = None if letter is None else _letter(letter)
    return LetterCopy(as_a(int, number), as_a(str, name), as_a(str, change), whole)


def _plain_row(kind: Callable[..., object]) -> Callable[[object], object]:
    """For rows of texts and numbers."""
    return lambda row: kind(*as_list(row))


_ROWS: dict[str, Callable[[object], object]] = {
    "events": _event, "runs": _run, "batches": _batch, "attempts": _attempts, "letters": _letter,
    "limits": _limit, "remembered": _remembered, "positions": _same, "taken": _same,
    "pauses": _same, "inbox": _same, "plans": _plan, "copies": _copy, "flags": _same,
    "unmatched": _plain_row(UnmatchedRow), "minutes": _plain_row(MinuteRow),
    "pulses": _plain_row(PulseRow), "bulks": _plain_row(BulkRow),
}  # fmt: skip
