"""SARIF 2.1.0 (OASIS), which code hosts show as alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from fql.exact.writing import pretty_json
from fql.terminal.harmless import harmless
from fqlc.diagnostics.model import Diagnostic, Fix, Severity
from fqlc.diagnostics.registry import page_of
from fqlc.diagnostics.render.places import place_of
from fqlc.source.text import SourceText, Span

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render_sarif(found: Sequence[Diagnostic], sources: Mapping[str, SourceText]) -> str:
    """One document with one run."""
    codes = sorted({d.code for d in found})
    driver = {"name": "fqlc", "rules": [_rule(code) for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(d, sources, codes) for d in found],
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return pretty_json(document).decode().rstrip("\n")


def _rule(code: str) -> dict[str, object]:
    page = page_of(code)
    rule: dict[str, object] = {"id": code}
    if page is not None:
        rule["shortDescription"] = {"text": page.title}
        rule["fullDescription"] = {"text": page.why}
    return rule


def _result(
    diagnostic: Diagnostic, sources: Mapping[str, SourceText], codes: list[str]
) -> dict[str, object]:
    text = ". ".join((diagnostic.message, *diagnostic.help))
    result: dict[str, object] = {
        "ruleId": diagnostic.code,
        "ruleIndex": codes.index(diagnostic.code),
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": harmless(text)},
        "locations": [_location(diagnostic.span, sources)],
    }
    if diagnostic.labels:
        result["relatedLocations"] = [
            {
                **_location(label.span, sources),
                "id": i,
                "message": {"text": harmless(label.message)},
            }
            for i, label in enumerate(diagnostic.labels, 1)
        ]
    if diagnostic.fix is not None and diagnostic.fix.safe:
        result["fixes"] = [_fix(diagnostic, diagnostic.fix, sources)]
    return result


def _location(span: Span, sources: Mapping[str, SourceText]) -> dict[str, object]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(span.path)},
            "region": _region(span, sources),
        }
    }


def _region(span: Span, sources: Mapping[str, SourceText]) -> dict[str, int]:
    place = place_of(span, sources)
    return {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }


def _fix(diagnostic: Diagnostic, fix: Fix, sources: Mapping[str, SourceText]) -> dict[str, object]:
    paths = sorted({edit.span.path for edit in fix.edits})
    return {
        "description": {"text": harmless((diagnostic.help or (diagnostic.message,))[0])},
        "artifactChanges": [
            {
                "artifactLocation": {"uri": quote(path)},
                "replacements": [
                    {
                        "deletedRegion": _region(edit.span, sources),
                        "insertedContent": {"text": edit.text},
                    }
                    for edit in fix.edits
                    if edit.span.path == path
                ],
            }
            for path in paths
        ],
    }
