"""How reading goes on after a fault: one way for every rule of the grammar.

A row of lexemes that Lark refused is mended where it is known what was meant; else it is balanced
(see `brackets`), taken apart (see `parts`), and each item is read by its own rule, in the same
way. What cannot be read keeps its key or its name.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Literal

from fql_grammar.tokens import CLOSERS, TOP_LEVEL
from fqlc.source.text import Span
from fqlc.syntax.faults.brackets import Balanced, balance
from fqlc.syntax.faults.complaints import Complaint, unclosed
from fqlc.syntax.faults.expected import found_words
from fqlc.syntax.faults.mending import (
    Mend,
    foreign_field,
    with_brace,
    with_flow,
    with_opener,
    without_closer,
)
from fqlc.syntax.faults.parts import Parts, is_nest, items_of, take_apart
from fqlc.syntax.reading.attempt import Failure, attempt
from fqlc.syntax.reading.build import assemble
from fqlc.syntax.reading.lexemes import Lexeme
from fqlc.syntax.reading.rows import head_of, span_of
from fqlc.syntax.tree import ast

Rule = Literal["declaration", "block", "flow", "entry", "field"]
"""A start symbol of the grammar."""


@dataclass(frozen=True, slots=True)
class Stuck:
    """A row that a rule does not read, where it stops, the lexeme after the row, who complains of
    what is wrong in it, and whether a mistake of it was mended already."""

    row: list[Lexeme]
    failure: Failure
    behind: Lexeme | None
    complaint: Complaint
    mended: bool

    def complain(self) -> None:
        """Say what was expected where reading stopped, in a part of a declaration."""
        self.complaint.unexpected(self.failure, self.row, self.behind, inside=True)


def recover(
    rule: Rule,
    row: list[Lexeme],
    failure: Failure,
    behind: Lexeme | None,
    complaint: Complaint | None = None,
) -> list[ast.Tree]:
    """What can be kept of a row that `rule` does not read, after a report of what is wrong. Every
    rule goes on by this function, and by no other."""
    mends, keep = _RULES[rule]
    mended = next(filter(None, (mend(row, failure) for mend in mends)), None)
    if mended is not None:
        row[0].origin.sink.add(mended.found)
        row, outcome = mended.lexemes, attempt(rule, mended.lexemes)
        if not isinstance(outcome, Failure):
            return [outcome]
        failure = outcome
    stuck = Stuck(row, failure, behind, complaint or Complaint(), mended is not None)
    return list(keep(stuck))


def _read_part(
    rule: Rule, row: list[Lexeme], behind: Lexeme, complaint: Complaint
) -> list[ast.Tree]:
    """What a row of a part spells."""
    outcome = attempt(rule, row)
    return recover(rule, row, outcome, behind, complaint) if isinstance(outcome, Failure) else [
        outcome
    ]  # fmt: skip


# Declarations ----------------------------------------------------------------


def _declaration(stuck: Stuck) -> Iterator[ast.Tree]:
    """A sound declaration and what is after it, or one with its sound parts, or only its name."""
    at, expected = stuck.failure.at, stuck.failure.expected
    may_end = "$END" in expected and "OP" not in expected
    if may_end and 0 < at < len(stuck.row) and not stuck.mended:
        whole = attempt("declaration", stuck.row[:at])
        if not isinstance(whole, Failure):
            return iter([whole, *strays(stuck.row[at:], Complaint())])
    return iter([_open_declaration(stuck)])


def strays(rest: list[Lexeme], complaint: Complaint) -> list[ast.BrokenDeclaration]:
    """Lexemes that are part of no declaration. Closers among them close nothing; anything else
    was meant to declare something, nobody knows what."""
    if rest[0].type in CLOSERS:
        complaint.stray(rest)
    else:
        complaint.no_declaration(rest)
    declares = any(x.type not in CLOSERS for x in rest)
    return [ast.BrokenDeclaration(span=span_of(rest), kind="", name=None)] if declares else []


def _open_declaration(stuck: Stuck) -> ast.Declaration:
    """The declaration with its sound parts, or a BrokenDeclaration."""
    row = stuck.row
    for lexeme in row:
        if lexeme.type == "KIND":
            lexeme.type = "NAME"
    balanced = balance(row)
    parts = take_apart(balanced)
    open_text = _has_open_text(row)
    spent = open_text or _is_cause(balanced, stuck) or _is_unknown_kind(parts)
    stuck = replace(stuck, complaint=Complaint(spent=spent))
    if balanced.unclosed and not open_text:
        unclosed(balanced, _before(stuck.behind))
    if parts is None or not parts.has_sound_head:
        return _beyond_reading(stuck)
    for stray in _strays_of_values(balanced.stray, row):
        stuck.complaint.stray(stray)
    read: ast.Declaration = (
        _with_items(parts, stuck.complaint, direct=True)
        if parts.head[0].type == "NAME"
        else _with_fields(parts, stuck.complaint)
    )
    # What is after the closer that was put in, or was written too early, is part of it too.
    return replace(read, span=max(read.span, read.span.to(row[-1].span()), key=_end_of_span))


def _strays_of_values(strays: list[Lexeme], row: list[Lexeme]) -> list[list[Lexeme]]:
    """Closers that close nothing; those in a value together with its key, because nobody knows the
    value then."""
    keys = [x for x in row if x.type == "KEY"]
    rows: dict[int, list[Lexeme]] = {}
    for stray in strays:
        index = bisect_left(keys, stray.start, key=lambda x: x.start)
        key = keys[index - 1] if index and stray.type != "RBRACE" else stray
        rows.setdefault(key.start, [key] if key is not stray else []).append(stray)
    return list(rows.values())


def _end_of_span(span: Span) -> int:
    return span.end


def _beyond_reading(stuck: Stuck) -> ast.BrokenDeclaration:
    """A declaration of which no part is worth keeping but its name."""
    first = stuck.row[head_of(stuck.row)]
    rest = [x for x in stuck.row if x.start >= first.start]
    if first.type != "NAME" or first.text in TOP_LEVEL:
        stuck.complaint.unexpected(stuck.failure, stuck.row, stuck.behind)
    elif any(x.type == "LBRACE" for x in rest):
        Complaint().unknown_kind(rest)
    else:
        Complaint().no_declaration(rest)
    return broken(stuck.row)


def _has_open_text(row: list[Lexeme]) -> bool:
    """True when a text that is not closed on its line (FQL103) has swallowed what is missing."""
    return any(
        x.type == "STRING"
        and (len(x.text) < 2 or x.text[-1] not in "\"'" or x.text[0] != x.text[-1])
        for x in row
    )


def _is_cause(balanced: Balanced, stuck: Stuck) -> bool:
    """True when the open bracket explains where reading stopped."""
    if not balanced.unclosed or stuck.failure.at == len(stuck.row):
        return bool(balanced.unclosed)
    return stuck.row[stuck.failure.at].start > balanced.unclosed[0][0].start


def _is_unknown_kind(parts: Parts | None) -> bool:
    """True for a block of a kind that there is not, which is reported, and the one cause."""
    return parts is not None and parts.head[0].type == "NAME" and (
        parts.head[0].text not in TOP_LEVEL
    )  # fmt: skip


def _before(behind: Lexeme | None) -> str:
    return "the end of the file" if behind is None else f"{found_words(behind)}"


def broken(row: list[Lexeme]) -> ast.BrokenDeclaration:
    """Kind and name, as far as they can be read. Of several words the name is the last one before
    the brace."""
    first = head_of(row)
    head = takewhile(lambda x: x.type in ("NAME", "KEY", "FLOW"), row[first + 1 :])
    named = list(head)[-1:]
    name = ast.Name(span=named[0].span(), text=named[0].text) if named else None
    return ast.BrokenDeclaration(span=span_of(row), kind=row[first].text, name=name)


def _with_fields(parts: Parts, complaint: Complaint) -> ast.Declaration:
    """A type or entity with the fields that can be read."""
    fields: list[ast.FieldDeclaration] = []
    for row, behind in items_of(parts, fields=True):
        found = _read_part("field", row, behind, complaint)
        fields.extend(f for f in found if isinstance(f, ast.FieldDeclaration))
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


def _with_items(parts: Parts, complaint: Complaint, *, direct: bool) -> ast.Block:
    """A block with the entries and child blocks that can be read. Each direct child of a
    declaration may complain for itself."""
    items: list[ast.Entry | ast.Block | ast.Flow] = []
    for row, behind in items_of(parts):
        child = complaint
        if direct and row[0].type in ("NAME", "FLOW", "DOC"):
            child = Complaint(spent=any(not x.text for x in row))
        found = _item(row, behind, child)
        items.extend(i for i in found if isinstance(i, ast.Entry | ast.Block | ast.Flow))
    _complain_of_rest(parts, complaint)
    head = parts.head
    named = head[1] if len(head) == 2 else None
    return assemble(head[0], named, tuple(items), parts.close, parts.doc, sound=False)


def _complain_of_rest(parts: Parts, complaint: Complaint) -> None:
    if parts.rest:
        complaint.no_declaration(parts.rest)


# Parts of declarations -------------------------------------------------------


def _item(row: list[Lexeme], behind: Lexeme, complaint: Complaint) -> list[ast.Tree]:
    """An item of a block, by the rule that its first lexeme tells."""
    first = row[0]
    if is_nest(row):
        complaint.nested(row)
        return [_unread_entry(row)] if first.type == "KEY" else []
    if first.type == "DOC" and len(row) > 1 and row[1].type in ("KEY", "FLOW"):
        complaint.documentation(first)
        return _item(row[1:], behind, complaint)
    rule: Rule = "entry" if first.type == "KEY" else "flow" if first.type == "FLOW" else "block"
    return _read_part(rule, row, behind, complaint)


def _block(stuck: Stuck) -> Iterator[ast.Tree]:
    """A child block with what can be read of it."""
    parts = take_apart(balance(stuck.row))
    if parts is None or parts.head[0].type != "NAME" or not parts.has_sound_head:
        stuck.complain()
    else:
        yield _with_items(parts, stuck.complaint, direct=False)


def _flow(stuck: Stuck) -> Iterator[ast.Tree]:
    """Nothing: half of a flow would say what nobody wrote."""
    stuck.complain()
    return iter(())


def _entry(stuck: Stuck) -> Iterator[ast.Tree]:
    """An entry of which only the key can be read."""
    stuck.complain()
    yield _unread_entry(stuck.row)


def _unread_entry(row: list[Lexeme]) -> ast.Entry:
    key, last = row[0], row[-1]
    value = ast.ErrorExpression(span=key.origin.span(min(key.end + 1, last.end), last.end))
    return ast.Entry(
        span=key.origin.span(key.start, last.end),
        key=ast.Name(span=key.span(), text=key.text),
        value=value,
    )


def _broken_field(stuck: Stuck) -> Iterator[ast.Tree]:
    """A field of which only the name can be read: its type may be any."""
    stuck.complain()
    key = next((x for x in stuck.row[:2] if x.type in ("KEY", "NAME")), None)
    if key is not None:
        span = key.origin.span(key.start, max(x.end for x in stuck.row))
        name = ast.Name(span=key.span(), text=key.text)
        unread = ast.FieldType(span=span, name=None, item=None, nullable=False)
        yield ast.FieldDeclaration(span=span, name=name, type=unread, attributes=())


_RULES: Mapping[Rule, tuple[tuple[Mend, ...], Callable[[Stuck], Iterator[ast.Tree]]]] = {
    "declaration": ((without_closer, with_flow, with_opener, with_brace), _declaration),
    "block": ((), _block),
    "flow": ((), _flow),
    "entry": ((), _entry),
    "field": ((foreign_field,), _broken_field),
}
"""For each rule how a row of it may be mended, and what is kept of one that is not."""
