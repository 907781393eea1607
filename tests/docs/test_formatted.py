"""Every program that users see is in the one style, and formatting never changes its plan."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import fqlc
from tests.docs.test_docs import ROOT, programs

FILES = sorted(
    path for folder in ("examples", "runtime") for path in (ROOT / folder).rglob("*.fql")
)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_are_formatted(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert fqlc.format_text(text) == text, f"run fqlc fmt {path.relative_to(ROOT)}"


@pytest.mark.parametrize(("name", "text"), programs(), ids=lambda value: str(value)[:60])
def test_programs_of_pages_are_formatted(name: str, text: str) -> None:
    assert fqlc.format_text(text) == text, name


GOLDEN = sorted((ROOT / "tests" / "golden" / "programs").glob("*.fql"))
SQUEEZED = [
    ("squeezed", "entity Order{id:ID @key total:Decimal status:String}"
     "observer o{on:Order.insert when:total>1&&(status IN('a','b')OR NOT(total==2))"
     "webhook a{url:'https://a.example.com/{{ id }}' body:{id total,\"k y\":status}}"
     "webhook b{url:'https://b.example.com' body:{id}}flow{a->b}}"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text"),
    [*((p.stem, p.read_text()) for p in GOLDEN), *programs(), *SQUEEZED],
    ids=lambda value: str(value)[:40],
)
def test_formatting_never_changes_a_plan(name: str, text: str) -> None:
    formatted = fqlc.format_text(text)
    assert meaning(formatted) == meaning(text), name
    assert fqlc.format_text(formatted) == formatted


def meaning(text: str) -> object:
    """The plan without where things stand and what the sources are."""
    plan = fqlc.compile_text(text).plan
    assert plan is not None
    stored = json.loads(plan)
    return without_places({k: v for k, v in stored.items() if k not in ("sources", "digest")})


def without_places(value: object) -> object:
    """The data without spans."""
    if isinstance(value, dict):
        return {k: without_places(v) for k, v in value.items() if k != "span"}
    return [without_places(item) for item in value] if isinstance(value, list) else value
