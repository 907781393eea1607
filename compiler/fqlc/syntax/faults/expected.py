"""What the parser expected, in words."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from fql_grammar.tokens import CLOSERS, WORDS
from fqlc.syntax.reading.lexemes import Lexeme

_VALUE = frozenset(
    {"NUMBER", "STRING", "WORD", "NAME", "LBRACKET", "LBRACE", "LPAREN", "EACH", "BANG", "MINUS"}
)
_AFTER_VALUE = frozenset({"OP", "MINUS", "DOT", "QDOT", "LPAREN", "LBRACKET"})
_GROUPS: tuple[tuple[AbstractSet[str], str, AbstractSet[str]], ...] = (
    (frozenset({"NUMBER", "STRING", "WORD"}), "a value", _VALUE | {"DOC"}),
    (frozenset({"OP"}), "an operator", _AFTER_VALUE),
    (frozenset({"KEY", "FLOW"}), "an entry or a block", frozenset({"KEY", "FLOW", "NAME", "DOC"})),
    (frozenset({"KEY", "QKEY"}), "an entry", frozenset({"KEY", "QKEY", "NAME", "SPREAD"})),
    (frozenset({"KEY", "DOC"}), "a field `name: Type`", frozenset({"KEY", "DOC"})),
    (frozenset({"NAME", "DOC"}), "a name", frozenset({"NAME", "DOC"})),
)
"""If all of the first are expected, say the second and drop the third."""

_UNSAID = frozenset({"$END", "QUESTION", "_COMMA", "LPAREN"})


def expected_words(expected: AbstractSet[str]) -> str:
    """`a value`, or `an operator, `,` or `]``: at most five things, without repetition."""
    left = set(expected)
    words: list[str] = []
    for wanted, word, covered in _GROUPS:
        if wanted <= left:
            words.append(word)
            left -= covered
    left -= _UNSAID if "RBRACE" in left else frozenset({"$END"})
    rest = sorted(left, key=lambda name: (name in CLOSERS, list(WORDS).index(name)))
    words.extend(WORDS[name] for name in rest)
    return one_of(words[:5]) or "nothing more"


def one_of(words: list[str]) -> str:
    """`a`, `a or b`, `a, b, or c`."""
    if len(words) < 3:
        return " or ".join(words)
    return f"{', '.join(words[:-1])}, or {words[-1]}"


def found_words(lexeme: Lexeme | None) -> str:
    """How a message calls what is there."""
    if lexeme is None:
        return "the end of the file"
    if lexeme.type == "DOC":
        return "documentation"
    if lexeme.type == "KEY":
        return f"the key `{lexeme.text}`"
    if lexeme.type in ("STRING", "QKEY"):
        return "a text"
    if lexeme.type == "NUMBER":
        return f"the number `{lexeme.text[:20]}`"
    return f"`{lexeme.origin.text[lexeme.start : lexeme.end][:40]}`"
