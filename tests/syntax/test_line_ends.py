"""Line ends of a file are its own business: whatever it has, the same program is read, and what
tools write back has the line ends that were there."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fqlc import compile_text, format_text
from fqlc.diagnostics.fixes import apply_fixes
from fqlc.diagnostics.render.json_lines import render_json
from fqlc.pipeline import check_project
from fqlc.source.text import SourceText
from tests.faults.corpus import MAIN, faults

ENDS = pytest.mark.parametrize("end", ["\r\n", "\r"], ids=["CRLF", "CR"])
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*/*.fql"))

LETTER = '''
entity Order { id: ID @key }
"""
Two lines
of documentation.
"""
observer o {
  on: Order.insert
  webhook a {
    url: "https://x.example.com/"
    headers: {
      "X-Note": """
        one line
        """
    }
    body: { id, note: """
      Dear {{ id }},
        more \\
      and the end
      """ }
  }
}
'''


def same_with(end: str, text: str) -> str:
    """The text with other line ends."""
    return text.replace("\n", end)


@ENDS
def test_the_same_plan(end: str) -> None:
    plan = compile_text(LETTER).plan
    assert plan is not None
    assert compile_text(same_with(end, LETTER)).plan == plan
    assert b"\\r" not in plan


def test_what_a_receiver_gets() -> None:
    """The indentation goes, a line end before the closing quotes too, and no CR is left."""
    plan = json.loads(compile_text(same_with("\r\n", LETTER)).plan or b"")
    shown = json.dumps(plan)
    assert "one line" in shown
    assert "one line\\n" not in shown
    assert "  more and the end" in shown


@ENDS
def test_the_same_reports(end: str) -> None:
    """Every faulty program is answered with the same words at the same lines and columns."""
    for fault in faults()[::7]:
        turned = {path: same_with(end, text) for path, text in fault.files.items()}
        plain = check_project([MAIN], fault.bytes_of)
        other = check_project([MAIN], replace(fault, files=turned).bytes_of)
        assert render_json(other.diagnostics, other.sources) == render_json(
            plain.diagnostics, plain.sources
        ), fault.name


@ENDS
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_formatter_keeps_them(end: str, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    turned = same_with(end, text.replace("  ", "   "))
    formatted = format_text(turned)
    assert formatted == same_with(end, format_text(text.replace("  ", "   ")))
    assert format_text(formatted) == formatted


def test_a_fix_touches_nothing_else() -> None:
    """Line ends of all kinds and a byte order mark stay where no edit is."""
    text = "\ufeffentity A { id: ID @key }\r\r\n# a\n\robserver o { on: A.insert\r\n when: None"
    text += ' == id\rwebhook a { url: "https://x.example.com/" body: { id } } }\r\n'
    checked = check_project(["a.fql"], {"a.fql": text.encode()}.get)
    changed, count = apply_fixes(checked.diagnostics, checked.sources)
    assert count == 1
    assert changed == {"a.fql": text.replace("None", "null")}


def test_places_are_found_again() -> None:
    """Every single character replaced, in a text with all kinds of line ends."""
    written = "\ufeffa\r\n\r\nb\rc\n\r\nd"
    source = SourceText("t", written)
    plain = [i for i, char in enumerate(source.text) if char != "\n"]
    for offset in plain:
        changed = source.edited([(offset, offset + 1, "X")])
        assert changed == written.replace(source.text[offset], "X")
