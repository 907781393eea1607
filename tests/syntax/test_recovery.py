"""Broken programs: one message for each broken part, and the sound parts stay."""

from __future__ import annotations

import pytest

from fqlc.diagnostics.fixes import apply_fixes
from fqlc.source.text import SourceText
from fqlc.syntax.faults import recover
from fqlc.syntax.reading.tables import STARTS
from fqlc.syntax.tree import ast
from tests.syntax.help import codes, parse, sound


def test_every_broken_declaration_is_reported_and_sound_ones_are_read() -> None:
    file, found = parse(
        "let a 5\nentity E { id: UUID }\nenum N { a b: c }\nobserver o { on: E.insert }\n"
        "let z = [1, 2\nretry r { max_attempts: 3 }\n"
    )
    assert [d.code for d in found] == ["FQL101", "FQL101", "FQL102"]
    names = [getattr(d, "name", None) for d in file.declarations]
    assert [n.text for n in names if n] == ["a", "E", "N", "o", "z", "r"]
    broken = [d for d in file.declarations if isinstance(d, ast.BrokenDeclaration)]
    assert [b.kind for b in broken] == ["let", "enum", "let"]


def test_each_rule_of_the_grammar_goes_on_by_the_one_recovery() -> None:
    assert sorted(recover._RULES) == sorted(STARTS)


@pytest.mark.parametrize("steps", ["a -> b", "[a, b] -> c", "a else b\n    a -> c"])
def test_a_flow_without_its_brace_is_read_with_it(steps: str) -> None:
    text = f"observer o {{\n  on: E.insert\n  flow\n    {steps}\n  }}\n}}\n"
    file, found = parse(text)
    assert [d.message.split(", found")[0] for d in found] == ["expected `{` after `flow`"]
    changed, _ = apply_fixes(found, {"t.fql": SourceText("t.fql", text)}, unsafe=True)
    sound(changed["t.fql"])
    (observer,) = file.declarations
    assert isinstance(observer, ast.Block)
    assert observer.flow is not None


def test_sound_children_of_a_broken_observer_stay() -> None:
    file, found = parse(
        'observer o {\n  on: E.insert\n  when: a ==\n  webhook w { url: "u" }\n'
        '  webhook x { url "u" }\n  flow { w -> }\n}\n'
    )
    assert [d.code for d in found] == ["FQL101"] * 3
    (observer,) = file.declarations
    assert isinstance(observer, ast.Block)
    assert not observer.sound
    assert [b.sound for b in observer.blocks] == [True, False]
    assert [e.key.text for e in observer.entries] == ["on", "when"]
    assert isinstance(observer.entries[1].value, ast.ErrorExpression)


def test_fields_of_a_broken_entity_stay() -> None:
    file, found = parse("entity E {\n  a: String\n  b Int\n  c: [Int]?\n}\n")
    assert [(d.code, d.message) for d in found] == [("FQL101", "expected `:` after `b`")]
    (entity,) = file.declarations
    assert isinstance(entity, ast.EntityDeclaration)
    assert not entity.sound
    assert [f.name.text for f in entity.fields] == ["a", "b", "c"]


def test_a_missing_value_before_a_block_is_reported_as_such() -> None:
    file, found = parse('observer o {\n  on:\n  webhook w { url: "u" }\n}\n')
    assert [d.message for d in found] == ["expected a value after `on:`, found `webhook`"]
    assert found[0].span.start == len("observer o {\n  ")
    (observer,) = file.declarations
    assert isinstance(observer, ast.Block)
    assert [b.sound for b in observer.blocks] == [True]


