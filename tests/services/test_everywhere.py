"""Whatever is asked anywhere in a faulty program is answered, or with nothing: never by a fault."""

from __future__ import annotations

import itertools
import random
import re

import pytest

from fql_grammar.tokens import RESERVED
from fqlc.services.answers import Refusal
from fqlc.services.completion.complete import complete
from fqlc.services.findings import findings
from fqlc.services.fixing.actions import code_actions, fix_all
from fqlc.services.folding import folds, links, selection
from fqlc.services.formatting import format_after, format_file, format_range
from fqlc.services.hints import hints
from fqlc.services.hover import hover
from fqlc.services.navigation import definition, highlights, references, type_definition
from fqlc.services.renaming.rename import prepare_rename, rename
from fqlc.services.signature import signature_help
from fqlc.services.snapshot import Snapshot
from fqlc.services.symbols import outline, search
from fqlc.services.tokens import tokens
from fqlc.source.text import SourceText, Span
from tests.services.programs import Program, faulty, some

FILE = "case.fql"


def test_every_request_at_some_offsets_of_some_faulty_programs() -> None:
    """A sample, the same each time."""
    rng = random.Random(7)
    for program in some(faulty(), 25, 11):
        snapshot = program.snapshot()
        source = snapshot.source(FILE)
        if source is None:
            continue
        _ask_of_file(snapshot, source)
        for offset in rng.choices(range(len(source.text) + 1), k=2):
            _ask_at(snapshot, source, offset, program)


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_a_word_of_the_language_as_a_name_is_answered_and_no_new_name(word: str) -> None:
    text = (
        f'entity A from "a" {{ id: ID @key, {word}: String }}\n'
        f"enum B {{ one, {word} }}\nlet {word} = 1\n"
        f"observer {word} {{ on: A.insert when: {word} == 1\n"
        f'  webhook {word} {{ url: "https://a.example/{{{{ {word} }}}}" body: {{ {word} }} }} }}\n'
    )
    program = Program(word, ((FILE, text),), (FILE,))
    snapshot = program.snapshot()
    source = SourceText(FILE, text)
    _ask_of_file(snapshot, source)
    for found in re.finditer(rf"\b{word}\b", text):
        _ask_at(snapshot, source, found.end(), program)
    sound = Program("sound", ((FILE, text.replace(word, "zz_name")),), (FILE,)).snapshot()
    refusal = rename(sound, FILE, text.replace(word, "zz_name").index("zz_name"), word)
    assert isinstance(refusal, Refusal) and f"`{word}` is a" in refusal.reason


@pytest.mark.soak
def test_every_request_at_every_offset_of_every_faulty_program() -> None:
    """All of them, and after a letter was typed as well."""
    for program in faulty():
        snapshot = program.snapshot()
        source = snapshot.source(FILE)
        if source is None:
            continue
        _ask_of_file(snapshot, source)
        for offset in range(len(source.text) + 1):
            _ask_at(snapshot, source, offset, program)
            text = f"{source.text[:offset]}.{source.text[offset:]}"
            later = snapshot.typed(FILE, text)
            _ask_at(later, SourceText(FILE, text), offset + 1, program)


def _ask_of_file(snapshot: Snapshot, source: SourceText) -> None:
    findings(snapshot, FILE)
    fix_all(snapshot, FILE)
    outline(snapshot, FILE)
    search(snapshot, "o")
    hints(snapshot, FILE, 0, len(source.text))
    links(snapshot, FILE)
    folds(source)
    format_file(snapshot, source)
    found = tokens(snapshot, FILE)
    for one, other in itertools.pairwise(found):
        assert one.end <= other.start
    assert all("\n" not in source.text[t.start : t.end] and t.start < t.end for t in found)


def _ask_at(snapshot: Snapshot, source: SourceText, offset: int, program: Program) -> None:
    try:
        hover(snapshot, FILE, offset)
        items = complete(snapshot, FILE, offset)
        signature_help(snapshot, FILE, offset)
        definition(snapshot, FILE, offset)
        type_definition(snapshot, FILE, offset)
        references(snapshot, FILE, offset)
        highlights(snapshot, FILE, offset)
        prepare_rename(snapshot, FILE, offset)
        rename(snapshot, FILE, offset, "zz_new")
        code_actions(snapshot, Span(FILE, offset, offset))
        format_range(source, offset, offset)
        format_after(source, offset)
        around = selection(source, offset)
    except Exception as fault:
        raise AssertionError(f"{program.name}, offset {offset}: {fault!r}") from fault
    for inner, outer in itertools.pairwise(around):
        assert outer.start <= inner.start and inner.end <= outer.end
    for item in items:
        assert item.edit.span.start <= offset <= item.edit.span.end
