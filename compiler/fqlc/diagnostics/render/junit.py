"""The report of JUnit: errors are failures; warnings are told beside a case that passes, since they
do not fail a check either."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from fql.terminal.harmless import harmless
from fqlc.diagnostics.model import Diagnostic, Severity
from fqlc.diagnostics.render.places import place_of
from fqlc.source.text import SourceText

_NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(found: Sequence[Diagnostic], sources: Mapping[str, SourceText]) -> str:
    """One document: a suite for each file, with a case for each finding, or one that passes."""
    files = sorted({*sources, *(d.span.path for d in found)})
    suites = [_suite(file, [d for d in found if d.span.path == file], sources) for file in files]
    errors, cases = _errors(found), sum(max(1, suite.count("<testcase")) for suite in suites)
    head = f'<testsuites name="fqlc check" tests="{cases}" failures="{errors}">'
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *suites, "</testsuites>"])


def _errors(found: Sequence[Diagnostic]) -> int:
    return sum(d.severity is Severity.ERROR for d in found)


def _suite(file: str, found: Sequence[Diagnostic], sources: Mapping[str, SourceText]) -> str:
    cases = [_case(d, sources) for d in found] or [_head("checked", file, None) + "/>"]
    head = f'  <testsuite name={_attribute(file)} tests="{len(cases)}"'
    return "\n".join([f'{head} failures="{_errors(found)}">', *cases, "  </testsuite>"])


def _case(diagnostic: Diagnostic, sources: Mapping[str, SourceText]) -> str:
    place = place_of(diagnostic.span, sources)
    where = f"{place.file}:{place.line}:{place.column}"
    head = _head(f"{diagnostic.code} {where}", place.file, place.line)
    told = _escaped("\n".join((f"{where}: {diagnostic.message}", *diagnostic.help)))
    if diagnostic.severity is not Severity.ERROR:
        return f"{head}>\n      <system-out>{told}</system-out>\n    </testcase>"
    about = f"message={_attribute(diagnostic.message)} type={_attribute(diagnostic.code)}"
    return f"{head}>\n      <failure {about}>{told}</failure>\n    </testcase>"


def _head(name: str, file: str, line: int | None) -> str:
    at = "" if line is None else f' line="{line}"'
    named = f"name={_attribute(name)} classname={_attribute(file)} file={_attribute(file)}"
    return f"    <testcase {named}{at}"


def _attribute(text: str) -> str:
    return quoteattr(_NO_XML.sub("?", harmless(text)))


def _escaped(text: str) -> str:
    return escape(_NO_XML.sub("?", harmless(text)))
