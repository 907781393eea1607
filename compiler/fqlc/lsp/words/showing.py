"""Diagnostics as the protocol has them, and the pages that their codes lead to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lsprotocol.types import (
    ClientCapabilities,
    CodeDescription,
    Diagnostic,
    DiagnosticRelatedInformation,
    DiagnosticSeverity,
    DiagnosticTag,
)
from pygls.uris import from_fs_path

from fql.terminal.words import counted
from fqlc.diagnostics import model
from fqlc.diagnostics.registry import explain_page
from fqlc.lsp.places import View
from fqlc.services.answers import Finding, Findings

SOURCE = "fqlc"
_SEVERITIES = {
    model.Severity.ERROR: DiagnosticSeverity.Error,
    model.Severity.WARNING: DiagnosticSeverity.Warning,
    model.Severity.INFO: DiagnosticSeverity.Information,
}


@dataclass(frozen=True, slots=True)
class Manner:
    """What the editor can show of a diagnostic. `page` gives the uri of the page of a code."""

    related: bool = False
    tags: bool = False
    page: Callable[[str], str | None] = lambda _: None

    @classmethod
    def of(cls, client: ClientCapabilities, page: Callable[[str], str | None]) -> Manner:
        """What the editor says that it can."""
        text = client.text_document
        forms = (text.publish_diagnostics, text.diagnostic) if text else ()
        linked = any(form and form.code_description_support for form in forms)
        return cls(
            related=any(form and form.related_information for form in forms),
            tags=any(form and form.tag_support for form in forms),
            page=page if linked else lambda _: None,
        )


def shown(view: View, found: Findings, manner: Manner) -> list[Diagnostic]:
    """The findings of one file; how many were left out is the last of them."""
    diagnostics = [_diagnostic(view, finding, manner) for finding in found.findings]
    if found.more:
        last = diagnostics[-1].range
        more = f"{counted(found.more, 'more problem')} in this file are not shown"
        diagnostics.append(Diagnostic(last, more, DiagnosticSeverity.Information, source=SOURCE))
    return diagnostics


def _diagnostic(view: View, finding: Finding, manner: Manner) -> Diagnostic:
    told = finding.diagnostic
    page = manner.page(told.code)
    related = list(_related(view, told)) if manner.related else []
    tags = list(_tags(finding)) if manner.tags else []
    return Diagnostic(
        range=view.range(told.span),
        message=_message(told, with_labels=not manner.related),
        severity=_SEVERITIES[told.severity],
        code=told.code,
        code_description=CodeDescription(page) if page else None,
        source=SOURCE,
        tags=tags or None,
        related_information=related or None,
    )


def _message(told: model.Diagnostic, *, with_labels: bool) -> str:
    """Everything that `fqlc check` would print, except for the excerpts."""
    notes = [label.message for label in told.labels] if with_labels else []
    label = [told.label] if told.label and told.label != told.message else []
    return "\n".join([told.message, *label, *notes, *(f"help: {line}" for line in told.help)])


def _tags(finding: Finding) -> Iterator[DiagnosticTag]:
    if finding.unnecessary:
        yield DiagnosticTag.Unnecessary
    if finding.deprecated:
        yield DiagnosticTag.Deprecated


def _related(view: View, told: model.Diagnostic) -> Iterator[DiagnosticRelatedInformation]:
    for label in told.labels:
        span = view.snapshot.now(label.span)
        if span is not None:
            yield DiagnosticRelatedInformation(view.location(span), label.message)


class Pages:
    """The pages of codes as files in a folder of the user's cache: an editor opens them without a
    network. Without a folder there are none."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._known: dict[str, str | None] = {}

    def uri(self, code: str) -> str | None:
        """The uri of the page of a code; None where there is none, or no place for it."""
        if code not in self._known:
            self._known[code] = self._written(code)
        return self._known[code]

    def _written(self, code: str) -> str | None:
        if self._folder is None:
            return None
        try:
            text = f"{explain_page(code)}\n"
            file = self._folder / f"{code}.txt"
            if not file.is_file() or file.read_text("utf-8") != text:
                self._folder.mkdir(parents=True, exist_ok=True)
                file.write_text(text, "utf-8")
        except (KeyError, OSError):
            return None
        return str(from_fs_path(str(file)))
