"""Applying fixes."""

from __future__ import annotations

from fqlc.diagnostics.fixes import apply_fixes
from fqlc.diagnostics.model import Diagnostic, Edit, Fix
from fqlc.source.text import SourceText, Span


def _found(*edits: tuple[int, int, str], safe: bool = True, path: str = "a") -> Diagnostic:
    fix = Fix(tuple(Edit(Span(path, a, b), text) for a, b, text in edits), safe)
    return Diagnostic("FQL104", "m", Span(path, 0, 0), fix=fix)


def test_edits_of_several_fixes_keep_their_places() -> None:
    found = [_found((0, 1, "xx"), (4, 5, "")), _found((2, 3, "yyy"))]
    assert apply_fixes(found, {"a": SourceText("a", "01234")}) == ({"a": "xx1yyy3"}, 2)


def test_of_two_fixes_at_one_place_the_first_is_applied_whole() -> None:
    found = [_found((0, 2, "x")), _found((1, 3, "y"), (4, 5, "z"))]
    assert apply_fixes(found, {"a": SourceText("a", "01234")}) == ({"a": "x234"}, 1)


def test_unsafe_fixes_wait_to_be_asked_for() -> None:
    found = [_found((0, 1, "x"), safe=False)]
    assert apply_fixes(found, {"a": SourceText("a", "01")}) == ({}, 0)
    assert apply_fixes(found, {"a": SourceText("a", "01")}, unsafe=True) == ({"a": "x1"}, 1)


def test_files_that_are_not_there_are_left_alone() -> None:
    assert apply_fixes([_found((0, 1, "x"), path="b")], {"a": SourceText("a", "01")}) == ({}, 0)
