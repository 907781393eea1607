"""Findings and remarks as JSON values that hold wherever their unit is.

A place is written relative to the unit it lies in, by the number of that unit among those that
are near: the ones that the result's own unit leans on. A place in a contract has its path.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fql.exact.kinds import as_a, as_object
from fqlc.diagnostics.model import Diagnostic
from fqlc.diagnostics.stored import dump_diagnostic, load_diagnostic, placed
from fqlc.diagnostics.suppress import Remark
from fqlc.incremental.cutting import Unit
from fqlc.incremental.kept import KeptUnit
from fqlc.incremental.result import Result
from fqlc.source.files import CONTRACT_SUFFIXES
from fqlc.source.text import Span


def with_result(unit: KeptUnit, result: Result, near: Sequence[Unit]) -> KeptUnit:
    """The unit with its result; without one where that names a place that is not near."""

    def place(span: Span) -> list[object]:
        if span.path.endswith(CONTRACT_SUFFIXES):
            return [span.path, span.start, span.end]
        number = next(i for i, unit in enumerate(near) if unit.holds(span))
        start = near[number].part.start
        return [number, span.start - start, span.end - start]

    try:
        found = [dump_diagnostic(d, place) for d in result.found]
        remarks = [[place(remark.span), remark.text] for remark in result.remarks]
    except StopIteration:
        return unit
    done = unit._replace(known=1, found=found, remarks=remarks, uses=result.uses)
    piece = result.piece
    if piece is None:
        return done
    return done._replace(
        section=piece.section, length=len(piece.data), environment=piece.environment,
        limits=piece.limits, types=piece.types,
    )  # fmt: skip


def load_found(unit: KeptUnit, near: Sequence[Unit]) -> tuple[Diagnostic, ...]:
    """The findings that were kept, for where the units are now. Raises KeyError, TypeError,
    ValueError or IndexError for what `with_result` did not make."""
    return tuple(load_diagnostic(as_object(d), _places(near)) for d in unit.found)


def load_remarks(unit: KeptUnit, near: Sequence[Unit]) -> tuple[Remark, ...]:
    """The remarks that were kept. Raises the same."""
    return tuple(Remark(*pair) for pair in placed(list(unit.remarks), _places(near)))


def _places(near: Sequence[Unit]) -> Callable[[Sequence[object]], Span]:
    def place(at: Sequence[object]) -> Span:
        start, end = as_a(int, at[1]), as_a(int, at[2])
        if isinstance(at[0], str):
            return Span(at[0], start, end)
        number = as_a(int, at[0])
        begin = near[number].part.start
        return Span(near[number].path, begin + start, begin + end)

    return place
