"""Results as JSON values that hold wherever their unit is.

A place is written relative to the unit it lies in, by the number of that unit among those that
are near: the ones that the result's own unit leans on. Lines in the plan are relative to the
first line of the unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from fql.exact.kinds import as_a, as_list, as_object, as_objects
from fql.exact.reading import read_object
from fql.exact.writing import NotWritable, write_json
from fqlc.diagnostics.stored import dump_diagnostic, load_diagnostic, placed
from fqlc.diagnostics.suppress import Remark
from fqlc.incremental.answer import Result
from fqlc.incremental.layout import Unit
from fqlc.lower.pieces import Piece, Section
from fqlc.source.text import Span

Stored = dict[str, object]


def dump_result(result: Result, unit: Unit, near: Sequence[Unit]) -> Stored | None:
    """What is kept of the result of a unit; None where it names a place that is not near."""

    def place(span: Span) -> list[int]:
        number = next(i for i, unit in enumerate(near) if unit.holds(span))
        start = near[number].part.start
        return [number, span.start - start, span.end - start]

    try:
        return {
            "found": [dump_diagnostic(d, place) for d in result.found],
            "remarks": [[place(remark.span), remark.text] for remark in result.remarks],
            "uses": [list(use) for use in result.uses],
            "piece": None if result.piece is None else _dump_piece(result.piece, unit.part.line),
        }
    except StopIteration:
        return None


def pack(kept: Mapping[str, Stored]) -> bytes:
    """Results by key as bytes, except for those that nest deeper than these bytes can."""
    try:
        return write_json(kept)
    except NotWritable:
        return write_json({key: stored for key, stored in kept.items() if _is_flat(stored)})


def unpack(data: bytes) -> dict[str, Stored]:
    """What `pack` made; empty for no bytes. Raises ValueError for anything else."""
    return {key: as_object(stored) for key, stored in read_object(data or b"{}").items()}


def _is_flat(stored: Stored) -> bool:
    try:
        write_json({"": stored})
    except NotWritable:
        return False
    return True


def load_result(stored: Mapping[str, object], unit: Unit, near: Sequence[Unit]) -> Result:
    """The result that was kept, for where the unit is now. Raises KeyError, TypeError,
    ValueError or IndexError for what `dump_result` did not make."""

    def place(at: Sequence[object]) -> Span:
        number, start, end = (as_a(int, part) for part in at)
        begin = near[number].part.start
        return Span(near[number].path, begin + start, begin + end)

    piece = stored["piece"]
    return Result(
        tuple(load_diagnostic(d, place) for d in as_objects(stored["found"])),
        tuple(Remark(*pair) for pair in placed(stored["remarks"], place)),
        tuple(_use(use) for use in as_list(stored["uses"])),
        None if piece is None else _load_piece(as_object(piece), unit.part.line),
    )


def _use(use: object) -> tuple[str, str]:
    kind, name = _texts(use)
    return kind, name


def _texts(stored: object) -> list[str]:
    return [as_a(str, text) for text in as_list(stored)]


def _dump_piece(piece: Piece, line: int) -> Stored:
    return {
        "section": piece.section,
        "name": piece.name,
        "stored": _moved(piece.stored, -line),
        "environment": {name: sorted(users) for name, users in piece.environment.items()},
        "limits": piece.limits,
    }


def _load_piece(stored: Mapping[str, object], line: int) -> Piece:
    return Piece(
        cast("Section", as_a(str, stored["section"])),
        as_a(str, stored["name"]),
        _moved(as_object(stored["stored"]), line),
        {name: _texts(users) for name, users in as_object(stored["environment"]).items()},
        as_object(stored["limits"]),
    )


def _moved(stored: Stored, lines: int) -> Stored:
    """The piece with its spans so many lines further down."""
    moved = dict(stored)
    if "span" in moved:
        span = as_object(moved["span"])
        moved["span"] = {
            **span,
            "line": as_a(int, span["line"]) + lines,
            "end_line": as_a(int, span["end_line"]) + lines,
        }
    if "nodes" in moved:
        moved["nodes"] = [_moved(node, lines) for node in as_objects(moved["nodes"])]
    return moved
