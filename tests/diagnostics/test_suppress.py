"""Allow comments."""

from __future__ import annotations

import pytest

from fqlc.diagnostics.model import Diagnostic, Severity
from fqlc.diagnostics.suppress import Remark, suppress
from fqlc.source.text import SourceText, Span
from tests.syntax.help import parse


def _left(text: str, *, severity: Severity = Severity.WARNING) -> list[str]:
    """Codes that remain when `here` is an FQL207."""
    file, _ = parse(text)
    place = text.index("here")
    found = Diagnostic("FQL207", "m", Span("t.fql", place, place + 4), severity)
    remarks = [Remark(c.span, c.text) for c in file.comments]
    return [d.code for d in suppress([found], remarks, {"t.fql": SourceText("t.fql", text)})]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("let here = 1", ["FQL207"]),
        ("let here = 1  # fql: allow FQL207 kept for later", []),
        ("# fql: allow FQL207 kept for later\nlet here = 1", []),
        ("# fql: allow FQL207, FQL306 both\nlet here = 1", ["FQL208"]),
        ("# fql: allow FQL207\nlet here = 1", ["FQL208"]),
        ("# fql: allow FQL207 too far\n\nlet here = 1", ["FQL208", "FQL207"]),
        ("let here = 1\n# fql: allow FQL207 behind", ["FQL207", "FQL208"]),
        ("# fql: allow because\nlet here = 1", ["FQL208", "FQL207"]),
        ("# about fql: allow\nlet here = 1", ["FQL207"]),
    ],
)
def test_warnings_are_silenced_with_a_reason_on_the_line_or_before(
    text: str, left: list[str]
) -> None:
    assert _left(text) == left


def test_errors_are_never_silenced() -> None:
    text = "# fql: allow FQL207 please\nlet here = 1"
    assert _left(text, severity=Severity.ERROR) == ["FQL208", "FQL207"]
