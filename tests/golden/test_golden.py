"""Every printed file is current: `python -m tests.accept` writes what these tests expect."""

from __future__ import annotations

from pathlib import Path

import pytest

from fqlc.diagnostics.pages.model import Page
from fqlc.diagnostics.registry import all_codes, all_pages
from fqlc.pipeline import check_project
from tests.accept import ROOT, expected_files
from tests.golden.rendering import DIAGNOSTICS, EXTRA, STAGES

FILES = expected_files()
PAGES = [page for page in all_pages() if not page.around]
ELSEWHERE = {"FQL223", *(f"FQL{number}" for number in range(501, 509)), "FQL901"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_it_is_current(path: Path) -> None:
    assert path.exists(), "run: python -m tests.accept"
    assert path.read_text(encoding="utf-8") == FILES[path], "run: python -m tests.accept"


def test_no_golden_is_left_over() -> None:
    found = {p for folder in (DIAGNOSTICS, STAGES) for p in folder.iterdir() if p.is_file()}
    assert found <= set(FILES)


def test_every_code_has_a_golden() -> None:
    names = {path.stem for path in FILES if path.parent == DIAGNOSTICS}
    assert names == set(all_codes()) - ELSEWHERE


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.code))
def test_the_wrong_example_earns_its_code_and_nothing_else(page: Page) -> None:
    files = {"case.fql": page.wrong.encode(), "crm.yaml": page.contract.encode()}
    found = check_project(["case.fql"], files.get).diagnostics
    assert {d.code for d in found} == {page.code}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.code))
def test_the_right_example_is_right(page: Page) -> None:
    files = {"case.fql": page.right.encode(), "crm.yaml": page.contract.encode()}
    assert check_project(["case.fql"], files.get).diagnostics == ()


@pytest.mark.parametrize("code", EXTRA)
def test_codes_that_need_surroundings(code: str) -> None:
    found = check_project(["case.fql"], EXTRA[code].get).diagnostics
    assert [d.code for d in found] == [code]
