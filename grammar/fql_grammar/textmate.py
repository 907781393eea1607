"""The grammar for editors that read TextMate grammars: VS Code, Sublime Text, JetBrains, GitHub."""

from __future__ import annotations

from collections.abc import Mapping

from fql_grammar.editor_rules import GROUPS, Match, Rule

SCOPE = "source.fql"

SCOPES: Mapping[str, str] = {
    "comment": "comment.line.number-sign",
    "doc": "comment.block.documentation",
    "string": "string.quoted",
    "escape": "constant.character.escape",
    "wrong": "invalid.illegal",
    "environment": "variable.other.environment",
    "template": "meta.template",
    "number": "constant.numeric",
    "key": "support.type.property-name",
    "method": "support.function",
    "member": "variable.other.member",
    "attribute": "storage.modifier",
    "declaration": "storage.type",
    "declared": "entity.name.function",
    "keyword": "keyword.control",
    "constant": "constant.language",
    "word_operator": "keyword.operator.word",
    "operator": "keyword.operator",
    "builtin": "variable.language",
    "type": "entity.name.type",
    "name": "variable.other",
    "punctuation": "punctuation",
}
"""What each kind of text is called there; themes colour by the first words."""


def textmate_grammar() -> dict[str, object]:
    """The whole grammar, as the file `fql.tmLanguage.json` holds it in JSON."""
    return {
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "comment": "Printed from fql_grammar.tokens by `python -m tests.accept`.",
        "name": "fql",
        "scopeName": SCOPE,
        "fileTypes": ["fql"],
        "patterns": [{"include": "#file"}],
        "repository": {name: {"patterns": _patterns(rules)} for name, rules in GROUPS.items()},
    }


def _patterns(rules: tuple[Rule, ...]) -> list[dict[str, object]]:
    return [_pattern(rule) for rule in rules]


def _pattern(rule: Rule) -> dict[str, object]:
    name = f"{SCOPES[rule.kind]}.fql"
    if isinstance(rule, Match):
        return {"name": name, "match": rule.pattern}
    inside = [{"include": f"#{group}"} for group in rule.inside]
    return {"name": name, "begin": rule.begin, "end": rule.end, "patterns": inside}
