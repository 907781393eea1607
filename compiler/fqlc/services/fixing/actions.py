"""The code actions of a stretch: fixes of what is wrong there, and changes of what is right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fqlc.diagnostics.fixes import chosen_edits
from fqlc.diagnostics.model import Diagnostic, Edit, Fix
from fqlc.services.answers import ActionKind, CodeAction
from fqlc.services.fixing.fields import missing_field
from fqlc.services.fixing.repairs import allow_comment, guard
from fqlc.services.fixing.rewriting import explicit_flow, extract_let
from fqlc.services.fixing.testing import test_of_observer
from fqlc.services.snapshot import Snapshot
from fqlc.source.text import Span

_LONGEST_TITLE = 40


def code_actions(snapshot: Snapshot, span: Span) -> tuple[CodeAction, ...]:
    """What is offered for a stretch of a file, fixes first. Where a text has moved on since the
    check, only fixes of what is still as it was."""
    found = [*_fixes(snapshot, span)]
    if snapshot.is_current():
        found += _changes(snapshot, span)
    return tuple({(a.title, a.edits): a for a in found}.values())


def fix_all(snapshot: Snapshot, path: str) -> tuple[Edit, ...]:
    """The edits of all safe fixes of a file that do not collide."""
    found = [
        d
        for d in snapshot.diagnostics
        if d.span.path == path and d.fix is not None and _here(snapshot, d.fix) is not None
    ]
    edits, _ = chosen_edits(found, snapshot.sources)
    moved = (_moved(snapshot, edit) for edit in edits)
    return tuple(edit for edit in moved if edit is not None)


def _fixes(snapshot: Snapshot, span: Span) -> Iterator[CodeAction]:
    for diagnostic in snapshot.diagnostics:
        place = snapshot.now(diagnostic.span)
        if place is None or place.path != span.path or not _meet(place, span):
            continue
        if diagnostic.fix is not None:
            edits = _here(snapshot, diagnostic.fix)
            if edits:
                title = _title(snapshot, diagnostic, diagnostic.fix.edits)
                yield CodeAction(
                    title, ActionKind.QUICK_FIX, edits, (diagnostic,), diagnostic.fix.safe
                )
        if snapshot.is_current():
            yield from guard(snapshot, diagnostic)
            yield from missing_field(snapshot, diagnostic)
            yield from allow_comment(snapshot, diagnostic)


def _changes(snapshot: Snapshot, span: Span) -> Iterator[CodeAction]:
    yield from extract_let(snapshot, span)
    yield from explicit_flow(snapshot, span)
    yield from test_of_observer(snapshot, span)


def _meet(one: Span, other: Span) -> bool:
    return one.start <= other.end and other.start <= one.end


def _here(snapshot: Snapshot, fix: Fix) -> tuple[Edit, ...] | None:
    """The edits in the newest texts; None where one of their places has changed."""
    moved = [_moved(snapshot, edit) for edit in fix.edits]
    found = tuple(edit for edit in moved if edit is not None)
    return found if len(found) == len(moved) else None


def _moved(snapshot: Snapshot, edit: Edit) -> Edit | None:
    span = snapshot.now(edit.span)
    return None if span is None else Edit(span, edit.text)


def _title(snapshot: Snapshot, diagnostic: Diagnostic, edits: Sequence[Edit]) -> str:
    """What a fix does, in a few words."""
    source = snapshot.sources.get(diagnostic.span.path)
    if source is None or any(edit.span.path != source.path for edit in edits):
        return f"mend {diagnostic.code}"
    start = min(edit.span.start for edit in edits)
    end = max(edit.span.end for edit in edits)
    old = source.text[start:end].strip()
    new, position = "", start
    for edit in sorted(edits, key=lambda edit: edit.span.start):
        new += source.text[position : edit.span.start] + edit.text
        position = edit.span.end
    new = new.strip()
    if not new:
        return f"remove `{_short(old)}`" if old else "remove blanks"
    return f"write `{_short(new)}` for `{_short(old)}`" if old else f"insert `{_short(new)}`"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_TITLE else f"{line[: _LONGEST_TITLE - 1]}…"
