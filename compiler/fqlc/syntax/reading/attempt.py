"""One try of Lark on a row of lexemes."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from operator import length_hint
from typing import Any, cast

from lark.exceptions import UnexpectedToken

from fqlc.syntax.reading.lexemes import Lexeme
from fqlc.syntax.reading.tables import parser
from fqlc.syntax.tree import ast


@dataclass(frozen=True, slots=True)
class Failure:
    """Where reading stopped (`at` is the length when the end came too early), and what was
    expected there, as terminals."""

    at: int
    expected: AbstractSet[str]


def attempt(start: str, lexemes: list[Lexeme]) -> ast.Tree | Failure:
    """The node that the lexemes spell from the start symbol, or where they stop to spell one."""
    feed = iter(lexemes)
    try:
        return cast("ast.Tree", parser().parse(feed, start))  # the builder makes nothing else
    except UnexpectedToken as unexpected:
        at_end = unexpected.token.type == "$END"
        at = len(lexemes) - (0 if at_end else length_hint(feed) + 1)
        return Failure(at, _accepted(unexpected))


def _accepted(unexpected: UnexpectedToken) -> frozenset[str]:
    """The terminals that can really follow; the table alone merges states and names more."""
    cursor: Any = unexpected.interactive_parser  # Lark has no types for it
    return frozenset(cursor.accepts())
