"""Nothing that somebody wrote vanishes: each token is part of a declaration that was read, or of an
error; and each declaration that could not be read has an error in it."""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from fql_grammar.tokens import TOKEN_PATTERN
from fqlc.checks.table.blocks import TOP_LEVEL
from fqlc.diagnostics.model import Diagnostic, Severity
from fqlc.pipeline import check_project
from fqlc.source.text import Span
from fqlc.syntax.parsing.parser import is_sound
from fqlc.syntax.tree import ast
from tests.faults.corpus import MAIN, Fault, faults

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*/*.fql"))
TOKEN = re.compile(TOKEN_PATTERN)
WORDS = """
obsever resource export class async foo on from let import { } ] ) : = ' 5 5xx @ :: => $ ≥ // /*
<<EOT observer enum entity flow # ` ?
""".split()  # noqa: SIM905 - shorter to read
WORDS += ['"x"', '"""', "type X", "webhook a", "\n", "\n\n", "\u00a0"]
HEADS = """
obsever paid on A.update {
export observer q {
resource "webhook" "x" {
foo bar baz {
observer
observer a b {
foo
foo:
observer x:
CREATE TABLE x (
type A = {
public class A {
fun a(b: C): D {
from x import y
webhook x {
{
@key entity A {
observer "x" {
entity A, B {
enum class A { b }
retry r = {
let
let x
5 {
""".strip().split("\n")


def tokens(text: str, not_closed: Collection[int]) -> Iterator[tuple[int, int]]:
    """The stretches of all tokens but comments and blanks, whatever they mean. `not_closed` is
    where texts begin that end with their line although quotes follow."""
    position = 0
    while (found := TOKEN.search(text, position)) is not None and found.end() > position:
        kind = found.lastgroup or ""
        start, end = found.span(kind)
        position = max(end, position + 1)
        if kind == "OPEN_TRIPLE":  # What stands behind it is read as text.
            return
        if kind == "TRIPLE" and start in not_closed:
            end = start + 3
            position = text.find("\n", end)
        if kind not in ("END", "COMMENT") and text[start:end].strip():
            yield start, end


def start_of(declaration: ast.Declaration) -> int:
    """Where it begins, with its documentation."""
    doc = getattr(declaration, "doc", None)
    return doc.span.start if doc is not None else declaration.span.start


def is_read(declaration: ast.Declaration) -> bool:
    """True for a declaration of a kind that there is, read in full."""
    unknown = isinstance(declaration, ast.Block) and declaration.kind.text not in TOP_LEVEL
    return is_sound(declaration) and not unknown


def touches(found: Diagnostic, place: Span) -> bool:
    """True when a report is about something of the place."""
    return found.span.start < place.end and place.start < max(found.span.end, found.span.start + 1)


def vanished(text: str) -> list[str]:
    """What of a text is neither part of a declaration nor of an error, and declarations that
    could not be read although no error says so."""
    checked = check_project([MAIN], {MAIN: text.encode()}.get)
    errors = [d for d in checked.diagnostics if d.severity is Severity.ERROR]
    if any(d.code in ("FQL390", "FQL110") for d in errors):
        return []
    file = next(f for f in checked.program.project.files if f.path == MAIN)
    places = [Span(MAIN, start_of(d), d.span.end) for d in file.declarations]
    covered = sorted((p.start, p.end) for p in (*places, *(d.span for d in errors)))
    not_closed = {d.span.start for d in errors if d.code == "FQL103"}
    lost = [text[a:b] for a, b in tokens(checked.sources[MAIN].text, not_closed)
            if not any(x <= a and b <= y for x, y in covered)]  # fmt: skip
    return lost + [
        text[p.start : p.end]
        for p, d in zip(places, file.declarations, strict=True)
        if not is_read(d) and not any(touches(found, p) for found in errors)
    ]


def spoilt(rng: random.Random, text: str) -> str:
    """A text with some edits that break it."""
    for _ in range(rng.randrange(1, 4)):
        lines = text.split("\n")
        at = rng.randrange(len(lines))
        edit = rng.randrange(6)
        if edit == 0:
            lines.insert(at, rng.choice(HEADS))
        elif edit == 1:
            heads = [i for i, line in enumerate(lines) if line[:1].isalpha()]
            at = rng.choice(heads or [at])
            lines[at] = rng.choice(HEADS)
        elif edit == 2:
            del lines[at]
        else:
            words = lines[at].split(" ")
            place = rng.randrange(len(words))
            words[place : place + (edit == 3)] = [rng.choice(WORDS)]
            lines[at] = " ".join(words)
        text = "\n".join(lines)
    return text


@pytest.mark.parametrize("head", HEADS)
def test_a_head_that_is_none(head: str) -> None:
    """Whatever stands where a declaration begins, it is answered: alone, at the end, in between."""
    inside = '  on: A.update\n  webhook a { url: "https://x.example.com/" }\n}'
    entity = "entity A { id: ID @key }\n"
    before, after = f"{entity}{head}", f"{head}\n{inside}"
    for text in (
        head,
        before,
        after,
        f"{before}\n{inside}",
        f"{after}{entity}",
        f"{head}\n{entity}",
    ):
        assert not vanished(text), text
        assert check_project([MAIN], {MAIN: text.encode()}.get).has_errors, text


@pytest.mark.parametrize("fault", faults()[::5], ids=lambda fault: fault.name)
def test_faulty_programs(fault: Fault) -> None:
    """Nothing of the programs of outsiders vanishes."""
    assert not vanished(fault.files[MAIN])


@pytest.mark.parametrize("seed", range(12))
def test_random_edits(seed: int) -> None:
    """Nor of examples with random edits."""
    rng = random.Random(seed)
    for _ in range(25):
        text = spoilt(rng, rng.choice(EXAMPLES).read_text(encoding="utf-8"))
        assert not vanished(text), text
