"""Every name of every program has an entry, and entries lead to what they name."""

from __future__ import annotations

from fqlc.diagnostics.sink import Sink
from fqlc.services.answers import What
from fqlc.services.index.things import Form
from fqlc.services.snapshot import Snapshot
from fqlc.source.text import SourceText
from fqlc.syntax.parsing.lexer import lex
from fqlc.syntax.reading.lexemes import Lexeme, Origin
from tests.services.programs import sound

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
