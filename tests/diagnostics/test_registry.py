"""The pages of the codes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import fqlc
from fqlc.diagnostics.pages.model import Page
from fqlc.diagnostics.registry import all_codes, all_pages, explain_page
from fqlc.pipeline import check_project

_CODES = {
    *range(101, 106), 110, 111, *range(201, 209), *range(211, 215), 221, 223, *range(231, 236),
    *range(301, 309), 311, 312, 313, 321, 322, 331, 332, 341, 342, 343, 351, 361, 362, 371, 381,
    390, 401, 402, 403, *range(411, 418), 421, 431, 432, *range(501, 509), 901,
}  # fmt: skip


def test_every_code_of_the_language_has_one_page() -> None:
    assert list(all_codes()) == [f"FQL{n}" for n in sorted(_CODES)]


def test_every_code_that_the_compiler_reports_has_a_page() -> None:
    sources = Path(fqlc.__file__).parent.rglob("*.py")
    used = {c for p in sources for c in re.findall(r'"(FQL\d+)"', p.read_text(encoding="utf-8"))}
    assert used <= set(all_codes())


@pytest.mark.parametrize("page", all_pages(), ids=lambda page: page.code)
def test_pages_say_what_why_wrong_and_right(page: Page) -> None:
    text = explain_page(page.code)
    assert text.startswith(f"{page.code}: {page.title}")
    assert page.why in text
    assert page.around or (page.wrong and page.right)


def _codes(text: str, contract: str) -> set[str]:
    files = {"case.fql": text.encode(), "crm.yaml": contract.encode()}
    return {d.code for d in check_project(["case.fql"], files.get).diagnostics}


_RUN = [page for page in all_pages() if page.wrong]


@pytest.mark.parametrize("page", _RUN, ids=lambda page: page.code)
def test_the_wrong_example_earns_the_code_and_the_right_one_nothing(page: Page) -> None:
    assert _codes(page.wrong, page.contract) == {page.code}
    assert _codes(page.right, page.contract) == set()
