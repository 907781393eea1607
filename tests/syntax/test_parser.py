"""What sound programs mean."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fqlc.syntax.tree import ast
from tests.syntax.help import brief, sound, value


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("a || b && c", "(a or (b and c))"),
        ("!a && b", "((not a) and b)"),
        ("!a.changed()", "(not a.changed())"),
        ("a == b && c != d", "((a eq b) and (c ne d))"),
        ("a ?? b ?? c", "(a coalesce (b coalesce c))"),
        ("a ?? b + 1 == c", "((a coalesce (b add 1)) eq c)"),
        ("a - b - c", "((a sub b) sub c)"),
        ("a + b * -c", "(a add (b mul (neg c)))"),
        ("-a.b", "(neg a.b)"),
        ("a AND b OR NOT c", "((a and b) or (not c))"),
        ("NOT a == b", "(not (a eq b))"),
        ("a not in [b]", "(a not_in [b])"),
        ("a NOT IN ('x', 'y')", "(a not_in ['x', 'y'])"),
        ("a in ('x')", "(a in ['x'])"),
        ("a?.b['c'](1, 2)", "a?.b['c'](1, 2)"),
        ("(a || b) && c", "((a or b) and c)"),
        ("a % b / c", "((a mod b) div c)"),
    ],
)
def test_operators_bind_as_the_reference_says(text: str, meaning: str) -> None:
    assert brief(value(text)) == meaning


@pytest.mark.parametrize("word", ["on", "when", "entity", "batch", "flow", "type", "test", "from"])
def test_words_are_names_where_they_are_no_keywords(word: str) -> None:
    file = sound(
        f'entity {word} from "t" {{ {word}: String @key }}\n'
        f"let {word} = 1\n"
        f"observer {word} {{ on: {word}.insert when: {word} == 1 && _new.{word} == 2\n"
        f"webhook {word} {{ body: {{ {word}, {word}: {word} }} }}\n"
        f"flow {{ {word} -> [{word}, x] }} }}"
    )
    entity, _, observer = file.declarations
    assert isinstance(entity, ast.EntityDeclaration)
    assert isinstance(observer, ast.Block)
    assert entity.fields[0].name.text == word
    assert observer.blocks[0].name is not None
    assert observer.blocks[0].name.text == word
    assert observer.flow is not None


@pytest.mark.parametrize("word", ["in", "not", "true", "null", "each", "else", "AND"])
def test_reserved_words_are_keys_and_members(word: str) -> None:
    file = sound(f"entity E {{ {word}: String }}\nlet x = {{ {word}: _new.{word} }}")
    entity = file.declarations[0]
    assert isinstance(entity, ast.EntityDeclaration)
    assert entity.fields[0].name.text == word


def test_literals() -> None:
    number = value("1_000.50")
    assert isinstance(number, ast.NumberLiteral)
    assert str(number.value) == str(Decimal("1000.50"))
    durations = [value(text) for text in ("100ms", "1.5s", "2m", "1h", "7d")]
    assert [x.milliseconds for x in durations if isinstance(x, ast.DurationLiteral)] == [
        100, 1500, 120_000, 3_600_000, 604_800_000]  # fmt: skip
    size = value("64KiB")
    assert isinstance(size, ast.SizeLiteral)
    assert size.size == 65_536
    statuses = value("[500..599, 408]")
    assert isinstance(statuses, ast.ListLiteral)
    assert isinstance(statuses.items[0], ast.RangeLiteral)


def test_entries_need_neither_commas_nor_lines() -> None:
    file = sound('observer a { on: X.insert when: a == b webhook w { url: "u" method: "POST" } }')
    (observer,) = file.declarations
    assert isinstance(observer, ast.Block)
    assert [e.key.text for e in observer.entries] == ["on", "when"]
    assert [e.key.text for e in observer.blocks[0].entries] == ["url", "method"]


def test_objects_have_keys_shorts_quoted_keys_and_spreads() -> None:
    node = value('{ a: 1 b "c d": 2, ...e.f, g }')
    assert isinstance(node, ast.ObjectLiteral)
    kinds = [(e.key.text if e.key else None, e.quoted, e.short) for e in node.entries]
    assert kinds == [("a", False, False), ("b", False, True), ("c d", True, False),
                     (None, False, False), ("g", False, True)]  # fmt: skip


def test_string_places_lead_into_the_source() -> None:
    text = r'let x = "a\n\u{1F600}${HOME}\${NO} {{ x }}"'
    (declaration,) = sound(text).declarations
    assert isinstance(declaration, ast.LetDeclaration)
    literal = declaration.value
    assert isinstance(literal, ast.StringLiteral)
    assert literal.value == "a\n😀${HOME}${NO} {{ x }}"
    (start, end, name) = literal.environment[0]
    assert len(literal.environment) == 1
    assert name == "HOME"
    span = literal.inside(start, end)
    assert text[span.start : span.end] == "${HOME}"
    assert literal.is_template
    place = literal.inside(literal.value.index("x }}"), literal.value.index(" }}"))
    assert text[place.start : place.end] == "x"


def test_escaped_braces_are_no_template() -> None:
    literal = value(r'"\{\{ x }}"')
    assert isinstance(literal, ast.StringLiteral)
    assert not literal.is_template


def test_triple_quoted_text_is_dedented() -> None:
    literal = value('"""\n    one\n      two\n\n    three\n  """')
    assert isinstance(literal, ast.StringLiteral)
    assert literal.value == "one\n  two\n\nthree"


def test_documentation_reaches_what_it_documents() -> None:
    file = sound(
        '"""E."""\nentity E { """F.""" f: String }\n"""N."""\nenum N { """m.""" m }\n'
        'observer o { on: E.insert """W.\n   more""" webhook w { url: """u""" } }'
    )
    entity, enum, observer = file.declarations
    assert isinstance(entity, ast.EntityDeclaration)
    assert isinstance(enum, ast.EnumDeclaration)
    assert isinstance(observer, ast.Block)
    docs = [entity.doc, entity.fields[0].doc, enum.doc, enum.members[0].doc, observer.blocks[0].doc]
    assert [d.text if d else None for d in docs] == ["E.", "F.", "N.", "m.", "W.\nmore"]


def test_flow_has_chains_groups_and_failure_edges() -> None:
    (observer,) = sound("observer o { flow { a -> [b -> c, d] -> e b else f -> g } }").declarations
    assert isinstance(observer, ast.Block)
    assert observer.flow is not None
    chain, failure = observer.flow.statements
    assert isinstance(chain, ast.Chain)
    assert isinstance(chain.steps[1], ast.Group)
    assert isinstance(failure, ast.ElseChain)
    assert failure.step.name == "b"


def test_spans_cover_what_was_written() -> None:
    text = "# c\nlet big = a.b + f(1)\nobserver o { on: X.insert }\n"
    file = sound(text)
    assert [text[d.span.start : d.span.end] for d in file.declarations] == [
        "let big = a.b + f(1)", "observer o { on: X.insert }"]  # fmt: skip
    assert [(c.text, c.own_line) for c in file.comments] == [("c", True)]
