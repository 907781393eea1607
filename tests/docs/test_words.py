"""What a person reads is plain English, and names no file that a reader does not have."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.words import WORDINGS, Wording

ROOT = Path(__file__).parents[2]
ROOMS = ("compiler", "runtime", "grammar")
PAGES = sorted(
    page
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md"))
    if ".venv" not in page.parts
)
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
SETTINGS = [ROOT / name for name in ("pyproject.toml", ".importlinter", "Makefile")]
ABSENT = re.compile(
    r"\b(?:interfaces|mission|house|runtime|settled|(?:runtime|language)-details)\.md"
)
"""Notes from before the first commit, which nobody has who reads the repository."""


def page_prose(text: str) -> str:
    """A page without its code, so that words of programs are not judged."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "`x`", text)


def source_prose(text: str) -> Iterator[str]:
    """Texts and docstrings of a module, then its comments; a message in parts is one text."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def one_line(text: str) -> str:
    """Prose on one line, so that a line end does not hide a pattern."""
    return " ".join(text.split())


def slips(prose: str, wordings: tuple[Wording, ...] = WORDINGS) -> list[str]:
    """What is found, each with what to write instead."""
    text = one_line(prose)
    return [
        f"{hit.group()!r} in {text[max(hit.start() - 40, 0) : hit.end() + 40]!r}: "
        f"{wording.why}; write {wording.better!r}"
        for wording in wordings
        for hit in wording.pattern.finditer(text)
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_read_well(page: Path) -> None:
    """No page has a wording of the list."""
    assert slips(page_prose(page.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("room", ROOMS)
def test_messages_and_docstrings_read_well(room: str) -> None:
    """No message, help text, docstring or comment of the product has one."""
    found = {
        str(path.relative_to(ROOT)): hits
        for path in SOURCES
        if path.is_relative_to(ROOT / room)
        and (hits := [h for p in source_prose(path.read_text(encoding="utf-8")) for h in slips(p)])
    }
    assert found == {}


@pytest.mark.parametrize("wording", WORDINGS, ids=lambda wording: wording.planted)
def test_the_list_finds_what_it_names(wording: Wording) -> None:
    """A planted sentence is found on a page, in a message in two parts, a docstring, a comment."""
    here = (wording,)
    words = wording.planted.split(" ")
    halves = " ".join(words[:2]), " ".join(words[2:])
    assert slips(page_prose(f"# Page\n\n{halves[0]}\n{halves[1]}\n"), here)
    for module in (
        f"m = ({halves[0] + ' '!r}\n     {halves[1]!r})\n",
        f"m = f{wording.planted!r}\n",
        f'"""{wording.planted}"""\n',
        f"x = 1  # {wording.planted}\n",
    ):
        assert any(slips(prose, here) for prose in source_prose(module)), module
    assert not slips(wording.better, here)


def test_code_on_a_page_is_not_judged() -> None:
    """Programs and names may say what they like."""
    assert slips(page_prose("See `anew`.\n\n```fql\n# anew\n```\n")) == []


@pytest.mark.parametrize("path", [*PAGES, *SOURCES, *SETTINGS], ids=lambda path: path.name)
def test_no_reference_to_a_file_that_is_not_here(path: Path) -> None:
    """A reader can follow every reference."""
    assert ABSENT.findall(path.read_text(encoding="utf-8")) == []
