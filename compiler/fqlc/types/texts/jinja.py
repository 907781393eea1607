"""Templates with filters, `if` and `for`: read by Jinja's parser, lowered to parts of the plan.

Jinja only parses here; nothing of it is ever run. Its parser knows lines, not columns, so
every token is given its offset in the text where the line number belongs; from then on each
node knows its place. Only the constructs listed in `_expression` and `_statement` exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from jinja2 import TemplateSyntaxError, nodes
from jinja2.lexer import Token, TokenStream
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from fql.plan.language import expressions as e
from fql.plan.language import types as t
from fqlc.source.text import Span
from fqlc.syntax.reading.depth import is_deep
from fqlc.syntax.tree import ast
from fqlc.types.facts import facts_of
from fqlc.types.operators import boolean
from fqlc.types.report import poisoned, require
from fqlc.types.scope import Context
from fqlc.types.texts.holes import checked_hole, merged, split_environment
from fqlc.types.texts.jinja_refusals import (
    Refused,
    construct,
    hint_for,
    hint_on_syntax,
    inside_tag,
    sentence,
)

_MAX_NESTING = 32
_COMPARISONS = {
    "eq": "eq", "ne": "ne", "lt": "lt", "lteq": "le", "gt": "gt", "gteq": "ge",
    "in": "in", "notin": "not_in",
}  # fmt: skip
_HIDDEN_BRACE, _HIDDEN_RETURN, _HIDDEN_REFERENCE = "\ue000", "\ue001", "\ue002"
"""Stand for characters that Jinja must not see: escaped braces, carriage returns (it would
normalise them) and references."""

_WORD = re.compile(r"\w+|.", re.DOTALL)

_WORDS = {"null": None, "true": True, "false": False}


def read_template(literal: ast.StringLiteral, ctx: Context) -> Iterable[e.TextPart] | None:
    """The parts of a template; None after a report of FQL312."""
    reader = _Reader(literal, ctx)
    try:
        return merged(reader.body(reader.parse().body, ctx, 0))
    except TemplateSyntaxError as problem:
        reader.refuse_syntax(problem)
    except Refused as problem:
        reader.refuse(problem.message, problem.offset, problem.hint)
    except RecursionError:
        reader.refuse("the template is nested too deeply", 0, "")
    return None


@dataclass(slots=True)
class _Reader:
    """One literal on its way to parts."""

    literal: ast.StringLiteral
    ctx: Context
    position: int = 0

    # reading

    def parse(self) -> nodes.Template:
        """Jinja's tree, whose line numbers are offsets in the text."""
        environment = _Environment(keep_trailing_newline=True)
        environment.reader = self
        return Parser(environment, self._visible()).parse()

    def _visible(self) -> str:
        """The text as Jinja may see it, character for character."""
        visible = list(self.literal.value.replace("\r", _HIDDEN_RETURN))
        for i in self.literal.escaped:
            if visible[i] == "{":
                visible[i] = _HIDDEN_BRACE
        for start, end, _ in self.literal.environment:
            visible[start:end] = _HIDDEN_REFERENCE * (end - start)
        return "".join(visible)

    def placed(self, source: str, raw: Iterable[tuple[int, str, str]]) -> Iterator[Token]:
        """Jinja's tokens with offsets for lines. Data keeps its offsets as its value."""
        try:
            for _, kind, value in raw:
                offset = source.find(value, self.position)
                self.position = offset + len(value)
                if kind.startswith("raw"):
                    raise Refused("a template has no `raw` blocks", offset, "write `\\{{`")
                if kind != "data" and _HIDDEN_REFERENCE in value:
                    raise inside_tag(offset + value.index(_HIDDEN_REFERENCE))
                yield Token(offset, kind, value)
        except TemplateSyntaxError as problem:
            # The lexer counts lines; where it stopped is after the last token.
            offset = self.position
            if source[offset : offset + 1] == _HIDDEN_REFERENCE:
                raise inside_tag(offset) from problem
            hint = hint_on_syntax(problem, source[offset:])
            raise Refused(sentence(problem), offset, hint) from problem

    def span(self, start: int, length: int = 1) -> Span:
        """The stretch of source of some characters of the text."""
        last = len(self.literal.value)
        start = min(max(start, 0), last)
        return self.literal.inside(start, min(start + length, last))

    def refuse_syntax(self, problem: TemplateSyntaxError) -> None:
        """FQL312 for what Jinja's parser says; at the tag that is not closed, if one is."""
        offset, text = problem.lineno, self.literal.value
        if "end of template" in (problem.message or ""):
            offset = max(text.rfind("{{"), text.rfind("{%"), 0)
        self.refuse(sentence(problem), offset, hint_on_syntax(problem, text[offset:]))

    def refuse(self, message: str, offset: int, hint: str) -> None:
        """FQL312 for the word at an offset."""
        word = _WORD.match(self.literal.value, offset)
        span = self.span(offset, len(word.group()) if word else 1)
        self.ctx.sink.error(
            "FQL312", message, span, label="cannot be read as a template",
            help=(hint,) if hint else ("templates have output, `if`, `for`, comments, "
                                       "comparisons and the listed filters",),
        )  # fmt: skip

    # statements

    def body(self, body: list[nodes.Node], ctx: Context, depth: int) -> Iterator[e.TextPart]:
        """The parts of statements."""
        if depth > _MAX_NESTING:
            raise Refused("the template is nested too deeply", body[0].lineno if body else 0)
        for node in body:
            yield from self._statement(node, ctx, depth)

    def _statement(self, node: nodes.Node, ctx: Context, depth: int) -> Iterator[e.TextPart]:
        match node:
            case nodes.Output():
                for part in node.nodes:
                    yield from self._output(part, ctx)
            case nodes.If():
                yield self._choice(node, ctx, depth)
            case nodes.For():
                yield self._loop(node, ctx, depth)
            case _:
                raise Refused(f"a template has no {construct(node)}", node.lineno)

    def _output(self, node: nodes.Expr, ctx: Context) -> Iterator[e.TextPart]:
        if isinstance(node, nodes.TemplateData):
            start = node.lineno
            yield from split_environment(self.literal, start, start + len(node.data))
            return
        written = self.whole(node)
        yield checked_hole(written, ctx.infer(written), ctx)

    def _choice(self, node: nodes.If, ctx: Context, depth: int) -> e.Choice:
        branches: list[tuple[e.Expr, tuple[e.TextPart, ...]]] = []
        for test, body in [(node.test, node.body), *((n.test, n.body) for n in node.elif_)]:
            written = self.whole(test)
            value = boolean(written, ctx.infer(written, t.BOOLEAN), ctx, "`if`")
            known = poisoned(value)
            inner = ctx if known else ctx.knowing(facts_of(value, True))
            branches.append((value, merged(self.body(body, inner, depth + 1))))
            ctx = ctx if known else ctx.knowing(facts_of(value, False))
        return e.Choice(tuple(branches), merged(self.body(node.else_, ctx, depth + 1)))

    def _loop(self, node: nodes.For, ctx: Context, depth: int) -> e.Loop:
        if ctx.scope.variables:
            raise Refused("a `for` cannot be used inside another `for`", node.lineno)
        if not isinstance(node.target, nodes.Name) or node.test is not None or node.recursive:
            raise Refused("a `for` has one name and a list", node.lineno)
        written = self.whole(node.iter)
        of = require(ctx, written, ctx.infer(written), "`for`")
        item = of.type.item
        if item is None and not poisoned(of):
            ctx.sink.error(
                "FQL211", f"`for` runs over a list, but this is `{of.type}`", written.span,
                label=f"this is `{of.type}`",
            )  # fmt: skip
        inner = ctx.within(ctx.scope.with_variable(node.target.name, item or t.ERROR))
        return e.Loop(
            node.target.name, of, merged(self.body(node.body, inner, depth + 1)),
            merged(self.body(node.else_, ctx, depth + 1)),
        )  # fmt: skip

    # expressions

    def whole(self, node: nodes.Node) -> ast.Expr:
        """An expression of a tag, refused when it is too deep for later passes."""
        written = self.expression(node)
        if is_deep(written):
            raise Refused("the expression is nested too deeply", node.lineno)
        return written

    def expression(self, node: nodes.Node) -> ast.Expr:  # noqa: C901, PLR0911 - one line a kind
        """The same in the syntax of the language; filters become calls."""
        match node:
            case nodes.Name():
                return self._named(node)
            case nodes.Const():
                return self._constant(node)
            case nodes.Getattr():
                return self._member(node)
            case nodes.Call():
                return self._call(node)
            case nodes.Filter():
                return self._filter(node)
            case nodes.Compare():
                return self._comparison(node)
            case nodes.And() | nodes.Or():
                op = "and" if isinstance(node, nodes.And) else "or"
                return self._binary(op, node.left, node.right, node.lineno)
            case nodes.Not():
                of = self.expression(node.node)
                return ast.UnaryOf(op="not", of=of, operator=of.span, span=of.span)
            case nodes.Neg() if isinstance(node.node, nodes.Const):
                of = self.expression(node.node)
                return ast.UnaryOf(op="neg", of=of, operator=of.span, span=of.span)
            case nodes.List():
                items = tuple(self.expression(item) for item in node.items)
                return ast.ListLiteral(items=items, span=self.span(node.lineno))
        raise Refused(f"a template has no {construct(node)}", node.lineno, hint_for(node))

    def _named(self, node: nodes.Name) -> ast.Expr:
        span = self.span(node.lineno, len(node.name))
        if node.name in _WORDS:
            return ast.WordLiteral(value=_WORDS[node.name], span=span)
        return ast.NameUse(text=node.name, span=span)

    def _constant(self, node: nodes.Const) -> ast.Expr:
        value: object = node.value
        end = self.literal.value
        start = node.lineno
        if value is None or isinstance(value, bool):
            return ast.WordLiteral(value=value, span=self.span(start, len(str(value))))
        if isinstance(value, int):
            return ast.NumberLiteral(value=value, span=self.span(start, _digits(end, start)))
        if isinstance(value, float):
            length = _digits(end, start)
            written = end[start : start + length].replace("_", "")
            return ast.NumberLiteral(value=Decimal(written), span=self.span(start, length))
        text = str(value).replace(_HIDDEN_BRACE, "{").replace(_HIDDEN_RETURN, "\r")
        close = end.find(end[start], start + 1)
        span = self.span(start, max(close + 1 - start, 1))
        return ast.StringLiteral(
            value=text, offsets=(span.start + 1,) * len(text) + (span.end,), span=span,
            escaped=frozenset(range(len(text))),
        )  # fmt: skip

    def _member(self, node: nodes.Getattr) -> ast.MemberAccess:
        of = self.expression(node.node)
        name = self._word_after(node.attr, node.lineno)
        return ast.MemberAccess(of=of, name=name, span=of.span.to(name.span))

    def _word_after(self, word: str, start: int) -> ast.Name:
        """The name at or after an offset, as a name with its place."""
        found = self.literal.value.find(word, start)
        return ast.Name(text=word, span=self.span(max(found, start), len(word)))

    def _call(self, node: nodes.Call) -> ast.Expr:
        callee = node.node
        change = isinstance(callee, nodes.Getattr) and callee.attr == "changed"
        if not change or not isinstance(callee, nodes.Getattr) or node.args or node.kwargs:
            raise Refused("a template can call only `.changed()`", node.lineno, hint_for(node))
        member = self._member(callee)
        return ast.CallOf(callee=member, arguments=(), span=member.span)

    def _filter(self, node: nodes.Filter) -> ast.Expr:
        if node.node is None or node.kwargs or node.dyn_args or node.dyn_kwargs:
            raise Refused("a filter takes plain arguments only", node.lineno)
        of = self.expression(node.node)
        name = self._word_after(node.name, node.lineno)
        span = of.span.to(name.span)
        args = tuple(self.expression(arg) for arg in node.args)
        if node.name == "default" and len(args) == 1:
            return ast.BinaryOf(
                op="coalesce", left=of, right=args[0], operator=name.span, span=span
            )
        callee = ast.MemberAccess(of=of, name=name, span=span)
        return ast.CallOf(callee=callee, arguments=args, span=span)

    def _comparison(self, node: nodes.Compare) -> ast.Expr:
        if len(node.ops) != 1:
            raise Refused("comparisons cannot be chained: write `and`", node.lineno)
        operand = node.ops[0]
        return self._binary(_COMPARISONS[operand.op], node.expr, operand.expr, node.lineno)

    def _binary(self, op: str, left: nodes.Node, right: nodes.Node, offset: int) -> ast.Expr:
        one, other = self.expression(left), self.expression(right)
        return ast.BinaryOf(
            op=op, left=one, right=other, operator=self.span(offset), span=one.span.to(other.span)
        )


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja's settings, with tokens that know their offsets."""

    reader: _Reader

    def _tokenize(
        self, source: str, name: str | None, filename: str | None = None,
        state: str | None = None,
    ) -> TokenStream:  # fmt: skip
        raw = self.lexer.tokeniter(source, name, filename, state)
        placed = list(self.reader.placed(source, raw))
        triples = ((token.lineno, token.type, token.value) for token in placed)
        return TokenStream(self.lexer.wrap(triples, name, filename), name, filename)


def _digits(text: str, start: int) -> int:
    end = start
    while end < len(text) and (text[end].isalnum() or text[end] in "._"):
        end += 1
    return max(end - start, 1)
