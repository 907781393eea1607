"""A broken declaration or block taken apart: head, body, closer, and the items of its body."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, takewhile

from fqlc.syntax.faults.brackets import Balanced
from fqlc.syntax.reading.lexemes import Lexeme
from fqlc.syntax.reading.rows import DEPTH, begins_line, head_of, indentation, line_start, partner
from fqlc.syntax.reading.rows import same_line as on_same_line
from fqlc.syntax.tree import ast

_HEADS = {
    "NAME": (("NAME",), ("NAME", "NAME"), ("NAME", "FLOW"), ("NAME", "STRING")),
    "TYPE": (("TYPE", "NAME"),),
    "ENTITY": (("ENTITY", "NAME"), ("ENTITY", "NAME", "FROM", "STRING")),
}
_NO_ITEM_AFTER = frozenset({"OP", "MINUS", "BANG", "DOT", "QDOT", "_COLON", "SPREAD", "_COMMA"})
_OPEN_ENDED = (_NO_ITEM_AFTER - {"_COMMA"}) | {"AT", "DOC"}
_FAR = 8
"""Within so many lexemes the brace of a head is looked for."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Documentation, head, body without its braces, the closer, and what is after it."""

    doc: ast.Doc | None
    head: list[Lexeme]
    body: list[Lexeme]
    close: Lexeme
    rest: list[Lexeme]

    @property
    def has_sound_head(self) -> bool:
        """True for a head that blocks, types or entities have; an enum or a `let` has no parts
        worth keeping."""
        return tuple(x.type for x in self.head) in _HEADS.get(self.head[0].type, ())


def take_apart(balanced: Balanced) -> Parts | None:
    """The parts of a row whose brackets are balanced; None where it has no head and brace."""
    row = balanced.lexemes
    first = head_of(row)
    opener = next((i for i, x in enumerate(row[:_FAR]) if x.type == "LBRACE"), None)
    if opener is None or opener <= first:
        return None
    close = partner(row, opener)
    close = len(row) - 1 if close is None else close
    doc = row[0].value if first else None
    return Parts(
        doc=doc if isinstance(doc, ast.Doc) else None,
        head=row[first:opener],
        body=row[opener + 1 : close],
        close=row[close],
        rest=row[close + 1 :],
    )


def head_is_sound(row: list[Lexeme]) -> bool:
    """True when what is before the brace is a kind with a name, as blocks want it."""
    first = head_of(row)
    head = takewhile(lambda x: x.type != "LBRACE", row[first : first + _FAR])
    shape = tuple(x.type for x in head)
    return shape in (*_HEADS.get(shape[0], ()), ("ENUM", "NAME"))


# Items -----------------------------------------------------------------------


def items_of(parts: Parts, *, fields: bool = False) -> list[tuple[list[Lexeme], Lexeme]]:
    """The rows of the items of a body, each with the lexeme after it. Of the rows of a block
    those that are nested below another one by indentation are joined to it. Where `fields` are
    declared, a name at the start of a line is the name of one."""
    rows = _cut(parts.body, fields=fields)
    rows = rows if fields else _joined(rows)
    following = [*(row[0] for row in rows[1:]), parts.close]
    return list(zip(rows, following, strict=False))


def _cut(body: list[Lexeme], *, fields: bool) -> list[list[Lexeme]]:
    """The body cut before each item. The first row may begin with no item."""
    cuts: list[int] = []
    depth = 0
    for index, lexeme in enumerate(body):
        if depth == 0 and (_begins_item(body, index) or (fields and _begins_field(body, index))):
            cuts.append(index)
        depth += DEPTH.get(lexeme.type, 0)
    edges = sorted({0, *cuts, len(body)})
    return [body[a:b] for a, b in pairwise(edges)]


def _begins_item(body: list[Lexeme], index: int) -> bool:
    type_ = body[index].type
    before = body[index - 1].type if index else ""
    if type_ in ("KEY", "DOC"):
        return before != "DOC" and not (index and _is_label(body, index - 1))
    if _is_label(body, index):
        return True
    if before == "DOC" or (before in _NO_ITEM_AFTER and not begins_line(body, index)):
        return False
    if type_ == "FLOW":
        return not _is_kind(body, index - 1)
    return type_ == "NAME" and _is_kind(body, index) and not _is_kind(body, index - 1)


def _begins_field(body: list[Lexeme], index: int) -> bool:
    """True for a name with a type after it on a line of their own: the colon is missing."""
    lexeme, after = body[index], body[index + 1 : index + 2]
    begins = index == 0 or (begins_line(body, index) and body[index - 1].type not in _OPEN_ENDED)
    return begins and lexeme.type == "NAME" and bool(after) and (
        after[0].type in ("NAME", "LBRACKET") and on_same_line(lexeme, after[0])
    )  # fmt: skip


def _is_kind(body: list[Lexeme], index: int) -> bool:
    """True when a block begins here: `kind {` or `kind name {`."""
    if index < 0 or body[index].type != "NAME":
        return False
    types = [x.type for x in body[index + 1 : index + 3]]
    if types[:1] == ["LBRACE"]:
        return True
    return len(types) == 2 and types[0] in ("NAME", "STRING", "FLOW") and types[1] == "LBRACE"


# Nested by indentation alone, as in YAML -------------------------------------


def _joined(rows: list[list[Lexeme]]) -> list[list[Lexeme]]:
    """The rows, with those that are nested below another one by indentation joined to it."""
    found: list[list[Lexeme]] = []
    for row in rows:
        if found and _is_below(row, found[-1]):
            found[-1].extend(row)
        else:
            found.append(row)
    return found


def _is_below(row: list[Lexeme], above: list[Lexeme]) -> bool:
    """True where a key or a head without a brace ends its line with a colon, and the line on which
    a row begins is indented more."""
    colon = next((i for i, x in enumerate(above[:3]) if x.type == "_COLON"), None)
    if colon is None or above[colon - 1].type != "KEY":
        return False
    after = above[colon + 1] if colon + 1 < len(above) else row[0]
    return _is_first(after) and len(indentation(row[0])) > len(indentation(above[0]))


def _is_first(lexeme: Lexeme) -> bool:
    """True for a lexeme with nothing but blanks before it on its line."""
    return line_start(lexeme) + len(indentation(lexeme)) == lexeme.start


def is_nest(row: list[Lexeme]) -> bool:
    """True for a row to which others were joined."""
    return sum(x.type == "_COLON" for x in row[:8]) > 1 and any(
        _is_below([x], row) for x in row[2:8] if x.type == "KEY"
    )


def _is_label(body: list[Lexeme], index: int) -> bool:
    """`webhook a:` on a line of its own: a head as YAML would write it."""
    row = body[index : index + 4]
    if [x.type for x in row[:3]] != ["NAME", "KEY", "_COLON"] or not _is_first(row[0]):
        return False
    return len(row) == 3 or _is_first(row[3])
