"""Declarations of a project: one scope over all files, duplicates and unknown types reported."""

from __future__ import annotations

import pytest

from fql.plan.language.types import parse_type
from fqlc.diagnostics.model import Diagnostic
from fqlc.diagnostics.sink import Sink
from fqlc.names.project import Project, resolve_project
from fqlc.source.text import SourceText
from fqlc.syntax.parsing.parser import parse_file


def resolve(*texts: str) -> tuple[Project, tuple[Diagnostic, ...]]:
    """The project of some files and what was reported."""
    sink = Sink()
    files = [parse_file(SourceText(f"{i}.fql", text), sink) for i, text in enumerate(texts)]
    return resolve_project(files, sink), sink.found


def test_names_of_all_files_are_known_whatever_their_order() -> None:
    """A field may have a type of a later file."""
    project, found = resolve(
        "entity Order { id: UUID @key status: Status items: [Item?]? }",
        "enum Status { open, closed }\ntype Item { sku: String }",
    )
    assert found == ()
    fields = project.rows["Order"].fields
    assert {name: str(field.type) for name, field in fields.items()} == {
        "id": "UUID", "status": "Status", "items": "[Item?]?",
    }  # fmt: skip
    assert project.rows["Order"].key is fields["id"]
    assert tuple(project.enum_infos["Status"].members) == ("open", "closed")


def test_a_field_keeps_its_attributes() -> None:
    """`@sensitive`, `@column`, documentation and the table."""
    project, found = resolve(
        'entity Order from "public.orders" { """who""" mail: String @sensitive @column("e_mail") }'
    )
    field = project.rows["Order"].fields["mail"]
    assert found == ()
    assert (field.column, field.doc, field.sensitive is not None) == ("e_mail", "who", True)
    assert field.type == parse_type("String")
    assert project.rows["Order"].table == "public.orders"


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("entity A { x: Int }\nentity A { y: Int }", "FQL203", "entity `A` is declared twice"),
        ("entity A { x: Int }\nenum A { b }", "FQL203", "enum `A` is declared twice"),
        ("entity A { x: Int x: String }", "FQL203", "declares the field `x` twice"),
        ("enum E { a, b, a }", "FQL203", "member `a` is declared twice"),
        ("let a = 1\nlet a = 2", "FQL203", "let `a` is declared twice"),
        ("retry r { }\nretry r { }", "FQL203", "retry `r` is declared twice"),
        ("enum String { a }", "FQL203", "`String` is a built-in type"),
        ("type Error { why: String }", "FQL203", "`Error` is a built-in type"),
        ("entity Batch { id: ID @key }", "FQL203", "`Batch` is a built-in type"),
        ("entity A { _id: Int }", "FQL203", "`_id` is a built-in name"),
        ("entity A { a: Int @key b: Int @key }", "FQL203", "second `@key`"),
        ("entity A { a: Int @key @key }", "FQL203", "`@key` is written twice"),
        ("entity A { a: Itn }", "FQL202", "unknown type `Itn`"),
        ("entity A { a: [Itn] }", "FQL202", "unknown type `Itn`"),
        ("entity A { a: Duration }", "FQL202", "unknown type `Duration`"),
        ("entity A { a: B }\nentity B { b: Int }", "FQL202", "the entity `B` cannot be the type"),
        ("entity A { a: Int @kye }", "FQL204", "unknown attribute `@kye`"),
        ("entity A { a: Int @key(5) }", "FQL206", "`@key` takes no arguments"),
        ("entity A { a: Int @column }", "FQL206", "`@column` takes the name"),
        ("entity A { a: Int @column(5) }", "FQL206", "`@column` takes the name"),
    ],
)
def test_a_wrong_declaration_is_reported_once(text: str, code: str, words: str) -> None:
    """One cause, one message."""
    _, found = resolve(text)
    assert [d.code for d in found] == [code]
    assert words in found[0].message


def test_a_duplicate_shows_both_places_across_files() -> None:
    """The first declaration counts and is labelled."""
    project, found = resolve("enum E { a }", "enum E { b }")
    assert (found[0].span.path, found[0].labels[0].span.path) == ("1.fql", "0.fql")
    assert tuple(project.enum_infos["E"].members) == ("a",)


def test_kinds_that_are_looked_up_apart_may_share_a_name() -> None:
    """An endpoint and its retry policy."""
    project, found = resolve('endpoint crm { url: "https://a.example" }\nretry crm { }')
    assert found == ()
    assert "crm" in project.endpoints
    assert "crm" in project.retries


def test_a_broken_declaration_stays_known_and_its_users_are_not_blamed() -> None:
    """The only report is the syntax error itself."""
    project, found = resolve("enum Status { open ? }\nentity Order {\n  status: Status\n}")
    assert [d.code[:4] for d in found] == ["FQL1"]
    assert project.rows["Order"].fields["status"].type == parse_type("Status")


def test_uses_of_types_are_noted() -> None:
    """With their places, for the warning about unused declarations."""
    text = "enum A { x }\nenum B { y }\nentity C { a: A }"
    project, _ = resolve(text)
    assert list(project.uses.seen) == [("enum", "A")]
    assert [at.start for at in project.uses.seen["enum", "A"]] == [text.rindex("A")]
