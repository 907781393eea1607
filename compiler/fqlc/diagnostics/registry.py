"""The codes and their pages, from the data in `fqlc.diagnostics.pages`."""

from __future__ import annotations

from collections.abc import Mapping

from fqlc.diagnostics.model import Severity
from fqlc.diagnostics.pages.model import Page


def all_codes() -> tuple[str, ...]:
    """All codes, in order."""
    return tuple(page.code for page in all_pages())


def all_pages() -> tuple[Page, ...]:
    """All pages, in the order of their codes."""
    from fqlc.diagnostics.pages import (
        condition_pages,
        contract_pages,
        fault_pages,
        flow_pages,
        name_pages,
        policy_pages,
        secret_pages,
        syntax_pages,
        table_pages,
        template_pages,
        type_pages,
    )  # fmt: skip

    rooms = (
        syntax_pages, name_pages, type_pages, condition_pages, flow_pages, template_pages,
        secret_pages, policy_pages, contract_pages, table_pages, fault_pages,
    )  # fmt: skip
    pages = [page for room in rooms for page in room.PAGES]
    return tuple(sorted(pages, key=lambda page: page.code))


HUNDREDS: Mapping[str, str] = {
    "1": "how a program is written",
    "2": "names, keys, types and conditions",
    "3": "flows, texts, requests and policies",
    "4": "contracts of receivers",
    "5": "tables of a database",
    "9": "faults of fqlc",
}
"""What the codes of a hundred are about, by their first digit."""


def by_hundred() -> dict[str, list[Page]]:
    """All pages, by what their hundred is about."""
    found: dict[str, list[Page]] = {}
    for page in all_pages():
        digit = page.code[3]
        found.setdefault(f"FQL{digit}xx: {HUNDREDS[digit]}", []).append(page)
    return found


def page_of(code: str) -> Page | None:
    """The page of a code, or None when there is no such code."""
    return next((page for page in all_pages() if page.code == code), None)


def explain_page(code: str) -> str:
    """The page of a code as text for a terminal. Raises KeyError for an unknown code."""
    page = page_of(code)
    if page is None:
        raise KeyError(code)
    severities = " or ".join(s.value for s in page.severities)
    parts = [f"{page.code}: {page.title} ({severities})", page.why]
    if page.wrong:
        parts += ["Wrong:", _indented(page.wrong)]
    if page.right:
        parts += ["Right:", _indented(page.right)]
    if page.contract:
        parts += ["The contract, `crm.yaml`:", _indented(page.contract)]
    if page.around:
        parts.append(page.around)
    if Severity.WARNING in page.severities:
        allow = f"`# fql: allow {page.code} REASON`"
        parts.append(f"If this is intended, write {allow} on the line before.")
    return "\n\n".join(parts)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in text.strip("\n").splitlines())
