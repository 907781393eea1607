"""Values on their way to PostgreSQL and back: always binary, a whole column at a time.

An array in text form costs the client four times as much, so there is no way to send one: a
column becomes a type of ours, which has a binary form and no other.

PostgreSQL keeps no NUL in a text. Those of a text are written as SUBSTITUTE and `0`, and a
SUBSTITUTE as SUBSTITUTE and `1`; everything else is stored as it is.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

NUL, SUBSTITUTE = "\0", "\x1a"


class Int8(bytes):
    """An integer of 64 bits."""


class Text(bytes):
    """A text."""


class Bytea(bytes):
    """Bytes."""


class Int8Array(bytes):
    """A column of integers of 64 bits."""


class TextArray(bytes):
    """A column of texts."""


class ByteaArray(bytes):
    """A column of bytes."""


class UuidArray(bytes):
    """A column of 16 bytes each."""


class BoolArray(bytes):
    """A column of truth values."""


class FloatArray(bytes):
    """A column of numbers of 64 bits."""


class _Ready(Dumper):
    """What is in the server's binary form already."""

    format = Format.BINARY

    def dump(self, obj: bytes) -> bytes:
        return obj


OIDS: dict[type[bytes], int] = {
    Int8: 20, Text: 25, Bytea: 17, Int8Array: 1016, TextArray: 1009, ByteaArray: 1001,
    UuidArray: 2951, BoolArray: 1000, FloatArray: 1022,
}  # fmt: skip
_DUMPERS = {kind: type(f"{kind.__name__}Dumper", (_Ready,), {"oid": o}) for kind, o in OIDS.items()}


def teach(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Let a connection take these types."""
    for kind, dumper in _DUMPERS.items():
        connection.adapters.register_dumper(kind, dumper)


# Texts -----------------------------------------------------------------------------------------


def stored(text: str) -> str:
    """A text as it is stored."""
    if NUL in text or SUBSTITUTE in text:
        return text.replace(SUBSTITUTE, SUBSTITUTE + "1").replace(NUL, SUBSTITUTE + "0")
    return text


def restored(text: str) -> str:
    """A stored text as it was."""
    return text.replace(SUBSTITUTE + "0", NUL).replace(SUBSTITUTE + "1", SUBSTITUTE)


def read(row: Sequence[Any]) -> Sequence[Any]:
    """A stored row as it was."""
    for value in row:
        if type(value) is str and SUBSTITUTE in value:
            return [restored(one) if type(one) is str else one for one in row]
    return row


# Single values ---------------------------------------------------------------------------------

_INT8 = struct.Struct(">q")


def int8(value: int) -> Int8:
    """An integer. Raises struct.error beyond 64 bits."""
    return Int8(_INT8.pack(value))


def text(value: str) -> Text:
    """A text. Raises UnicodeEncodeError for half a surrogate pair."""
    return Text(stored(value).encode())


# Columns ---------------------------------------------------------------------------------------

_HEAD = struct.Struct(">iiIii")
_LENGTH = struct.Struct(">i")
_NULL = _LENGTH.pack(-1)
_GROUP = 64


def _head(oid: int, count: int, *, nulls: bool) -> bytes:
    return _HEAD.pack(1, int(nulls), oid, count, 1) if count else struct.pack(">iiI", 0, 0, oid)


def _alike(values: Sequence[object]) -> bool:
    """Whether a column has one value only, as many have in a commit: it is written once."""
    return len(values) > 1 and values.count(values[0]) == len(values)


@cache
def _pairs(kind: str, count: int) -> struct.Struct:
    return struct.Struct(">" + f"i{kind}" * count)


def _fixed(values: Sequence[int | float | None], oid: int, kind: str, width: int) -> bytes:
    """Numbers, each after its length in bytes."""
    if kind != "d" and _alike(values):  # of floats, 0.0 is like -0.0
        single = _fixed(values[:1], oid, kind, width)[_HEAD.size :]
        return _head(oid, len(values), nulls=values[0] is None) + single * len(values)
    if None in values:
        one = _pairs(kind, 1).pack
        parts = [_NULL if value is None else one(width, value) for value in values]
        return _head(oid, len(values), nulls=True) + b"".join(parts)
    parts = [_head(oid, len(values), nulls=False)]
    for begin in range(0, len(values), _GROUP):
        group = values[begin : begin + _GROUP]
        both: list[int | float | None] = [width] * (2 * len(group))
        both[1::2] = group
        parts.append(_pairs(kind, len(group)).pack(*both))
    return b"".join(parts)


def _lengthy(values: Iterable[bytes | None], oid: int, count: int) -> bytes:
    """Bytes of any length, each after it."""
    pack, nulls = _LENGTH.pack, False
    parts = [b""]
    for value in values:
        if value is None:
            nulls = True
            parts.append(_NULL)
        else:
            parts += (pack(len(value)), value)
    parts[0] = _head(oid, count, nulls=nulls)
    return b"".join(parts)


def int8s(values: Sequence[int | None]) -> Int8Array:
    """A column of integers."""
    return Int8Array(_fixed(values, 20, "q", 8))


def floats(values: Sequence[float | None]) -> FloatArray:
    """A column of numbers."""
    return FloatArray(_fixed(values, 701, "d", 8))


def bools(values: Sequence[bool | None]) -> BoolArray:
    """A column of truth values."""
    return BoolArray(_fixed(values, 16, "?", 1))


def texts(values: Sequence[str | None]) -> TextArray:
    """A column of texts. Raises UnicodeEncodeError for half a surrogate pair."""
    if _alike(values):
        single = texts(values[:1])[_HEAD.size :]
        return TextArray(_head(25, len(values), nulls=values[0] is None) + single * len(values))
    try:
        whole = "".join(values)  # type: ignore[arg-type]
    except TypeError:  # None is among them
        whole = "".join(value for value in values if value is not None)
    if NUL in whole or SUBSTITUTE in whole:
        values = [None if value is None else stored(value) for value in values]
    encoded = [None if value is None else value.encode() for value in values]
    return TextArray(_lengthy(encoded, 25, len(encoded)))


def byteas(values: Sequence[bytes | None]) -> ByteaArray:
    """A column of bytes."""
    return ByteaArray(_lengthy(values, 17, len(values)))


def uuids(values: Sequence[bytes | None]) -> UuidArray:
    """A column of 16 bytes each."""
    return UuidArray(_lengthy(values, 2950, len(values)))
