"""Lark's reductions to nodes of the syntax tree: one method a rule of the grammar.

The builder has no state; what it needs to know of the file is found by way of the lexemes.
Methods get the children that the grammar keeps: nodes, and the lexemes of named terminals.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

from fqlc.source.text import Span
from fqlc.syntax.reading.depth import limited
from fqlc.syntax.reading.lexemes import Lexeme, Origin
from fqlc.syntax.reading.precedence import fold, stray_list
from fqlc.syntax.tree import ast

_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}

Children = list[Any]
"""What Lark hands over: lexemes and nodes, in the order of the rule."""


def _name(lexeme: Lexeme) -> ast.Name:
    return ast.Name(span=Span(lexeme.origin.path, lexeme.start, lexeme.end), text=lexeme.text)


def _between(first: Lexeme, last: Lexeme) -> Span:
    return Span(first.origin.path, first.start, last.end)


def _take_doc(children: Children) -> ast.Doc | None:
    first = children[0]
    if isinstance(first, Lexeme) and first.type == "DOC":
        doc: ast.Doc = children.pop(0).value
        return doc
    return None


class Builder:
    """The callbacks of the parser."""

    # Expressions ---------------------------------------------------------

    def literal(self, children: Children) -> ast.Expr:
        """A text, number, duration or size, read by the lexer."""
        value: ast.Expr = children[0].value
        return value

    def word(self, children: Children) -> ast.WordLiteral:
        """`true`, `false`, `null`."""
        lexeme: Lexeme = children[0]
        return ast.WordLiteral(span=lexeme.span(), value=_WORDS[lexeme.text])

    def name(self, children: Children) -> ast.NameUse:
        """A bare name."""
        lexeme: Lexeme = children[0]
        return ast.NameUse(
            span=Span(lexeme.origin.path, lexeme.start, lexeme.end), text=lexeme.text
        )

    def member_access(self, children: Children, *, optional: bool = False) -> ast.MemberAccess:
        """`of.name`."""
        of, _, name = children
        span = Span(name.origin.path, of.span.start, name.end)
        return ast.MemberAccess(span=span, of=of, name=_name(name), optional=optional)

    def optional_access(self, children: Children) -> ast.MemberAccess:
        """`of?.name`."""
        return self.member_access(children, optional=True)

    def call(self, children: Children) -> ast.CallOf:
        """`callee(arguments)`."""
        callee, close = children[0], children[-1]
        span = Span(close.origin.path, callee.span.start, close.end)
        return ast.CallOf(span=span, callee=callee, arguments=tuple(children[2:-1]))

    def index(self, children: Children) -> ast.IndexOf:
        """`of[key]`."""
        of, _, key, close = children
        return ast.IndexOf(span=Span(close.origin.path, of.span.start, close.end), of=of, key=key)

    def parentheses(self, children: Children) -> ast.Expr:
        """`(inner)`, or the list of `in (a, b)`; elsewhere FQL101."""
        span = _between(children[0], children[-1])
        if len(children) == 3:
            return ast.Parenthesised(span=span, inner=children[1])
        children[0].origin.soft.append(stray_list(span))
        items = tuple(c for c in children[1:-1] if not isinstance(c, Lexeme))
        return ast.ListLiteral(span=span, items=items, parenthesised=True)

    def list(self, children: Children) -> ast.ListLiteral:
        """`[a, b]`."""
        span = _between(children[0], children[-1])
        return ast.ListLiteral(span=span, items=tuple(children[1:-1]))

    def range(self, children: Children) -> ast.Expr:
        """`500..599`."""
        first, last = children[0].value, children[1].value
        span = _between(children[0], children[1])
        if _is_int(first) and _is_int(last):
            return ast.RangeLiteral(span=span, first=first.value, last=last.value)
        if isinstance(first, ast.ErrorExpression) or isinstance(last, ast.ErrorExpression):
            return ast.ErrorExpression(span=span)
        children[0].origin.sink.error(
            "FQL105", "a range is between two whole numbers", span, label="not a range"
        )
        return ast.ErrorExpression(span=span)

    def each(self, children: Children) -> ast.EachOf:
        """`each { ... }`."""
        word, body = children
        return ast.EachOf(span=Span(word.origin.path, word.start, body.span.end), body=body)

    def object(self, children: Children) -> ast.ObjectLiteral:
        """`{ ... }`."""
        span = _between(children[0], children[-1])
        return ast.ObjectLiteral(span=span, entries=tuple(children[1:-1]))

    def conditional(self, children: Children) -> ast.IfOf:
        """`if test then value else otherwise`."""
        word, test, _, value, _, otherwise = children
        span = Span(word.origin.path, word.start, otherwise.span.end)
        return ast.IfOf(span=span, test=test, value=value, otherwise=otherwise)

    def keyed(self, children: Children) -> ast.ObjectEntry:
        """`key: value` or `"key": value`, with a `?` after the key or not."""
        lexeme, value = children[0], children[-1]
        span = Span(lexeme.origin.path, lexeme.start, value.span.end)
        quoted = lexeme.type == "QKEY"
        text = lexeme.value.value if quoted else lexeme.text
        key = ast.Name(span=lexeme.span(), text=text)
        return ast.ObjectEntry(
            span=span, key=key, value=value, quoted=quoted, optional=len(children) > 2
        )

    def short(self, children: Children) -> ast.ObjectEntry:
        """A bare `name`, with a `?` after it or not."""
        key = _name(children[0])
        use = ast.NameUse(span=key.span, text=key.text)
        span = _between(children[0], children[-1])
        return ast.ObjectEntry(
            span=span, key=key, value=use, short=True, optional=len(children) > 1
        )

    def spread(self, children: Children) -> ast.ObjectEntry:
        """`...value`."""
        sign, value = children
        span = Span(sign.origin.path, sign.start, value.span.end)
        return ast.ObjectEntry(span=span, key=None, value=value)

    def binary(self, children: Children) -> ast.Expr:
        """A row of operands, signs and operators, folded by precedence."""
        return fold(children)

    # Declarations --------------------------------------------------------

    def import_declaration(self, children: Children) -> ast.ImportDeclaration:
        """`import "path"`."""
        word, path = children
        return ast.ImportDeclaration(span=_between(word, path), path=path.value)

    def enum(self, children: Children) -> ast.EnumDeclaration:
        """`enum Name { members }`."""
        doc = _take_doc(children)
        word, name, _, *members, close = children
        return ast.EnumDeclaration(
            span=_between(word, close), name=_name(name), members=tuple(members), doc=doc
        )

    def member(self, children: Children) -> ast.EnumMember:
        """A member of an enum."""
        doc = _take_doc(children)
        name = _name(children[0])
        return ast.EnumMember(span=name.span, name=name, doc=doc)

    def type(self, children: Children) -> ast.TypeDeclaration:
        """`type Name { fields }`."""
        doc = _take_doc(children)
        word, name, _, *fields, close = children
        return ast.TypeDeclaration(
            span=_between(word, close),
            name=_name(name),
            fields=tuple(fields),
            doc=doc,
            sound=bool(close.text),
        )

    def entity(self, children: Children) -> ast.EntityDeclaration:
        """`entity Name from "table" { fields }`."""
        doc = _take_doc(children)
        word, name, *rest, close = children
        table = None
        if rest[0].type == "FROM":
            table, rest = rest[1].value, rest[2:]
        return ast.EntityDeclaration(
            span=_between(word, close),
            name=_name(name),
            table=table,
            fields=tuple(rest[1:]),
            doc=doc,
            sound=bool(close.text),
        )

    def field(self, children: Children) -> ast.FieldDeclaration:
        """`name: Type @attributes`."""
        doc = _take_doc(children)
        key, type_, *rest = children
        computed = None
        if len(rest) > 1 and isinstance(rest[-2], Lexeme):
            computed, rest = limited(rest[-1], key.origin), rest[:-2]
        last = computed or (rest[-1] if rest else type_)
        return ast.FieldDeclaration(
            span=Span(key.origin.path, key.start, last.span.end),
            name=_name(key),
            type=type_,
            attributes=tuple(rest),
            computed=computed,
            doc=doc,
        )

    def named_type(self, children: Children) -> ast.FieldType:
        """`T` or `T?`."""
        name = children[0]
        nullable = len(children) == 2
        return ast.FieldType(
            span=_between(name, children[-1]), name=_name(name), item=None, nullable=nullable
        )

    def list_type(self, children: Children) -> ast.FieldType:
        """`[T]` or `[T]?`."""
        span = _between(children[0], children[-1])
        nullable = children[-1].type == "QUESTION"
        return ast.FieldType(span=span, name=None, item=children[1], nullable=nullable)

    def attribute(self, children: Children) -> ast.Attribute:
        """`@name(arguments)`."""
        sign, name = children[:2]
        span = _between(sign, children[-1])
        return ast.Attribute(span=span, name=_name(name), arguments=tuple(children[3:-1]))

    def let(self, children: Children) -> ast.LetDeclaration:
        """`let name = value`."""
        doc = _take_doc(children)
        word, name, _, value = children
        span = Span(word.origin.path, word.start, value.span.end)
        return ast.LetDeclaration(
            span=span, name=_name(name), value=limited(value, word.origin), doc=doc
        )

    def block(self, children: Children) -> ast.Block:
        """`kind name { entries, blocks, flow }`."""
        doc = _take_doc(children)
        kind, named, close = children[0], children[1], children[-1]
        has_name = named.type != "LBRACE"
        return assemble(
            kind,
            named if has_name else None,
            tuple(children[3:-1] if has_name else children[2:-1]),
            close,
            doc,
        )

    def entry(self, children: Children) -> ast.Entry:
        """`key: value`."""
        key, value = children
        span = Span(key.origin.path, key.start, value.span.end)
        return ast.Entry(span=span, key=_name(key), value=limited(value, key.origin))

    # Flow ----------------------------------------------------------------

    def flow(self, children: Children) -> ast.Flow:
        """`flow { ... }`."""
        word, statements = children[0], children[2:-1]
        for i, (before, after) in enumerate(pairwise(statements), 1):
            between = word.origin.text[before.span.end : after.span.start]
            if "," in between and "\n" not in between and isinstance(after, ast.Chain):
                statements[i] = replace(after, after_comma=True)
        return ast.Flow(span=_between(word, children[-1]), statements=tuple(statements))

    def else_chain(self, children: Children) -> ast.ElseChain:
        """`step else chain`."""
        step, _, chain = children
        return ast.ElseChain(span=step.span.to(chain.span), step=step, chain=chain)

    def chain(self, children: Children) -> ast.Chain:
        """`step -> step`."""
        span = children[0].span.to(children[-1].span)
        return ast.Chain(span=span, steps=tuple(children))

    def step(self, children: Children) -> ast.Step:
        """A name in a flow."""
        return ast.Step(span=children[0].span(), name=children[0].text)

    def group(self, children: Children) -> ast.Group:
        """`[chain, chain]`."""
        span = _between(children[0], children[-1])
        return ast.Group(span=span, chains=tuple(children[1:-1]))


def assemble(
    kind: Lexeme,
    named: Lexeme | None,
    items: tuple[ast.Entry | ast.Block | ast.Flow, ...],
    close: Lexeme,
    doc: ast.Doc | None,
    *,
    sound: bool = True,
) -> ast.Block:
    """A block of its parts. Unsound when its closing brace was put in or a part is unsound."""
    blocks = tuple(i for i in items if type(i) is ast.Block)
    flows = [i for i in items if type(i) is ast.Flow]
    last = named or kind
    titled = named is not None and named.type == "STRING"
    return ast.Block(
        span=_between(kind, close),
        kind=_name(kind),
        name=None if named is None or titled else _name(named),
        title=named.value if named is not None and titled else None,  # type: ignore[arg-type]
        entries=tuple(i for i in items if type(i) is ast.Entry),
        blocks=blocks,
        flow=_one_flow(flows, kind.origin),
        header=_between(kind, last),
        doc=doc,
        sound=sound and bool(close.text) and all(b.sound for b in blocks),
    )


def _one_flow(flows: list[ast.Flow], origin: Origin) -> ast.Flow | None:
    if not flows:
        return None
    for extra in flows[1:]:
        origin.sink.error(
            "FQL203",
            "an observer has one `flow` block",
            Span(extra.span.path, extra.span.start, extra.span.start + len("flow")),
            label="a second one",
            help=("put its statements into the first one",),
        )
    return flows[0]


def _is_int(value: object) -> bool:
    return isinstance(value, ast.NumberLiteral) and isinstance(value.value, int)
