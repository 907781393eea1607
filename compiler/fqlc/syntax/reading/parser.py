"""A text to its syntax tree: lex, repair foreign spellings, then one declaration at a time.

Each declaration is read by Lark on its own; one that Lark refuses goes to `recover`. So one
broken declaration spoils no other, and the time is linear in the text. What is needed for broken
ones only is imported with the first of them.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

from fql_grammar.tokens import TOP_LEVEL
from fqlc.diagnostics.model import Edit, Fix
from fqlc.diagnostics.sink import Sink
from fqlc.source.near import nearest
from fqlc.source.text import SourceText
from fqlc.syntax.foreign.signs import repair
from fqlc.syntax.reading.attempt import Failure, attempt
from fqlc.syntax.reading.lexemes import Lexeme, Origin
from fqlc.syntax.reading.lexer import lex
from fqlc.syntax.tree import ast

MAX_BROKEN = 1_000
"""Behind so many broken declarations of a file, the rest of it is not read."""


def parse_file(source: SourceText, sink: Sink) -> ast.File:
    """The syntax tree of a file. Problems go to the sink; never raises on any text."""
    with _collector_at_rest():
        origin = Origin(source.path, source.text, sink)
        lexed = lex(origin)
        lexemes = repair(lexed)
        declarations: list[ast.Declaration] = []
        broken = 0
        for chunk, behind in _chunks(lexemes, lexed.starts):
            read = list(_declarations(chunk, behind, origin))
            declarations.extend(read)
            broken += not read or not is_sound(read[0])
            if broken > MAX_BROKEN:
                _too_many_broken(chunk[0])
                break
    return ast.File(
        span=origin.span(0, len(source.text)),
        path=source.path,
        declarations=tuple(declarations),
        comments=tuple(lexed.comments),
    )


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Parsing makes many nodes and no garbage: without the collector its time is linear."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _chunks(
    lexemes: list[Lexeme], starts: list[int]
) -> Iterator[tuple[list[Lexeme], Lexeme | None]]:
    """The lexemes of each declaration, with the lexeme behind them."""
    edges = [*starts, len(lexemes)]
    if edges[0] != 0:
        edges.insert(0, 0)
    for first, last in pairwise(edges):
        chunk = [x for x in lexemes[first:last] if x.type != "SKIP"]
        if chunk:
            yield chunk, lexemes[last] if last < len(lexemes) else None


def _declarations(
    chunk: list[Lexeme], behind: Lexeme | None, origin: Origin
) -> Iterator[ast.Declaration]:
    """The declaration that a chunk spells, reported when it is broken; none for stray words."""
    word = _keyword(chunk)
    if word is None:
        yield from _without_start(chunk, behind)
        return
    if chunk[-1].type == "TOO_MUCH":
        yield _broken(chunk)
        return
    outcome = attempt("declaration", chunk)
    if isinstance(outcome, Failure):
        outcome = _second_try(chunk, outcome, behind)
    _flush(origin)
    yield outcome


def _second_try(chunk: list[Lexeme], failure: Failure, behind: Lexeme | None) -> ast.Declaration:
    """A sound declaration with something behind it, or what recovery makes of it."""
    from fqlc.syntax.faults.complaints import Complaint
    from fqlc.syntax.faults.mending import with_opener, without_closer
    from fqlc.syntax.faults.recover import recover

    mend = without_closer if "$END" in failure.expected else with_opener
    if (mended := mend(chunk, failure)) is not None:
        outcome = attempt("declaration", mended)
        return recover(mended, outcome, behind) if isinstance(outcome, Failure) else outcome
    if "$END" in failure.expected and 0 < failure.at < len(chunk):
        whole = attempt("declaration", chunk[: failure.at])
        if not isinstance(whole, Failure):
            complaint = Complaint()
            follower = chunk[failure.at]
            if follower.type in _CLOSERS:
                complaint.stray(follower)
            elif "OP" in failure.expected:
                complaint.unexpected(failure, chunk, behind)
            else:
                complaint.no_declaration(follower)
            sound: ast.Declaration = whole
            return sound
    return recover(chunk, failure, behind)


_CLOSERS = frozenset({"RBRACE", "RBRACKET", "RPAREN"})


def _keyword(chunk: list[Lexeme]) -> Lexeme | None:
    """The word that begins the declaration, typed as its kind wants; None for stray lexemes."""
    first = 1 if chunk[0].type == "DOC" and len(chunk) > 1 else 0
    word = chunk[first]
    if word.type == "NAME" and word.text not in TOP_LEVEL and len(chunk) > first + 2:
        _mend(word, [x.type for x in chunk[first + 1 : first + 3]])
    if word.type == "ENTITY" and len(chunk) > first + 2:
        third = chunk[first + 2]
        if third.type == "NAME" and third.text == "from":
            third.type = "FROM"
    if word.type in _TYPED:
        return word
    return word if word.type == "NAME" and _is_block_head(chunk[first + 1 : first + 3]) else None


_TYPED = frozenset({"IMPORT", "ENUM", "TYPE", "ENTITY", "LET"})


def _mend(word: Lexeme, behind: list[str]) -> None:
    """A misspelt word before a name and a brace is read as what it was meant to be (FQL204)."""
    meant = nearest(word.text, TOP_LEVEL)
    if meant is None or meant in ("import", "let") or behind[0] not in ("NAME", "STRING", "KEY"):
        return
    if behind[1] not in ("LBRACE", "FROM") and meant != "entity":
        return
    word.origin.sink.error(
        "FQL204", f"unknown kind of block `{word.text}`", word.span(),
        label="unknown kind of block", help=(f"a word with a similar name exists: `{meant}`",),
        fix=Fix((Edit(word.span(), meant),)),
    )  # fmt: skip
    word.type, word.text = TOP_LEVEL[meant], meant


def _is_block_head(behind: list[Lexeme]) -> bool:
    """`kind {`, `kind name {`, or a `kind name` of which the rest is missing."""
    if not behind:
        return False
    return behind[0].type in ("LBRACE", "NAME", "STRING", "FLOW")


def _without_start(chunk: list[Lexeme], behind: Lexeme | None) -> Iterator[ast.BrokenDeclaration]:
    """Complain of lexemes that begin no declaration, and of a beginning without more."""
    from fqlc.syntax.faults.complaints import Complaint

    complaint = Complaint()
    first = chunk[1] if chunk[0].type == "DOC" and len(chunk) > 1 else chunk[0]
    if first.text in TOP_LEVEL:
        complaint.nothing_behind(first, chunk, behind)
        yield _broken(chunk)
    elif first.type in _CLOSERS:
        complaint.stray(first)
    elif first.type != "TOO_MUCH":
        complaint.no_declaration(first)


def _broken(chunk: list[Lexeme]) -> ast.BrokenDeclaration:
    first = 1 if chunk[0].type == "DOC" else 0
    word = chunk[first]
    named = chunk[first + 1] if len(chunk) > first + 1 else None
    name = None
    if named is not None and named.type == "NAME":
        name = ast.Name(span=named.span(), text=named.text)
    span = word.origin.span(word.start, chunk[-1].end)
    return ast.BrokenDeclaration(span=span, kind=word.text, name=name)


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
    """Of the FQL101 found while building, the first of a declaration is said."""
    for diagnostic in origin.soft[:1]:
        origin.sink.add(diagnostic)
    origin.soft.clear()
