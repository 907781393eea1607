"""Declarations, blocks and flows in the formatter's layout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fqlc.source.text import Span
from fqlc.syntax.printing.comments import Comments, Item
from fqlc.syntax.printing.expressions import WIDTH, ExpressionPrinter, begins_with_line
from fqlc.syntax.printing.texts import STEP, doc_text, string_text
from fqlc.syntax.tree import ast

_Item = ast.Entry | ast.Block | ast.Flow


@dataclass(frozen=True, slots=True)
class BlockPrinter:
    """Prints the declarations of one text."""

    text: str
    comments: Comments

    @property
    def _expressions(self) -> ExpressionPrinter:
        return ExpressionPrinter(self.text, self.comments)

    def declaration(self, node: ast.Declaration) -> str:  # noqa: PLR0911 - one case a node
        """A sound declaration with its documentation, without comments around it."""
        match node:
            case ast.ImportDeclaration():
                return f"import {self._string(node.path)}"
            case ast.LetDeclaration():
                head = f"let {node.name.text} = "
                return self._doc(node.doc, "") + head + self._value(node.value, "", len(head))
            case ast.EnumDeclaration():
                return self._doc(node.doc, "") + self._enum(node)
            case ast.TypeDeclaration():
                return self._doc(node.doc, "") + self._fields(f"type {node.name.text}", node)
            case ast.EntityDeclaration():
                table = f" from {self._string(node.table)}" if node.table is not None else ""
                head = f"entity {node.name.text}{table}"
                return self._doc(node.doc, "") + self._fields(head, node)
            case ast.Block():
                return self._block(node, "")
            case _:
                return self.text[node.span.start : node.span.end]

    def _string(self, node: ast.StringLiteral) -> str:
        return string_text(self.text[node.span.start : node.span.end], "")

    def _value(self, node: ast.Expr, indent: str, used: int) -> str:
        return self._expressions.show(node, indent, used)

    def _doc(self, doc: ast.Doc | None, indent: str) -> str:
        if doc is None:
            return ""
        raw = self.text[doc.span.start : doc.span.end]
        return f"{doc_text(raw, indent)}\n{indent}"

    # Enums, types, entities --------------------------------------------------

    def _enum(self, node: ast.EnumDeclaration) -> str:
        head = f"enum {node.name.text} {{"
        brace = self._brace(node.name.span.end, node.span)
        flat = f"{head} {', '.join(m.name.text for m in node.members)} }}"
        documented = any(m.doc is not None for m in node.members)
        if not node.members and not self.comments.within(brace):
            return f"{head}}}"
        if len(flat) <= WIDTH and not documented and self._may_be_flat(brace):
            return flat
        return self._lines(head, node.members, brace, "", self._member)

    def _member(self, node: ast.EnumMember) -> str:
        return self._doc(node.doc, STEP) + node.name.text

    def _fields(self, head: str, node: ast.TypeDeclaration | ast.EntityDeclaration) -> str:
        last = node.name.span.end
        if isinstance(node, ast.EntityDeclaration) and node.table is not None:
            last = node.table.span.end
        brace = self._brace(last, node.span)
        documented = any(f.doc is not None for f in node.fields)
        if not documented and self._may_be_flat(brace):
            fields = ", ".join(self._field(f) for f in node.fields)
            flat = f"{head} {{ {fields} }}" if fields else f"{head} {{}}"
            if len(flat) <= WIDTH:
                return flat
        return self._lines(f"{head} {{", node.fields, brace, "", self._field)

    def _field(self, node: ast.FieldDeclaration) -> str:
        attributes = "".join(f" {self._attribute(a)}" for a in node.attributes)
        head = f"{self._doc(node.doc, STEP)}{node.name.text}: "
        text = f"{head}{self._type(node.type)}{attributes}"
        if node.computed is None:
            return text
        used = len(text) - text.rfind("\n") + 2
        return f"{text} = {self._value(node.computed, STEP, used)}"

    def _type(self, node: ast.FieldType) -> str:
        mark = "?" if node.nullable else ""
        if node.item is not None:
            return f"[{self._type(node.item)}]{mark}"
        return f"{node.name.text if node.name is not None else ''}{mark}"

    def _attribute(self, node: ast.Attribute) -> str:
        values = ", ".join(self._value(a, STEP, 0) for a in node.arguments)
        return f"@{node.name.text}({values})" if values else f"@{node.name.text}"

    # Blocks ------------------------------------------------------------------

    def _block(self, node: ast.Block, indent: str) -> str:
        head = node.kind.text
        if node.name is not None:
            head += f" {node.name.text}"
        elif node.title is not None:
            head += f" {self._string(node.title)}"
        doc = self._doc(node.doc, indent)
        brace = self._brace(node.header.end, node.span)
        if (flat := self._flat_block(node, brace)) is not None:
            line = f"{head} {flat}"
            if len(indent) + len(line) <= WIDTH:
                return doc + line
        items: list[_Item] = [*node.entries, *node.blocks, *([node.flow] if node.flow else [])]
        items.sort(key=lambda item: item.span.start)
        inner = indent + STEP
        return doc + self._lines(
            f"{head} {{", items, brace, indent, lambda item: self._item(item, inner)
        )

    def _flat_block(self, node: ast.Block, brace: Span) -> str | None:
        """`{ key: value, ... }` for a block of a few settings that was written so."""
        if node.blocks or node.flow is not None or not self._may_be_flat(brace):
            return None
        if not node.entries:
            return "{}"
        if not all(self._expressions.is_flat(e.value) for e in node.entries):
            return None
        shown = [f"{e.key.text}: {self._value(e.value, '', 0)}" for e in node.entries]
        flat = f"{{ {', '.join(shown)} }}"
        return None if "\n" in flat else flat

    def _item(self, item: _Item, indent: str) -> str:
        if isinstance(item, ast.Block):
            return self._block(item, indent)
        if isinstance(item, ast.Flow):
            return self._flow(item, indent)
        key = f"{item.key.text}: "
        return key + self._value(item.value, indent, len(indent) + len(key))

    # Flow --------------------------------------------------------------------

    def _flow(self, node: ast.Flow, indent: str) -> str:
        brace = self._brace(node.span.start + len("flow"), node.span)
        shown = [self._statement(s) for s in node.statements]
        flat = f"flow {{ {' '.join(shown)} }}"
        if len(shown) == 1 and self._may_be_flat(brace) and len(indent) + len(flat) <= WIDTH:
            return flat
        if not shown and self._may_be_flat(brace):
            return "flow {}"
        return self._lines("flow {", node.statements, brace, indent, self._statement)

    def _statement(self, node: ast.Chain | ast.ElseChain) -> str:
        if isinstance(node, ast.ElseChain):
            return f"{node.step.name} else {self._chain(node.chain)}"
        return self._chain(node)

    def _chain(self, node: ast.Chain) -> str:
        return " -> ".join(self._step(s) for s in node.steps)

    def _step(self, node: ast.Step | ast.Group) -> str:
        if isinstance(node, ast.Step):
            return node.name
        return f"[{', '.join(self._chain(c) for c in node.chains)}]"

    # Braces ------------------------------------------------------------------

    def _brace(self, position: int, node: Span) -> Span:
        """The stretch of the braces that follow a head; comments before the brace count as
        inside."""
        opener = position
        while self.text[opener] != "{":
            opener = self.text.find("\n", opener) if self.text[opener] == "#" else opener + 1
        return Span(node.path, opener, node.end)

    def _may_be_flat(self, brace: Span) -> bool:
        return not begins_with_line(self.text, brace) and not self.comments.within(brace)

    def _lines(
        self,
        head: str,
        items: Sequence[Item],
        brace: Span,
        indent: str,
        show: Callable[[Item], str],
    ) -> str:
        """The items between braces, each on lines of its own."""
        lines = self.comments.lay_out(items, brace, indent + STEP, show)
        return "\n".join((head, *lines, f"{indent}}}")) if lines else f"{head}}}"
