"""A page for each code, and a list of all: `python -m tests.accept` writes them."""

from __future__ import annotations

from pathlib import Path

from fqlc.diagnostics.model import Severity
from fqlc.diagnostics.pages.model import Page
from fqlc.diagnostics.registry import all_pages, by_hundred

FOLDER = Path(__file__).parents[2] / "docs/reference/codes"

HEAD = """# Codes

What `fqlc check` and the other commands report, printed from the program by
`python -m tests.accept`; `fqlc explain CODE` prints the same on a terminal. A code keeps
its meaning. *Fixable*: some of its reports have edits that `fqlc check --fix` makes.
"""


def files() -> dict[str, str]:
    """The text of each file by its name."""
    return {"index.md": _index(), **{f"{page.code}.md": _page(page) for page in all_pages()}}


def _index() -> str:
    parts = [HEAD]
    for about, pages in by_hundred().items():
        parts += [f"\n## {about}\n\n| code | severity | | title |\n|---|---|---|---|\n"]
        parts += [_row(page) for page in pages]
    return "".join(parts)


def _row(page: Page) -> str:
    title, fix = page.title.replace("|", "\\|"), "fixable" if page.fixable else ""
    return f"| [{page.code}]({page.code}.md) | {_severity(page)} | {fix} | {title} |\n"


def _severity(page: Page) -> str:
    return " or ".join(severity.value for severity in page.severities)


def _page(page: Page) -> str:
    fix = ", fixable" if page.fixable else ""
    parts = [f"# {page.code}: {page.title}", f"*{_severity(page)}{fix}*", page.why]
    for title, example in (("Wrong", page.wrong), ("Right", page.right)):
        if example:
            parts += [f"## {title}", f"```fql\n{example.rstrip()}\n```"]
    if page.contract:
        parts += ["## The contract of both", f"```yaml\n{page.contract.rstrip()}\n```"]
    if page.around:
        parts.append(page.around)
    if Severity.WARNING in page.severities:
        allow = f"`# fql: allow {page.code} REASON`"
        parts.append(f"If this is intended, write {allow} on the line before.")
    return "\n\n".join([*parts, "[All codes](index.md)"]) + "\n"
