"""Comments that silence warnings: `# fql: allow FQL207 because ...`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fqlc.diagnostics.model import Diagnostic, Edit, Fix, Severity
from fqlc.source.text import SourceText, Span

_ALLOW = re.compile(r"fql:\s*allow\b\s*(?P<codes>FQL\d+(?:\s*,\s*FQL\d+)*)?\s*(?P<reason>.*)")

_OF_TABLES = re.compile(r"FQL50\d")


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment of a source: its stretch with the `#`, and its text after the sign."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class _Allowance:
    """An allow comment: the codes it names and its line."""

    remark: Remark
    codes: tuple[str, ...]
    reason: str
    line: int


def suppress(
    found: Sequence[Diagnostic], remarks: Sequence[Remark], sources: Mapping[str, SourceText]
) -> tuple[Diagnostic, ...]:
    """What remains of the diagnostics, and FQL208 for allow comments that have no reason, name
    no code, name an error, or silence nothing.

    A comment silences warnings of its codes on its own line and on the line after it. Nothing is
    reported of codes about tables, which are found only where a database is looked at.
    """
    allowances = [a for r in remarks if (a := _allowance(r, sources)) is not None]
    by_line = {(a.remark.span.path, a.line): a for a in allowances}
    used: set[tuple[Remark, str]] = set()
    kept = [d for d in found if not _is_silenced(d, by_line, sources, used)]
    errors = {d.code for d in found if d.severity is Severity.ERROR}
    kept += [c for a in allowances if (c := _judge(a, used, errors)) is not None]
    return tuple(sorted(kept, key=Diagnostic.order))


def _allowance(remark: Remark, sources: Mapping[str, SourceText]) -> _Allowance | None:
    match = _ALLOW.fullmatch(remark.text)
    source = sources.get(remark.span.path)
    if match is None or source is None:
        return None
    codes = tuple(re.findall(r"FQL\d+", match["codes"] or ""))
    line = source.position(remark.span.start).line
    return _Allowance(remark, codes, match["reason"].strip(), line)


def _is_silenced(
    diagnostic: Diagnostic,
    by_line: Mapping[tuple[str, int], _Allowance],
    sources: Mapping[str, SourceText],
    used: set[tuple[Remark, str]],
) -> bool:
    source = sources.get(diagnostic.span.path)
    if not by_line or source is None or diagnostic.severity is not Severity.WARNING:
        return False
    line = source.position(diagnostic.span.start).line
    for at in (line, line - 1):
        allowance = by_line.get((diagnostic.span.path, at))
        if allowance is not None and diagnostic.code in allowance.codes:
            used.add((allowance.remark, diagnostic.code))
            return True
    return False


def _judge(
    allowance: _Allowance, used: set[tuple[Remark, str]], errors: set[str]
) -> Diagnostic | None:
    """FQL208 for a comment that does not do what it says."""
    unused = [
        c
        for c in allowance.codes
        if (allowance.remark, c) not in used and not _OF_TABLES.fullmatch(c)
    ]
    if not allowance.codes:
        return _complain(allowance, "an allow comment names no code", "name it: `FQL207`")
    if error := next((c for c in unused if c in errors), None):
        return _complain(allowance, f"{error} is an error and cannot be allowed", "mend it")
    if unused:
        message = f"nothing on this line or the next is {unused[0]}"
        return _complain(allowance, message, "remove the comment", remove=len(unused) == 1)
    if not allowance.reason:
        return _complain(allowance, "an allow comment gives no reason", "say why after the code")
    return None


def _complain(
    allowance: _Allowance, message: str, advice: str, *, remove: bool = False
) -> Diagnostic:
    span = allowance.remark.span
    fix = Fix((Edit(span, ""),)) if remove and len(allowance.codes) == 1 else None
    return Diagnostic(
        "FQL208", message, span, Severity.WARNING, label="this comment", help=(advice,), fix=fix
    )
