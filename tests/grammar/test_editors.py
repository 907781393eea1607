"""Editors colour what the compiler reads: both grammars against the lexer, on all programs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

import pytest

from fql.exact.writing import pretty_json
from fql_grammar import tokens as table
from fql_grammar.pygments_lexer import TOKENS, FqlLexer
from fql_grammar.textmate import SCOPES, textmate_grammar
from fqlc.diagnostics.sink import Sink
from fqlc.syntax.parsing.lexer import lex
from fqlc.syntax.reading.lexemes import Origin
from tests.docs.test_docs import ROOT, programs
from tests.grammar.textmate_engine import Engine

FILES = sorted(
    path
    for folder in ("examples", "runtime", "tests/golden/programs")
    for path in (ROOT / folder).rglob("*.fql")
)
TEXTS = [*((p.name, p.read_text(encoding="utf-8")) for p in FILES), *programs()]

KINDS: Mapping[str, frozenset[str]] = {
    terminal: frozenset(kinds.split())
    for terminals, kinds in (
        ("NUMBER", "number"),
        ("STRING QKEY", "string"),
        ("DOC", "doc"),
        ("KEY", "key"),
        ("NAME", "name type builtin member method declared declaration attribute"),
        ("WORD", "constant"),
        ("EACH IF THEN ELSE", "keyword"),
        ("FLOW FROM IMPORT ENUM TYPE ENTITY LET", "declaration"),
        ("OP BANG", "operator word_operator"),
        ("MINUS EQUALS _ARROW SPREAD _RANGE QUESTION QDOT", "operator"),
        ("AT", "attribute"),
        ("LBRACE RBRACE LBRACKET RBRACKET LPAREN RPAREN _COLON _COMMA DOT", "punctuation"),
    )
    for terminal in terminals.split()
}
"""As what an editor may show each terminal of the lexer."""

ENGINE = Engine(pretty_json(textmate_grammar()).decode())
KIND_OF_SCOPE = {scope: kind for kind, scope in SCOPES.items()}
KIND_OF_TOKEN = {token: kind for kind, token in TOKENS.items()}


def textmate(text: str) -> list[str]:
    """The kind of each character; empty for blanks."""
    return [KIND_OF_SCOPE.get(scope, "") for scope in ENGINE.scopes(text)]


def pygments(text: str) -> list[str]:
    """The kind of each character; empty for blanks."""
    return [
        KIND_OF_TOKEN.get(token, "")
        for _, token, value in FqlLexer().get_tokens_unprocessed(text)
        for _ in value
    ]


both = pytest.mark.parametrize("colour", [textmate, pygments])


def test_every_terminal_has_a_kind() -> None:
    assert set(KINDS) == set(table.WORDS) - {"$END"}


@both
@pytest.mark.parametrize(("name", "text"), TEXTS, ids=lambda value: str(value)[:50])
def test_editors_see_what_the_lexer_sees(
    colour: Callable[[str], list[str]], name: str, text: str
) -> None:
    """Each lexeme of a program is shown as what it is, from its first character to its last."""
    kinds = colour(text)
    assert len(kinds) == len(text)
    lexed = lex(Origin(name, text, Sink()))
    wrong = [
        (lexeme.type, text[lexeme.start : lexeme.end], kinds[at])
        for lexeme in lexed.lexemes
        for at in (lexeme.start, lexeme.end - 1)
        if lexeme.end > lexeme.start and kinds[at] not in KINDS[lexeme.type]
    ]
    assert wrong == []
    for comment in lexed.comments:
        assert kinds[comment.span.start] == "comment", text[comment.span.start :][:40]


STRINGS = r'''
observer o {
  a: "x ${NAME} {{ id | upper }} \n \u{1F600} \q {# no #} end"
  b: 'it''s {{ total' c: "{{ a.b(1) }}"
  d: """two "quoted" words
    {{ id }}"""
  e: 5s f: 64KiB g: 1_000.50 h: 500..599 i: x.true j: _id
}
'''


@both
@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("${NAME}", "environment"), ("{{", "template"), ("upper", "name"), ("|", "operator"),
        (r"\n", "escape"), (r"\u{1F600}", "escape"), (r"\q", "wrong"), ("{# no #}", "comment"),
        ("end", "string"), ("c", "key"), ("quoted", "string"), ("e", "key"), ("5s", "number"),
        ("64KiB", "number"), ("1_000.50", "number"), ("..", "operator"), ("true", "member"),
        ("_id", "builtin"), ("b(", "method"),
    ],
)  # fmt: skip
def test_inside_of_texts(colour: Callable[[str], list[str]], words: str, kind: str) -> None:
    """A template that is not closed ends with its string, and a string with its line."""
    found = re.search(rf"(?<![\w\\]){re.escape(words)}(?![\w:])|\b{words}(?=:)" if words.isalnum()
                      else re.escape(words), STRINGS)  # fmt: skip
    assert found is not None
    length = len(words.rstrip("("))
    assert set(colour(STRINGS)[found.start() : found.start() + length]) == {kind}


@both
def test_half_a_program_is_coloured_to_its_end(colour: Callable[[str], list[str]]) -> None:
    """While one types: an open string, an open text, an open template, foreign signs."""
    for rest in ('"abc', '"""abc', "'{{ x", '"${', "§ ;", "\\", "observer", '"{% if', "@"):
        text = f'observer o {{\n  when: a {rest}\n}}\nobserver p {{ b: "c" }}\n'
        kinds = colour(text)
        assert len(kinds) == len(text)
        if '"""' not in rest:
            assert kinds[text.index("observer p")] == "declaration", rest


def test_pygments_finds_the_lexer_by_its_entry_point() -> None:
    """What pyproject.toml names is there and is a lexer for `.fql` files."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, name = project["entry-points"]["pygments.lexers"]["fql"].partition(":")
    lexer = getattr(import_module(module), name)
    assert (lexer.aliases, lexer.filenames) == (("fql",), ("*.fql",))


def test_kinds_have_a_name_for_every_editor() -> None:
    assert set(SCOPES) == set(TOKENS)
    assert len(set(SCOPES.values())) == len(SCOPES)
    assert len(set(TOKENS.values())) == len(TOKENS)


def test_the_grammar_is_shipped() -> None:
    """`fql_grammar.textmate_text` reads the file that lies in the package."""
    import fql_grammar

    assert fql_grammar.textmate_text() == pretty_json(textmate_grammar()).decode()
    assert Path(fql_grammar.__file__).with_name("fql.tmLanguage.json").is_file()
