"""Typed expressions to Python source, which is compiled once and runs many times.

No text of the user is ever pasted: names are made here, constants are passed by reference, in the
namespace of the generated functions. A subtree that is nested deeply becomes a function of its
own, so that Python's limit on nested parentheses cannot be met.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import singledispatchmethod
from typing import Any

from fql.expressions import functions, operators
from fql.expressions.shapes import equality, is_record, literal_items, record_attribute
from fql.plan.environment import lookup
from fql.plan.language import expressions as x
from fql.plan.language.types import Type

_NESTING = 24
"""Levels of one generated function; at most four parentheses a level, and Python stops at 200."""

_BUILTINS: Mapping[str, str] = {
    "_id": "s.id",
    "_timestamp": "s.timestamp",
    "_event": "s.event",
    "_entity": "s.entity",
    "_observer": "s.observer",
    "_run": "s.run",
    "_old": "s.old",
    "_new": "s.new",
    "_batch": "s.batch",
}

_ROW_LINES: Mapping[str, str] = {
    "n": "    n = s.new",
    "o": "    o = s.old",
    "r": "    r = s.old if s.new is None else s.new",
}

_ROWS: Mapping[str, str] = {"new": "n", "old": "o", "row": "r"}


class Generator:
    """Collects generated functions; `function` adds one and `build` compiles them all."""

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        escape: Callable[[str], str] | None = None,
    ) -> None:
        self.namespace: dict[str, Any] = {"__builtins__": {}, **operators.HELPERS}
        self.environment = environment or {}
        self._sources: list[str] = []
        self._count = 0
        self._rows: set[str] = set()
        self._depth = 0
        self._variables: dict[str, str] = {}
        self.escape = None if escape is None else self.constant(escape)

    def build(self, name: str) -> Callable[..., Any]:
        """Compile what was generated; the function of that name."""
        code = compile("\n".join(self._sources), "<expression>", "exec")
        exec(code, self.namespace)  # noqa: S102 - our own source, see the module's first lines
        built: Callable[..., Any] = self.namespace[name]
        return built

    def function(self, body: Callable[[], str]) -> str:
        """Generate a function of the scope `s` that returns what `body` makes; its name."""
        outer = self._rows, self._depth
        self._rows, self._depth = set(), 0
        result = body()
        name = self._fresh("f")
        lines = [f"def {name}({', '.join(['s', *self._variables.values()])}):"]
        lines += [_ROW_LINES[row] for row in sorted(self._rows)]
        lines.append(f"    return {result}")
        self._sources.append("\n".join(lines))
        self._rows, self._depth = outer
        return name

    def constant(self, value: object) -> str:
        """The name under which the generated code sees a value."""
        if value is None or value is True or value is False:
            return repr(value)
        name = self._fresh("k")
        self.namespace[name] = value
        return name

    def _fresh(self, letter: str) -> str:
        self._count += 1
        return f"{letter}{self._count}"

    def _row_variable(self, name: str) -> str:
        self._rows.add(_ROWS[name])
        return _ROWS[name]

    # Expressions -------------------------------------------------------------

    def value(self, e: x.Expr) -> str:
        """The code of an expression: an atom or in parentheses."""
        if self._depth >= _NESTING:
            return self._called(self.function(lambda: self._emit(e)))
        self._depth += 1
        try:
            return self._emit(e)
        finally:
            self._depth -= 1

    @singledispatchmethod
    def _emit(self, e: x.Expr) -> str:
        raise TypeError(f"{type(e).__name__} is not an expression")

    @_emit.register
    def _constant(self, e: x.Constant) -> str:
        return self.constant(operators.literal(e.value, e.type))

    @_emit.register
    def _field(self, e: x.Field) -> str:
        row = self._row_variable(e.row)
        item = f"{row}[{self.constant(e.name)}]"
        return f"(None if {row} is None else {item})" if e.type.nullable else item

    @_emit.register
    def _changed(self, e: x.Changed) -> str:
        new, old, name = self._row_variable("new"), self._row_variable("old"), self.constant(e.name)
        left, right = f"{new}[{name}]", f"{old}[{name}]"
        # What Python holds for different is different; what it holds for equal may still be
        # `true` and `1` inside JSON.
        return (
            f"({new} is not None and {old} is not None"
            f" and ({left} != {right} or DIFFERS({left}, {right})))"
        )

    @_emit.register
    def _builtin(self, e: x.Builtin) -> str:
        return _BUILTINS[e.name]

    @_emit.register
    def _variable(self, e: x.Variable) -> str:
        return self._variables[e.name]

    @_emit.register
    def _response(self, e: x.Response) -> str:
        return f"s.responses.get({self.constant(e.action)})"

    @_emit.register
    def _failure(self, e: x.Failure) -> str:
        return f"s.failures.get({self.constant(e.action)})"

    @_emit.register
    def _member(self, e: x.Member) -> str:
        of = self.value(e.of)
        if is_record(e.of):
            return self._unless_null(of, lambda t: f"{t}.{record_attribute(e.name)}")
        name = self.constant(e.name)
        return self._unless_null(of, lambda t: f"{t}.get({name})")

    def _unless_null(self, code: str, use: Callable[[str], str]) -> str:
        temporary = self._fresh("t")
        return f"(None if ({temporary} := {code}) is None else {use(temporary)})"

    @_emit.register
    def _index(self, e: x.Index) -> str:
        return f"INDEX({self.value(e.of)}, {self.value(e.key)})"

    @_emit.register
    def _unary(self, e: x.Unary) -> str:
        of = self.value(e.of)
        return f"(not {of})" if e.op == "not" else operators.negation(e.of.type).format(l=of)

    @_emit.register
    def _binary(self, e: x.Binary) -> str:
        if e.op in ("and", "or"):
            operands = [self.value(item) for item in x.operands(e)]
            return f"({f' {e.op} '.join(operands)})"
        if e.op in ("in", "not_in"):
            return self._membership(e)
        left, right = self.value(e.left), self.value(e.right)
        if e.op in ("eq", "ne"):
            return equality(e, left, right)
        if e.op in operators.COMPARISONS:
            return f"({left} {operators.COMPARISONS[e.op]} {right})"
        if e.op == "coalesce":
            return self._coalesce(e, left, right)
        return self._arithmetic(e, left, right)

    def _coalesce(self, e: x.Binary, left: str, right: str) -> str:
        temporary = self._fresh("t")
        found = temporary
        if helper := operators.widening(e.left.type, e.type):
            found = f"{helper}({temporary})"
        right = self._widened(right, e.right.type, e.type)
        return f"({found} if ({temporary} := {left}) is not None else {right})"

    def _widened(self, code: str, from_: Type, to: Type) -> str:
        """The code of a value in the class of the wider number type; null stays null."""
        helper = operators.widening(from_, to)
        if helper is None:
            return code
        if from_.nullable:
            return self._unless_null(code, lambda found: f"{helper}({found})")
        return f"{helper}({code})"

    @_emit.register
    def _choose(self, e: x.Choose) -> str:
        return self._branches(e, 0)

    def _branches(self, e: x.Choose, start: int) -> str:
        """The branches from one on; those beyond a few are a function of their own."""
        last = start + _NESTING
        pieces = [
            f"{self._widened(self.value(value), value.type, e.type)} if {self.value(test)} else "
            for test, value in e.branches[start:last]
        ]
        if last < len(e.branches):
            rest = self._called(self.function(lambda: self._branches(e, last)))
        else:
            rest = self._widened(self.value(e.otherwise), e.otherwise.type, e.type)
        return f"({''.join(pieces)}{rest})"

    def _called(self, name: str) -> str:
        return f"{name}({', '.join(['s', *self._variables.values()])})"

    def _arithmetic(self, e: x.Binary, left: str, right: str) -> str:
        code = operators.arithmetic(e.op, e.left.type, e.right.type)
        if code.startswith("SATURATED"):  # an int beside a float may be beyond the floats
            left = f"FLOAT({left})" if e.left.type.name != "Float" else left
            right = f"FLOAT({right})" if e.right.type.name != "Float" else right
        return code.format(l=left, r=right)

    def _membership(self, e: x.Binary) -> str:
        left, word = self.value(e.left), "in" if e.op == "in" else "not in"
        members = literal_items(e.right)
        if not operators.is_plain(e.left.type) and members is None:
            found = f"AMONG({left}, {self.value(e.right)})"
            return found if e.op == "in" else f"(not {found})"
        if members is not None and e.left.type.name != "JSON":
            return f"({left} {word} {self.constant(frozenset(members))})"
        if members is not None:
            found = f"AMONG({left}, {self.constant(members)})"
            return found if e.op == "in" else f"(not {found})"
        return f"({left} {word} {self.value(e.right)})"

    @_emit.register
    def _call(self, e: x.Call) -> str:
        operand = self.value(e.of)
        if e.name == "matches" and isinstance(e.args[0], x.Constant):
            search = functions.pattern(str(e.args[0].value)).search
            return f"({self.constant(search)}({operand}) is not None)"
        arguments = [self.value(a) for a in e.args]
        simple = operators.SIMPLE_CALLS.get(e.name)
        if simple is not None:
            return simple.format(o=operand, a=arguments[0] if arguments else "")
        function = self.constant(functions.implementation(e))
        return f"{function}({', '.join([operand, *arguments])})"

    @_emit.register
    def _quantifier(self, e: x.Quantifier) -> str:
        of = self.value(e.of)
        body = self._lambda(e.variable, lambda: self.value(e.body))
        if e.op == "sum":
            zero = self.constant(operators.zero(e.type))
            return f"TOTAL(map({body}, {of}), {zero})"
        return operators.LIST_CODE[e.op].format(b=body, l=of)

    def _lambda(self, variable: str, body: Callable[[], str]) -> str:
        outer = self._variables
        name = self._fresh("v")
        self._variables = {**outer, variable: name}
        code = body()
        self._variables = outer
        return f"(lambda {name}: {code})"

    @_emit.register
    def _list(self, e: x.ListOf) -> str:
        of = e.type.item or e.type
        codes = (self._widened(self.value(item), item.type, of) for item in e.items)
        return f"[{', '.join(codes)}]"

    @_emit.register
    def _object(self, e: x.ObjectOf) -> str:
        return "{" + ", ".join(self._entry(entry) for entry in e.entries) + "}"

    def _entry(self, entry: x.Entry) -> str:
        value = self.value(entry.value)
        if entry.key is not None and entry.optional:
            return f"**PRESENT({self.constant(entry.key)}, {value})"
        if entry.key is not None:
            return f"{self.constant(entry.key)}: {value}"
        return f"**({value} or {{}})"

    @_emit.register
    def _each(self, e: x.Each) -> str:
        outer, self._variables = self._variables, {}
        name = self.function(lambda: self.value(e.body))
        self._variables = outer
        return f"[*map({name}, s.members)]"

    @_emit.register
    def _text_code(self, e: x.Text) -> str:
        return self.text(e.parts)

    # Texts -------------------------------------------------------------------

    def text(self, parts: Sequence[x.TextPart]) -> str:
        """The code of a text with holes."""
        codes = [self._part(part) for part in parts]
        if len(codes) == 1:
            return codes[0]
        return "''.join((" + "".join(f"{code}, " for code in codes) + "))" if codes else "''"

    def _part(self, part: x.TextPart) -> str:
        if isinstance(part, str):
            return self.constant(part)
        if isinstance(part, x.Hole):
            return self.hole(part.value)
        if isinstance(part, x.Environment):
            return self.constant(lookup(self.environment, part.name, "a text"))
        if isinstance(part, x.Choice):
            return self._choice(part)
        return self._loop(part)

    def hole(self, e: x.Expr) -> str:
        """The code of the text form of a value, escaped where the place asks for it."""
        code, form = self.value(e), functions.hole_form(e.type.name)
        if form is not None:
            code = f"{self.constant(form)}({code})"
        return f"{self.escape}({code})" if self.escape else code

    def _choice(self, part: x.Choice) -> str:
        pieces = [f"{self.text(body)} if {self.value(test)} else " for test, body in part.branches]
        return f"({''.join(pieces)}{self.text(part.otherwise)})"

    def _loop(self, part: x.Loop) -> str:
        items = self._fresh("t")
        of = self.value(part.of)
        body = self._lambda(part.variable, lambda: self.text(part.body))
        otherwise = self.text(part.otherwise)
        return f"(JOINED(map({body}, {items})) if ({items} := {of}) else {otherwise})"
