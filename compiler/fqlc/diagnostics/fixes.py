"""Applying fixes to texts."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence

from fqlc.diagnostics.model import Diagnostic, Edit, Fix
from fqlc.source.text import SourceText


def apply_fixes(
    diagnostics: Sequence[Diagnostic], sources: Mapping[str, SourceText], *, unsafe: bool = False
) -> tuple[dict[str, str], int]:
    """The files that change, as they are written then, by path, and how many fixes were applied.

    Safe fixes only, unless `unsafe`. Of two fixes that touch the same place the first is applied;
    after another check the second may still be wanted. A fix is applied whole or not at all.
    """
    chosen, count = chosen_edits(diagnostics, sources, unsafe=unsafe)
    paths = sorted({edit.span.path for edit in chosen})
    return {path: sources[path].edited(_edits(chosen, path)) for path in paths}, count


def chosen_edits(
    diagnostics: Sequence[Diagnostic], sources: Mapping[str, SourceText], *, unsafe: bool = False
) -> tuple[tuple[Edit, ...], int]:
    """The edits of the fixes that are applied, and how many fixes those are."""
    chosen: list[Edit] = []
    taken: Places = {}
    count = 0
    for fix in _wanted(diagnostics, unsafe=unsafe):
        if all(edit.span.path in sources for edit in fix.edits) and not _collide(fix, taken):
            chosen.extend(fix.edits)
            _mark_taken(fix, taken)
            count += 1
    return tuple(chosen), count


def _edits(chosen: Sequence[Edit], path: str) -> list[tuple[int, int, str]]:
    return [(e.span.start, e.span.end, e.text) for e in chosen if e.span.path == path]


def _wanted(diagnostics: Sequence[Diagnostic], *, unsafe: bool) -> list[Fix]:
    fixes = (d.fix for d in diagnostics if d.fix is not None)
    return list(dict.fromkeys(f for f in fixes if f.edits and (f.safe or unsafe)))


Places = dict[str, list[tuple[int, int]]]
"""The stretches that edits take, by path, in order."""


def _collide(fix: Fix, taken: Places) -> bool:
    return any(_touches(edit, taken.get(edit.span.path, [])) for edit in fix.edits)


def _touches(edit: Edit, places: list[tuple[int, int]]) -> bool:
    """The edit overlaps one of the places, or inserts where another does: their order would be
    chance. No two of the places overlap, so only neighbours can."""
    here = (edit.span.start, edit.span.end)
    index = bisect_left(places, here)
    near = places[max(index - 1, 0) : index + 1]
    return any(here == there or (here[0] < there[1] and there[0] < here[1]) for there in near)


def _mark_taken(fix: Fix, taken: Places) -> None:
    for edit in fix.edits:
        insort(taken.setdefault(edit.span.path, []), (edit.span.start, edit.span.end))
