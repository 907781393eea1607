"""The lexer for Pygments, which colours documentation (Sphinx, MkDocs) and terminals.

Pygments finds it by the entry point of this package; nothing else imports this module.
"""

from __future__ import annotations

from collections.abc import Mapping

# Pygments brings no types.
from pygments.lexer import RegexLexer, include  # type: ignore[import-untyped]
from pygments.token import (  # type: ignore[import-untyped]
    Comment,
    Error,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Whitespace,
)

from fql_grammar.editor_rules import GROUPS, Match, Rule, Span

TOKENS: Mapping[str, object] = {
    "comment": Comment.Single,
    "doc": String.Doc,
    "string": String,
    "escape": String.Escape,
    "wrong": Error,
    "environment": Name.Variable,
    "template": String.Interpol,
    "number": Number,
    "key": Name.Attribute,
    "method": Name.Function,
    "member": Name.Property,
    "attribute": Name.Decorator,
    "declaration": Keyword.Declaration,
    "declared": Name.Class,
    "keyword": Keyword,
    "constant": Keyword.Constant,
    "word_operator": Operator.Word,
    "operator": Operator,
    "builtin": Name.Builtin.Pseudo,
    "type": Keyword.Type,
    "name": Name,
    "punctuation": Punctuation,
}
"""What each kind of text is called there."""


def _states() -> dict[str, list[object]]:
    """The states of the lexer: the groups of rules, and one for the inside of each span."""
    states: dict[str, list[object]] = {group: [] for group in GROUPS}
    for group, rules in GROUPS.items():
        for number, rule in enumerate(rules):
            inner = f"{group}-{number}"
            states[group].append(_rule(rule, inner))
            if isinstance(rule, Span):
                states[inner] = _inside(rule)
    states["root"] = [include("file"), (r"\n|[ \t\r\f]+", Whitespace), (r".", Error)]
    return states


def _rule(rule: Rule, inner: str) -> object:
    token = TOKENS[rule.kind]
    return (rule.pattern, token) if isinstance(rule, Match) else (rule.begin, token, inner)


def _inside(span: Span) -> list[object]:
    """Until the end of a span; a template is taken word by word, a text as far as it is plain."""
    token = TOKENS[span.kind]
    included = [include(group) for group in span.inside]
    words = r"\w+|[ \t]+" if "template" in span.inside else r"[\w \t:/.,;!?()-]+"
    return [(span.end, token, "#pop"), *included, (rf"{words}|.|\n", token)]


class FqlLexer(RegexLexer):  # type: ignore[misc] # it is Any without types
    """Colours `.fql` files and blocks marked `fql`."""

    name = "fql"
    aliases = ("fql",)
    filenames = ("*.fql",)
    mimetypes = ("text/x-fql",)
    tokens = _states()
