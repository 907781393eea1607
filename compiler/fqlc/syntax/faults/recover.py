"""What is sound in a broken declaration is kept: its name, its entries, its child blocks.

A declaration that Lark refused is balanced (see `brackets`), taken apart at the start of its
items, and each item is read on its own.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from itertools import pairwise, takewhile

from fql_grammar.tokens import CLOSERS, OPENERS, TOP_LEVEL
from fqlc.source.text import Span
from fqlc.syntax.faults.brackets import Balanced, balance
from fqlc.syntax.faults.complaints import Complaint, unclosed
from fqlc.syntax.faults.expected import found_words
from fqlc.syntax.faults.nesting import is_label, is_nest, joined
from fqlc.syntax.foreign.types import mended_field
from fqlc.syntax.reading.attempt import Failure, attempt
from fqlc.syntax.reading.build import assemble
from fqlc.syntax.reading.lexemes import Lexeme
from fqlc.syntax.tree import ast

_DEPTH = {**dict.fromkeys(OPENERS, 1), **dict.fromkeys(CLOSERS, -1)}
_HEADS = {
    "NAME": (("NAME",), ("NAME", "NAME"), ("NAME", "FLOW"), ("NAME", "STRING")),
    "TYPE": (("TYPE", "NAME"),),
    "ENTITY": (("ENTITY", "NAME"), ("ENTITY", "NAME", "FROM", "STRING")),
}
_WORDS = frozenset({"NAME", "KEY", "FLOW"})
_NO_ITEM_BEHIND = frozenset({"OP", "MINUS", "BANG", "DOT", "QDOT", "_COLON", "SPREAD", "_COMMA"})


@dataclass(frozen=True, slots=True)
class _Parts:
    """A declaration taken apart: documentation, head, body without its braces, the closer, and
    what is after it."""

    doc: ast.Doc | None
    head: list[Lexeme]
    body: list[Lexeme]
    close: Lexeme
    rest: list[Lexeme]


def recover(lexemes: list[Lexeme], failure: Failure, behind: Lexeme | None) -> ast.Declaration:
    """The declaration with its sound parts, or a BrokenDeclaration. Reports what is wrong."""
    for lexeme in lexemes:
        if lexeme.type == "KIND":
            lexeme.type = "NAME"
    balanced = balance(lexemes)
    parts = _take_apart(balanced)
    open_text = _has_open_text(lexemes)
    complaint = Complaint(
        spent=open_text or _is_cause(balanced, lexemes, failure) or _is_unknown_kind(parts)
    )
    if balanced.unclosed and not open_text:
        unclosed(balanced, _before(behind))
    if parts is None or not _has_sound_head(parts) or not _is_open(parts):
        return _beyond_reading(lexemes, failure, behind, complaint)
    for stray in _strays_of_values(balanced.stray, lexemes):
        complaint.stray(stray)
    read: ast.Declaration
    if parts.head[0].type == "NAME":
        read = _block(parts, complaint, direct=True)
    else:
        read = _with_fields(parts, complaint)
    # What is after the closer that was put in, or was written too early, is part of it too.
    return replace(read, span=max(read.span, read.span.to(lexemes[-1].span()), key=_end))


def _strays_of_values(strays: list[Lexeme], lexemes: list[Lexeme]) -> list[list[Lexeme]]:
    """Closers that close nothing; those in a value together with its key, because nobody knows the
    value then."""
    keys = [x for x in lexemes if x.type == "KEY"]
    rows: dict[int, list[Lexeme]] = {}
    for stray in strays:
        index = bisect_left(keys, stray.start, key=lambda x: x.start)
        key = keys[index - 1] if index and stray.type != "RBRACE" else stray
        rows.setdefault(key.start, [key] if key is not stray else []).append(stray)
    return list(rows.values())


def _end(span: Span) -> int:
    return span.end


def _beyond_reading(
    lexemes: list[Lexeme], failure: Failure, behind: Lexeme | None, complaint: Complaint
) -> ast.BrokenDeclaration:
    """A declaration of which no part is worth keeping but its name."""
    first = lexemes[1 if lexemes[0].type == "DOC" and len(lexemes) > 1 else 0]
    rest = [x for x in lexemes if x.start >= first.start]
    if first.type != "NAME" or first.text in TOP_LEVEL:
        complaint.unexpected(failure, lexemes, behind)
    elif any(x.type == "LBRACE" for x in rest):
        Complaint().unknown_kind(rest)
    else:
        Complaint().no_declaration(rest)
    return broken(lexemes)


def _has_open_text(lexemes: list[Lexeme]) -> bool:
    """True when a text that is not closed on its line (FQL103) has swallowed what is missing."""
    return any(
        x.type == "STRING"
        and (len(x.text) < 2 or x.text[-1] not in "\"'" or x.text[0] != x.text[-1])
        for x in lexemes
    )


def _is_cause(balanced: Balanced, lexemes: list[Lexeme], failure: Failure) -> bool:
    """True when the open bracket explains where reading stopped."""
    if not balanced.unclosed or failure.at == len(lexemes):
        return bool(balanced.unclosed)
    return lexemes[failure.at].start > balanced.unclosed[0][0].start


def _is_unknown_kind(parts: _Parts | None) -> bool:
    """True for a block of a kind that there is not, which is reported, and the one cause."""
    return parts is not None and parts.head[0].type == "NAME" and (
        parts.head[0].text not in TOP_LEVEL
    )  # fmt: skip


def _before(behind: Lexeme | None) -> str:
    return "the end of the file" if behind is None else f"{found_words(behind)}"


def broken(lexemes: list[Lexeme]) -> ast.BrokenDeclaration:
    """Kind and name, as far as they can be read. Of several words the name is the last one before
    the brace."""
    first = 1 if lexemes[0].type == "DOC" and len(lexemes) > 1 else 0
    word = lexemes[first]
    head = takewhile(lambda x: x.type in _WORDS, lexemes[first + 1 :])
    named = list(head)[-1:]
    name = ast.Name(span=named[0].span(), text=named[0].text) if named else None
    span = word.origin.span(lexemes[0].start, max(x.end for x in (word, lexemes[-1])))
    return ast.BrokenDeclaration(span=span, kind=word.text, name=name)


# Taking apart ----------------------------------------------------------------


def _take_apart(balanced: Balanced) -> _Parts | None:
    lexemes = balanced.lexemes
    first = 1 if lexemes[0].type == "DOC" else 0
    opener = next((i for i, x in enumerate(lexemes[:8]) if x.type == "LBRACE"), None)
    if opener is None or opener <= first:
        return None
    close = _partner(lexemes, opener)
    doc = lexemes[0].value if first else None
    return _Parts(
        doc=doc if isinstance(doc, ast.Doc) else None,
        head=lexemes[first:opener],
        body=lexemes[opener + 1 : close],
        close=lexemes[close],
        rest=lexemes[close + 1 :],
    )


def _partner(lexemes: list[Lexeme], opener: int) -> int:
    depth = 0
    for index in range(opener, len(lexemes)):
        depth += _DEPTH.get(lexemes[index].type, 0)
        if depth == 0:
            return index
    return len(lexemes) - 1


def _has_sound_head(parts: _Parts) -> bool:
    shape = tuple(x.type for x in parts.head)
    return shape in _HEADS.get(parts.head[0].type, ())


def head_is_sound(lexemes: list[Lexeme]) -> bool:
    """True when what is before the brace is a kind with a name, as blocks want it."""
    first = 1 if lexemes[0].type == "DOC" else 0
    head = takewhile(lambda x: x.type != "LBRACE", lexemes[first : first + 8])
    shape = tuple(x.type for x in head)
    return shape in (*_HEADS.get(shape[0], ()), ("ENUM", "NAME"))


def _is_open(parts: _Parts) -> bool:
    """An enum or let has no parts worth keeping."""
    return parts.head[0].type in _HEADS


def _segments(body: list[Lexeme], *, fields: bool = False) -> list[list[Lexeme]]:
    """The body cut before each item. The first segment may begin with no item. Where `fields` are
    declared, a name at the start of a line is the name of one."""
    cuts: list[int] = []
    depth = 0
    for index, lexeme in enumerate(body):
        if depth == 0 and (_begins_item(body, index) or (fields and _begins_field(body, index))):
            cuts.append(index)
        depth += _DEPTH.get(lexeme.type, 0)
    edges = sorted({0, *cuts, len(body)})
    return [body[a:b] for a, b in pairwise(edges)]


def _begins_item(body: list[Lexeme], index: int) -> bool:
    type_ = body[index].type
    before = body[index - 1].type if index else ""
    if type_ in ("KEY", "DOC"):
        return before != "DOC" and not (index and is_label(body, index - 1))
    if is_label(body, index):
        return True
    if before == "DOC" or (before in _NO_ITEM_BEHIND and not _on_new_line(body, index)):
        return False
    if type_ == "FLOW":
        return not _is_kind(body, index - 1)
    return type_ == "NAME" and _is_kind(body, index) and not _is_kind(body, index - 1)


def _begins_field(body: list[Lexeme], index: int) -> bool:
    """True for a name with a type after it on a line of their own: the colon is missing."""
    lexeme, after = body[index], body[index + 1 : index + 2]
    begins = index == 0 or (_on_new_line(body, index) and body[index - 1].type not in _OPEN_ENDED)
    return begins and lexeme.type == "NAME" and bool(after) and (
        after[0].type in ("NAME", "LBRACKET") and not _on_new_line(body, index + 1)
    )  # fmt: skip


_OPEN_ENDED = (_NO_ITEM_BEHIND - {"_COMMA"}) | {"AT", "DOC"}


def _on_new_line(body: list[Lexeme], index: int) -> bool:
    lexeme = body[index]
    return "\n" in lexeme.origin.text[body[index - 1].end : lexeme.start]


def _is_kind(body: list[Lexeme], index: int) -> bool:
    """True when a block begins here: `kind {` or `kind name {`."""
    if index < 0 or body[index].type != "NAME":
        return False
    types = [x.type for x in body[index + 1 : index + 3]]
    if types[:1] == ["LBRACE"]:
        return True
    return len(types) == 2 and types[0] in ("NAME", "STRING", "FLOW") and types[1] == "LBRACE"


# Reading the parts -----------------------------------------------------------


def _with_fields(parts: _Parts, complaint: Complaint) -> ast.Declaration:
    """A type or entity with the fields that can be read."""
    fields: list[ast.FieldDeclaration] = []
    for segment, behind in _with_next(_segments(parts.body, fields=True), parts.close):
        found = _field(segment, behind, complaint)
        if isinstance(found, ast.FieldDeclaration):
            fields.append(found)
    _complain_of_rest(parts, complaint)
    word, name = parts.head[:2]
    span = word.origin.span(word.start, parts.close.end)
    named = ast.Name(span=name.span(), text=name.text)
    if word.type == "TYPE":
        return ast.TypeDeclaration(
            span=span, name=named, fields=tuple(fields), doc=parts.doc, sound=False
        )
    table = parts.head[3].value if len(parts.head) == 4 else None
    return ast.EntityDeclaration(
        span=span,
        name=named,
        table=table if isinstance(table, ast.StringLiteral) else None,
        fields=tuple(fields),
        doc=parts.doc,
        sound=False,
    )


def _field(segment: list[Lexeme], behind: Lexeme, complaint: Complaint) -> ast.Tree | None:
    """A field, also one of another language."""
    outcome = attempt("field", segment)
    if isinstance(outcome, Failure) and (mended := mended_field(segment)) is not None:
        again = attempt("field", mended.lexemes)
        if not isinstance(again, Failure):
            segment[0].origin.sink.add(mended.found)
            node: ast.Tree = again
            return node
    return _read("field", segment, behind, complaint) or _field_of(segment)


def _field_of(segment: list[Lexeme]) -> ast.FieldDeclaration | None:
    """A field of which only the name can be read: its type may be any."""
    key = next((x for x in segment[:2] if x.type in ("KEY", "NAME")), None)
    if key is None:
        return None
    span = key.origin.span(key.start, max(x.end for x in segment))
    name = ast.Name(span=key.span(), text=key.text)
    unread = ast.FieldType(span=span, name=None, item=None, nullable=False)
    return ast.FieldDeclaration(span=span, name=name, type=unread, attributes=())


def _block(parts: _Parts, complaint: Complaint, *, direct: bool) -> ast.Block:
    """A block with the entries and child blocks that can be read. Each direct child of a
    declaration may complain for itself."""
    items: list[ast.Entry | ast.Block | ast.Flow] = []
    for segment, behind in _with_next(joined(_segments(parts.body)), parts.close):
        child = complaint
        if direct and segment[0].type in ("NAME", "FLOW", "DOC"):
            child = Complaint(spent=any(not x.text for x in segment))
        item = _item(segment, behind, child)
        if item is not None:
            items.append(item)
    _complain_of_rest(parts, complaint)
    head = parts.head
    named = head[1] if len(head) == 2 else None
    return assemble(head[0], named, tuple(items), parts.close, parts.doc, sound=False)


def _item(
    segment: list[Lexeme], behind: Lexeme, complaint: Complaint
) -> ast.Entry | ast.Block | ast.Flow | None:
    first = segment[0]
    if is_nest(segment):
        complaint.nested(segment)
        return _unread_entry(segment) if first.type == "KEY" else None
    if first.type == "KEY":
        return _entry(segment, behind, complaint)
    if first.type == "FLOW":
        found = _read("flow", segment, behind, complaint)
        return found if isinstance(found, ast.Flow) else None
    if first.type == "DOC" and len(segment) > 1 and segment[1].type in ("KEY", "FLOW"):
        complaint.documentation(first)
        return _item(segment[1:], behind, complaint)
    return _child(segment, behind, complaint)


def _child(segment: list[Lexeme], behind: Lexeme, complaint: Complaint) -> ast.Block | None:
    """A child block with what can be read of it."""
    outcome = attempt("block", segment)
    if isinstance(outcome, ast.Block):
        return outcome
    parts = _take_apart(balance(segment))
    if parts is None or parts.head[0].type != "NAME" or not _has_sound_head(parts):
        complaint.unexpected(outcome, segment, behind, inside=True)
        return None
    return _block(parts, complaint, direct=False)


def _entry(segment: list[Lexeme], behind: Lexeme, complaint: Complaint) -> ast.Entry | None:
    found = _read("entry", segment, behind, complaint)
    return found if isinstance(found, ast.Entry) else _unread_entry(segment)


def _unread_entry(segment: list[Lexeme]) -> ast.Entry:
    """An entry of which only the key can be read."""
    key, last = segment[0], segment[-1]
    value = ast.ErrorExpression(span=key.origin.span(min(key.end + 1, last.end), last.end))
    return ast.Entry(
        span=key.origin.span(key.start, last.end),
        key=ast.Name(span=key.span(), text=key.text),
        value=value,
    )


def _read(
    start: str, segment: list[Lexeme], behind: Lexeme, complaint: Complaint
) -> ast.Tree | None:
    """The node of a segment, or None after a complaint."""
    outcome = attempt(start, segment)
    if not isinstance(outcome, Failure):
        node: ast.Tree = outcome
        return node
    complaint.unexpected(outcome, segment, behind, inside=True)
    return None


def _complain_of_rest(parts: _Parts, complaint: Complaint) -> None:
    if parts.rest:
        complaint.no_declaration(parts.rest)


def _with_next(segments: list[list[Lexeme]], close: Lexeme) -> list[tuple[list[Lexeme], Lexeme]]:
    """Each segment with the lexeme after it."""
    if not segments:
        return []
    firsts = [s[0] for s in segments[1:]] + [close]
    return list(zip(segments, firsts, strict=True))