def test_an_open_brace_is_shown_at_the_innermost_opener() -> None:
    text = "observer o {\n  webhook w {\n    body: { a\nentity E { id: UUID }\n"
    file, found = parse(text)
    assert [d.code for d in found] == ["FQL102"]
    assert found[0].span.start == text.index("{ a")
    assert isinstance(file.declarations[1], ast.EntityDeclaration)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("observer o { on: }", "expected a value after `on:`, found `}`"),
        ("let x = 5 +\nlet y = 5", "expected a value after `+`, found `let`"),
        ("let x = 5 +\nobserver o { on: E.insert }",
         "expected a value after `+`, found `observer`"),
        ("entity E { a:\n}", "expected a type after `a:`, found `}`"),
        ("entity E { a: String\n b\n}", "expected `: Type` after `b`"),
        ("observer o { flow { a ->\n} }", "expected a name after `->`, found `}`"),
        ("let x = 5 6", "expected an operator, found the number `6`"),
        ("let x = [1 2]", "expected an operator, `,`, `..`, or `]`, found the number `2`"),
        ("observer o { webhook w { url 'x' } }", "expected `:` after `url`"),
        ("observr", "expected a declaration, found `observr`"),
        ("observer", "expected a name after `observer`, found the end of the file"),
        ("let x = 1 }", "`}` closes nothing"),
        ("entity E { a: }", "expected a type after `a:`, found `}`"),
        ("observer o { on: X.insert } }", "`}` closes nothing"),
        ("let x = (1, 2)",
         "parentheses hold one value; with commas they are a list, allowed after `in` only"),
        ("let x = 1 < 2 < 3", "comparisons cannot be chained"),
        ('entity E { a: String """doc""" }',
         "documentation belongs before declarations, fields, enum members, and actions"),
    ],
)  # fmt: skip
def test_messages_say_what_was_expected(text: str, message: str) -> None:
    _, found = parse(text)
    assert [(d.code, d.message) for d in found] == [("FQL101", message)]


def test_a_missing_value_before_documentation_is_reported_as_such() -> None:
    file, found = parse('observer o {\n  on:\n  """Doc."""\n  webhook w { url: "u" }\n}\n')
    assert [d.message for d in found] == ["expected a value after `on:`, found documentation"]
    (observer,) = file.declarations
    assert isinstance(observer, ast.Block)
    assert observer.blocks[0].doc is not None


@pytest.mark.parametrize(
    ("foreign", "meant"),
    [
        ("a and b", "a && b"),
        ("a or not b", "a || !b"),
        ("not a == b", "!(a == b)"),
        ("a = 1", "a == 1"),
        ("a === 1", "a == 1"),
        ("a <> 1", "a != 1"),
        ("a => 1", "a >= 1"),
        ("a & b | c", "a && b || c"),
        ("a == None", "a == null"),
        ("a is not null", "a != null"),
        ("a == True", "a == true"),
    ],
)
def test_foreign_spellings_have_a_safe_fix(foreign: str, meant: str) -> None:
    text = f"observer o {{ when: {foreign} }}\n"
    _, found = parse(text)
    assert {d.code for d in found} == {"FQL104"}
    changed, _ = apply_fixes(found, {"t.fql": SourceText("t.fql", text)})
    assert changed["t.fql"] == f"observer o {{ when: {meant} }}\n"


def test_foreign_signs_between_entries() -> None:
    text = (
        "observer o { on = X.insert; webhook w { url: https://a.b/c }"
        " flow { w => x  x elif y } } // end\n"
    )
    _, found = parse(text)
    assert {d.code for d in found} == {"FQL104"}
    changed, _ = apply_fixes(found, {"t.fql": SourceText("t.fql", text)})
    sound(changed["t.fql"])


def test_a_name_of_another_language_is_a_name_where_it_is_declared() -> None:
    assert codes("enum E { None, True }\nobserver o { when: a == None }") == []


def test_not_before_a_comparison_has_both_readings() -> None:
    _, (found,) = parse("let x = !a == b")
    assert found.code == "FQL104"
    assert "`!(a == b)`" in found.help[0]
    assert "`(!a) == b`" in found.help[1]


@pytest.mark.parametrize(
    "text", ['"open', "'open", r'"a\q"', '"${1}"', '"${"', r'"\u{110000}"', '"""open']
)
def test_bad_texts(text: str) -> None:
    assert codes(f"let x = {text}\nlet y = 1") == ["FQL103"]


@pytest.mark.parametrize("text", ["5sec", "07", "1__0", "1e5", "0x1F", "1.0001ms", "€", "9" * 1001])
def test_bad_numbers_and_characters(text: str) -> None:
    assert "FQL105" in codes(f"let x = {text}")


@pytest.mark.parametrize(
    "text",
    ["[" * 5_000, "(" * 200 + "1" + ")" * 200, "!" * 5_000 + "a", "-" * 5_000 + "a",
     "a" + ".a" * 5_000, " + ".join("a" * 5_000), "a" + "(b)" * 5_000],
)  # fmt: skip
def test_deep_nesting_is_a_diagnostic(text: str) -> None:
    assert codes(f"let x = {text}\nlet y = 1") == ["FQL390"]
