"""The outline of a file, and the search for declarations of the project."""

from __future__ import annotations

from collections.abc import Iterator

from fqlc.services.answers import FoundSymbol, Symbol, What
from fqlc.services.snapshot import Snapshot
from fqlc.source.text import Span
from fqlc.syntax.tree import ast

MOST_FOUND = 200
"""Declarations that a search gives at most."""

BLOCKS = {
    "observer": What.OBSERVER, "endpoint": What.ENDPOINT, "retry": What.RETRY,
    "defaults": What.DEFAULTS, "test": What.TEST,
}  # fmt: skip
"""What the blocks at the top level are."""


def outline(snapshot: Snapshot, path: str) -> tuple[Symbol, ...]:
    """The declarations of a file with their fields, members and actions, in order."""
    file = snapshot.file(path)
    if file is None:
        return ()
    found = (symbol for d in file.declarations if (symbol := _symbol(d)) is not None)
    return tuple(moved for s in found if (moved := _now(s, snapshot)) is not None)


def search(snapshot: Snapshot, query: str) -> tuple[FoundSymbol, ...]:
    """The declarations, actions, fields and members whose name has the letters of `query` in that
    order, whatever their case. The best come first, `MOST_FOUND` at most."""
    wanted = query.lower()
    ranked = [
        (rank, found.name, found.span.path, found.span.start, found)
        for file in snapshot.program.project.files
        for declaration in file.declarations
        if (symbol := _symbol(declaration)) is not None
        for found in _all(symbol, "")
        if (rank := _rank(found.name.lower(), wanted)) is not None
    ]
    best = sorted(ranked, key=lambda row: row[:-1])[:MOST_FOUND]
    places = ((found, snapshot.now(found.span)) for *_, found in best)
    return tuple(FoundSymbol(f.name, f.what, f.inside, span) for f, span in places if span)


def _symbol(declaration: ast.Declaration) -> Symbol | None:  # noqa: PLR0911 - one line a kind
    match declaration:
        case ast.EnumDeclaration(name=name, members=members):
            inside = tuple(_leaf(m.name, What.MEMBER, "", m.span) for m in members)
            return Symbol(name.text, What.ENUM, "", declaration.span, name.span, inside)
        case ast.EntityDeclaration(name=name, table=table):
            detail = table.value if table is not None else ""
            return _row_symbol(declaration, What.ENTITY, detail, name)
        case ast.TypeDeclaration(name=name):
            return _row_symbol(declaration, What.TYPE, "", name)
        case ast.LetDeclaration(name=name):
            return _leaf(name, What.LET, "", declaration.span)
        case ast.Block():
            return _block(declaration)
        case ast.BrokenDeclaration(name=ast.Name() as name):
            what = BLOCKS.get(declaration.kind, What.WORD)
            return _leaf(name, what, "", declaration.span)
    return None


_Row = ast.EntityDeclaration | ast.TypeDeclaration


def _row_symbol(declaration: _Row, what: What, detail: str, name: ast.Name) -> Symbol:
    fields = tuple(_leaf(f.name, What.FIELD, type_text(f.type), f.span) for f in declaration.fields)
    return Symbol(name.text, what, detail, declaration.span, name.span, fields)


def _block(block: ast.Block) -> Symbol | None:
    name = block.title.value if block.title is not None else block.kind.text
    named = block.name or block.title or block.kind
    what = BLOCKS.get(block.kind.text)
    if what is None:
        return None
    actions = tuple(_action(child) for child in block.blocks)
    shown = block.name.text if block.name is not None else name
    return Symbol(shown, what, _watched(block), block.span, named.span, actions)


def _action(block: ast.Block) -> Symbol:
    name = block.name or block.kind
    return _leaf(name, What.ACTION, block.kind.text, block.span)


def _watched(block: ast.Block) -> str:
    """`Order.update` of an observer, or of what a test sends."""
    for entry in block.entries:
        if entry.key.text in ("on", "event"):
            value = entry.value
            values = value.items if isinstance(value, ast.ListLiteral) else (value,)
            return ", ".join(filter(None, map(_trigger, values)))
    return ""


def _trigger(value: ast.Expr) -> str:
    if isinstance(value, ast.MemberAccess) and isinstance(value.of, ast.NameUse):
        return f"{value.of.text}.{value.name.text}"
    return ""


def type_text(written: ast.FieldType) -> str:
    """The type of a field as it is written."""
    inner = f"[{type_text(written.item)}]" if written.item is not None else (
        written.name.text if written.name is not None else "?"
    )  # fmt: skip
    return inner + ("?" if written.nullable else "")


def _leaf(name: ast.Name, what: What, detail: str, span: Span) -> Symbol:
    return Symbol(name.text, what, detail, span, name.span)


def _now(symbol: Symbol, snapshot: Snapshot) -> Symbol | None:
    """The symbol with its places in the newest text; None where it was rewritten."""
    span, name = snapshot.now(symbol.span), snapshot.now(symbol.name_span)
    if span is None or name is None:
        return None
    inside = tuple(m for c in symbol.children if (m := _now(c, snapshot)) is not None)
    return Symbol(symbol.name, symbol.what, symbol.detail, span, name, inside)


def _all(symbol: Symbol, inside: str) -> Iterator[FoundSymbol]:
    yield FoundSymbol(symbol.name, symbol.what, inside, symbol.name_span)
    for child in symbol.children:
        yield from _all(child, symbol.name)


def _rank(name: str, wanted: str) -> int | None:
    """How well a name fits, the best least; None where it lacks a letter."""
    if wanted in name:
        return 0 if name == wanted else 1 if name.startswith(wanted) else 2
    letters = iter(name)
    return 3 if all(letter in letters for letter in wanted) else None
