"""What editors colour: rules made from the token table, for every kind of editor grammar.

A rule names a *kind* of text. Editors look at one line at a time and know no grammar, so the rules
judge a word by what is around it on its line. Rules of a group are tried in order.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from fql_grammar import tokens as table


@dataclass(frozen=True, slots=True)
class Match:
    """A text on one line; `pattern` is written in what Python and Oniguruma have in common."""

    kind: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Span:
    """From `begin` to `end`, with the rules of other groups inside."""

    kind: str
    begin: str
    end: str
    inside: tuple[str, ...] = ()


Rule = Match | Span


def any_of(words: Collection[str]) -> str:
    """A pattern for each of some texts, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda w: (-len(w), w)))


WORD = table.WORD_PATTERN.removesuffix("+")
_CONSTANTS = {word for word, terminal in table.RESERVED.items() if terminal == "WORD"}
_KEYWORD_TERMINALS = ("EACH", "IF", "THEN", "ELSE")
_KEYWORDS = {word for word, terminal in table.RESERVED.items() if terminal in _KEYWORD_TERMINALS}
_WORD_OPERATORS = set(table.RESERVED) - _CONSTANTS - _KEYWORDS
_PUNCTUATION = {sign for sign in table.SIGNS if sign in "{}[]():,.@"}
_OPERATORS = set(table.SIGNS) - _PUNCTUATION
_UNITS = {*table.DURATION_UNITS, *table.SIZE_UNITS}
_ESCAPED = "".join(re.escape(character) for character in table.ESCAPES)
_TEMPLATE_WORDS = ("if", "elif", "else", "endif", "for", "endfor", "and", "or", "not", "in")

_STATEMENT: tuple[Rule, ...] = (
    Match("key", rf"\b{WORD}(?=\s*\??:)"),
    Match("method", rf"(?<!\.\.)(?<=\.){WORD}(?=\s*\()"),
    Match("member", rf"(?<!\.\.)(?<=\.){WORD}"),
    Match("attribute", rf"@[ \t]*{WORD}"),
    Match("declaration", rf"^[ \t]*(?:{any_of(table.TOP_LEVEL)})(?=[ \t]+[A-Za-z_\"']|[ \t]*\{{)"),
    Match("declaration", rf"\b{WORD}(?=[ \t]+{WORD}[ \t]*\{{)"),
    Match("declaration", r"\bflow(?=[ \t]*\{)"),
    Match("declaration", r"\bfrom(?=[ \t]+[\"'])"),
    Match("keyword", rf"\b(?:{any_of(_KEYWORDS)})\b"),
    Match("declared", rf"(?<=[a-z][ \t])\b{WORD}(?=[ \t]*(?:\{{|=(?!=)|from[ \t]+[\"']))"),
    Match("constant", rf"\b(?:{any_of(_CONSTANTS)})\b"),
    Match("word_operator", rf"\b(?:{any_of(_WORD_OPERATORS)})\b"),
)

_NAME: tuple[Rule, ...] = (
    Match("builtin", r"\b_[A-Za-z][A-Za-z0-9_]*"),
    Match("type", r"\b[A-Z][A-Za-z0-9_]*"),
    Match("name", rf"\b{WORD}"),
)

_NUMBER = Match("number", rf"\b[0-9][0-9_]*(?:\.[0-9][0-9_]*)?(?:{any_of(_UNITS)})?\b")

_TEMPLATE: tuple[Rule, ...] = (
    Match("string", r"'[^'\"]*'"),
    Match("method", rf"(?<=\.){WORD}(?=\s*\()"),
    Match("member", rf"(?<=\.){WORD}"),
    Match("word_operator", rf"\b(?:{any_of(_TEMPLATE_WORDS)})\b"),
    *_NAME,
    _NUMBER,
    Match("operator", r"[|=!<>+*/%~-]+"),
)


def _in_string(quote: str) -> tuple[Rule, ...]:
    """What stands out in a string; a template ends with its string at the latest."""
    last = rf"(?={quote})|$"
    return (
        Match("escape", rf"\\(?:[{_ESCAPED}]|u\{{[0-9A-Fa-f]+\}})"),
        Match("wrong", r"\\."),
        Match("environment", rf"\$\{{{WORD}\}}"),
        Span("comment", r"\{#", rf"#\}}|{last}"),
        Span("template", r"\{\{", rf"\}}\}}|{last}", ("template",)),
        Span("template", r"\{%", rf"%\}}|{last}", ("template",)),
    )


GROUPS: Mapping[str, tuple[Rule, ...]] = {
    "file": (
        Match("comment", r"#.*"),
        Span("doc", r'^[ \t]*"""', r'"""', ("doc",)),
        Span("string", r'"""', r'"""', ("double",)),
        Span("string", r'"', r'"|$', ("double",)),
        Span("string", r"'", r"'|$", ("single",)),
        _NUMBER,
        *_STATEMENT,
        *_NAME,
        Match("operator", any_of(_OPERATORS)),
        Match("punctuation", any_of(_PUNCTUATION)),
    ),
    "doc": (Match("doc", r"\\."),),
    "double": _in_string('"'),
    "single": _in_string("'"),
    "template": _TEMPLATE,
}
"""The rules by group; an editor begins with `file`."""
