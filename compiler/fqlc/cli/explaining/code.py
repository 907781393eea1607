"""The pages of codes, and the list of all of them."""

from __future__ import annotations

import re
from pathlib import Path

import click

from fql.errors import UsageError
from fql.near import did_you_mean
from fql.terminal.lines import json_line, prose
from fql.terminal.tables import Column, table
from fqlc.diagnostics.pages.model import Page
from fqlc.diagnostics.registry import all_codes, all_pages, by_hundred, explain_page, page_of

_CODE = re.compile(r"(?i)fql\w*\d\w*")
_COLUMNS = (
    Column("code"), Column("severity", drop=1), Column("fix", drop=2), Column("title", least=20)
)  # fmt: skip


def means_code(target: str) -> bool:
    """Whether an argument is a code, or was meant to be one, rather than a path."""
    known = target.upper() in all_codes()
    return known or (_CODE.fullmatch(target) is not None and not Path(target).exists())


def explain_code(code: str, form: str) -> None:
    """Print the page of a code. Raises UsageError for one that does not exist."""
    page = page_of(code.upper())
    if page is None:
        hint = did_you_mean(code.upper(), _close(code.upper())) or _LISTED
        raise UsageError(f"there is no code {code}", hint=hint)
    if form == "json":
        severities = [severity.value for severity in page.severities]
        json_line({
            "code": page.code, "severities": severities, "title": page.title, "why": page.why,
            "wrong": page.wrong, "right": page.right, "around": page.around,
            "contract": page.contract,
            "fixable": page.fixable,
        })  # fmt: skip
        return
    prose(explain_page(page.code))


_LISTED = "`fqlc explain --list` has all of them"


def _close(code: str) -> list[str]:
    """The codes that differ in one place, or by two digits that changed places: of three digits
    two wrong ones are another code."""
    return [
        one
        for one in sorted(all_codes())
        if len(one) != len(code)
        or sorted(one) == sorted(code)
        or sum(a != b for a, b in zip(one, code, strict=True)) == 1
    ]


def list_codes(form: str) -> None:
    """Print all codes in order, by what they are about: severities, title, and whether there are
    fixes."""
    if form == "json":
        for page in all_pages():
            severities = [severity.value for severity in page.severities]
            json_line({
                "code": page.code, "severities": severities, "title": page.title,
                "fixable": page.fixable,
            })  # fmt: skip
        return
    for about, pages in by_hundred().items():
        prose(click.style(about, bold=True))
        table(_COLUMNS, [_listed_code(page) for page in pages])
        prose("")


def _listed_code(page: Page) -> tuple[str, str, str, str]:
    severity = " or ".join(s.value for s in page.severities)
    return page.code, severity, "fixable" if page.fixable else "", page.title
