"""FQL207."""

from __future__ import annotations

from fqlc.pipeline import check_project
from tests.checks.harness import expect, shop

A = 'webhook a { url: "https://a.example.com", body: { id } }'


def test_unused_declarations_of_each_kind() -> None:
    expect(
        shop(A)
        + """
retry patient { max_attempts: 5 } # warning: FQL207 retry policy `patient`
endpoint crm { url: "https://c.example.com" } # warning: FQL207 endpoint `crm`
let limit = 5 # warning: FQL207 `limit`
type Answer { id: ID } # warning: FQL207 type `Answer`
enum Colour { red } # warning: FQL207 enum `Colour`
entity Other { id: ID @key } # warning: FQL207 entity `Other`
"""
    )


def test_a_misspelt_use_is_one_cause() -> None:
    expect(shop("retry: patent # error: FQL202 `patent`\n" + A)
           + "retry patient { max_attempts: 5 }")  # fmt: skip


def test_imported_files_may_hold_more_than_is_used() -> None:
    files = {
        "main.fql": b'import "shared.fql"\n' + shop(A).encode(),
        "shared.fql": b"retry patient { max_attempts: 5 }",
    }
    assert check_project(["main.fql"], files.get).diagnostics == ()
