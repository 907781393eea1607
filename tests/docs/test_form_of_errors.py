"""Messages of errors have one form: no capital at the start, no full stop at the end."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.docs.test_words import ROOT, SOURCES

_CAPITAL = re.compile(r"[A-Z][a-z]+ ")
NAMES = re.compile(r"(?:SQLite|PostgreSQL|Python|Boolean|[A-Z][a-z]+[A-Z])")
"""Words that begin with a capital wherever they are."""


def messages(module: str) -> Iterator[str]:
    """The first argument of each `raise SomeError(...)`; what is inserted is a letter."""
    for node in ast.walk(ast.parse(module)):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            name = ast.unparse(node.exc.func)
            text = _text(node.exc.args[0])
            if text is not None and name.rpartition(".")[2].endswith("Error"):
                yield text


def _text(node: ast.expr) -> str | None:
    if isinstance(node, ast.JoinedStr):
        parts = (p.value if isinstance(p, ast.Constant) else "x" for p in node.values)
        return "".join(map(str, parts))
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def misshapen(text: str) -> bool:
    """Whether a message has a capital or a full stop that no other has."""
    capital = _CAPITAL.match(text) and not NAMES.match(text)
    return bool(capital) or (text.endswith(".") and not text.endswith("..."))


@pytest.mark.parametrize("room", ["compiler", "runtime"])
def test_messages_have_one_form(room: str) -> None:
    found = {
        str(path.relative_to(ROOT)): wrong
        for path in SOURCES
        if path.is_relative_to(ROOT / room)
        and (wrong := [text for text in messages(path.read_text("utf-8")) if misshapen(text)])
    }
    assert found == {}


@pytest.mark.parametrize(
    ("module", "wrong"),
    [
        ('raise PlanError("The plan is empty")', True),
        ('raise fql.PlanError(f"{name} is empty.", hint="x")', True),
        ('raise PlanError("the plan is empty")', False),
        ('raise StoreError("SQLite is too old")', False),
    ],
)
def test_a_planted_message_is_found(module: str, wrong: bool) -> None:
    assert any(map(misshapen, messages(module))) == wrong
