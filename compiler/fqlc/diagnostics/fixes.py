"""Applying fixes to texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fqlc.diagnostics.model import Diagnostic, Edit, Fix


def apply_fixes(
    diagnostics: Sequence[Diagnostic], texts: Mapping[str, str], *, unsafe: bool = False
) -> tuple[dict[str, str], int]:
    """The texts that change, by path, and how many fixes were applied.

    Safe fixes only, unless `unsafe`. Of two fixes that touch the same place the first is applied;
    after another check the second may still be wanted. A fix is applied whole or not at all.
    """
    chosen: list[Edit] = []
    count = 0
    for fix in _wanted(diagnostics, unsafe=unsafe):
        if all(edit.span.path in texts for edit in fix.edits) and not _collide(fix, chosen):
            chosen.extend(fix.edits)
            count += 1
    paths = sorted({edit.span.path for edit in chosen})
    return {path: apply_edits(texts[path], [e for e in chosen if e.span.path == path])
            for path in paths}, count  # fmt: skip


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """The text with the edits, none of which overlap."""
    for edit in sorted(edits, key=lambda e: (e.span.start, e.span.end), reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def _wanted(diagnostics: Sequence[Diagnostic], *, unsafe: bool) -> list[Fix]:
    fixes = (d.fix for d in diagnostics if d.fix is not None)
    return list(dict.fromkeys(f for f in fixes if f.edits and (f.safe or unsafe)))


def _collide(fix: Fix, chosen: Sequence[Edit]) -> bool:
    return any(_touch(a, b) for a in fix.edits for b in chosen)


def _touch(a: Edit, b: Edit) -> bool:
    """Edits overlap, or insert at the same place, where their order would be chance."""
    if a.span.path != b.span.path:
        return False
    if (a.span.start, a.span.end) == (b.span.start, b.span.end):
        return True
    return a.span.start < b.span.end and b.span.start < a.span.end
