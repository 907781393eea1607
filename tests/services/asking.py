"""What each service answers to a case, as text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from fqlc.diagnostics.model import Edit
from fqlc.services.answers import CodeAction, FoundSymbol, Refusal, Symbol, Target
from fqlc.services.completion.complete import complete
from fqlc.services.findings import findings
from fqlc.services.fixing.actions import code_actions, fix_all
from fqlc.services.folding import folds, links, selection
from fqlc.services.formatting import format_after, format_file, format_range
from fqlc.services.hints import hints
from fqlc.services.hover import hover
from fqlc.services.navigation import definition, highlights, references, type_definition
from fqlc.services.renaming.rename import prepare_rename, rename
from fqlc.services.signature import signature_help
from fqlc.services.snapshot import Snapshot
from fqlc.services.symbols import outline, search
from fqlc.services.tokens import tokens
from fqlc.source.text import SourceText, Span
from tests.services.reading import Case, cases, written_cases

_MOST = 12


def answered(service: str) -> str:
    """The file of cases of a service with the answers that it gives now."""
    ask = SERVICES[service]
    return written_cases([(case, ask(case) or "(nothing)") for case in cases(service)])


def _at(snapshot: Snapshot, span: Span) -> str:
    """A place as people read it, with what is there."""
    source = snapshot.source(span.path)
    if source is None:
        return f"{span.path} from {span.start} to {span.end}"
    at = source.position(span.start)
    words = " ".join(source.text[span.start : span.end].split())
    shown = words if len(words) <= 40 else f"{words[:39]}…"
    return f"{span.path}:{at.line}:{at.column} `{shown}`"


def _source(snapshot: Snapshot, path: str) -> SourceText:
    found = snapshot.source(path)
    assert found is not None
    return found


def _edits(snapshot: Snapshot, edits: Iterable[Edit]) -> str:
    """The lines that edits change, as they are afterwards."""
    lines = []
    by_path: dict[str, list[Edit]] = {}
    for edit in edits:
        by_path.setdefault(edit.span.path, []).append(edit)
    for path, own in sorted(by_path.items()):
        source = _source(snapshot, path)
        new = source.edited([(e.span.start, e.span.end, e.text) for e in own])
        old = set(source.text.splitlines())
        lines += [f"{path}: {line}" for line in new.splitlines() if line not in old]
    return "\n".join(lines) or "(only blanks)"


def _complete(case: Case) -> str:
    snapshot, span = case.snapshot(), case.span
    items = complete(snapshot, span.path, span.start)
    shown = [
        f"{i.label}{': ' + i.detail if i.detail else ''} ({i.what})"
        + (f" -> {i.edit.text!r}" if i.edit.text != i.label else "")
        for i in items[:_MOST]
    ]
    return "\n".join([*shown, *([f"and {len(items) - _MOST} more"] if len(items) > _MOST else [])])


def _hover(case: Case) -> str:
    found = hover(case.snapshot(), case.span.path, case.span.start)
    return "" if found is None else found.text


def _signature(case: Case) -> str:
    found = signature_help(case.snapshot(), case.span.path, case.span.start)
    if found is None:
        return ""
    lines = []
    for number, form in enumerate(found.signatures):
        here = number == found.active and found.parameter < len(form.parameters)
        start, end = form.parameters[found.parameter] if here else (0, 0)
        label = f"{form.label[:start]}«{form.label[start:end]}»{form.label[end:]}"
        lines.append(f"{label if here else form.label}  {form.doc}")
    return "\n".join(lines)


def _navigation(case: Case) -> str:
    snapshot, span = case.snapshot(), case.span
    lines = []
    for what, found in (
        ("definition", definition(snapshot, span.path, span.start)),
        ("type", type_definition(snapshot, span.path, span.start)),
    ):
        if found is not None:
            lines.append(f"{what}: {_target(snapshot, found)}")
    lines += [f"used: {_at(snapshot, s)}" for s in references(snapshot, span.path, span.start)]
    here = highlights(snapshot, span.path, span.start)
    lines.append(f"highlights: {len(here)}, {sum(h.written for h in here)} written")
    return "\n".join(lines)


def _target(snapshot: Snapshot, found: Target) -> str:
    return f"{_at(snapshot, found.name)} in {_at(snapshot, found.whole)}"


def _rename(case: Case) -> str:
    snapshot, span = case.snapshot(), case.span
    ready = prepare_rename(snapshot, span.path, span.start)
    if isinstance(ready, Refusal):
        return f"refused: {ready.reason}"
    found = rename(snapshot, span.path, span.start, case.title.split()[-1])
    if isinstance(found, Refusal):
        return f"refused: {found.reason}"
    return "\n".join([_edits(snapshot, found.edits), *(f"note: {note}" for note in found.notes)])


def _actions(case: Case) -> str:
    snapshot = case.snapshot()
    found = [_action(snapshot, a) for a in code_actions(snapshot, case.span)]
    safe = fix_all(snapshot, case.span.path)
    return "\n".join([*found, *(["fix all:", _edits(snapshot, safe)] if safe else [])])


def _action(snapshot: Snapshot, action: CodeAction) -> str:
    star = "*" if action.preferred else ""
    codes = " ".join(d.code for d in action.solves)
    head = f"{star}{action.title} ({action.kind}{' ' + codes if codes else ''})"
    return f"{head}\n{_edits(snapshot, action.edits)}"


def _formatting(case: Case) -> str:
    snapshot, span = case.snapshot(), case.span
    source = _source(snapshot, span.path)
    if span.start < span.end:
        edits = format_range(source, span.start, span.end)
    elif span.start:
        edits = format_after(source, span.start)
    else:
        edits = format_file(snapshot, source)
    new = source.edited([(e.span.start, e.span.end, e.text) for e in edits])
    return new if edits else ""


def _symbols(case: Case) -> str:
    snapshot = case.snapshot()
    lines = [line for s in outline(snapshot, case.span.path) for line in _symbol(snapshot, s, "")]
    query = case.title.rpartition(" for ")[2] if " for " in case.title else ""
    found = search(snapshot, query) if query else ()
    return "\n".join([*lines, *(_found(snapshot, one) for one in found)])


def _symbol(snapshot: Snapshot, symbol: Symbol, indent: str) -> list[str]:
    head = f"{indent}{symbol.what} {symbol.name} {symbol.detail}".rstrip()
    inner = (line for s in symbol.children for line in _symbol(snapshot, s, f"{indent}  "))
    return [head, *inner]


def _found(snapshot: Snapshot, found: FoundSymbol) -> str:
    inside = f" in {found.inside}" if found.inside else ""
    return f"found: {found.what} {found.name}{inside} {_at(snapshot, found.span)}"


def _tokens(case: Case) -> str:
    snapshot = case.snapshot()
    text = _source(snapshot, case.span.path).text
    return "\n".join(
        " ".join([text[t.start : t.end], "·", t.what, *sorted(t.modifiers)])
        for t in tokens(snapshot, case.span.path)
    )


def _hints(case: Case) -> str:
    snapshot = case.snapshot()
    source = _source(snapshot, case.span.path)
    found = hints(snapshot, case.span.path, 0, len(source.text))
    return "\n".join(f"{_line(source, h.offset)} «{h.text}» ({h.kind})" for h in found)


def _line(source: SourceText, offset: int) -> str:
    at = source.position(offset)
    return source.line(at.line)[: at.column - 1].strip()


def _folding(case: Case) -> str:
    snapshot, span = case.snapshot(), case.span
    source = _source(snapshot, span.path)
    lines = [
        f"{f.kind}: lines {source.position(f.start).line} to {source.position(f.end).line}"
        for f in folds(source)
    ]
    lines += [f"select: {_at(snapshot, s)}" for s in selection(source, span.start)]
    lines += [f"link: {_at(snapshot, n.span)} to {n.target}" for n in links(snapshot, span.path)]
    return "\n".join(lines)


def _findings(case: Case) -> str:
    found = findings(case.snapshot(), case.span.path)
    marks = ((f, " unnecessary" if f.unnecessary else "") for f in found.findings)
    lines = [f"{f.diagnostic.code} {f.diagnostic.message}{mark}" for f, mark in marks]
    return "\n".join([*lines, *([f"and {found.more} more"] if found.more else [])])


SERVICES: Mapping[str, Callable[[Case], str]] = {
    "completion": _complete,
    "hover": _hover,
    "signature": _signature,
    "navigation": _navigation,
    "rename": _rename,
    "actions": _actions,
    "formatting": _formatting,
    "symbols": _symbols,
    "tokens": _tokens,
    "hints": _hints,
    "folding": _folding,
    "findings": _findings,
}
