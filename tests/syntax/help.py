"""What the tests of the syntax room share."""

from __future__ import annotations

from dataclasses import fields, is_dataclass

from fqlc.diagnostics.model import Diagnostic
from fqlc.diagnostics.sink import Sink
from fqlc.source.text import SourceText
from fqlc.syntax.parsing.parser import parse_file
from fqlc.syntax.tree import ast


def parse(text: str) -> tuple[ast.File, tuple[Diagnostic, ...]]:
    """The tree of a text and what was reported."""
    sink = Sink()
    return parse_file(SourceText("t.fql", text), sink), sink.found


def sound(text: str) -> ast.File:
    """The tree of a text without mistakes."""
    file, found = parse(text)
    assert found == (), [d.message for d in found]
    return file


def value(text: str) -> ast.Expr:
    """The tree of an expression."""
    (declaration,) = sound(f"let x = {text}").declarations
    assert isinstance(declaration, ast.LetDeclaration)
    return declaration.value


def codes(text: str) -> list[str]:
    """The codes reported, in order."""
    return [d.code for d in parse(text)[1]]


def shape(node: object) -> object:
    """A tree without places, comparable: parentheses and quotes of no meaning are left out."""
    if isinstance(node, ast.Parenthesised):
        return shape(node.inner)
    if isinstance(node, ast.StringLiteral):
        return ("text", node.value, node.environment, _escaped(node))
    if isinstance(node, tuple):
        return tuple(shape(item) for item in node)
    if is_dataclass(node) and not isinstance(node, type):
        skipped = {"span", "operator", "header", "parenthesised", "comments", "text_"}
        return (
            type(node).__name__,
            *((f.name, shape(getattr(node, f.name))) for f in fields(node)
              if f.name not in skipped),
        )  # fmt: skip
    return node


def _escaped(node: ast.StringLiteral) -> tuple[int, ...]:
    """Those escapes that keep something from being a template or a reference."""
    return tuple(i for i in sorted(node.escaped) if node.value[i] in "${")


def brief(expr: ast.Expr) -> str:
    """An expression with all its parentheses: `(a or (b and c))`."""
    match expr:
        case ast.BinaryOf():
            return f"({brief(expr.left)} {expr.op} {brief(expr.right)})"
        case ast.UnaryOf():
            return f"({expr.op} {brief(expr.of)})"
        case ast.Parenthesised():
            return brief(expr.inner)
        case ast.NameUse():
            return expr.text
        case ast.NumberLiteral():
            return str(expr.value)
        case ast.MemberAccess():
            return f"{brief(expr.of)}{'?' if expr.optional else ''}.{expr.name.text}"
        case ast.CallOf():
            return f"{brief(expr.callee)}({', '.join(map(brief, expr.arguments))})"
        case ast.IndexOf():
            return f"{brief(expr.of)}[{brief(expr.key)}]"
        case ast.ListLiteral():
            return f"[{', '.join(map(brief, expr.items))}]"
        case ast.StringLiteral():
            return repr(expr.value)
        case _:
            return type(expr).__name__
