"""The reference: evaluates an expression by walking its tree, as plainly as can be.

Slower than the generated code and written apart from it, so that tests can hold one against the
other. `fqlc explain` uses it too, where speed does not matter.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from fql.events.values import among, differs, same, text_of
from fql.expressions import functions, numbers, operators
from fql.expressions.scope import BatchInfo, FailureInfo, Scope
from fql.plan.environment import lookup
from fql.plan.language import expressions as x

Bindings = Mapping[str, object]


def evaluate(e: x.Expr, scope: Scope, environment: Mapping[str, str] | None = None) -> Any:
    """The value of an expression, as in `fql.events.values`."""
    return _Walk(scope, environment or {}).value(e, {})


class _Walk:
    def __init__(self, scope: Scope, environment: Mapping[str, str]) -> None:
        self.scope = scope
        self.environment = environment

    def value(self, e: x.Expr, names: Bindings) -> Any:  # noqa: PLR0911, PLR0912, C901 - a line a node
        match e:
            case x.Constant():
                return operators.literal(e.value, e.type)
            case x.Field():
                return self._field(e)
            case x.Changed():
                return self._changed(e.name)
            case x.Builtin():
                return getattr(self.scope, e.name[1:])
            case x.Variable():
                return names[e.name]
            case x.Response():
                return self.scope.responses.get(e.action)
            case x.Failure():
                return self.scope.failures.get(e.action)
            case x.Member():
                return _member(self.value(e.of, names), e.name)
            case x.Index():
                return functions.index(self.value(e.of, names), self.value(e.key, names))
            case x.Unary():
                return _unary(e.op, self.value(e.of, names))
            case x.Binary():
                return self._binary(e, names)
            case x.Call():
                return self._call(e, names)
            case x.Quantifier():
                return self._quantifier(e, names)
            case x.Choose():
                return self._chosen(e, names)
            case x.ListOf():
                return self._items(e, names)
            case x.ObjectOf():
                return self._object(e, names)
            case x.Each():
                return [_Walk(m, self.environment).value(e.body, {}) for m in self.scope.members]
            case x.Text():
                return self._joined_parts(e.parts, names)

    def _field(self, e: x.Field) -> object:
        scope = self.scope
        rows = {"new": scope.new, "old": scope.old}
        rows["row"] = scope.old if scope.new is None else scope.new
        row = rows[e.row]
        return None if row is None else row[e.name]

    def _changed(self, name: str) -> bool:
        new, old = self.scope.new, self.scope.old
        return new is not None and old is not None and differs(new[name], old[name])

    def _binary(self, e: x.Binary, names: Bindings) -> Any:
        if e.op == "and":
            return all(self.value(operand, names) for operand in x.operands(e))
        if e.op == "or":
            return any(self.value(operand, names) for operand in x.operands(e))
        left = self.value(e.left, names)
        if e.op == "coalesce":
            side, value = (e.right, self.value(e.right, names)) if left is None else (e.left, left)
            return operators.widened(value, side.type, e.type)
        return _OPERATORS[e.op](left, self.value(e.right, names))

    def _call(self, e: x.Call, names: Bindings) -> object:
        function = functions.implementation(e)
        return function(self.value(e.of, names), *(self.value(a, names) for a in e.args))

    def _quantifier(self, e: x.Quantifier, names: Bindings) -> Any:
        items = self.value(e.of, names)
        results = (self.value(e.body, {**names, e.variable: v}) for v in items)
        if e.op in ("filter", "first"):
            kept = [item for item, holds in zip(items, results, strict=True) if holds]
            return kept if e.op == "filter" else kept[0] if kept else None
        if e.op == "sum":
            nothing: Any = operators.zero(e.type)
            return functools.reduce(_add, results, nothing)
        return _LISTS[e.op](results)

    def _items(self, e: x.ListOf, names: Bindings) -> list[object]:
        of = e.type.item or e.type
        return [operators.widened(self.value(i, names), i.type, of) for i in e.items]

    def _chosen(self, e: x.Choose, names: Bindings) -> Any:
        found = next((v for test, v in e.branches if self.value(test, names)), e.otherwise)
        return operators.widened(self.value(found, names), found.type, e.type)

    def _object(self, e: x.ObjectOf, names: Bindings) -> dict[str, object]:
        result: dict[str, object] = {}
        for entry in e.entries:
            value = self.value(entry.value, names)
            if entry.key is None:
                result.update(value or {})
            elif value is not None or not entry.optional:
                result[entry.key] = value
        return result

    def _joined_parts(self, parts: Sequence[x.TextPart], names: Bindings) -> str:
        return "".join(self._part(part, names) for part in parts)

    def _part(self, part: x.TextPart, names: Bindings) -> str:
        match part:
            case str():
                return part
            case x.Hole():
                return text_of(self.value(part.value, names))
            case x.Environment():
                return lookup(self.environment, part.name, "a text")
            case x.Choice():
                return self._choice(part, names)
            case x.Loop():
                return self._loop(part, names)

    def _choice(self, part: x.Choice, names: Bindings) -> str:
        for test, body in part.branches:
            if self.value(test, names):
                return self._joined_parts(body, names)
        return self._joined_parts(part.otherwise, names)

    def _loop(self, part: x.Loop, names: Bindings) -> str:
        items = self.value(part.of, names)
        if not items:
            return self._joined_parts(part.otherwise, names)
        return functions.joined(
            self._joined_parts(part.body, {**names, part.variable: i}) for i in items
        )


def _member(of: object, name: str) -> object:
    if isinstance(of, FailureInfo):
        return of.error_class if name == "class" else getattr(of, name)
    if isinstance(of, BatchInfo):
        return getattr(of, name)
    return of.get(name) if isinstance(of, Mapping) else None


def _unary(op: str, value: Any) -> object:
    if op == "not":
        return not value
    if isinstance(value, Decimal):
        return numbers.EXACT.minus(value)
    return numbers.negated_span(value) if isinstance(value, timedelta) else -value


def _add(left: Any, right: Any) -> object:
    if isinstance(left, timedelta) and not isinstance(right, timedelta):
        left, right = right, left
    if isinstance(left, datetime):
        return numbers.shift(left, right)
    if isinstance(left, date):
        return numbers.shift_date(left, right)
    if isinstance(left, timedelta):
        return numbers.add_spans(left, right)
    return _number(operator.add, numbers.EXACT.add, left, right)


def _subtract(left: Any, right: Any) -> object:
    if isinstance(right, timedelta):
        return _add(left, numbers.negated_span(right))
    if isinstance(left, date):
        return left - right
    return _number(operator.sub, numbers.EXACT.subtract, left, right)


def _multiply(left: Any, right: Any) -> object:
    if isinstance(left, timedelta):
        return numbers.scaled_span(left, right)
    if isinstance(right, timedelta):
        return numbers.scaled_span(right, left)
    return _number(operator.mul, numbers.EXACT.multiply, left, right)


def _number(
    plain: Callable[[Any, Any], Any], exact: Callable[[Any, Any], Decimal], left: Any, right: Any
) -> object:
    if isinstance(left, float) or isinstance(right, float):
        return numbers.saturated(plain(numbers.to_float(left), numbers.to_float(right)))
    if isinstance(left, Decimal) or isinstance(right, Decimal):
        return exact(left, right)
    return plain(left, right)


def _divide(left: Any, right: Any) -> object:
    if isinstance(left, float) or isinstance(right, float):
        return numbers.divide_float(left, right)
    return numbers.divide_exact(left, right)


def _modulo(left: Any, right: Any) -> object:
    if isinstance(left, float) or isinstance(right, float):
        return numbers.modulo_float(left, right)
    if isinstance(left, Decimal) or isinstance(right, Decimal):
        return numbers.modulo_decimal(left, right)
    return numbers.modulo_int(left, right)


_LISTS: Mapping[str, Callable[[Iterable[Any]], Any]] = {
    "any": any,
    "all": all,
    "map": list,
    "min": lambda values: min(values, default=None),
    "max": lambda values: max(values, default=None),
}

_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "eq": same,
    "ne": differs,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "in": among,
    "not_in": lambda value, items: not among(value, items),
    "add": _add,
    "sub": _subtract,
    "mul": _multiply,
    "div": _divide,
    "mod": _modulo,
}
