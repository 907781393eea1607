"""Expressions in the formatter's layout: on one line when they fit, else broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fql_grammar.tokens import OPERATORS
from fqlc.source.text import Span
from fqlc.syntax.printing.comments import Comments
from fqlc.syntax.printing.texts import STEP, is_flat, string_text
from fqlc.syntax.tree import ast
from fqlc.syntax.tree.walk import walk

WIDTH = 100
_SIGNS = {operator.plan_name: sign for sign, operator in OPERATORS.items()}
_COMPARISONS = frozenset(o.plan_name for o in OPERATORS.values() if o.binding == 4)


@dataclass(frozen=True, slots=True)
class ExpressionPrinter:
    """Prints the expressions of one text; `comments` are those of the file."""

    text: str
    comments: Comments

    def show(self, node: ast.Expr, indent: str, used: int) -> str:
        """The node for a line that has `used` columns already; lines it adds begin with
        `indent` or more."""
        if self.is_flat(node):
            flat = self._flat(node)
            if used + len(flat) <= WIDTH:
                return flat
        return self._broken(node, indent, used)

    def is_flat(self, node: ast.Tree) -> bool:
        """True when nothing in the node needs a line of its own. Comments outside brackets
        do not: they move before the item that they are in."""
        return all(self._is_flat_node(n) for n in walk(node))

    def _is_flat_node(self, node: ast.Tree) -> bool:
        if isinstance(node, ast.ObjectLiteral) and begins_with_line(self.text, node.span):
            return False
        if isinstance(node, ast.ObjectLiteral) or (
            isinstance(node, ast.ListLiteral) and node.items
        ):
            return not self.comments.within(node.span)
        if isinstance(node, ast.StringLiteral):
            return is_flat(node, self._raw(node))
        return True

    def _raw(self, node: ast.Tree) -> str:
        return self.text[node.span.start : node.span.end]

    def _flat(self, node: ast.Expr) -> str:
        return self._compose(node, "", self._flat)

    def _broken(self, node: ast.Expr, indent: str, used: int) -> str:
        if isinstance(node, ast.ObjectLiteral):
            return self._object(node, indent)
        if isinstance(node, ast.EachOf):
            return f"each {self._object(node.body, indent)}"
        if isinstance(node, ast.ListLiteral) and node.items:
            return self._list(node, indent)
        if isinstance(node, ast.BinaryOf) and node.op in ("and", "or"):
            return self._row(node, indent, used)
        if isinstance(node, ast.IfOf):
            return self._branches(node, indent, used)
        return self._compose(node, indent, lambda child: self.show(child, indent, used))

    def _compose(  # noqa: C901, PLR0911, PLR0912 - one case a node
        self, node: ast.Expr, indent: str, show: Callable[[ast.Expr], str]
    ) -> str:
        """The node on one line, its operands as `show` prints them."""
        match node:
            case ast.StringLiteral():
                return string_text(self._raw(node), indent)
            case ast.NameUse():
                return node.text
            case ast.MemberAccess():
                return f"{show(node.of)}{'?.' if node.optional else '.'}{node.name.text}"
            case ast.CallOf():
                return f"{show(node.callee)}({', '.join(map(show, node.arguments))})"
            case ast.IndexOf():
                return f"{show(node.of)}[{show(node.key)}]"
            case ast.UnaryOf():
                return self._unary(node, show)
            case ast.BinaryOf():
                first, *rest = operands_of(node)
                return "".join((show(first), *(f" {_SIGNS[node.op]} {show(o)}" for o in rest)))
            case ast.IfOf():
                value, otherwise = show(node.value), show(node.otherwise)
                return f"if {show(node.test)} then {value} else {otherwise}"
            case ast.ListLiteral():
                return f"[{', '.join(map(show, node.items))}]"
            case ast.Parenthesised():
                return f"({show(node.inner)})"
            case ast.EachOf():
                return f"each {show(node.body)}"
            case ast.ObjectLiteral():
                entries = ", ".join(self._entry(e, show) for e in node.entries)
                return f"{{ {entries} }}" if entries else "{}"
            case _:
                return self._raw(node)

    def _unary(self, node: ast.UnaryOf, show: Callable[[ast.Expr], str]) -> str:
        """`!` before a comparison, as `NOT` allows, gets the parentheses that it needs."""
        inner = show(node.of)
        if node.op == "neg":
            return f"-{inner}"
        compares = isinstance(node.of, ast.BinaryOf) and node.of.op in _COMPARISONS
        return f"!({inner})" if compares else f"!{inner}"

    def _entry(self, entry: ast.ObjectEntry, show: Callable[[ast.Expr], str]) -> str:
        if entry.key is None:
            return f"...{show(entry.value)}"
        sign = "?" if entry.optional else ""
        if entry.short:
            return entry.key.text + sign
        return f"{self._key(entry.key, quoted=entry.quoted)}{sign}: {show(entry.value)}"

    def _key(self, key: ast.Name, *, quoted: bool) -> str:
        return string_text(self._raw(key), "") if quoted else key.text

    # Broken forms ------------------------------------------------------------

    def _object(self, node: ast.ObjectLiteral, indent: str) -> str:
        inner = indent + STEP
        lines = self.comments.lay_out(
            node.entries, node.span, inner, lambda e: self._entry_line(e, inner)
        )
        return "\n".join(("{", *lines, f"{indent}}}")) if lines else "{}"

    def _entry_line(self, entry: ast.ObjectEntry, indent: str) -> str:
        lead = 3 if entry.key is None else len(entry.key.text) + 4 + entry.optional
        return self._entry(entry, lambda value: self.show(value, indent, len(indent) + lead))

    def _list(self, node: ast.ListLiteral, indent: str) -> str:
        inner = indent + STEP
        lines = self.comments.lay_out(
            node.items, node.span, inner, lambda i: self.show(i, inner, len(inner) + 1), ","
        )
        return "\n".join(("[", *lines, f"{indent}]"))

    def _row(self, node: ast.BinaryOf, indent: str, used: int) -> str:
        """`a` and below it `&& b`, for each operand of a row of one operator."""
        inner = indent + STEP
        first, *others = operands_of(node)
        rest = [f"{inner}{_SIGNS[node.op]} {self.show(o, inner, len(inner) + 3)}" for o in others]
        return "\n".join((self.show(first, inner, used), *rest))

    def _branches(self, node: ast.IfOf, indent: str, used: int) -> str:
        """`if a then b` and below it `else if c then d` and `else e`."""
        inner = indent + STEP
        lead, lines = "if ", []
        rest: ast.Expr = node
        while isinstance(rest, ast.IfOf):
            test = self.show(rest.test, inner, used + len(lead))
            value = self.show(rest.value, inner, used + len(lead) + len(test) + 6)
            lines.append(f"{lead}{test} then {value}")
            lead, used, rest = f"{inner}else if ", 0, rest.otherwise
        return "\n".join((*lines, f"{inner}else {self.show(rest, inner, len(inner) + 5)}"))


def operands_of(node: ast.BinaryOf) -> list[ast.Expr]:
    """The operands of a row of one operator, in order; a row may be long."""
    operands: list[ast.Expr] = [node.right]
    left = node.left
    while isinstance(left, ast.BinaryOf) and left.op == node.op:
        operands.append(left.right)
        left = left.left
    return [left, *reversed(operands)]


def begins_with_line(text: str, span: Span) -> bool:
    """True when a line ends between the opening brace and what follows: so it is wanted."""
    position = span.start + 1
    while position < span.end and text[position] in " \t":
        position += 1
    return text[position] == "\n"
