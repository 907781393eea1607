"""A text to its syntax tree: lex, repair foreign spellings, then one declaration at a time.

Each declaration is read by Lark on its own; one that Lark refuses goes to `recover`. So one
broken declaration spoils no other, and the time is linear in the text. What is needed for broken
ones only is imported with the first of them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import pairwise
from typing import cast

from fql.collector import collector_at_rest
from fql.near import nearest
from fql_grammar.tokens import RESERVED, TOP_LEVEL
from fqlc.diagnostics.model import Diagnostic
from fqlc.diagnostics.sink import Sink
from fqlc.source.text import SourceText, Span
from fqlc.syntax.foreign.repair import repair
from fqlc.syntax.parsing.lexer import lex
from fqlc.syntax.reading.attempt import Failure, attempt
from fqlc.syntax.reading.lexemes import Lexeme, Origin
from fqlc.syntax.reading.rows import head_of, span_of
from fqlc.syntax.tree import ast

MAX_BROKEN = 1_000
"""After so many broken declarations of a file, the rest of it is not read."""


def parse_file(source: SourceText, sink: Sink) -> ast.File:
    """The syntax tree of a file. Problems go to the sink; never raises on any text."""
    with collector_at_rest():
        origin = Origin(source.path, source.text, sink)
        lexed = lex(origin)
        lexemes = repair(lexed)
        early = sorted(d.span.start for d in sink.found if d.span.path == source.path)
        declarations: list[ast.Declaration] = []
        faulty: list[Span] = []
        broken = end = 0
        for chunk, behind, last in _chunks(lexemes, lexed.starts):
            before = sink.count
            read = list(_declarations(chunk, behind, origin))
            declarations.extend(read)
            place = origin.span(end, last)
            end = last
            if sink.count > before or _any_within(early, place):
                faulty.append(place)
            broken += not all(is_sound(one) for one in read) or not read
            if broken > MAX_BROKEN:
                _too_many_broken(chunk[0])
                break
    return ast.File(
        span=origin.span(0, len(source.text)),
        path=source.path,
        declarations=tuple(declarations),
        comments=tuple(lexed.comments),
        faulty=tuple(faulty),
    )


def _any_within(offsets: list[int], place: Span) -> bool:
    return bisect_left(offsets, place.start) < bisect_left(offsets, place.end)


def _chunks(
    lexemes: list[Lexeme], starts: list[int]
) -> Iterator[tuple[list[Lexeme], Lexeme | None, int]]:
    """The lexemes of each declaration, the lexeme after them, and where they end with those that
    mean nothing."""
    edges = [*starts, len(lexemes)]
    if edges[0] != 0:
        edges.insert(0, 0)
    for first, last in pairwise(edges):
        chunk = [x for x in lexemes[first:last] if x.type != "SKIP"]
        if chunk:
            behind = lexemes[last] if last < len(lexemes) else None
            yield chunk, behind, lexemes[last - 1].end


def _declarations(
    chunk: list[Lexeme], behind: Lexeme | None, origin: Origin
) -> Iterator[ast.Declaration]:
    """The declaration that a chunk spells, reported when it is broken, and what is after it.
    Each lexeme is part of a declaration, or of what a report covers."""
    word = chunk[head_of(chunk)]
    _name_head(word, chunk)
    misspelt = _meant_kind(word, chunk)
    _mark_from(word, chunk)
    if word.type not in _TYPED and not _is_block_head(word, chunk):
        yield from _without_start(word, chunk, behind)
    elif chunk[-1].type == "TOO_MUCH":
        yield _broken(chunk)
    else:
        yield from _read_declaration(chunk, behind, misspelt)
    _flush(origin)


def _read_declaration(
    chunk: list[Lexeme], behind: Lexeme | None, misspelt: Diagnostic | None
) -> Iterator[ast.Declaration]:
    """A declaration that begins as one; `misspelt` is what is wrong with its first word."""
    outcome = attempt("declaration", chunk)
    if isinstance(outcome, Failure):
        from fqlc.syntax.faults.reserved import read_as_names

        outcome = attempt("declaration", chunk) if read_as_names(chunk) else outcome
    if misspelt is not None:
        from fqlc.syntax.faults.parts import head_is_sound

        origin = chunk[0].origin
        if not head_is_sound(chunk):
            origin.sink.cause(misspelt, span_of(chunk))
            yield _broken(chunk)
            return
        origin.sink.add(misspelt)
    if isinstance(outcome, Failure):
        from fqlc.syntax.faults.recover import recover

        kept = recover("declaration", chunk, outcome, behind)
        yield from (one for one in kept if isinstance(one, ast.Declaration))
    else:
        yield cast("ast.Declaration", outcome)


_TYPED = frozenset({"IMPORT", "ENUM", "TYPE", "ENTITY", "LET"})


def _meant_kind(word: Lexeme, chunk: list[Lexeme]) -> Diagnostic | None:
    """FQL204 for a misspelt word that begins a declaration, which is read as what it was meant to
    be from here on."""
    after = [x.type for x in chunk[chunk.index(word) + 1 :][:2]]
    meant = nearest(word.text, TOP_LEVEL) if word.type == "NAME" else None
    if meant in (None, "import", "let", word.text) or len(after) < 2:
        return None
    if after[0] not in ("NAME", "STRING", "KEY") or not any(x.type == "LBRACE" for x in chunk):
        return None
    from fqlc.syntax.faults.complaints import unknown_kind

    found = unknown_kind(word.text, word.span())
    word.type, word.text = TOP_LEVEL[meant], meant
    return found


def _name_head(word: Lexeme, chunk: list[Lexeme]) -> None:
    """A reserved word in the place of the name of a declaration, which is read as one."""
    named = chunk[chunk.index(word) + 1 :][:1]
    if named and named[0].text in RESERVED and word.text in TOP_LEVEL:
        from fqlc.syntax.faults.reserved import read_as_names

        read_as_names(chunk)


def _mark_from(word: Lexeme, chunk: list[Lexeme]) -> None:
    """`from` after the name of an entity."""
    third = chunk[chunk.index(word) + 2 :][:1]
    if word.type == "ENTITY" and third and third[0].type == "NAME" and third[0].text == "from":
        third[0].type = "FROM"


def _is_block_head(word: Lexeme, chunk: list[Lexeme]) -> bool:
    """`kind {`, `kind name {`, or a `kind name` of which the rest is missing."""
    after = chunk[chunk.index(word) + 1 :][:1]
    if word.type != "NAME" or not after:
        return False
    return after[0].type in ("LBRACE", "NAME", "STRING", "FLOW")


def _without_start(
    word: Lexeme, chunk: list[Lexeme], behind: Lexeme | None
) -> Iterator[ast.BrokenDeclaration]:
    """Complain of lexemes that begin no declaration, and of a beginning without more."""
    from fqlc.syntax.faults.complaints import Complaint
    from fqlc.syntax.faults.recover import strays

    complaint = Complaint()
    if word.text in TOP_LEVEL:
        complaint.nothing_after(word, chunk, behind)
        yield _broken(chunk)
    elif word.type != "TOO_MUCH":
        yield from strays(chunk, complaint)


def _broken(chunk: list[Lexeme]) -> ast.BrokenDeclaration:
    from fqlc.syntax.faults.recover import broken

    return broken(chunk)


def is_sound(declaration: ast.Declaration) -> bool:
    """True when all of a declaration could be read."""
    if isinstance(declaration, ast.Block | ast.TypeDeclaration | ast.EntityDeclaration):
        return declaration.sound
    return not isinstance(declaration, ast.BrokenDeclaration)


def _too_many_broken(at: Lexeme) -> None:
    at.origin.sink.error(
        "FQL390",
        f"more than {MAX_BROKEN:,} declarations are broken; the rest of the file is not read",
        at.span(),
    )


def _flush(origin: Origin) -> None:
    """Of the FQL101 found while building, the first of a declaration is reported."""
    for diagnostic in origin.soft[:1]:
        origin.sink.add(diagnostic)
    origin.soft.clear()
