"""Reserved words where a name is wanted: each says that it is one, in every such place."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from fql_grammar.tokens import RESERVED, TOP_LEVEL
from fqlc.diagnostics.fixes import apply_fixes
from fqlc.source.text import SourceText
from tests.syntax.help import parse

_URL = 'url: "https://x.example"'
DECLARED: Mapping[str, tuple[str, str]] = {
    "an enum": ("an enum", "enum W { a }"),
    "a type": ("a type", "type W { a: Int }"),
    "an entity": ("an entity", "entity W { id: Int @key }"),
    "with a table": ("an entity", 'entity W from "x" { id: Int @key }'),
    "documented": ("an entity", '"""An entity."""\nentity W { id: Int @key }'),
    "a let": ("a `let`", "let W = 1"),
    "an endpoint": ("an endpoint", f"endpoint W {{ {_URL} }}"),
    "a retry policy": ("a retry policy", "retry W { max_attempts: 2 }"),
    "an observer": ("an observer", f"observer W {{ on: O.update webhook x {{ {_URL} }} }}"),
    "an action": ("an action", f"observer o {{\n  on: O.update\n  webhook W {{ {_URL} }}\n}}"),
    "on one line": ("an action", f"observer o {{ on: O.update webhook W {{ {_URL} }} }}"),
    "behind a flow": ("an action", 'observer o { flow { a } publish W { subject: "x" } }'),
    "used in a flow": (
        "an action",
        f"observer o {{ webhook W {{ {_URL} }} call b {{}} flow {{ W -> b }} }}",
    ),
    "a step in a group": ("an action", "observer o { flow { a -> [x, W] -> b } }"),
    "a first step": ("an action", "observer o { flow { W -> b } }"),
    "a last step": ("an action", "observer o { flow { a -> W } }"),
    "a step behind else": ("an action", "observer o { flow { a else W } }"),
    "a type of a field": ("a type", "type T { a: W }"),
    "an item of a list": ("a type", "entity E { a: [W]? @column(b) c: Int }"),
}
"""What is called by W, with the article that the message has, and a program that is sound but
for the word."""

MEMBERS = ("enum E { W }", "enum E { a, W, b }", "enum E {\n  a\n  W\n}")
VALUES = (
    "observer o { when: W > 5 }",
    "observer o {\n  when: a && W\n}",
    "observer o { webhook x { endpoint: W } }",
    "observer o { on: W.update }",
    "observer o { webhook x { body: { id, W, b } } }",
)


@pytest.mark.parametrize("word", RESERVED)
@pytest.mark.parametrize("place", DECLARED)
def test_a_reserved_word_cannot_be_a_name(place: str, word: str) -> None:
    what, program = DECLARED[place]
    text = program.replace("W", word)
    _, found = parse(text)
    said = f"`{word}` is a reserved word and cannot be the name of {what}"
    assert [(d.code, d.message) for d in found] == [("FQL101", said)]
    assert text[found[0].span.start : found[0].span.end] == word
    changed, _ = apply_fixes(found, {"t.fql": SourceText("t.fql", text)}, unsafe=True)
    assert parse(changed["t.fql"])[1] == ()
    assert changed["t.fql"].count(f"{word}_") == program.count("W")


@pytest.mark.parametrize("word", RESERVED)
@pytest.mark.parametrize("program", MEMBERS)
def test_a_member_is_not_renamed_because_columns_hold_it(program: str, word: str) -> None:
    _, found = parse(program.replace("W", word))
    assert [d.message for d in found] == [
        f"`{word}` is a reserved word and cannot be the name of an enum member"
    ]
    assert f'compare it with `"{word}"`' in found[0].help[0]
    assert found[0].fix is None


@pytest.mark.parametrize("word", sorted(w for w, kind in RESERVED.items() if kind != "WORD"))
@pytest.mark.parametrize("program", VALUES)
def test_in_the_place_of_a_value_it_is_said_what_the_word_is(program: str, word: str) -> None:
    _, found = parse(program.replace("W", word))
    assert [d.help for d in found] == [
        (
            f"`{word}` is a reserved word and cannot be a name here; "
            f"a field of this name is written `new.{word}`",
        )
    ]


@pytest.mark.parametrize("word", RESERVED)
def test_a_key_and_a_member_may_be_reserved_words(word: str) -> None:
    assert parse(f"type T {{ {word}: Int }}\nobserver o {{ when: new.{word} == 1 }}")[1] == ()


@pytest.mark.parametrize("word", TOP_LEVEL)
@pytest.mark.parametrize("place", DECLARED)
def test_words_that_begin_declarations_are_names_elsewhere(place: str, word: str) -> None:
    assert parse(DECLARED[place][1].replace("W", word))[1] == ()


def test_two_words_are_two_mistakes_and_what_is_sound_stays() -> None:
    file, found = parse("enum Way { in, out, AND }\nlet a = 1\n")
    assert [d.message.split()[0] for d in found] == ["`in`", "`AND`"]
    assert len(file.declarations) == 2
    assert len(getattr(file.declarations[0], "members", ())) == 3


@pytest.mark.parametrize(
    "program",
    ["let a = if b then else c", "let a = b AND AND c", "let a = if b then c else"],
)
def test_a_keyword_in_its_place_is_not_taken_for_a_name(program: str) -> None:
    assert [d.help for d in parse(program)[1]] == [()]
