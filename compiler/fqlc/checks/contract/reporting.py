"""A finding of the judgement as a diagnostic: where it is, and where both sides are declared."""

from __future__ import annotations

from collections.abc import Iterator

from fql.plan.language import expressions as x
from fqlc.checks.contract.judged import Bound
from fqlc.checks.contract.mending import fix_of
from fqlc.checks.contract.written import WrittenBody
from fqlc.contracts.judging.findings import Finding
from fqlc.contracts.judging.parts.unions import subject
from fqlc.contracts.judging.wire.values import Value
from fqlc.diagnostics.model import Diagnostic, Label, Severity
from fqlc.names.symbols import FieldInfo
from fqlc.source.text import Span
from fqlc.types.report import why_null

_OF_KEYS = frozenset({"FQL412", "FQL417"})
MOST_FINDINGS = 20
"""Findings that are reported of one body: many have one cause."""


def reported(found: Finding, bound: Bound, written: WrittenBody, begin: str) -> Diagnostic:
    """The diagnostic of a finding. Its sentence begins with `begin` where it is about the whole."""
    about = subject(found.path) if found.path else begin
    severity = Severity.WARNING if found.warning else Severity.ERROR
    return Diagnostic(
        found.code, f"{about} {found.says}", _span(found, bound, written), severity,
        label=found.label, labels=tuple(_labels(found, bound)), help=found.help,
        fix=fix_of(found, bound, written),
    )  # fmt: skip


def _span(found: Finding, bound: Bound, written: WrittenBody) -> Span:
    """The key where the key is wrong, the opening brace where one is missing, else the value."""
    entry = written.entry_of(found.value)
    if entry is not None and entry[1].key is not None and _about_key(found):
        return entry[1].key.span
    whole = written.object_of(found.value)
    if whole is not None:
        return Span(whole.span.path, whole.span.start, whole.span.start + 1)
    at = found.value.expr.at if found.value.expr is not None else None
    if at is None:
        return bound.action.body_span or bound.action.block.header
    return Span(bound.action.scope.path, *at)


def _about_key(found: Finding) -> bool:
    return found.code in _OF_KEYS or (found.remedy is not None and found.remedy.kind == "rename")


def _labels(found: Finding, bound: Bound) -> Iterator[Label]:
    """Where the value is declared, and what the contract says."""
    if found.code == "FQL414" and found.value.expr is not None and found.value.field is None:
        yield from why_null(bound.action.scope, found.value.expr)
    elif found.code in ("FQL413", "FQL414", "FQL415"):
        field = _declared(found.value, bound)
        if field is not None:
            yield Label(field.type_span, f"declared `{field.type}` here", field.pointer)
    if found.place.file:
        yield found.place.label(found.there)


def _declared(value: Value, bound: Bound) -> FieldInfo | None:
    """The field that a value comes from."""
    project = bound.program.project
    owner, name = value.field or ("", "")
    if isinstance(value.expr, x.Field) and not owner:
        return bound.action.scope.row_field(value.expr.name)
    if isinstance(value.expr, x.Member) and not owner:
        owner, name = value.expr.of.type.name, value.expr.name
    row = project.row(owner)
    return None if row is None else row.fields.get(name)
