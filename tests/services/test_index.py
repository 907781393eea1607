"""Every name of every program has an entry, and entries lead to what they name."""

from __future__ import annotations

import pytest

from fqlc.checks.table.blocks import ACTIONS, BLOCKS
from fqlc.diagnostics.sink import Sink
from fqlc.services.answers import What
from fqlc.services.index.index import WRITTEN
from fqlc.services.index.things import Form
from fqlc.services.snapshot import Snapshot, take_snapshot
from fqlc.source.text import SourceText
from fqlc.syntax.parsing.lexer import lex
from fqlc.syntax.reading.lexemes import Lexeme, Origin
from tests.services.programs import faulty, some, sound

_DECLARED = frozenset({
    What.ACTION, What.ENDPOINT, What.ENTITY, What.ENUM, What.FIELD, What.LET, What.MEMBER,
    What.OBSERVER, What.RETRY, What.TYPE, What.VARIABLE,
})  # fmt: skip


def test_every_name_token_of_every_sound_program_has_an_entry() -> None:
    """No name is left out, whatever it is: declaration, key, word, value."""
    missing = [
        f"{program.name}: {lexeme}"
        for program in sound()
        for source in program.snapshot().sources.values()
        for lexeme in _without_entry(program.snapshot(), source)
    ]
    assert missing == []


def _without_entry(snapshot: Snapshot, source: SourceText) -> list[Lexeme]:
    places = {(n.span.start, n.span.end) for n in snapshot.index.names(source.path)}
    places |= {(start - 1, end + 1) for start, end in places}
    names = [
        lexeme
        for lexeme in lex(Origin(source.path, source.text, Sink())).lexemes
        if lexeme.type in ("NAME", "KEY", "QKEY") and lexeme.text != "from"
    ]
    return [lexeme for lexeme in names if (lexeme.start, lexeme.end) not in places]


def test_entries_are_where_their_names_are_written_and_lead_to_declarations() -> None:
    """A plain entry covers its name; what a project declares is found."""
    for program in sound():
        snapshot = program.snapshot()
        for path, source in snapshot.sources.items():
            for named in snapshot.index.names(path):
                written = source.text[named.span.start : named.span.end]
                if named.thing.what is not What.FILE:
                    assert written == named.thing.name, (program.name, named)
                if named.thing.what in _DECLARED:
                    declared = snapshot.index.declared(named.thing)
                    assert declared is not None, (program.name, named)
                    if named.form is Form.DECLARED:
                        assert declared.name == named.span, (program.name, named)


def test_files_without_a_name_need_not_be_read_for_it() -> None:
    """A thing that is written as it is called is found in files that have its name alone; in faulty
    programs too."""
    for program in [*some(sound(), 20, 5), *some(faulty(), 40, 5)]:
        snapshot = program.snapshot()
        for path, source in snapshot.sources.items():
            for named in snapshot.index.names(path):
                if named.thing.what in WRITTEN and "\\" not in source.text:
                    assert named.thing.name in source.text, (program.name, named)
                    assert named in snapshot.index.uses(named.thing)
                    assert named in tuple(snapshot.index.called(named.thing.name))


@pytest.mark.parametrize("kind", sorted({*BLOCKS, *ACTIONS}))
def test_a_block_in_a_wrong_place_has_names_all_the_same(kind: str) -> None:
    text = f"{kind} one {{ }}\nobserver o {{ {kind} two {{ {kind} three {{ }} }} }}\n"
    snapshot = take_snapshot(["a.fql"], {"a.fql": text.encode()}.get)
    assert snapshot.index.names("a.fql")
