"""The pages of codes are those of the program, and say truly which codes have fixes."""

from __future__ import annotations

from fqlc.diagnostics.pages.model import Page
from fqlc.diagnostics.registry import all_pages
from fqlc.pipeline import check_project
from tests.docs.code_pages import FOLDER, files

ELSEWHERE = {"FQL103", "FQL302", "FQL321", "FQL361", "FQL411", "FQL421"}
"""Codes whose pages show a report without a fix; others are in `tests/faults` and
`tests/contracts`."""


def test_pages_are_current() -> None:
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    assert there == files(), "write them: `python -m tests.accept`"


def test_codes_that_have_fixes_say_so() -> None:
    seen = {code for page in all_pages() if page.wrong for code in _with_fixes(page)}
    fixable = {page.code for page in all_pages() if page.fixable}
    assert seen | ELSEWHERE == fixable


def _with_fixes(page: Page) -> set[str]:
    read = {"case.fql": page.wrong.encode(), "crm.yaml": page.contract.encode()}
    found = check_project(["case.fql"], read.get).diagnostics
    return {diagnostic.code for diagnostic in found if diagnostic.fix is not None}
